"""
The connection that a check looks at.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from django.dispatch import Signal

from ..inventory.places import short_place
from ..inventory.receivers import Row
from ..inventory.records import Problem, ReceiverRecord, split_name
from .watch import Connect, Site


class Connection(NamedTuple):
    """
    One connected receiver, with the row and the record that describe it.

    ``place`` is its position in the record of the signal. ``connect`` is the call that
    made it, if that was watched. If Django has kept only the ``id()`` of the sender,
    ``record`` has the sender of that call, or an unknown one without it.
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
        return split_name(self.signal_name)[1]

    @property
    def sender_text(self) -> str:
        """
        Return what the sender is, for the middle of a sentence.
        """
        kind = _SENDERS[self.record.sender_kind or "unknown"]
        return f"{kind} {(self.record.sender_app or self.record.sender)!r}"

    def problem(self, check: str, message: str, hint: str) -> Problem:
        return Problem(check, self.name, message, hint, self.signal_name, self.place)


_SENDERS = {
    "model": "the model",
    "class": "the class",
    "app_config": "the app",
    "instance": "an instance of",
    "module": "the module",
    "string": "the string",
    "unknown": "the sender",
}


def place_text(file: str | None, line: int | None) -> str:
    """
    Return " at shop/receivers.py:12", or an empty string without a file.
    """
    place = short_place(file and os.path.abspath(file), line, os.getcwd())
    return f" at {place}" if place else ""


def site_text(site: Site | None) -> str:
    """
    Return where a call was made, as ``place_text()`` does.
    """
    return place_text(site.file, site.line) if site else ""
