"""
Watch receivers while Django's own loop calls them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Generator
from inspect import isawaitable
from time import perf_counter as now
from types import CoroutineType
from typing import Any

from .recorder import CallNode, Node, SendNode, get_current, set_current


def both_probes(
    send: SendNode, sync_receivers: list[Any], async_receivers: list[Any]
) -> tuple[list[Any], list[Any]]:
    """
    Return stand-ins for what ``_live_receivers`` found, which record each call.
    """
    if not sync_receivers and not async_receivers:
        return sync_receivers, async_receivers
    # A signal's own send() may ask has_listeners() before it sends.
    if send.heard < send.count:
        send.heard += 1
    calls = send.calls
    known = len(calls)
    find_call = send.call if known else send.new_call
    probes = []
    for position, receiver in enumerate(sync_receivers):
        # A collapsed send has nearly always met the same receivers before.
        if position < known and calls[position].function() is receiver:
            call = calls[position]
        else:
            call = find_call(receiver, position + 1)
        probes.append(Probe(receiver, call))
    if not async_receivers:
        return probes, async_receivers
    return probes, [AsyncProbe(each, find_call(each, None)) for each in async_receivers]


def originals(responses: Any) -> Any:
    """
    Return what ``send`` returned, with the receivers in place of the stand-ins.
    """
    if type(responses) is list:
        # In place: a signal's own send() may have kept the list.
        responses[:] = [
            (pair[0]._traced_receiver, pair[1])
            if type(pair) is tuple and len(pair) == 2 and type(pair[0]) in _PROBES
            else pair
            for pair in responses
        ]
    return responses


def _delegated(name: str) -> Any:
    return property(lambda self: getattr(self._traced_receiver, name))


class Probe:
    """
    Stand for a receiver and record its call; in all else be like the receiver.
    """

    __slots__ = ("_traced_call", "_traced_receiver")

    # What a class has by itself would hide what the receiver has.
    __module__ = _delegated("__module__")
    __doc__ = _delegated("__doc__")
    __class__ = _delegated("__class__")

    def __init__(self, receiver: Any, call: CallNode) -> None:
        self._traced_receiver = receiver
        self._traced_call = call

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        call = self._traced_call
        previous = get_current()
        set_current(call)
        if not call.count:
            # The node was made before any receiver ran, perhaps in another thread.
            call.begin()
        call.count += 1
        call.active += 1
        started = now()
        try:
            return self._traced_receiver(*args, **kwargs)
        except BaseException as error:
            call.failed(error)
            raise
        finally:
            elapsed = now() - started
            call.active -= 1
            set_current(previous)
            call.time += elapsed
            if elapsed > call.longest:
                call.longest = elapsed
            if call.table is not None:
                call.end()
            if previous is not None and previous.active:
                previous.inner += elapsed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._traced_receiver, name)

    def __eq__(self, other: object) -> bool:
        if type(other) is Probe or type(other) is AsyncProbe:
            other = other._traced_receiver
        return self._traced_receiver == other  # type: ignore[no-any-return]

    def __hash__(self) -> int:
        return hash(self._traced_receiver)

    def __repr__(self) -> str:
        return repr(self._traced_receiver)


class AsyncProbe(Probe):
    """
    Stand for a receiver that returns something to await.
    """

    __slots__ = ()
    __module__ = _delegated("__module__")
    __doc__ = _delegated("__doc__")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        call = self._traced_call
        previous = get_current()
        set_current(call)
        if not call.count:
            call.begin()
        call.count += 1
        try:
            awaitable = self._traced_receiver(*args, **kwargs)
        except BaseException as error:
            call.failed(error)
            raise
        finally:
            set_current(previous)
        if not isawaitable(awaitable):
            return awaitable
        call.pending += 1
        coroutine = _await_call(call, awaitable)
        if type(awaitable) is CoroutineType:
            # Warnings and descriptions of tasks shall name the receiver.
            coroutine.__qualname__ = awaitable.__qualname__  # type: ignore[attr-defined]
        return coroutine


_PROBES = (Probe, AsyncProbe)


async def _await_call(call: CallNode, awaitable: Awaitable[Any]) -> Any:
    started = now()
    try:
        answer = await Steps(call, awaitable)
    except BaseException as error:
        call.ended(now() - started, error)
        raise
    call.ended(now() - started)
    return answer


class Steps:
    """
    Await something so that whatever it does belongs to ``node``, step by step.

    Between two steps other tasks run, on Django 6.1 in this very context: what is
    current may be set for one step only.
    """

    __slots__ = ("_awaitable", "_inside", "_node")

    def __init__(self, node: Node, awaitable: Awaitable[Any]) -> None:
        self._node = node
        self._awaitable = awaitable
        # A trace that begins in one step goes on in the next ones.
        self._inside: Node | None = node

    def __await__(self) -> Generator[Any, Any, Any]:
        coroutine = self._awaitable
        if type(coroutine) is not CoroutineType:
            coroutine = _plain_await(coroutine)
        step, argument = coroutine.send, None
        while True:
            try:
                yielded = self._step(step, argument)
            except StopIteration as stop:
                return stop.value
            finally:
                # An exception that was thrown in must not hold itself.
                argument = None
            try:
                step, argument = coroutine.send, (yield yielded)
            except BaseException as error:
                step, argument = coroutine.throw, error

    def _step(self, step: Any, argument: Any) -> Any:
        node = self._node
        previous = get_current()
        set_current(self._inside)
        node.active += 1
        started = now()
        try:
            return step(argument)
        finally:
            argument = None
            elapsed = now() - started
            node.active -= 1
            self._inside = get_current()
            set_current(previous)
            if node.recorder.recording:
                node.busy += elapsed
            if previous is not None and previous.active:
                previous.inner += elapsed


async def _plain_await(awaitable: Awaitable[Any]) -> Any:
    return await awaitable
