"""
Look at what is sent, what runs, and which queries are made, while somebody records.

These are all the places that are patched: the four methods that send, and
``_live_receivers``, on ``Signal`` and on each subclass that has its own, and the method
of ``CursorWrapper`` that every query goes through.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from time import perf_counter as now
from types import CoroutineType, FunctionType
from typing import Any

from django.db.backends.utils import CursorWrapper
from django.dispatch import Signal, dispatcher

from .patches import Tool, caller, sender_of
from .probes import Steps, both_probes, originals
from .recorder import Node, SendNode, get_current, open_send, set_current
from .surroundings import connection_of, in_atomic


def _send_hook(cls: type[Signal], original: Any, method: str) -> Any:
    if getattr(original, "__globals__", None) is not vars(dispatcher):
        return _own_send_hook(original, method)

    # This runs instead of each send of the process: it shall let pass fast.
    @functools.wraps(original)
    def send(self: Signal, sender: Any, **named: Any) -> Any:
        here = get_current()
        if here is None or not here.recorder.recording or here.signal() is self:
            return original(self, sender, **named)
        # What is sent most often is found here, all else by open_send(). An address
        # may by now be that of another object.
        node = here.collapsed.get((id(self), id(sender), method))
        if node is None or node.signal() is not self or node.sender() is not sender:
            node = open_send(here, self, method, sender, named)
        else:
            node.count += 1
        if self.receivers:
            return _record(original, self, sender, named, node, here)
        if node.count == 1:
            _note_transaction(node, named)
        # This is how Django begins. If it asked once more, another thread might have
        # connected a receiver meanwhile, which nobody would record.
        return []

    return send


def _own_send_hook(original: Any, method: str) -> Any:
    """
    Hook a method that is not Django's, which may have any signature.
    """
    call = caller(original)

    @functools.wraps(original)
    def send(self: Signal, /, *args: Any, **named: Any) -> Any:
        here = get_current()
        # It most often goes on to the method of Signal.
        if here is None or not here.recorder.recording or here.signal() is self:
            return call(self, *args, **named)
        sender = sender_of(args, named)
        node = open_send(here, self, method, sender, named)

        def as_called(signal: Signal, _sender: Any, /, **_named: Any) -> Any:
            return call(signal, *args, **named)

        responses = _record(as_called, self, sender, named, node, here)
        # A plain function may leave it to its caller to await. Of a task, whatever
        # runs in it has begun in the context of this send.
        if type(responses) is CoroutineType:
            return _await_send(node, responses)
        return responses

    return send


def _record(
    send: Callable[..., Any],
    signal: Signal,
    sender: Any,
    named: dict[str, Any],
    node: SendNode,
    here: Node,
) -> Any:
    connection = _note_transaction(node, named) if node.count == 1 else None
    queued = len(connection.run_on_commit) if connection is not None else 0
    set_current(node)
    node.active += 1
    started = now()
    try:
        responses = send(signal, sender, **named)
    except BaseException as error:
        node.failed(error)
        raise
    finally:
        elapsed = now() - started
        node.active -= 1
        set_current(here)
        node.time += elapsed
        if elapsed > node.longest:
            node.longest = elapsed
        if here.active:
            here.inner += elapsed
        if connection is not None:
            node.on_commit = max(0, len(connection.run_on_commit) - queued)
    return originals(responses) if node.calls else responses


def _asend_hook(cls: type[Signal], original: Any, method: str) -> Any:
    if not iscoroutinefunction(original):
        return _own_send_hook(original, method)
    call = caller(original)

    @functools.wraps(original)
    async def asend(self: Signal, /, *args: Any, **named: Any) -> Any:
        here = get_current()
        if here is None or not here.recorder.recording or here.signal() is self:
            return await call(self, *args, **named)
        node = open_send(here, self, method, sender_of(args, named), named)
        if node.count == 1:
            _note_transaction(node, named)
        return await _await_send(node, call(self, *args, **named))

    return asend


async def _await_send(node: SendNode, awaitable: Awaitable[Any]) -> Any:
    started = now()
    try:
        responses = await Steps(node, awaitable)
    except BaseException as error:
        node.ended(now() - started, error)
        raise
    node.ended(now() - started)
    return originals(responses) if node.calls else responses


def _live_receivers_hook(cls: type[Signal], original: Any, _name: str) -> Any:
    if cls is not Signal or not isinstance(original, FunctionType):
        return _own_live_receivers_hook(original)

    @functools.wraps(original)
    def live_receivers(self: Signal, sender: Any) -> Any:
        here = get_current()
        if not isinstance(here, SendNode) or here.signal() is not self:
            return original(self, sender)
        return both_probes(here, *original(self, sender))

    return live_receivers


def _own_live_receivers_hook(original: Any) -> Any:
    call = caller(original)

    @functools.wraps(original)
    def live_receivers(self: Signal, /, *args: Any, **named: Any) -> Any:
        here = get_current()
        if not isinstance(here, SendNode) or here.signal() is not self:
            return call(self, *args, **named)
        # What a subclass filters and sorts shall be the receivers themselves, so
        # the hook of Signal must not think that it is asked by a send.
        set_current(here.series.parent)
        try:
            receivers = call(self, *args, **named)
        finally:
            set_current(here)
        # It may return anything if its send() does not go on to that of Signal.
        if type(receivers) is tuple and [*map(type, receivers)] == [list, list]:
            return both_probes(here, *receivers)
        return receivers

    return live_receivers


def _query_hook(_cls: type, original: Any, _name: str) -> Any:
    @functools.wraps(original)
    def execute(self: Any, sql: Any, params: Any, many: Any, executor: Any) -> Any:
        here = get_current()
        if here is None or not here.recorder.recording:
            return original(self, sql, params, many, executor)
        started = now()
        try:
            return original(self, sql, params, many, executor)
        finally:
            elapsed = now() - started
            here.queries += 1
            here.query_time += elapsed

    return execute


recording = Tool(
    {
        "send": _send_hook,
        "send_robust": _send_hook,
        "asend": _asend_hook,
        "asend_robust": _asend_hook,
        "_live_receivers": _live_receivers_hook,
        "_execute_with_wrappers": _query_hook,
    },
    elsewhere=(CursorWrapper,),
)
arm, disarm = recording.arm, recording.disarm


def _note_transaction(node: SendNode, named: dict[str, Any]) -> Any:
    connection = connection_of(named)
    if connection is not None:
        node.in_atomic = in_atomic(connection)
    return connection
