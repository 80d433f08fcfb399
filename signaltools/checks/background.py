"""
Find receivers in the background that can't be queued: W105 and W106.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..events import Event
from ..events.background import refusal
from ..events.codec import event_forms
from ..introspect.objects import is_a
from ..inventory.records import Problem
from .connection import Connection


def check_background(link: Connection) -> Iterator[Problem]:
    """
    Yield the arguments that can't be written for a worker (W105), or that the signal
    isn't declared (W106).
    """
    if link.record.background is None:
        return
    signal = link.signal
    if not is_a(signal, Event):
        message, _, hint = refusal(link.name).partition(": ")
        yield link.problem(
            "W106",
            f"{message}, unlike {link.signal_name!r}. Sending raises TypeError.",
            f"{hint[0].upper()}{hint[1:]}",
        )
        return
    _, problems = event_forms(signal)
    for argument, reason in problems.items():
        yield link.problem(
            "W105",
            f"The argument {argument!r} of {link.signal_name!r} can't be queued for "
            f"{link.name!r}. {reason}",
            "Annotate it with one type that JSON can hold, such as str, Decimal, "
            "datetime, a model, or a dataclass of these, or remove @in_background.",
        )
