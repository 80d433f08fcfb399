"""
Patch Django while a tool needs it, and put back the very same functions afterwards.

Several tools may be active at once, and start and end in any order. Each method has one
hook, which is built from those of the active tools and replaced as a whole, because
other threads may be sending at any time. Declared events aren't patched: their methods
call those of ``Signal``, so hundreds of events cost nothing.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from django.dispatch import Signal

from ..events import Event

#: Returns the hook for a method, from its class, the original, and its name.
MakeHook = Callable[[type, Any, str], Any]

_MISSING = object()

_lock = threading.Lock()
#: The methods that have a hook.
_hooked: set[tuple[type, str]] = set()
#: The originals of hooks, also of former ones that other tools still refer to.
_originals: weakref.WeakKeyDictionary[FunctionType, Any] = weakref.WeakKeyDictionary()
#: The original Signal.__init_subclass__ and its hook.
_init: tuple[Any, Any] = (_MISSING, _MISSING)


@dataclass(eq=False)
class Tool:
    """
    Hooks for methods of each class of signals, and of the classes ``elsewhere``.

    Where several tools have hooks, the one with the lowest ``rank`` is next to Django.
    """

    hooks: Mapping[str, MakeHook]
    elsewhere: tuple[type, ...] = ()
    rank: int = 0
    users: int = 0

    def install(self) -> None:
        """
        Install the hooks, unless they are installed already.
        """
        global _init
        with _lock:
            self.users += 1
            if self.users > 1:
                return
            _tools.append(self)
            _tools.sort(key=lambda tool: tool.rank)
            for cls in (*_signal_classes(), *self.elsewhere):
                _hook_class(cls, self.hooks.keys())
            if len(_tools) == 1:
                original = Signal.__dict__.get("__init_subclass__", _MISSING)
                hook: Any = classmethod(_new_class_hook(original))
                Signal.__init_subclass__ = hook  # type: ignore[method-assign]
                _init = original, hook

    def uninstall(self) -> None:
        """
        Put back the originals, unless the hooks are still in use.
        """
        with _lock:
            self.users -= 1
            if self.users:
                return
            _tools.remove(self)
            for cls, name in _hooked:
                # Another tool may have removed the method. If it has patched over the
                # hook, its function stays: it calls the hook, which passes calls on.
                if name in self.hooks and name in cls.__dict__:
                    _hook(cls, name)
            if _tools:
                return
            _hooked.clear()
            original, hook = _init
            # If another tool has patched over the hook, it keeps calling it. Without
            # active tools it does nothing.
            if Signal.__dict__.get("__init_subclass__") is hook:
                if original is _MISSING:
                    del Signal.__init_subclass__
                else:
                    Signal.__init_subclass__ = original  # type: ignore[method-assign]


_tools: list[Tool] = []

# If a process forks while another thread has the lock, the child gets a locked lock and
# no thread that would release it.
if hasattr(os, "register_at_fork"):  # pragma: no branch (Windows does not fork)
    os.register_at_fork(
        before=_lock.acquire,
        after_in_parent=_lock.release,
        after_in_child=_lock.release,
    )


def _signal_classes() -> list[type[Signal]]:
    classes: list[type[Signal]] = [Signal]
    # The list grows while it is read. Event is left out with all its subclasses: there
    # may be hundreds, and they have no methods of their own to patch.
    for cls in classes:
        classes += (sub for sub in type.__subclasses__(cls) if sub is not Event)
    return classes


def _hook_class(cls: type, names: Collection[str]) -> None:
    for name in names & cls.__dict__.keys():
        _hook(cls, name)
        _hooked.add((cls, name))


def _hook(cls: type, name: str) -> None:
    """
    Replace the hooks of a method by those of all active tools.
    """
    present = cls.__dict__[name]
    hook = original = unhooked(present)
    # The last hook is the outermost one: its tool sees what the other tools do to a
    # send. For _live_receivers() it is the innermost one: mute() leaves out receivers
    # before the recorder puts probes in place of the others.
    tools = reversed(_tools) if name == "_live_receivers" else _tools
    for tool in tools:
        if name in tool.hooks:
            hook = tool.hooks[name](cls, hook, name)
    if hook is not original:
        _originals[hook] = original
    if hook is not present:
        setattr(cls, name, hook)


def unhooked(function: Any) -> Any:
    """
    Return what is there without the hooks of this module.
    """
    # A tool that patched over an earlier hook may have put that hook back, so what is
    # there now may be a hook of tools that are no longer active.
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
            for tool in _tools:
                _hook_class(cls, tool.hooks.keys())

    return init_subclass


def caller(original: Any) -> Callable[..., Any]:
    """
    Return a function that calls a method, whatever kind of object it is.
    """
    if isinstance(original, FunctionType):
        return original
    # It may be any descriptor, or a mock, which isn't a descriptor.
    get = getattr(type(original), "__get__", lambda value, *_: value)
    return lambda signal, *args, **named: get(original, signal, type(signal))(
        *args, **named
    )


def sender_of(args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """
    Return the sender, however it was passed. None if it's missing: Django raises then.
    """
    return named["sender"] if "sender" in named else args[0] if args else None
