"""
Let receivers write down that they ran, to compare it with what the panel shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# Other threads and other asynchronous tasks don't share the value of a ContextVar, so
# simultaneous requests don't write into each other's diary.
_lines: ContextVar[list[str] | None] = ContextVar("lines", default=None)


@contextmanager
def diary() -> Iterator[list[str]]:
    """
    Return a context manager with the list that ``write()`` appends to in its block.
    """
    lines: list[str] = []
    token = _lines.set(lines)
    try:
        yield lines
    finally:
        _lines.reset(token)


def write(line: str) -> None:
    """
    Append ``line`` to the diary of the current block; do nothing outside one.
    """
    lines = _lines.get()
    if lines is not None:
        lines.append(line)
