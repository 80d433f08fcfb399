"""
Assert that a receiver is connected.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.dispatch import Signal

from ..introspect.callables import describe
from ..introspect.text import text_list
from ..inventory.receivers import (
    DEAD,
    Row,
    Sender,
    dead_rows,
    read_rows,
    receiver_key,
    sender_finder,
)
from .blocks import as_signal
from .matching import ANY_SENDER
from .wording import name_of, receiver_name, sender_text, suggest_receiver

Receiver = Callable[..., Any] | str


def assert_connected(
    signal: Signal | str, receiver: Receiver, *, sender: Any = ANY_SENDER
) -> None:
    """
    Fail if ``receiver`` isn't connected, so a send by ``sender`` wouldn't reach it.

    The receiver can be given by its name in ``list_signals``. Without ``sender``, any
    connection passes.
    """
    __tracebackhide__ = True
    watched = as_signal("assert_connected", signal)
    connected = _find_rows(watched, receiver)
    if any(_reaches(row, sender) for row in connected):
        return
    name = receiver_name(receiver)
    if connected:
        raise AssertionError(
            f"{name!r} is connected to {name_of(watched)} only for "
            f"{text_list(map(_sender, connected))}, not for {sender_text(sender)}."
        )
    message = f"{name!r} isn't connected to {name_of(watched)}."
    rows = read_rows(watched, sender_finder())
    names = [describe(row.receiver).name for row in rows]
    if names:
        message += f" Connected receivers: {text_list(map(repr, names))}."
    dead = sum(row.receiver is DEAD for row in dead_rows(watched))
    if dead:
        receivers = "1 receiver was" if dead == 1 else f"{dead} receivers were"
        message += f" {receivers} connected weakly and garbage-collected."
    raise AssertionError(message + suggest_receiver(name, names))


def assert_not_connected(
    signal: Signal | str, receiver: Receiver, *, sender: Any = ANY_SENDER
) -> None:
    """
    Fail if ``receiver`` is connected, so a send by ``sender`` would reach it.
    """
    __tracebackhide__ = True
    watched = as_signal("assert_not_connected", signal)
    connected = _find_rows(watched, receiver)
    reached = [row for row in connected if _reaches(row, sender)]
    if reached:
        raise AssertionError(
            f"{receiver_name(receiver)!r} is connected to {name_of(watched)} for "
            f"{text_list(map(_sender, reached))}."
        )


def _find_rows(signal: Signal, receiver: Receiver) -> list[Row]:
    rows = read_rows(signal, sender_finder())
    if isinstance(receiver, str):
        return [row for row in rows if describe(row.receiver).name == receiver]
    # Each access creates a new bound method, so the objects can't be compared.
    key = receiver_key(receiver)
    return [row for row in rows if receiver_key(row.receiver) == key]


def _reaches(row: Row, sender: Any) -> bool:
    # As Django does: a sender matches by identity, not by equality.
    return sender is ANY_SENDER or row.sender is Sender.ANY or row.sender is sender


def _sender(row: Row) -> str:
    # "any sender", or one that was garbage-collected.
    is_special = isinstance(row.sender, Sender)
    return row.sender.value if is_special else sender_text(row.sender)
