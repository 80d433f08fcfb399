"""
What checks find.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Finding(NamedTuple):
    """
    Something that is wrong, or worth a note.

    ``id`` is one such as "W007"; those that begin with I are notes. ``name`` is what
    ``SIGNALTOOLS["IGNORE"]`` calls it by: the dotted path of a receiver, a module or a
    class. ``message`` is the fact, ``hint`` the next action.

    ``signal`` is the name of the signal that it is about. ``receiver`` is the place of
    the connection among those of the signal's record, None for one that is gone.
    """

    id: str
    name: str
    message: str
    hint: str
    signal: str | None = None
    receiver: int | None = None

    @property
    def is_note(self) -> bool:
        """
        Tell whether nothing is wrong, but something may surprise.
        """
        return self.id.startswith("I")


def distinct(findings: Iterable[Finding]) -> list[Finding]:
    """
    Return ``findings`` without those that read the same, as of a receiver that is
    connected for several senders.
    """
    found = {finding[:5]: finding for finding in findings}
    return list(found.values())


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """
    Return distinct ``findings`` as reports list them: problems, then notes.
    """
    return sorted(distinct(findings), key=lambda each: (each.is_note, *each[:3]))
