"""
Look at what is connected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.dispatch import Signal

from ..introspect.callables import describe
from ..inventory.names import registry
from ..inventory.rows import DEAD, Row, Sender, dead_rows, read_rows, sender_finder
from ..inventory.weak import receiver_key
from .blocks import as_signal
from .matching import ANY_SENDER
from .wording import listed, name_of, nearest, sender_text

Receiver = Callable[..., Any] | str


def assert_connected(
    signal: Signal | str, receiver: Receiver, *, sender: Any = ANY_SENDER
) -> None:
    """
    Fail unless ``receiver`` is connected, so that a send by ``sender`` reaches it.

    A receiver may be given by its name, as ``list_signals`` has it. Without ``sender``
    any connection will do.
    """
    __tracebackhide__ = True
    watched = as_signal("assert_connected", signal)
    connected = list(_rows(watched, receiver))
    if any(_reaches(row, sender) for row in connected):
        return
    name = _name(receiver)
    if connected:
        raise AssertionError(
            f"{name!r} is connected to {name_of(watched)} for "
            f"{listed(map(_sender, connected))} only, not for {sender_text(sender)}."
        )
    raise AssertionError(
        f"{name!r} is not connected to {name_of(watched)}.{_reason(watched, receiver)}"
    )


def assert_not_connected(
    signal: Signal | str, receiver: Receiver, *, sender: Any = ANY_SENDER
) -> None:
    """
    Fail if ``receiver`` is connected, so that a send by ``sender`` reaches it.
    """
    __tracebackhide__ = True
    watched = as_signal("assert_not_connected", signal)
    reached = [row for row in _rows(watched, receiver) if _reaches(row, sender)]
    if reached:
        raise AssertionError(
            f"{_name(receiver)!r} is connected to {name_of(watched)} for "
            f"{listed(map(_sender, reached))}."
        )


def _rows(signal: Signal, receiver: Receiver) -> Iterator[Row]:
    for row in read_rows(signal, sender_finder()):
        if isinstance(receiver, str):
            is_same = describe(row.receiver).name == receiver
        else:
            is_same = receiver_key(row.receiver) == receiver_key(receiver)
        if is_same:
            yield row


def _reaches(row: Row, sender: Any) -> bool:
    return sender is ANY_SENDER or row.sender is Sender.ANY or row.sender is sender


def _reason(signal: Signal, receiver: Receiver) -> str:
    """
    Return what is connected instead, or what has been and is gone.
    """
    rows = read_rows(signal, sender_finder())
    names = [describe(row.receiver).name for row in rows]
    others = [
        repr(entry.name)
        for entry in registry.entries()
        if entry.signal is not signal and any(_rows(entry.signal, receiver))
    ]
    return "".join(
        [
            f" Connected are {listed(map(repr, names))}." if names else "",
            f" It is connected to {listed(others)}." if others else "",
            _gone(sum(row.receiver is DEAD for row in dead_rows(signal))),
            nearest(_name(receiver), names),
        ]
    )


def _gone(count: int) -> str:
    if count == 1:
        return " 1 weak connection is gone: its receiver was garbage-collected."
    several = f" {count} weak connections are gone: receivers were garbage-collected."
    return several if count else ""


def _name(receiver: Receiver) -> str:
    return receiver if isinstance(receiver, str) else describe(receiver).name


def _sender(row: Row) -> str:
    if isinstance(row.sender, Sender):
        return row.sender.value
    return sender_text(row.sender)
