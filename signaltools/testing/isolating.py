"""
Undo connections at the end of a block.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.dispatch import Signal

from ..inventory.receivers import save_connections
from ..recording.patches import Tool, caller
from .blocks import Block, F, active, decorated


def isolate() -> Isolation:
    """
    Return a context manager that undoes every connect() and disconnect() in its block.

    Afterwards, the receivers are the same as before, in the same order. Connections
    belong to the process: during the block, all threads use its receivers, and what
    they connect is undone, too. It can also decorate a function or coroutine function.
    """
    return Isolation()


class Isolation(Block):
    """
    Connections that are undone at the end of a ``with`` block.
    """

    def __init__(self) -> None:
        # Another thread may connect something as well, and there is one list for all.
        super().__init__(everywhere=True)
        self._restore: dict[int, Callable[[], None]] = {}

    def __exit__(self, *exception: object) -> None:
        super().__exit__(*exception)
        for restore in self._restore.values():
            restore()
        self._restore.clear()

    def __call__(self, function: F) -> F:
        return decorated(function, Isolation)

    def save(self, signal: Signal) -> None:
        """
        Save the connections of a signal that are about to change.
        """
        # Only the first time. The function keeps the signal, so its id isn't used
        # again.
        if id(signal) not in self._restore:
            self._restore[id(signal)] = save_connections(signal)


def _change_hook(_cls: type, original: Any, _name: str) -> Any:
    call = caller(original)

    @functools.wraps(original)
    def change(self: Signal, /, *args: Any, **named: Any) -> Any:
        for isolation in active(Isolation):
            isolation.save(self)
        return call(self, *args, **named)

    return change


Isolation.tool = Tool({"connect": _change_hook, "disconnect": _change_hook})
