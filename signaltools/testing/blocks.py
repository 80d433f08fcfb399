"""
Enable a test tool in a ``with`` block, for the current context or everywhere.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar
from inspect import iscoroutinefunction
from typing import Any, Self, TypeVar

from django.dispatch import Signal

from ..introspect.objects import is_a
from ..inventory.names import registry
from ..recording.patches import Tool

F = TypeVar("F", bound=Callable[..., Any])

_here: ContextVar[tuple[Block, ...]] = ContextVar("signaltools.testing", default=())
_everywhere: list[Block] = []
# The blocks that apply to one context only, of all contexts.
_local: list[Block] = []


class Block:
    """
    A context manager that enables a tool.

    It applies to the current context: the code of the block, tasks that it starts, and
    threads of ``sync_to_async``. With ``everywhere``, it applies to all threads of the
    process.
    """

    #: The hooks that it needs.
    tool: Tool

    def __init__(self, everywhere: bool = False) -> None:
        self.everywhere = everywhere
        self.is_on = False

    def __enter__(self) -> Self:
        if self.is_on:
            raise RuntimeError(f"{self!r} is already in use; create another one.")
        self.tool.install()
        self.is_on = True
        if self.everywhere:
            _everywhere.append(self)
        else:
            _local.append(self)
            _here.set((*_here.get(), self))
        return self

    def __exit__(self, *exception: object) -> None:
        # A task that the block has started may still run. It has a copy of the context,
        # from which the block can't be removed.
        self.is_on = False
        if self.everywhere:
            _everywhere.remove(self)
        else:
            # Not ContextVar.reset(): blocks may end in any order, and those of an async
            # fixture end in another context.
            _local.remove(self)
            _here.set(tuple(block for block in _here.get() if block is not self))
        self.tool.uninstall()


B = TypeVar("B", bound=Block)


def active(cls: type[B]) -> list[B]:
    """
    Return the blocks of a class that apply to the current context, outer ones first.
    """
    blocks = (*_everywhere, *_here.get())
    return [block for block in blocks if isinstance(block, cls) and block.is_on]


def active_elsewhere(cls: type[B]) -> list[B]:
    """
    Return the blocks of a class that apply only to other contexts.
    """
    # A copy is made in one step, so other threads can go on beginning blocks.
    blocks, here = _local.copy(), _here.get()
    return [each for each in blocks if isinstance(each, cls) and each not in here]


def decorated(function: F, make: Callable[[], Block]) -> F:
    """
    Return ``function``, synchronous or not, wrapped in a new block for each call.
    """
    if isinstance(function, type) or not callable(function):
        raise TypeError(f"Only functions can be decorated, not {function!r}.")

    # The block has to last until the coroutine ends, not only until it is created.
    async def run_async(*args: Any, **kwargs: Any) -> Any:
        with make():
            return await function(*args, **kwargs)

    def run(*args: Any, **kwargs: Any) -> Any:
        with make():
            return function(*args, **kwargs)

    wrapper: Any = run_async if iscoroutinefunction(function) else run
    return functools.wraps(function)(wrapper)  # type: ignore[return-value]


def as_signals(caller: str, signals: tuple[Signal | str, ...]) -> tuple[Signal, ...]:
    """
    Return the signals that were passed to ``caller``, by themselves or by name.
    """
    if not signals:
        raise TypeError(f"{caller}() requires at least one signal.")
    return tuple(as_signal(caller, signal) for signal in signals)


def as_signal(caller: str, signal: Signal | str) -> Signal:
    """
    Return the signal that was passed to ``caller``, by itself or by name.
    """
    if isinstance(signal, str):
        return registry.get(signal)
    if not is_a(signal, Signal):
        raise TypeError(f"{caller}() requires a signal, not {signal!r}.")
    return signal
