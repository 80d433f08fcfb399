"""
Record what is sent, what runs, and which queries are made.

Only these are patched, and only while a trace is active: the four methods that send,
``_live_receivers()``, and ``connect()``, on ``Signal`` and on each subclass that
overrides them, and the method of ``CursorWrapper`` that runs every query. A hook is
called for all threads and requests of the process. It looks for the current node of its
context, and passes the call on if there is none.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from types import CoroutineType
from typing import Any

from django.db.backends.utils import CursorWrapper
from django.db.models.signals import ModelSignal
from django.dispatch import Signal, dispatcher

from ..events import Event
from ..introspect.callers import method_of
from ..introspect.objects import stored_attribute
from ..inventory.receivers import entries, row_ids
from ..inventory.weak import NOWHERE, note_connect
from .calls import LOOP_IS_KNOWN, call_all
from .clock import now
from .current import get_current, leave, set_current
from .folding import find_send, open_send
from .patches import Tool, caller, sender_of, unhooked
from .probes import both_probes, in_steps, originals, probes_of_wrapped
from .recorder import Node, SendNode

# Looked up once, because it runs for each send.
get_frame = sys._getframe


def _send_hook(cls: type[Signal], original: Any, method: str) -> Any:
    if not _is_of_django(original):
        return _own_send_hook(original, method)
    # A project may have put send_robust() in the place of send().
    is_simple = LOOP_IS_KNOWN and original.__name__ == "send"

    # This runs for each send of the process while a trace is active, so it has to pass
    # on quickly what isn't recorded. That is why nothing here is a function of its own.
    @functools.wraps(original)
    def send(self: Signal, sender: Any, **named: Any) -> Any:
        here = get_current()
        # A send() that a subclass overrides usually calls this one: a send is recorded
        # once. What the receivers send has a call as its current node, not a send.
        if (
            here is None
            or not (recorder := here.recorder).recording
            or (here.signal is not NOWHERE and here.signal() is self)
        ):
            # Django's send() starts with the same check.
            return original(self, sender, **named) if self.receivers else []
        # Most sends are collapsed ones, which are found here. find_send() finds all
        # others.
        if not self.receivers:
            node = recorder.collapsed.get((here, id(self), id(sender), method))
            if node is None or (
                node.path is not None and not node.path.is_of(get_frame(), named)
            ):
                node = find_send(here, self, method, sender, named, None)
            else:
                node.count += 1
            # If Django's send() checked again, another thread could have connected a
            # receiver by then, and its call would be missed.
            return []
        try:
            frame = get_frame(1)
        except ValueError:  # pragma: no cover (coverage doesn't see such a thread)
            # A thread that was started by C code has no frames.
            node = open_send(here, self, method, sender, named)
            return _record(original, self, sender, named, node, here, is_simple)
        # This is a method of the event or of the model: its caller sends.
        if issubclass(type(self), _SENT_BY_METHODS):
            frame = frame.f_back or frame
        code, position = id(frame.f_code), frame.f_lasti
        node = recorder.collapsed.get(
            (here, id(self), id(sender), method, code, position)
        )
        if node is None or (
            node.path is not None and not node.path.is_of(get_frame(), named)
        ):
            node = find_send(here, self, method, sender, named, frame)
        else:
            node.count += 1
        # A traceback that the caller keeps would refer to its own frame by this one.
        del frame
        return _record(original, self, sender, named, node, here, is_simple)

    return send


_SENT_BY_METHODS = (Event, ModelSignal)


def _is_of_django(function: Any) -> bool:
    return getattr(function, "__globals__", None) is vars(dispatcher)


def _own_send_hook(original: Any, method: str) -> Any:
    """
    Hook a method that isn't Django's, and may have any signature.
    """
    call = caller(original)

    @functools.wraps(original)
    def send(self: Signal, /, *args: Any, **named: Any) -> Any:
        here = get_current()
        if here is None or not here.recorder.recording or here.signal() is self:
            return call(self, *args, **named)
        sender = sender_of(args, named)
        node = open_send(here, self, method, sender, named)
        asked = node.asked + node.with_receivers

        def as_called(*_args: Any, **_named: Any) -> Any:
            return call(self, *args, **named)

        responses = _record(as_called, self, sender, named, node, here)
        # A plain function may return a coroutine for its caller to await. A task needs
        # nothing, because it got a copy of the context of this send.
        if type(responses) is CoroutineType:
            return _await_send(node, responses, asked, self)
        _look_back(node, asked, self)
        return responses

    return send


def _record(
    send: Callable[..., Any],
    signal: Signal,
    sender: Any,
    named: dict[str, Any],
    node: SendNode,
    here: Node,
    is_simple: bool = False,
) -> Any:
    """
    Record a send. ``is_simple`` is whether ``call_all()`` does the same as ``send``.
    """
    # Only for the first of several collapsed sends: this takes time.
    connection = node.connection() if node.count == 1 else None
    queued = len(connection.run_on_commit) if connection is not None else 0
    started = now()
    node.active += 1
    # A signal handler of the process may raise after any call here, as the time
    # limits of pytest-timeout and Celery do. So ``here`` is put back first of all, and
    # again if that was interrupted.
    try:
        try:
            set_current(node)
            if (
                is_simple
                # A class may have its own method, and another tool may have patched the
                # class or the signal.
                and type(signal)._live_receivers is _hook_of_djangos
                and "_live_receivers" not in signal.__dict__
                # Django raises TypeError then, which names the receiver.
                and "signal" not in named
            ):
                live_receivers = _hook_of_djangos.__wrapped__  # type: ignore[attr-defined]
                responses = call_all(node, signal, sender, named, live_receivers)
                if responses is not None:
                    return responses
            responses = send(signal, sender, **named)
        finally:
            if node.recorder.switched:
                leave(node, here)
            else:
                set_current(here)
            node.active -= 1
            elapsed = now() - started
            node.time += elapsed
            if elapsed > node.longest:
                node.longest = elapsed
            if here.active:
                here.inner += elapsed
            if connection is not None:
                # A rollback to a savepoint removes functions.
                node.on_commit = max(0, len(connection.run_on_commit) - queued)
    except BaseException as error:
        leave(node, here)
        node.failed(error)
        raise
    return originals(responses) if node.calls else responses


def _look_back(node: SendNode, asked: int, signal: Signal) -> None:
    """
    Remember that a method of a signal class hasn't asked for the receivers to call.

    It may have called them in a loop of its own. ``asked`` is how often it had asked
    before.
    """
    # A signal that caches knows which senders have no receivers.
    caches = stored_attribute(signal, "use_caching") is True
    if node.asked + node.with_receivers == asked and entries(signal) and not caches:
        node.unseen += 1


def _asend_hook(cls: type[Signal], original: Any, method: str) -> Any:
    if not iscoroutinefunction(original):
        return _own_send_hook(original, method)
    call = caller(original)
    is_djangos = getattr(original, "__globals__", None) is vars(dispatcher)

    @functools.wraps(original)
    async def asend(self: Signal, /, *args: Any, **named: Any) -> Any:
        here = get_current()
        if here is None or not here.recorder.recording or here.signal() is self:
            return await call(self, *args, **named)
        node = open_send(here, self, method, sender_of(args, named), named)
        asked = -1 if is_djangos else node.asked + node.with_receivers
        return await _await_send(node, call(self, *args, **named), asked, self)

    return asend


async def _await_send(
    node: SendNode, awaitable: Awaitable[Any], asked: int, signal: Signal
) -> Any:
    responses = await in_steps(node, awaitable)
    _look_back(node, asked, signal)
    return originals(responses) if node.calls else responses


def _live_receivers_hook(cls: type[Signal], original: Any, name: str) -> Any:
    if cls is not Signal or not _is_of_django(unhooked(cls.__dict__[name])):
        return _own_live_receivers_hook(original)

    global _hook_of_djangos

    @functools.wraps(original)
    def live_receivers(self: Signal, sender: Any) -> Any:
        here = get_current()
        if not isinstance(here, SendNode) or here.signal() is not self:
            if here is not None and here.recorder.recording:
                name = method_of(self)
                if name not in _WITH_RECEIVERS:
                    refs = here.recorder.refs
                    refs.signal(self).asked_by.add((refs.sender(sender), name))
            return original(self, sender)
        sync_receivers, async_receivers = original(self, sender)
        return both_probes(here, sync_receivers, async_receivers)

    _hook_of_djangos = live_receivers
    return live_receivers


#: The latest hook of the ``_live_receivers()`` that is Django's own.
_hook_of_djangos: Any = None

# Sends that are recorded already, and methods that don't call the receivers.
_WITH_RECEIVERS = {
    *("send", "send_robust", "asend", "asend_robust"),
    *("has_listeners", "_live_receivers"),
}


def _own_live_receivers_hook(original: Any) -> Any:
    call = caller(original)

    @functools.wraps(original)
    def live_receivers(self: Signal, /, *args: Any, **named: Any) -> Any:
        here = get_current()
        if not isinstance(here, SendNode) or here.signal() is not self:
            return call(self, *args, **named)
        # A subclass may filter and sort what super() returns, and another tool may wrap
        # it, so that has to be the receivers themselves. With the parent as the current
        # node, a hook below returns no probes.
        try:
            set_current(here.series.parent)
            receivers = call(self, *args, **named)
        finally:
            set_current(here)
        # It may return anything if its send() doesn't call that of Signal.
        if type(receivers) is tuple and [*map(type, receivers)] == [list, list]:
            return probes_of_wrapped(here, self, *receivers)
        return receivers

    return live_receivers


def _connect_hook(_cls: type[Signal], original: Any, _name: str) -> Any:
    call = caller(original)

    @functools.wraps(original)
    def connect(self: Signal, /, *args: Any, **named: Any) -> Any:
        before = row_ids(self)
        try:
            return call(self, *args, **named)
        finally:
            # What is connected in any other way was there before, and was put back.
            note_connect(self, before)

    return connect


def _query_hook(_cls: type, original: Any, _name: str) -> Any:
    # Not connection.execute_wrapper(): a connection belongs to one thread, and what a
    # receiver runs with sync_to_async() would be missed.
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


#: Active as long as any trace is.
recording = Tool(
    {
        "send": _send_hook,
        "send_robust": _send_hook,
        "asend": _asend_hook,
        "asend_robust": _asend_hook,
        "_live_receivers": _live_receivers_hook,
        "connect": _connect_hook,
        "_execute_with_wrappers": _query_hook,
    },
    elsewhere=(CursorWrapper,),
)
