"""
Hook into Django while somebody records, and leave no trace afterwards.

These are all the places that are patched: the four methods that send, and
``_live_receivers``, on ``Signal`` and on each subclass that has its own, and the method
of ``CursorWrapper`` that every query goes through. Declared events are not patched:
their methods go on to those of ``Signal``.
"""

from __future__ import annotations

import functools
import os
import threading
import weakref
from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from time import perf_counter as now
from types import CoroutineType, FunctionType
from typing import Any, NamedTuple

from django.db.backends.utils import CursorWrapper
from django.dispatch import Signal, dispatcher

from ..events import Event
from .probes import Steps, both_probes, originals
from .recorder import Node, SendNode, get_current, open_send, set_current
from .surroundings import connection_of, in_atomic


class _Patch(NamedTuple):
    cls: type
    name: str
    original: Any
    hook: Any


_lock = threading.Lock()
_recorders = 0
_patches: list[_Patch] = []
_originals: weakref.WeakKeyDictionary[FunctionType, Any] = weakref.WeakKeyDictionary()


def arm() -> None:
    """
    Install the hooks, unless another recorder has done so.
    """
    global _recorders
    with _lock:
        _recorders += 1
        if _recorders == 1:
            _install()


def disarm() -> None:
    """
    Put back what was there, unless another recorder still needs the hooks.
    """
    global _recorders
    with _lock:
        _recorders -= 1
        if _recorders == 0:
            _restore()


# A process that forks meanwhile shall not inherit a lock that nobody releases.
if hasattr(os, "register_at_fork"):  # pragma: no branch (Windows does not fork)
    os.register_at_fork(
        before=_lock.acquire,
        after_in_parent=_lock.release,
        after_in_child=_lock.release,
    )


def _install() -> None:
    for cls in _signal_classes():
        _hook_class(cls)
    init = Signal.__dict__.get("__init_subclass__", _MISSING)
    _patch(Signal, "__init_subclass__", init, classmethod(_new_class_hook(init)))
    query = _unhooked(CursorWrapper.__dict__["_execute_with_wrappers"])
    _patch(CursorWrapper, "_execute_with_wrappers", query, _query_hook(query))


def _restore() -> None:
    while _patches:
        cls, name, original, hook = _patches.pop()
        # Another tool may have patched over the hook. It goes on to call the hook,
        # which lets everything pass.
        if cls.__dict__.get(name) is not hook:
            continue
        if original is _MISSING:
            delattr(cls, name)
        else:
            setattr(cls, name, original)


_MISSING = object()


def _signal_classes() -> list[type[Signal]]:
    classes: list[type[Signal]] = [Signal]
    # It grows meanwhile. A project may have hundreds, and waits for this.
    for cls in classes:
        classes += (sub for sub in type.__subclasses__(cls) if sub is not Event)
    return classes


def _hook_class(cls: type[Signal]) -> None:
    namespace = cls.__dict__
    if _HOOKED.isdisjoint(namespace):
        return
    for name, make_hook in _HOOKS.items():
        if name in namespace:
            original = _unhooked(namespace[name])
            _patch(cls, name, original, make_hook(cls, original, name))


def _unhooked(function: Any) -> Any:
    # A tool that had patched over an earlier hook may have put that hook back.
    while isinstance(function, FunctionType) and function in _originals:
        function = _originals[function]
    return function


def _new_class_hook(original: Any) -> Any:
    def init_subclass(cls: type[Signal], /, **options: Any) -> None:
        if original is _MISSING:
            super(Signal, cls).__init_subclass__(**options)
        else:
            original.__get__(None, cls)(**options)
        with _lock:
            if _recorders:
                _hook_class(cls)

    return init_subclass


def _patch(cls: type, name: str, original: Any, hook: Any) -> None:
    if isinstance(hook, FunctionType):
        _originals[hook] = original
    _patches.append(_Patch(cls, name, original, hook))
    setattr(cls, name, hook)


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
        node = here.folded.get((id(self), id(sender), method))
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
    call = _caller(original)

    @functools.wraps(original)
    def send(self: Signal, /, *args: Any, **named: Any) -> Any:
        here = get_current()
        # It most often goes on to the method of Signal.
        if here is None or not here.recorder.recording or here.signal() is self:
            return call(self, *args, **named)
        sender = _sender(args, named)
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
    call = _caller(original)

    @functools.wraps(original)
    async def asend(self: Signal, /, *args: Any, **named: Any) -> Any:
        here = get_current()
        if here is None or not here.recorder.recording or here.signal() is self:
            return await call(self, *args, **named)
        node = open_send(here, self, method, _sender(args, named), named)
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
    call = _caller(original)

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


def _query_hook(original: Any) -> Any:
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
            here.sql += 1
            here.sql_time += elapsed

    return execute


_HOOKS = {
    "send": _send_hook,
    "send_robust": _send_hook,
    "asend": _asend_hook,
    "asend_robust": _asend_hook,
    "_live_receivers": _live_receivers_hook,
}
_HOOKED = frozenset(_HOOKS)


def _caller(original: Any) -> Callable[..., Any]:
    """
    Return a function that calls what a class has under the name of a method.
    """
    if isinstance(original, FunctionType):
        return original
    # It may be any descriptor, or a mock, which is none.
    get = getattr(type(original), "__get__", lambda value, *_: value)
    return lambda signal, *args, **named: get(original, signal, type(signal))(
        *args, **named
    )


def _sender(args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    return named["sender"] if "sender" in named else args[0] if args else None


def _note_transaction(node: SendNode, named: dict[str, Any]) -> Any:
    connection = connection_of(named)
    if connection is not None:
        node.in_atomic = in_atomic(connection)
    return connection
