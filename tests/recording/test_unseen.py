"""
Signal classes that call receivers in a way that can't be recorded.
"""

from __future__ import annotations

import asyncio
import sys
from types import ModuleType

import pytest
from django.dispatch import Signal

import signaltools
from signaltools.reports.layout import Look


class Web:
    pass


class Api:
    pass


class Provider(Signal):
    def _sorted(self, sender):
        return reversed(self._live_receivers(sender)[0])

    def gather(self, sender):
        return [
            receiver(signal=self, sender=sender) for receiver in self._sorted(sender)
        ]

    async def agather(self, sender):
        return self.gather(sender)

    def publish(self, sender):
        return self.send(sender)


class OwnLoop(Provider):
    def own_loop(self, sender):
        return [row[1]()(signal=self, sender=sender) for row in self.receivers]

    def send(self, sender, **named):
        return self.own_loop(sender)

    async def asend(self, sender, **named):
        return self.own_loop(sender)

    def send_robust(self, sender, **named):
        return [] if not self.has_listeners(sender) else super().send_robust(sender)


class Lookalike(Provider):
    def _live_receivers(self, sender):
        return super()._live_receivers(sender)


def add(sender, **kwargs):
    return 1


def ask(signal, sender):
    return signal._live_receivers(sender)


def provider(monkeypatch, cls=Provider, sender=None):
    module = ModuleType("shop.signals")
    module.panels = cls()
    monkeypatch.setitem(sys.modules, module.__name__, module)
    module.panels.connect(add, sender=sender)
    return module.panels


def record(action):
    with signaltools.trace() as trace:
        action()
    return trace


def reasons(trace):
    return [
        (item.reason, item.text)
        for item in trace.not_run
        if item.signal == "shop.signals.panels"
    ]


def unseen(name):
    return [("unseen", f"{name}() may have called it, which can't be seen")]


@pytest.mark.parametrize("cls", [Provider, OwnLoop, Lookalike])
def test_receivers_that_another_method_asks_for_may_have_run(monkeypatch, cls):
    panels = provider(monkeypatch, cls)

    trace = record(lambda: panels.gather(Web))

    assert reasons(trace) == unseen("gather")
    assert trace.sends == ()
    outcomes = {each.record.name: each for each in trace.read().signals}
    assert outcomes["shop.signals.panels"].sent


def test_asynchronous_method_is_named(monkeypatch):
    panels = provider(monkeypatch)
    trace = record(lambda: asyncio.run(panels.agather(Web)))
    assert reasons(trace) == unseen("agather")


def test_function_that_asks_is_named(monkeypatch):
    panels = provider(monkeypatch)
    assert reasons(record(lambda: ask(panels, Web))) == unseen("ask")
    [(reason, text)] = reasons(record(lambda: panels._live_receivers(Web)))
    assert (reason, text.partition(">")[0]) == ("unseen", "<lambda")


def test_receivers_of_another_sender_were_not_asked_for(monkeypatch):
    panels = provider(monkeypatch, sender=Api)
    trace = record(lambda: panels.gather(Web))
    assert reasons(trace) == [("not_sent", "panels wasn't sent")]


def test_has_listeners_calls_nothing(monkeypatch):
    panels = provider(monkeypatch)
    trace = record(lambda: panels.has_listeners(Web))
    assert reasons(trace) == [("not_sent", "panels wasn't sent")]


def test_method_that_sends_is_recorded_as_a_send(monkeypatch):
    panels = provider(monkeypatch)

    trace = record(lambda: panels.publish(Web))

    assert reasons(trace) == []
    assert [(send.method, send.unseen, len(send.calls)) for send in trace.sends] == [
        ("send", 0, 1)
    ]


@pytest.mark.parametrize("method", ["send", "asend"])
def test_loop_of_its_own_can_not_be_seen(monkeypatch, method):
    panels = provider(monkeypatch, OwnLoop)

    def send():
        responses = getattr(panels, method)(Web)
        if method == "asend":
            asyncio.run(responses_of(responses))

    async def responses_of(responses):
        return await responses

    trace = record(send)

    assert reasons(trace) == unseen(method)
    [sent] = trace.sends
    assert (sent.unseen, sent.without_receivers) == (1, 0)
    assert trace.without_receivers == ()


def test_other_method_with_a_loop_of_its_own_is_a_reservation(monkeypatch):
    panels = provider(monkeypatch, OwnLoop)
    trace = record(lambda: panels.own_loop(Web))
    text = "panels wasn't sent, except perhaps by own_loop(), which can't be seen"
    assert reasons(trace) == [("not_sent", text)]


def test_loop_of_its_own_that_asks_is_recorded(monkeypatch):
    panels = provider(monkeypatch, OwnLoop)
    trace = record(lambda: panels.send_robust(Web))
    assert reasons(trace) == []
    [sent] = trace.sends
    assert (sent.unseen, len(sent.calls)) == (0, 1)


def test_class_that_asks_in_vain_has_no_receivers(monkeypatch):
    panels = provider(monkeypatch, OwnLoop, sender=Api)
    [sent] = record(lambda: panels.send_robust(Web)).sends
    assert (sent.unseen, sent.without_receivers) == (0, 1)


def test_cache_of_a_signal_knows_that_there_are_none(monkeypatch):
    class Caching(Signal):
        def __init__(self):
            super().__init__(use_caching=True)

        def send(self, sender, **named):
            return super().send(sender, **named)

    panels = provider(monkeypatch, Caching, sender=Api)
    trace = record(lambda: [panels.send(Web), panels.send(Web)])
    assert [send.unseen for send in trace.sends] == [0, 0]


def test_text_keeps_what_can_not_be_seen_apart(monkeypatch):
    panels = provider(monkeypatch, OwnLoop)
    text = record(lambda: panels.send(Web)).as_text(Look(width=100))
    assert "receivers can't be seen" in text
    hidden = text.partition("CAN'T BE SEEN\n")[2].partition("DID NOT RUN")[0]
    assert "tests.recording.test_unseen.add" in hidden
    assert "send() may have called it" in hidden


def test_inner_trace_tells_the_outer_one(monkeypatch):
    panels = provider(monkeypatch)
    with signaltools.trace() as outer:
        panels.publish(Api)
        inner = record(lambda: panels.gather(Web))
        panels.publish(Api)
    panels.connect(lambda sender, **kwargs: None, sender=Web, weak=False)

    assert reasons(inner) == unseen("gather") * 2
    assert unseen("gather")[0] in reasons(outer)
