from __future__ import annotations

import asyncio
from decimal import Decimal
from types import FunctionType
from unittest import mock

import pytest
from django.db import transaction
from django.dispatch import Signal

import signaltools
from signaltools import event
from signaltools.events import Event


@event
def parcel_sent(sender: object, *, weight: Decimal) -> None: ...


@event(check="warn")
def parcel_lost(sender: object, *, weight: Decimal) -> None: ...


EVENTS = [parcel_sent, parcel_lost]
METHODS = ["send", "send_robust", "asend", "asend_robust"]


@pytest.fixture(autouse=True)
def nothing_stays_connected():
    yield
    for signal in EVENTS:
        signal.receivers = []


def send(signal, method, weight=Decimal(1)):
    result = getattr(signal, method)(sender=None, weight=weight)
    return asyncio.run(result) if method.startswith("a") else result


def recorded(trace):
    return [
        (send.signal, send.kind, send.method, send.without_receivers, send.arguments)
        for send in trace.sends
    ]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("signal", EVENTS)
def test_sends_of_events_are_recorded(signal, method):
    with signaltools.trace() as trace:
        send(signal, method)
        signal.connect(print_nothing)
        send(signal, method)
    assert recorded(trace) == [
        (signal.name, "event", method, 1, ("weight",)),
        (signal.name, "event", method, 0, ("weight",)),
    ]
    assert [call.receiver for call in trace.calls] == [f"{__name__}.print_nothing"]


def print_nothing(**kwargs):
    pass


@pytest.mark.parametrize("method", METHODS)
def test_an_event_declared_meanwhile_is_recorded(method):
    with signaltools.trace() as trace:

        @event
        def parcel_found(sender, *, weight): ...

        send(parcel_found, method)
    [sent] = trace.sends
    assert (sent.method, sent.kind, sent.without_receivers) == (method, "event", 1)
    send(parcel_found, method)
    assert len(trace.sends) == 1


def test_methods_made_while_recording_end_early_afterwards():
    with signaltools.trace():

        @event
        def parcel_found(sender, *, weight): ...

        parcel_found.send(None, weight=1)
    send = vars(type(parcel_found))["send"]
    assert send.__globals__["__send"] is Signal.send
    assert parcel_found.send(None, weight=1) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("method", ["send", "send_robust"])
def test_sends_on_commit_are_recorded_when_they_are_sent(method):
    with signaltools.trace() as trace, transaction.atomic():
        getattr(parcel_sent, f"{method}_on_commit")(None, weight=Decimal(1))
        assert trace.sends == ()
    assert recorded(trace) == [(parcel_sent.name, "event", method, 1, ("weight",))]


def test_many_events_are_collapsed():
    with signaltools.trace() as trace:
        for _ in range(100):
            parcel_sent.send(None, weight=Decimal(1))
    assert [sent.count for sent in trace.sends] == [100]


def test_the_caller_is_the_line_that_sends():
    with signaltools.trace() as trace:
        parcel_sent.send(None, weight=Decimal(1))
    [sent] = trace.sends
    assert sent.file == __file__


def test_an_event_that_is_refused_is_not_recorded():
    with signaltools.trace() as trace, pytest.raises(TypeError):
        parcel_sent.send(None, wait=1)
    assert trace.sends == ()


def test_events_are_not_hooked():
    parcel_sent.send(None, weight=Decimal(1))
    before = dict(vars(type(parcel_sent))), dict(vars(Event))
    with signaltools.trace():
        assert (dict(vars(type(parcel_sent))), dict(vars(Event))) == before
        assert isinstance(vars(Signal)["send"], FunctionType)


def test_arming_costs_the_same_with_many_events():
    from signaltools.recording import patches

    with mock.patch.object(patches, "_hook_class", wraps=patches._hook_class) as hook:
        with signaltools.trace():
            few = hook.call_count
        for _ in range(300):
            event(lambda sender: None).send(None)
        with signaltools.trace():
            assert hook.call_count == 2 * few
