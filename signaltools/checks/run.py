"""
Find all that is wrong with the connections of signals.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

from django.core.exceptions import ImproperlyConfigured

from ..conf import conf
from ..introspect.callables import Unreadable
from ..inventory.records import Connected, Problem, SignalRecord
from ..inventory.rows import Row
from .connection import Connection
from .lost import check_connect, find_dropped, find_lost
from .notes import find_notes
from .receivers import check_receiver, find_twins
from .senders import Senders
from .watch import Connect, connects

_MAX_KNOWN = 1_000

# What a project may ignore.
CHECKS = {
    *(f"I00{number}" for number in range(1, 6)),
    *(f"W{number:03}" for number in range(1, 19)),
    *("W101", "W102"),
}
# Rules with exceptions: a system check that cries wolf is switched off.
SHOWN_IN_LISTS_ONLY = {"W005", "W009"}


def find_problems(
    connected: Sequence[Connected], others: Iterable[Problem] = ()
) -> list[Problem]:
    """
    Return what is wrong with connections, or worth a note, and what ``others`` have
    found; what the project ignores is left out.
    """
    senders = Senders()
    found = [*others, *find_lost(connected)]
    for each in connected:
        links = _links(each)
        found += find_dropped(links)
        found += find_twins(links)
        found += find_notes(links)
        found += senders.check(links)
        for link in links:
            found += check_receiver(link)
            found += check_connect(link)
    ignored = set(ignored_problems())
    return [each for each in found if (each.id, each.name) not in ignored]


def ignored_problems() -> list[tuple[str, str]]:
    """
    Return the id and the name of each problem that the project ignores.
    """
    # A wrong value is reported by the check of settings.
    with suppress(ImproperlyConfigured):
        entries = (entry.removeprefix("signaltools.") for entry in conf.IGNORE)
        return [(check, name) for check, _, name in (e.partition(" ") for e in entries)]
    return []


class ProblemFinder:
    """
    Say what is wrong with a signal, for whoever asks on every request.

    What was found for a record is good for as long as the record reads the same.
    """

    def __init__(self) -> None:
        self._known: dict[SignalRecord, SignalRecord] = {}
        #: Message and hint, by the names of signal and receiver, and the id.
        self.texts: dict[tuple[str, str, str], str] = {}

    def __call__(self, connected: Connected) -> SignalRecord:
        """
        Return the record in which each receiver has the ids of its problems.
        """
        record = connected.record
        if record not in self._known:
            found = find_problems([connected])
            self.texts |= {
                (record.name, record.receivers[each.receiver].name, each.id): (
                    f"{each.message} {each.hint}"
                )
                for each in found
                if each.receiver is not None
            }
            if len(self._known) > _MAX_KNOWN:
                self._known.clear()
            self._known[record] = with_problems([connected], found)[0]
        return self._known[record]


def with_problems(
    connected: Sequence[Connected], found: Sequence[Problem]
) -> list[SignalRecord]:
    """
    Return the records of signals in which each receiver has the ids of its problems.
    """
    ids: dict[tuple[str | None, int | None], list[str]] = {}
    for problem in found:
        ids.setdefault((problem.signal, problem.receiver), []).append(problem.id)
    return [_with_ids(each.record, ids) for each in connected]


def _with_ids(
    record: SignalRecord, ids: dict[tuple[str | None, int | None], list[str]]
) -> SignalRecord:
    receivers = (
        receiver._replace(problems=tuple(sorted(set(found))))
        if (found := ids.get((record.name, place)))
        else receiver
        for place, receiver in enumerate(record.receivers)
    )
    return record._replace(receivers=tuple(receivers))


def _links(connected: Connected) -> list[Connection]:
    signal, record = connected.signal, connected.record
    made_by = {connect.row_id: connect for connect in connects(signal)}
    return [
        Connection(
            signal,
            record.name,
            place,
            row,
            receiver,
            _made(row, made_by.get(row.id)),
        )
        for place, (row, receiver) in enumerate(
            zip(connected.rows, record.receivers, strict=True)
        )
        if type(row.receiver) is not Unreadable
    ]


def _made(row: Row, connect: Connect | None) -> Connect | None:
    return connect if connect is not None and connect.has_made(row) else None
