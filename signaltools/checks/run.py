"""
Run the checks of connections, and put the ids of problems beside the receivers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from ..conf import conf
from ..introspect.callables import Unreadable
from ..inventory.places import place_of
from ..inventory.receivers import Sender
from ..inventory.records import Connected, Problem, SignalRecord
from .background import check_background
from .connection import Connection
from .disconnects import check_disconnects
from .lost import check_connect, find_dropped, find_lost, find_without_sender
from .notes import find_notes, find_relatives
from .receivers import check_receiver, find_twins
from .senders import check_senders
from .watch import watched_connects

# The ids that SIGNALTOOLS["IGNORE"] accepts.
CHECKS = {
    *(f"I00{number}" for number in range(1, 6)),
    *(f"W{number:03}" for number in range(1, 20)),
    *("W021", "W101", "W102", "W105", "W106"),
}
# These have false positives. As system checks, most commands would print them, until
# the project silences all of them.
SHOWN_IN_LISTS_ONLY = {"W005", "W009"}


def find_problems(
    connected: Sequence[Connected], others: Iterable[Problem] = ()
) -> list[Problem]:
    """
    Return the problems and notes of connections, and those of ``others``, without what
    the project ignores.
    """
    found = [*others, *find_lost(connected), *find_without_sender(connected)]
    by_signal = [_connections(each) for each in connected]
    found += find_relatives([link for links in by_signal for link in links])
    for links in by_signal:
        found += find_dropped(links)
        found += find_twins(links)
        found += find_notes(links)
        found += check_senders(links)
        for link in links:
            found += check_receiver(link)
            found += check_background(link)
            found += check_connect(link)
            found += check_disconnects(link)
    ignored = set(ignored_problems())
    return [each for each in found if (each.id, each.name) not in ignored]


def fails(problem: Problem, *, with_packages: bool = False) -> bool:
    """
    Return whether the project has to do something about a problem.

    Notes don't fail, nor do problems of installed packages, unless ``with_packages`` is
    true.
    """
    if problem.is_note:
        return False
    return with_packages or is_of_project(problem)


def is_of_project(problem: Problem) -> bool:
    """
    Return whether a problem or a note is about code of the project.
    """
    # If nothing watched connect(), only the signal of a receiver that is gone is known.
    is_unknown = problem.name == problem.signal
    return is_unknown or place_of(problem.name).component == "project"


def is_silenced(problem: Problem) -> bool:
    """
    Return whether ``SILENCED_SYSTEM_CHECKS`` has the id of a problem.
    """
    return f"signaltools.{problem.id}" in settings.SILENCED_SYSTEM_CHECKS


def ignored_problems() -> list[tuple[str, str]]:
    """
    Return the id and the name of each problem that the project ignores.
    """
    # A wrong value is reported by the check of settings.
    with suppress(ImproperlyConfigured):
        entries = (entry.removeprefix("signaltools.") for entry in conf.IGNORE)
        return [(check, name) for check, _, name in (e.partition(" ") for e in entries)]
    return []


def with_problems(
    connected: Sequence[Connected], found: Sequence[Problem]
) -> list[SignalRecord]:
    """
    Return the records of signals, each receiver with the ids of its problems and with
    the sender that is known from its ``connect()``.

    A problem of a module is one of each receiver in it.
    """
    of_modules = {each.name: each.id for each in found if each.id == "W019"}
    ids: dict[tuple[str | None, int | None], set[str]] = {}
    for problem in found:
        ids.setdefault((problem.signal, problem.receiver), set()).add(problem.id)
    records = []
    for each in connected:
        receivers = list(each.record.receivers)
        for link in _connections(each):
            receivers[link.place] = link.record
        for place, receiver in enumerate(receivers):
            problems = ids.get((each.record.name, place), set())
            if receiver.module in of_modules:
                problems = problems | {of_modules[receiver.module]}
            if problems:
                receivers[place] = receiver._replace(problems=tuple(sorted(problems)))
        records.append(each.record._replace(receivers=tuple(receivers)))
    return records


def _connections(connected: Connected) -> list[Connection]:
    signal, name = connected.signal, connected.record.name
    made_by = {connect.row_id: connect for connect in watched_connects(signal)}
    found = []
    pairs = zip(connected.rows, connected.record.receivers, strict=True)
    for place, (row, record) in enumerate(pairs):
        if type(row.receiver) is Unreadable:
            continue
        call = made_by.get(row.id)
        connect = call if call is not None and call.made(row) else None
        if connect is not None and row.sender is not Sender.ANY:
            sender = connect.sender
            if connect.is_sender_gone():
                # Django 5.2 keeps the id, which another object may have now.
                row = row._replace(sender=Sender.UNKNOWN)
                record = record._replace(
                    sender=None, sender_kind="unknown", sender_app=None
                )
            elif record.sender_kind == "unknown":
                record = record._replace(sender=sender.label, sender_kind=sender.kind)
        found.append(Connection(signal, name, place, row, record, connect))
    return found
