"""
What checks look at.
"""

from __future__ import annotations

import os
from typing import Literal, NamedTuple

from django.dispatch import Signal

from ..inventory.django_signals import BUILTIN_SIGNALS
from ..inventory.places import short_place
from ..inventory.records import Problem, ReceiverRecord, SenderKind
from ..inventory.rows import Row
from .watch import Connect


class Connection(NamedTuple):
    """
    One connected receiver: what is known of it, and what stands behind that.

    ``connect`` is the call that made it, if that was watched.
    """

    signal: Signal
    signal_name: str
    place: int
    row: Row
    record: ReceiverRecord
    connect: Connect | None

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def bare_name(self) -> str:
        """
        Return the name of the signal without its module.
        """
        return self.signal_name.rpartition(".")[2]

    @property
    def is_of_builtin(self) -> bool:
        return self.signal_name in BUILTIN_SIGNALS

    @property
    def sender_kind(self) -> SenderKind | Literal["text"] | None:
        """
        Return the kind of the sender, also of one that only a watch has seen.
        """
        kind, connect = self.record.sender_kind, self.connect
        if kind != "unknown" or connect is None:
            return kind
        return connect.sender.kind if connect.text is None else "text"

    @property
    def sender_text(self) -> str:
        """
        Return what the sender is, for the middle of a sentence.
        """
        record, connect = self.record, self.connect
        label = record.sender
        if record.sender_kind == "unknown" and connect is not None:
            label = connect.sender.label if connect.text is None else connect.text
        what = _SENDERS[self.sender_kind or "unknown"]
        return f"{what} {record.sender_app or label!r}"

    def problem(self, check: str, message: str, hint: str) -> Problem:
        return Problem(check, self.name, message, hint, self.signal_name, self.place)


_SENDERS = {
    "model": "the model",
    "class": "the class",
    "app_config": "the app",
    "instance": "an instance of",
    "module": "the module",
    "text": "the text",
    "unknown": "the sender",
}


def place_text(file: str | None, line: int | None) -> str:
    """
    Return " at shop/receivers.py:12", nothing without a file.
    """
    place = short_place(file and os.path.abspath(file), line, os.getcwd())
    return f" at {place}" if place else ""
