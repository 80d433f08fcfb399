"""
Say in a sentence what a test has found. Whatever values do, the sentence is made.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.dispatch import Signal

from ..introspect.objects import short_name
from ..introspect.text import did_you_mean, printable
from ..inventory.names import registry
from ..inventory.records import describe_sender

_MAX_VALUE = 200
_MAX_LISTED = 5


def name_of(signal: Signal) -> str:
    """
    Return the name of a signal in quotes.
    """
    return repr(registry.name_of(signal))


def value_text(value: Any) -> str:
    """
    Return the ``repr()`` of any value on one line, cut if it is long.
    """
    try:
        text = printable(repr(value))
    except Exception as error:
        kind = short_name(type(value))
        return f"<{kind} whose repr() raises {short_name(type(error))}>"
    return text if len(text) <= _MAX_VALUE else f"{text[: _MAX_VALUE - 1]}…"


def sender_text(sender: Any) -> str:
    """
    Return who a sender is.
    """
    label, kind, app = describe_sender(sender)
    if kind is None:
        return "nobody (None)"
    if kind == "instance":
        return value_text(sender)
    return f"app {app}" if app else str(label)


def nearest(name: str, names: Iterable[str]) -> str:
    """
    Ask whether one of ``names`` was meant; their modules make all look the same.
    """
    return did_you_mean(_last_part(name), map(_last_part, names))


def _last_part(name: str) -> str:
    return name.rpartition(".")[2]


def times_text(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")


def listed(items: Iterable[str], word: str = "and") -> str:
    """
    Return "a, b and c", of many only the first ones.
    """
    parts = list(items)
    if len(parts) > _MAX_LISTED + 1:
        parts[_MAX_LISTED:] = [f"{len(parts) - _MAX_LISTED} others"]
    return f" {word} ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
