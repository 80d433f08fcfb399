from __future__ import annotations

import asyncio
import functools
import gc
import threading
import weakref
from importlib import import_module

import django
import pytest
from asgiref.sync import async_to_sync
from django.dispatch import Signal

import signaltools
from signaltools.inventory.receivers import keys_and_receivers
from signaltools.recording import counting
from signaltools.recording.counting import count_of
from signaltools.testing import mute, run_queued
from tests.events import queued


@pytest.fixture(autouse=True)
def _counting():
    before = {name: Signal.__dict__[name] for name in METHODS}
    counting.start_counting()
    yield
    counting.stop_counting()
    assert {name: Signal.__dict__[name] for name in METHODS} == before
    assert not counting._signals


METHODS = ("send", "send_robust", "asend", "asend_robust", "_live_receivers")


class Sender:
    pass


def receive(**kwargs):
    return 1


def receive_too(**kwargs):
    return 2


def fail(**kwargs):
    raise RuntimeError("no")


async def receive_async(**kwargs):
    await asyncio.sleep(0)
    return 3


async def fail_async(**kwargs):
    raise RuntimeError("no")


def signal_with(*receivers, cls=Signal):
    signal = cls()
    for receiver in receivers:
        signal.connect(receiver, weak=False)
    return signal


def calls(signal):
    """
    Return how often the receiver of each connection ran.
    """
    count = count_of(signal)
    return [count.connection(key).read() for key, _ in keys_and_receivers(signal)]


@pytest.mark.parametrize("method", METHODS[:4])
def test_calls_are_counted_and_responses_are_those_of_django(method):
    signal = signal_with(receive, receive_too, receive_async)
    send = getattr(signal, method)
    if method.startswith("a"):
        send = async_to_sync(send)
    responses = send(Sender, amount=1)
    assert responses == [(receive, 1), (receive_too, 2), (receive_async, 3)]
    assert [type(receiver) for receiver, _ in responses] == [type(receive)] * 3
    send(None)
    assert calls(signal) == [2, 2, 2]
    # Reading changes nothing.
    assert calls(signal) == [2, 2, 2]


def test_a_receiver_that_raises_ran_and_later_ones_did_not():
    signal = signal_with(receive, fail, receive_too)
    with pytest.raises(RuntimeError, match="no"):
        signal.send(None)
    assert calls(signal) == [1, 1, 0]
    responses = signal.send_robust(None)
    assert [receiver for receiver, _ in responses] == [receive, fail, receive_too]
    assert calls(signal) == [2, 2, 1]


def test_direct_calls_and_muted_receivers_are_not_counted():
    signal = signal_with(receive, receive_too)
    receive()
    with mute(signal, receivers=[receive_too]):
        assert signal.send(None) == [(receive, 1)]
    assert calls(signal) == [1, 0]
    assert signal.has_listeners(Sender)
    assert calls(signal) == [1, 0]


def test_each_connection_is_counted_by_itself():
    signal = Signal()
    for uid, sender in {"any": None, "own": Sender, "other": int, "late": None}.items():
        signal.connect(receive, sender=sender, dispatch_uid=uid)
    signal.send(Sender)
    signal.send("an instance")
    assert calls(signal) == [2, 1, 0, 2]
    signal.disconnect(dispatch_uid="any")
    signal.connect(receive, dispatch_uid="any")
    signal.send(int)
    assert calls(signal) == [1, 1, 3, 1]


def test_a_failure_between_two_connections_of_one_receiver():
    signal = Signal()
    signal.connect(receive, dispatch_uid=1)
    signal.connect(fail)
    signal.connect(receive, dispatch_uid=2)
    with pytest.raises(RuntimeError, match="no"):
        signal.send(None)
    assert calls(signal) == [1, 1, 0]


def test_other_threads_and_tasks_are_counted():
    signal = signal_with(receive, receive_async)

    async def send_many():
        await asyncio.gather(*(signal.asend(None) for _ in range(5)))

    threads = [
        threading.Thread(target=lambda: [signal.send(None) for _ in range(50)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asyncio.run(send_many())
    assert calls(signal) == [205, 205]


def test_a_coroutine_is_counted_when_it_begins():
    signal = signal_with(receive_async)
    begun = []

    async def cancel_at_once():
        _, [receiver] = signal._live_receivers(None)
        task = asyncio.create_task(receiver())
        task.cancel()
        begun.append(await asyncio.gather(task, return_exceptions=True))
        receiver().close()
        coroutine = receiver()
        assert coroutine.__qualname__ == "receive_async"
        assert calls(signal) == [0]
        assert await coroutine == 3
        assert await asyncio.create_task(receiver()) == 3

    # Without a warning that something was never awaited.
    asyncio.run(cancel_at_once())
    assert isinstance(begun[0][0], asyncio.CancelledError)
    assert calls(signal) == [2]


def test_a_receiver_may_return_any_awaitable():
    class Later:
        def __await__(self):
            return iter(())

    later, count = Later(), counting.Count(None)
    assert counting.CountedAsyncReceiver(lambda: later, count)() is later
    assert count.read() == 1


def test_async_errors_are_those_of_django():
    signal = signal_with(receive, fail_async)
    responses = signal.send_robust(None)
    assert responses[0] == (receive, 1)
    assert str(responses[1][1]) == "no"
    assert calls(signal) == [1, 1]


@pytest.mark.parametrize("trace_first", [True, False])
def test_a_trace_has_the_same_calls(trace_first):
    signal = signal_with(receive, fail, receive_async)
    if trace_first:
        counting.stop_counting()
    with signaltools.trace() as trace:
        if trace_first:
            counting.start_counting()
        responses = signal.send_robust(None)
        signal_with().send(None)
    assert [receiver for receiver, _ in responses] == [receive, fail, receive_async]
    assert type(responses[0][0]) is type(receive)
    names = [call.receiver.rpartition(".")[2] for call in trace.calls]
    assert names == ["receive", "fail", "receive_async"]
    assert calls(signal) == [1, 1, 1]


def test_a_signal_without_receivers_is_sent_under_a_trace():
    signal = Signal()
    assert not count_of(signal).sent
    with signaltools.trace():
        signal.send(None)
    assert count_of(signal).sent


def test_asend_is_sent_when_it_is_awaited():
    signal = Signal()

    async def send():
        coroutine = signal.asend(None)
        assert not count_of(signal).sent
        await coroutine

    asyncio.run(send())
    assert count_of(signal).sent


class Sorted(Signal):
    def _live_receivers(self, sender):
        receivers, _ = super()._live_receivers(sender)
        assert receivers[0] is receive
        return receivers[::-1], []


class Looping(Signal):
    def send(self, sender, **named):
        return [(each, each(**named)) for each in self._live_receivers(sender)[0]]


class Unusual(Signal):
    def _live_receivers(self, sender):
        return [receiver for _, receiver in keys_and_receivers(self)]

    def send(self, sender, **named):
        return {each: each(**named) for each in self._live_receivers(sender)}


class Hiding(Signal):
    receivers = property(lambda self: 1 / 0, lambda self, value: None)

    def _live_receivers(self, sender):
        return [receive], []

    def send(self, sender, **named):
        return [each() for each in self._live_receivers(sender)[0]]


def test_subclasses_filter_and_sort_the_receivers_themselves():
    signal = signal_with(receive, receive_too, cls=Sorted)
    assert signal.send(None) == [(receive_too, 2), (receive, 1)]
    assert calls(signal) == [1, 1]


def test_subclasses_with_a_loop_of_their_own():
    signal = signal_with(receive, receive_too, cls=Looping)
    responses = signal.send(None)
    assert [type(receiver) for receiver, _ in responses] == [type(receive)] * 2
    assert calls(signal) == [1, 1]


def test_subclasses_that_return_anything():
    assert signal_with(receive, cls=Unusual).send(None) == {receive: 1}
    assert Hiding().send(None) == [1]


def test_wrappers_of_other_tools_are_counted_and_keep_their_receivers(monkeypatch):
    def patch():
        original = Signal._live_receivers

        def wrapping(self, sender):
            return [
                [functools.wraps(each)(lambda each=each, **named: each(**named))]
                for each in original(self, sender)[0]
            ], []

        def live_receivers(self, sender):
            wrapped, _ = wrapping(self, sender)
            return [each for [each] in wrapped], []

        monkeypatch.setattr(Signal, "_live_receivers", live_receivers)

    signal = signal_with(receive)
    patch()
    [(receiver, response)] = signal.send(None)
    assert (receiver.__wrapped__, response) == (receive, 1)
    assert type(receiver.__wrapped__) is type(receive)
    # The hook of a trace is around that of the other tool.
    with signaltools.trace() as trace:
        signal.send(None)
    assert [call.receiver for call in trace.calls] == [f"{__name__}.receive"]
    monkeypatch.undo()
    assert calls(signal) == [2]


def test_nothing_is_kept_alive():
    class Local:
        def receive(self, **kwargs):
            pass

    local, signal = Local(), Signal()
    signal.connect(local.receive)
    signal.send(local)
    assert calls(signal) == [1]
    references = weakref.ref(local), weakref.ref(signal)
    del local, signal
    gc.collect()
    assert [reference() for reference in references] == [None, None]


def test_the_place_of_a_signal_that_is_gone_belongs_to_the_next_one():
    signal = Signal()
    count = count_of(signal)
    counting._signals[id(signal)].reference = weakref.ref(Signal())
    assert count_of(signal) is not count


def test_receivers_in_the_background_are_counted_when_a_worker_runs_them():
    # Other tests may have left receivers and messages behind.
    gc.collect()
    name = "django.tasks" if django.VERSION >= (6, 0) else "django_tasks"
    import_module(name).task_backends["default"].results.clear()
    seen = queued.seen
    seen.send(None, count=1)
    assert count_of(seen).sent
    before = calls(seen)
    assert len(before) > 1
    run_queued()
    assert calls(seen) == [number + 1 for number in before]


def receivers_of(signal):
    return [receiver for _, receiver in keys_and_receivers(signal)]
