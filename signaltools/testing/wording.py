"""
Put values, senders, and counts into sentences. No value can make that fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.dispatch import Signal

from ..introspect.callables import describe
from ..introspect.objects import short_name
from ..introspect.text import did_you_mean, printable
from ..inventory.names import registry
from ..inventory.records import describe_sender

_MAX_VALUE = 200


def name_of(signal: Signal) -> str:
    """
    Return the name of a signal in quotes.
    """
    return repr(registry.name_of(signal))


def receiver_name(receiver: Callable[..., Any] | str) -> str:
    """
    Return the name of a receiver, which may be given by it.
    """
    return receiver if isinstance(receiver, str) else describe(receiver).name


def value_text(value: Any) -> str:
    """
    Return the ``repr()`` of any value on one line, truncated if it is long.
    """
    text = full_text(value)
    return text if len(text) <= _MAX_VALUE else f"{text[: _MAX_VALUE - 1]}…"


def full_text(value: Any) -> str:
    """
    Return the ``repr()`` of any value on one line.
    """
    # In a test, running the project's own __repr__() is fine, and the most helpful.
    try:
        return printable(repr(value))
    except Exception as error:
        cls = short_name(type(value))
        return f"<{cls} whose repr() raises {short_name(type(error))}>"


def sender_text(sender: Any) -> str:
    """
    Return the label of a sender.
    """
    label, kind, app = describe_sender(sender)
    if kind is None or kind == "instance":
        return value_text(sender)
    return f"app {app}" if app else str(label)


def suggest_receiver(name: str, names: Iterable[str]) -> str:
    """
    Return " Did you mean 'x'?" for the most similar of ``names``, else "".
    """
    # Receivers of one module all look similar because of the module.
    last, *others = (each.rpartition(".")[2] for each in (name, *names))
    return did_you_mean(last, others)


def times_text(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")
