"""
Patch Django while a tool needs that, and put back the very same functions afterwards.

Several tools may be active at once, and begin and end in any order: each method has one
hook, which is made anew from those of the active tools, so that a send meets either
the hook of before or that of afterwards. Declared events are not patched: their methods
go on to those of ``Signal``.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Collection, Mapping
from types import FunctionType
from typing import Any

from django.dispatch import Signal

from ..events import Event

#: Returns the hook for a method, from its class, what was there, and its name.
MakeHook = Callable[[type, Any, str], Any]


_lock = threading.Lock()
#: The methods that may have a hook, and what was there of Signal.__init_subclass__.
_hooked: set[tuple[type, str]] = set()
_init: list[Any] = []
_originals: weakref.WeakKeyDictionary[FunctionType, Any] = weakref.WeakKeyDictionary()


class Tool:
    """
    What hooks into each class of signals, and into the classes ``elsewhere``.

    ``rank`` is how far from Django its hooks are, when other tools have some there too.
    """

    def __init__(
        self,
        hooks: Mapping[str, MakeHook],
        elsewhere: tuple[type, ...] = (),
        rank: int = 0,
    ) -> None:
        self.hooks = hooks
        self.elsewhere = elsewhere
        self.rank = rank
        self.users = 0

    def arm(self) -> None:
        """
        Install the hooks, unless somebody has done so.
        """
        with _lock:
            self.users += 1
            if self.users == 1:
                _tools.append(self)
                _tools.sort(key=lambda tool: tool.rank)
                _install(self)

    def disarm(self) -> None:
        """
        Put back what was there, unless somebody still needs the hooks.
        """
        with _lock:
            self.users -= 1
            if self.users == 0:
                _tools.remove(self)
                _remove(self)


_tools: list[Tool] = []

# A process that forks meanwhile shall not inherit a lock that nobody releases.
if hasattr(os, "register_at_fork"):  # pragma: no branch (Windows does not fork)
    os.register_at_fork(
        before=_lock.acquire,
        after_in_parent=_lock.release,
        after_in_child=_lock.release,
    )


def _install(tool: Tool) -> None:
    for cls in (*_signal_classes(), *tool.elsewhere):
        _hook_class(cls, tool.hooks.keys())
    if len(_tools) == 1:
        init = Signal.__dict__.get("__init_subclass__", _MISSING)
        hook: Any = classmethod(_new_class_hook(init))
        _init[:] = init, hook
        Signal.__init_subclass__ = hook  # type: ignore[method-assign]


def _remove(tool: Tool) -> None:
    for cls, name in _hooked:
        # Another tool may have patched over the hook. It goes on to call the hook,
        # which lets everything pass.
        if name in tool.hooks and name in cls.__dict__:
            _hook(cls, name)
    if not _tools:
        _hooked.clear()
        _restore_init(*_init)
        _init.clear()


def _restore_init(original: Any, hook: Any) -> None:
    if Signal.__dict__.get("__init_subclass__") is not hook:
        return
    if original is _MISSING:
        del Signal.__init_subclass__
    else:
        Signal.__init_subclass__ = original  # type: ignore[method-assign]


_MISSING = object()


def _signal_classes() -> list[type[Signal]]:
    classes: list[type[Signal]] = [Signal]
    # It grows meanwhile. A project may have hundreds, and waits for this.
    for cls in classes:
        classes += (sub for sub in type.__subclasses__(cls) if sub is not Event)
    return classes


def _hook_class(cls: type, names: Collection[str]) -> None:
    for name in names & cls.__dict__.keys():
        _hook(cls, name)
        _hooked.add((cls, name))


def _hook(cls: type, name: str) -> None:
    """
    Give a method the hooks of all active tools in place of those that it has.
    """
    present = cls.__dict__[name]
    hook = original = _unhooked(present)
    # What asks for receivers goes the same way back: whoever is nearest to the sender
    # sees all that the others do to a send, and what they leave of the receivers.
    tools = reversed(_tools) if name == "_live_receivers" else _tools
    for tool in tools:
        if name in tool.hooks:
            hook = tool.hooks[name](cls, hook, name)
    if hook is not original:
        _originals[hook] = original
    if hook is not present:
        setattr(cls, name, hook)


def _unhooked(function: Any) -> Any:
    # A tool that had patched over an earlier hook may have put that hook back.
    while isinstance(function, FunctionType):
        original = _originals.get(function, _MISSING)
        if original is _MISSING:
            break
        function = original
    return function


def _new_class_hook(original: Any) -> Any:
    def init_subclass(cls: type[Signal], /, **options: Any) -> None:
        if original is _MISSING:
            super(Signal, cls).__init_subclass__(**options)
        else:
            original.__get__(None, cls)(**options)
        with _lock:
            for tool in _tools:
                _hook_class(cls, tool.hooks.keys())

    return init_subclass


def caller(original: Any) -> Callable[..., Any]:
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


def sender_of(args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """
    Return who sends a signal, by the arguments of the method.
    """
    return named["sender"] if "sender" in named else args[0] if args else None
