"""
What receivers write down themselves, to compare it with what the panel shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_lines: ContextVar[list[str] | None] = ContextVar("lines", default=None)


@contextmanager
def diary() -> Iterator[list[str]]:
    """
    Return the list that ``write()`` appends to within the ``with`` block.
    """
    lines: list[str] = []
    token = _lines.set(lines)
    try:
        yield lines
    finally:
        _lines.reset(token)


def write(line: str) -> None:
    """
    Write into the diary, if somebody keeps one.
    """
    lines = _lines.get()
    if lines is not None:
        lines.append(line)
