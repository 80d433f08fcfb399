"""
Switch something on for a block of a test, in this context or everywhere.
"""

from __future__ import annotations

import functools
import threading
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
_everywhere: tuple[Block, ...] = ()
_lock = threading.Lock()


class Block:
    """
    What a ``with`` statement switches on.

    It holds in this context: the code of the block, tasks that it starts, and threads
    of ``sync_to_async``. With ``everywhere`` it holds in all threads of the process.
    """

    #: The hooks that it needs.
    tool: Tool

    def __init__(self, everywhere: bool = False) -> None:
        self.everywhere = everywhere
        self.is_on = False

    def __enter__(self) -> Self:
        if self.is_on:
            raise RuntimeError(f"{self!r} is in use already; make another one.")
        self.tool.arm()
        self.is_on = True
        _replace(self, (self,))
        return self

    def __exit__(self, *exception: object) -> None:
        # A task that goes on has a context of its own, where this stays.
        self.is_on = False
        _replace(self, ())
        self.tool.disarm()


def _replace(block: Block, blocks: tuple[Block, ...]) -> None:
    global _everywhere
    if block.everywhere:
        with _lock:
            _everywhere = (*_without(block, _everywhere), *blocks)
    else:
        _here.set((*_without(block, _here.get()), *blocks))


def _without(block: Block, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    return tuple(each for each in blocks if each is not block)


B = TypeVar("B", bound=Block)


def active(kind: type[B]) -> list[B]:
    """
    Return the blocks of this kind that hold here and now, the outer ones first.
    """
    blocks = _everywhere + _here.get()
    return [block for block in blocks if isinstance(block, kind) and block.is_on]


def decorated(function: F, make: Callable[[], Block]) -> F:
    """
    Return ``function``, synchronous or not, that runs in a block of its own each time.
    """
    if isinstance(function, type) or not callable(function):
        raise TypeError(f"Only functions can be decorated, not {function!r}.")

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
    Return the signals that somebody has named for ``caller``.
    """
    if not signals:
        raise TypeError(f"{caller}() needs a signal.")
    return tuple(as_signal(caller, signal) for signal in signals)


def as_signal(caller: str, signal: Signal | str) -> Signal:
    """
    Return ``signal``, or the one of this name.
    """
    if isinstance(signal, str):
        return registry.get(signal)
    if not is_a(signal, Signal):
        raise TypeError(f"{caller}() needs a signal, not {signal!r}.")
    return signal
