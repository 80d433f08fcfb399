"""
Tools that wrap receivers each time that a signal looks for them.
"""

from __future__ import annotations

import functools
from collections import Counter
from contextlib import contextmanager

import pytest
from django.dispatch import Signal

import signaltools
from signaltools.testing import mute
from tests.sending import make


@pytest.fixture(autouse=True)
def everything_is_put_back():
    original = Signal.__dict__["_live_receivers"]
    yield
    present, Signal._live_receivers = Signal.__dict__["_live_receivers"], original
    assert present is original


class Shop:
    def on_ping(self, **kwargs):
        return "method"


def hello(**kwargs):
    return "hello"


def other(**kwargs):
    return "other"


def with_wrapped(receiver):
    @functools.wraps(receiver)
    def wrapper(*args, **kwargs):
        return receiver(*args, **kwargs)

    return wrapper


def twice(receiver):
    return with_wrapped(with_wrapped(receiver))


def in_a_closure(receiver):
    unset = 1
    del unset

    def wrapper(*args, **kwargs):
        return receiver(*args, **kwargs)

    return wrapper


def in_a_default(receiver):
    return lambda _receiver=receiver, **kwargs: _receiver(**kwargs)


def in_a_keyword(receiver):
    return lambda *, _receiver=receiver, **kwargs: _receiver(**kwargs)


def in_a_partial(receiver):
    return functools.partial(lambda function, **kwargs: function(**kwargs), receiver)


class Span:
    def __init__(self, receiver):
        self.receiver = receiver

    def __call__(self, **kwargs):
        return self.receiver(**kwargs)


def in_a_method(receiver):
    return Span(receiver).__call__


WRAPPERS = [
    with_wrapped,
    twice,
    in_a_closure,
    in_a_default,
    in_a_keyword,
    in_a_partial,
    Span,
    in_a_method,
]


def start(wrap):
    """
    Do what Sentry does, and return a function that undoes it.
    """
    original = Signal._live_receivers

    def live_receivers(self, sender):
        sync_receivers, async_receivers = original(self, sender)
        return [wrap(each) for each in sync_receivers], async_receivers

    Signal._live_receivers = live_receivers
    return lambda: setattr(Signal, "_live_receivers", original)


@contextmanager
def active(wrap):
    stop = start(wrap)
    try:
        yield
    finally:
        stop()


def ran(trace):
    counts = Counter()
    for call in trace.calls:
        counts[call.receiver.rpartition(".")[2]] += call.count
    return counts


def did_not_run(trace, *receivers):
    names = {f"{each.__module__}.{each.__qualname__}" for each in receivers}
    found = (item.receiver and item.receiver.name for item in trace.not_run)
    return [name for name in found if name in names]


@pytest.mark.parametrize("wrap", WRAPPERS)
def test_receivers_that_are_wrapped_for_each_send_are_known(wrap):
    signal = make(hello, Shop().on_ping, other)
    with active(wrap), signaltools.trace() as trace:
        for _ in range(30):
            answers = [answer for _, answer in signal.send(None)]

    assert answers == ["hello", "method", "other"]
    assert ran(trace) == {"hello": 30, "on_ping": 30, "other": 30}
    assert len(trace.calls) == 3
    assert did_not_run(trace, hello, other) == []


@pytest.mark.parametrize("wrap", WRAPPERS)
def test_receivers_that_are_wrapped_for_each_send_are_muted(wrap):
    signal = make(hello, other)
    with active(wrap), signaltools.trace() as trace, mute(signal, receivers=[hello]):
        assert [answer for _, answer in signal.send(None)] == ["other"]

    # Other tests may have left something behind that didn't run and has no receiver.
    reasons = [
        item.reason
        for item in trace.not_run
        if item.receiver and item.receiver.name.endswith("o")
    ]
    assert reasons == ["muted"]
    assert ran(trace) == {"other": 1}


@pytest.mark.parametrize("wrap", WRAPPERS)
def test_tool_that_starts_inside_a_trace_counts_nothing_twice(wrap):
    original, signal = Signal.__dict__["_live_receivers"], make(hello, other)
    with signaltools.trace() as first:
        signal.send(None)
        stop = start(wrap)
        signal.send(None)
        with mute(signal, receivers=[hello]):
            signal.send(None)
    with signaltools.trace() as second:
        signal.send(None)
        with mute(signal):
            signal.send(None)
    stop()
    with signaltools.trace() as third:
        signal.send(None)

    assert ran(first) == {"hello": 2, "other": 3}
    assert ran(second) == ran(third) == {"hello": 1, "other": 1}
    assert second.totals.without_receivers == 1
    assert Signal.__dict__["_live_receivers"] is original


def test_responses_are_those_of_the_tool():
    signal = make(hello)
    with signaltools.trace(), active(with_wrapped):
        [(inside, _)] = signal.send(None)
    with active(with_wrapped), signaltools.trace():
        [(before, _)] = signal.send(None)

    assert inside.__wrapped__ is before.__wrapped__ is hello


def test_wrapper_that_may_lead_to_several_receivers_is_recorded_by_itself():
    def wrap(receiver):
        def either(**kwargs):
            return receiver(**kwargs) or (hello, other)

        either.__defaults__ = hello, other
        return either

    signal = make(hello, other)
    with active(wrap), signaltools.trace() as trace:
        signal.send(None)

    assert ran(trace) == {"either": 2}


def test_wrapper_that_leads_nowhere_is_recorded_by_itself():
    def wrap(receiver):
        receivers, cls, module = [receiver], Shop, functools

        def nowhere(**kwargs):
            return [each(**kwargs) for each in receivers] or (cls, module, unset)

        if not receivers:
            unset = 1
        return nowhere

    signal = make(hello)
    with active(wrap), signaltools.trace() as trace:
        signal.send(None)

    assert ran(trace) == {"nowhere": 1}


def test_wrapper_of_many_wrappers_is_recorded_by_itself():
    signal = make(hello)
    with active(lambda each: twice(twice(twice(each)))), signaltools.trace() as trace:
        signal.send(None)

    # Its name is that of the receiver all the same.
    assert ran(trace) == {"hello": 1}


def test_send_that_asks_for_listeners_first_has_receivers_once():
    class Asking(Signal):
        def send(self, sender, **named):
            return super().send(sender, **named) if self.has_listeners(sender) else []

    signal = Asking()
    signal.connect(hello)
    with active(with_wrapped), signaltools.trace() as trace:
        signal.send(None)

    assert trace.totals[1:4] == (1, 1, 0)
