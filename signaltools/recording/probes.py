"""
Record the calls of receivers while Django's own loop runs.

The loop gets probes in place of the receivers. Copying the loop instead would mean to
copy what each version of Django does about errors, threads, and asynchronous receivers.
Only that of ``send()`` to other receivers is copied, because it is simple: see
``calls``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Generator
from inspect import isawaitable
from types import CoroutineType, FunctionType, coroutine
from typing import Any

from django.dispatch import Signal

from .calls import calls_of, record_call
from .clock import now
from .current import enter, get_current, leave, set_current
from .recorder import CallNode, Node, SendNode
from .wrapped import receivers_behind


def both_probes(
    send: SendNode, sync_receivers: list[Any], async_receivers: list[Any]
) -> tuple[list[Any], list[Any]]:
    """
    Return probes for what ``_live_receivers`` has found.
    """
    if not sync_receivers and not async_receivers:
        send.asked += 1
        return sync_receivers, async_receivers
    # It may be called twice for one send: a subclass may ask has_listeners() first.
    if send.with_receivers < send.count:
        send.with_receivers += 1
    nodes = calls_of(send, sync_receivers, 0)
    probes = [*map(Probe, sync_receivers, nodes)]
    if not async_receivers:
        return probes, async_receivers
    nodes = calls_of(send, async_receivers, None)
    return probes, [*map(AsyncProbe, async_receivers, nodes)]


def probes_of_wrapped(
    send: SendNode,
    signal: Signal,
    sync_receivers: list[Any],
    async_receivers: list[Any],
) -> tuple[list[Any], list[Any]]:
    """
    Return probes for what other tools may have put in place of the receivers.
    """
    if not sync_receivers and not async_receivers:
        send.asked += 1
        return sync_receivers, async_receivers
    if send.with_receivers < send.count:
        send.with_receivers += 1
    behind = receivers_behind(signal)
    nodes = calls_of(send, [*map(behind, sync_receivers)], 0)
    probes = [*map(Probe, sync_receivers, nodes)]
    nodes = calls_of(send, [*map(behind, async_receivers)], None)
    return probes, [*map(AsyncProbe, async_receivers, nodes)]


def originals(responses: Any) -> Any:
    """
    Return what ``send`` returned, with the receivers in place of their probes.
    """
    # A subclass may return anything.
    if type(responses) is list:
        # In place: the send() of a subclass may have kept the list.
        responses[:] = [
            (pair[0]._traced_receiver, pair[1])
            if type(pair) is tuple
            and len(pair) == 2
            and (type(pair[0]) is Probe or type(pair[0]) is AsyncProbe)
            else _without_probe(pair)
            for pair in responses
        ]
    return responses


def _without_probe(pair: Any) -> Any:
    # Another tool may have patched over the hook, and wrapped its probes.
    if type(pair) is tuple and pair and type(pair[0]) is FunctionType:
        namespace = pair[0].__dict__
        wrapped: Any = namespace.get("__wrapped__")
        if issubclass(type(wrapped), Probe):
            namespace["__wrapped__"] = wrapped._traced_receiver
    return pair


def _delegated(name: str) -> Any:
    return property(lambda self: getattr(self._traced_receiver, name))


class Probe:
    """
    Call a receiver and record that. In everything else, be like the receiver.
    """

    # The prefix keeps them apart from the attributes of the receiver.
    __slots__ = ("_traced_call", "_traced_receiver")

    # Every class has these, so __getattr__() would not be called for them.
    __module__ = _delegated("__module__")
    __doc__ = _delegated("__doc__")
    __class__ = _delegated("__class__")

    def __init__(self, receiver: Any, call: CallNode) -> None:
        self._traced_receiver = receiver
        self._traced_call = call

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return record_call(self._traced_call, self._traced_receiver, args, kwargs)

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
    Call a receiver that returns something to await, and record until it has ended.
    """

    __slots__ = ()
    # __slots__ gives each class a __module__ and a __doc__ of its own.
    __module__ = _delegated("__module__")
    __doc__ = _delegated("__doc__")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        call = self._traced_call
        previous = get_current()
        try:
            enter(call, previous)
            if not call.count:
                call.begin()
            call.count += 1
            awaitable = self._traced_receiver(*args, **kwargs)
            if call.recorder.switched:
                leave(call, previous)
            else:
                set_current(previous)
        except BaseException as error:
            leave(call, previous)
            call.failed(error)
            raise
        if not isawaitable(awaitable):
            return awaitable
        call.pending += 1
        recorded = _await_call(call, awaitable)
        if type(awaitable) is CoroutineType:
            # Tasks, and warnings about coroutines that were never awaited, show it.
            recorded.__qualname__ = awaitable.__qualname__  # type: ignore[attr-defined]
        return recorded


async def _await_call(call: CallNode, awaitable: Awaitable[Any]) -> Any:
    # Django needs a coroutine, to make a task of it.
    return await in_steps(call, awaitable)


@coroutine
def in_steps(
    node: SendNode | CallNode, awaitable: Awaitable[Any]
) -> Generator[Any, Any, Any]:
    """
    Await something step by step, so that whatever it does belongs to ``node``.

    A step is from one resumption to the next suspension. Between two steps, other tasks
    run. Usually each task has a context of its own, but Django 6.1 runs all
    asynchronous receivers of a send in one: if the current node stayed set while one of
    them is suspended, it would get what the others send.
    """
    if type(awaitable) is not CoroutineType:
        # Futures, for example, have no send() and throw().
        awaitable = _as_coroutine(awaitable)
    step, argument = awaitable.send, None
    # What is current inside: another node while a trace that began there is active.
    inside: Node | None = node
    previous = get_current()
    started = now()
    try:
        while True:
            previous = get_current()
            resumed = now()
            node.active += 1
            try:
                set_current(inside)
                yielded = step(argument)
            finally:
                inside = get_current()
                set_current(previous)
                node.active -= 1
                elapsed = now() - resumed
                # An exception refers to this frame by its traceback. A reference back
                # would keep both alive until the garbage collector runs.
                argument = None
                if node.recorder.recording:
                    node.busy += elapsed
                if previous is not None and previous.active:
                    previous.inner += elapsed
            try:
                step, argument = awaitable.send, (yield yielded)
            except BaseException as error:
                # A cancellation, for example, which the coroutine may handle.
                step, argument = awaitable.throw, error
    except StopIteration as stop:
        leave(node, previous, inside)
        node.ended(now() - started, None)
        return stop.value
    except BaseException as error:
        leave(node, previous, inside)
        node.ended(now() - started, error)
        raise


async def _as_coroutine(awaitable: Awaitable[Any]) -> Any:
    return await awaitable
