"""
What is current after all that can happen to a send.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from contextlib import suppress
from contextvars import copy_context

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.dispatch import Signal
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import path

import signaltools
from signaltools.recording import recorder
from signaltools.recording.current import current
from tests.sending import make

RECORDING = os.path.dirname(recorder.__file__)


class TimeLimit(Exception):
    pass


def objects_of_recorders():
    gc.collect()
    return sum(issubclass(type(each), recorder.Node) for each in gc.get_objects())


@pytest.fixture(autouse=True)
def nothing_is_current():
    yield
    left = current.get()
    current.set(None)
    assert left is None


# Interrupts


def traced(trace, action):
    outer = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(outer)


def functions_of_recorder(action):
    """
    Return the code of each function of the recorder that ``action`` leads to.
    """
    found = {}

    def trace(frame, _event, _argument):
        if frame.f_code.co_filename.startswith(RECORDING):
            found[frame.f_code] = None

    with signaltools.trace():
        # Collapsed sends, if they are alike.
        for _ in range(25):
            action()
        traced(trace, action)
    return found


def interrupted_at(function, moment, action):
    """
    Call ``action`` and raise TimeLimit before an instruction of ``function`` runs.

    Return whether there was such a moment.
    """
    left = moment

    # Only for one function: to count the instructions of all would take much longer.
    def trace(frame, event, _argument):
        nonlocal left
        if frame.f_code is not function:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if left < 0:
                raise TimeLimit
        return trace

    with suppress(TimeLimit):
        traced(trace, action)
    return left < 0


def relaying(method):
    inner = make(lambda **kwargs: None)
    return make(lambda sender, **kwargs: getattr(inner, method)(sender))


def interrupt_everywhere(action):
    """
    Interrupt ``action`` before each instruction of the recorder that it leads to.

    Return how many that were.
    """
    later, interrupted = make(lambda **kwargs: None), 0
    for function in functions_of_recorder(action):
        moment, missed = 0, False
        while moment is not None:
            with signaltools.trace() as trace:
                here = current.get()
                sent = 0
                # As many as a tree has room for.
                while moment is not None and sent < 100:
                    found = interrupted_at(function, moment, action)
                    assert current.get() is here
                    later.send(str)
                    sent += 1
                    if found:
                        moment += 1
                        interrupted += 1
                    # Python 3.12 and later trace instructions from the second time on.
                    elif missed:
                        moment = None
                    missed = not found
            sends = [send for send in trace.tree if send.sender == "builtins.str"]
            assert sum(send.count for send in sends) == sent
    return interrupted


@pytest.mark.parametrize("method", ["send", "send_robust"])
def test_interrupt_at_any_instruction_leaves_the_right_node(method, caplog):
    # Django logs what send_robust() catches, which takes long.
    caplog.set_level("CRITICAL", "django.dispatch")
    first = relaying(method)
    # Another sender each time, for a node that is new.
    senders = (type(name, (), {}) for name in "ABC" * 1_000)

    assert interrupt_everywhere(lambda: getattr(first, method)(next(senders))) > 500
    # After twenty times, the node is that of collapsed sends.
    assert interrupt_everywhere(lambda: getattr(first, method)(None)) > 300


class Suspending(Signal):
    """
    Suspend without an event loop, which would hide where an exception comes from.
    """

    def __init__(self, inner=None):
        super().__init__()
        self.inner = inner

    async def asend(self, sender, **named):
        await Suspension()
        if self.inner is not None:
            await self.inner.asend(sender)


class Suspension:
    def __await__(self):
        yield


# A coroutine that was interrupted before its first step.
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
def test_interrupt_at_any_instruction_leaves_the_right_node_in_async_code():
    first = Suspending(Suspending())

    assert interrupt_everywhere(lambda: [*first.asend(None).__await__()]) > 300


# Traces that start and end in receivers


NAMES = ["request_started", "ping", "request_finished"]


def run_requests(number):
    handler, factory = WSGIHandler(), RequestFactory()
    for _ in range(number):
        handler(factory.get("/").environ, lambda *args: None).close()


def page(request):
    ping.send(None)
    return HttpResponse("ok")


urlpatterns = [path("", page)]
ping = make(lambda **kwargs: None)


@pytest.fixture
def traced_requests(settings, db):
    settings.ROOT_URLCONF = __name__
    traces = []

    def begin(**kwargs):
        traces.append(signaltools.trace())
        traces[-1].start()

    def end(**kwargs):
        traces[-1].stop()

    request_started.connect(begin)
    request_finished.connect(end)
    yield traces
    request_started.disconnect(begin)
    request_finished.disconnect(end)


@pytest.mark.parametrize("read", [True, False])
def test_traces_of_requests_leave_nothing(traced_requests, read):
    run_requests(10)
    assert len(traced_requests) == 10
    for trace in traced_requests:
        assert [send.signal.rpartition(".")[2] for send in trace.sends] == NAMES[1:]
    traced_requests.clear()
    before = objects_of_recorders()
    for _ in range(10):
        run_requests(10)
        if read:
            traced_requests[-1].totals  # noqa: B018
        traced_requests.clear()

    assert current.get() is None
    assert objects_of_recorders() == before


def test_traces_of_requests_inside_a_trace_are_complete(traced_requests):
    with signaltools.trace() as outer:
        run_requests(3)

    assert [send.signal.rpartition(".")[2] for send in outer.sends] == NAMES * 3
    for trace in traced_requests:
        assert [send.signal.rpartition(".")[2] for send in trace.sends] == NAMES[1:]


def test_trace_that_starts_in_a_receiver_goes_on_after_it():
    started, inner, later = [], make(lambda **kwargs: None), make(lambda **kwargs: None)

    def begin(**kwargs):
        started.append(signaltools.trace())
        started[0].start()
        inner.send(int)

    first = make(begin, lambda **kwargs: inner.send(str))
    with signaltools.trace() as outer:
        first.send(None)
        later.send(float)
        started[0].stop()
        later.send(bytes)

    def senders(trace):
        return [send.sender for send in trace.sends]

    assert senders(started[0]) == ["builtins.int", "builtins.str", "builtins.float"]
    assert sorted(map(str, senders(outer))) == [
        "None",
        "builtins.bytes",
        "builtins.float",
        "builtins.int",
        "builtins.str",
    ]
    assert outer.totals.calls == 6
    started.clear()


def test_trace_that_ends_in_a_receiver_leaves_the_outer_one():
    later = make(lambda **kwargs: None)
    with signaltools.trace() as outer:
        inner = signaltools.trace()
        inner.start()
        make(lambda **kwargs: inner.stop()).send(int)
        later.send(str)

    assert [send.sender for send in inner.sends] == ["builtins.int"]
    assert [send.sender for send in outer.sends] == ["builtins.int", "builtins.str"]


def test_trace_that_replaces_another_one_in_a_receiver_goes_on():
    first, second = signaltools.trace(), signaltools.trace()
    later = make(lambda **kwargs: None)

    def replace(**kwargs):
        first.stop()
        second.start()

    first.start()
    make(replace).send(int)
    later.send(str)
    second.stop()
    later.send(float)

    assert [send.sender for send in first.sends] == ["builtins.int"]
    assert [send.sender for send in second.sends] == ["builtins.str"]


def test_trace_that_starts_in_an_async_receiver_goes_on_after_it():
    started = []

    class Own(Signal):
        async def asend(self, sender, **named):
            started.append(signaltools.trace())
            started[0].start()
            await Suspension()

    later = make(lambda **kwargs: None)
    with signaltools.trace():
        [*Own().asend(None).__await__()]
        later.send(str)
        started[0].stop()

    assert [send.sender for send in started[0].sends] == ["builtins.str"]
    started.clear()


def test_generator_that_is_left_early_leaves_only_an_empty_recorder():
    async def pages():
        with signaltools.trace() as trace:
            later.send(None)
            yield trace

    async def leave_early():
        async for _ in pages():
            break
        await asyncio.sleep(0)

    later = make(lambda **kwargs: None)
    before = objects_of_recorders()

    def leave_often():
        for _ in range(10):
            asyncio.run(leave_early())
        # Other contexts can't be changed: the one of the generator keeps a root.
        assert objects_of_recorders() <= before + 2
        with signaltools.trace() as trace:
            later.send(None)
        assert trace.totals.sends == 1

    copy_context().run(leave_often)
