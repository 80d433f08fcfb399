"""
Undo connections.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from django.dispatch import Signal

from ..inventory.rows import Connections, restore_connections, save_connections
from ..recording.patches import Tool, caller
from .blocks import Block, active, decorated

F = TypeVar("F", bound=Callable[..., Any])


def isolate() -> Isolation:
    """
    Return what undoes each connect and disconnect in a ``with`` block at its end.

    Receivers are then those of before, in the same order. Connections belong to the
    process: meanwhile all threads meet the receivers of the block, and what they
    connect is undone too. It may decorate a function or a coroutine function as well.
    """
    return Isolation()


class Isolation(Block):
    """
    Connections that are undone at the end of a ``with`` block.
    """

    def __init__(self) -> None:
        super().__init__(everywhere=True)
        self._saved: dict[int, tuple[Signal, Connections]] = {}

    def __exit__(self, *exception: object) -> None:
        super().__exit__(*exception)
        for signal, connections in self._saved.values():
            restore_connections(signal, connections)
        self._saved.clear()

    def __call__(self, function: F) -> F:
        return decorated(function, Isolation)

    def __repr__(self) -> str:
        return "<isolation of connections>"

    def save(self, signal: Signal) -> None:
        """
        Remember the connections of a signal that is about to change.
        """
        if id(signal) not in self._saved:
            self._saved[id(signal)] = signal, save_connections(signal)


def _change_hook(_cls: type, original: Any, _name: str) -> Any:
    call = caller(original)

    @functools.wraps(original)
    def change(self: Signal, /, *args: Any, **named: Any) -> Any:
        for isolation in active(Isolation):
            isolation.save(self)
        return call(self, *args, **named)

    return change


Isolation.tool = Tool({"connect": _change_hook, "disconnect": _change_hook})
