"""
Remember what the panel shows about signals whose connections stay the same.

Most signals are not sent in a request, and connections seldom change. To describe all
of them anew for each request would take twenty times as long.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from operator import is_not
from types import MethodType, NoneType
from typing import Any

from django.dispatch import Signal

from ..checks.autodiscovered import autodiscovered_only
from ..checks.run import find_problems, is_of_project, with_problems
from ..inventory.names import NamedSignal
from ..inventory.reading import Reader, with_unnamed
from ..inventory.receivers import Row, dead_rows, entries
from ..inventory.records import Connected, Problem, SignalRecord
from ..recording.not_run import Facts, SignalFacts, signal_outcome
from .panel_options import PanelOptions, Stats
from .panel_receivers import (
    ProblemTexts,
    ShownSignal,
    problem_of_signal,
    problems_of_connections,
    show_receiver,
    show_signal,
)
from .panel_store import compress

_NOTHING = ShownSignal("", "project", None, 1)


class SignalCache:
    """
    What the panel shows about each signal, good while its connections stay the same.

    Keeps no signal, receiver, or sender alive. Different threads may use it.
    """

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        # All signals as if none was sent, and the same compressed.
        self._unsent: tuple[list[ShownSignal], str] = ([], compress([]))
        self._of_modules: list[Problem] | None = None

    def show(
        self, facts: Facts, named: Sequence[NamedSignal], options: PanelOptions
    ) -> tuple[str, dict[int, ShownSignal], list[Stats]]:
        """
        Return what the panel shows about ``named`` signals and others that were sent.

        The first part is compressed: it has all signals as if none of them was sent.
        The second has those that were sent, by their position. The third has what is
        wrong with connections of the project.
        """
        reader = Reader()
        signals, sent = facts.of_live_signals()
        if self._of_modules is None:
            # This reads sources, so only the first request waits for it.
            self._of_modules = [*autodiscovered_only()]
        unsent: list[ShownSignal] = []
        changed: dict[int, ShownSignal] = {}
        gone: list[Stats] = []
        for position, entry in enumerate(with_unnamed(named, signals)):
            known = self._known.get(entry.name)
            fact = sent.get(id(entry.signal))
            is_known = known is not None and known.is_still_right(entry, options)
            if known is not None and is_known and known.is_described and fact is None:
                # Most signals: this is all there is to do for them.
                shown = known.unsent
            else:
                rows, _ = reader.rows(entry)
                # Another thread may have connected something since it was looked at.
                if known is None or not is_known or known.number != len(rows):
                    record = reader.record(entry, rows)
                    connected = Connected(entry.signal, record, rows)
                    known = _Known(entry, connected, options, known, self._of_modules)
                    self._known[entry.name] = known
                shown = known.show(entry, rows, fact)
            if known.gone:
                gone += [problem_of_signal(each, shown) for each in known.gone]
            unsent.append(known.unsent)
            if shown is not known.unsent:
                changed[position] = shown
        last, compressed = self._unsent
        # By identity: comparing would take as long as compressing.
        if len(last) != len(unsent) or any(map(is_not, last, unsent)):
            compressed = compress(unsent)
            self._unsent = unsent, compressed
        problems = problems_of_connections(
            changed.get(position, shown) for position, shown in enumerate(unsent)
        )
        return compressed, changed, [*problems, *gone]


class _Known:
    """
    What there is to show about one signal.

    ``connected`` itself is not kept, as it would keep the signal alive.
    """

    def __init__(
        self,
        entry: NamedSignal,
        connected: Connected,
        options: PanelOptions,
        previous: _Known | None,
        of_modules: list[Problem],
    ) -> None:
        self._signal = weakref.ref(entry.signal)
        self._place = entry[2:]
        self._connections = _Connections.remember(entry.signal, connected.rows)
        self._options = options
        #: How many receivers are connected.
        self.number = len(connected.rows)
        self._read = connected.record
        self._record: SignalRecord
        self._problems: ProblemTexts
        # The problems of receivers that are gone.
        self.gone: list[Problem]
        self._dead = len(entries(entry.signal)) - self.number
        # Some receivers are connected anew in each request, those of the toolbar for
        # example. The checks take longest, and find the same for the same record,
        # unless a receiver has come and gone since.
        if (
            previous is not None
            and previous._read == self._read
            and previous._dead == self._dead
        ):
            self._record, self._problems = previous._record, previous._problems
            self.gone = previous.gone
        else:
            self._record, self._problems, found = self._check(connected, of_modules)
            self.gone = [each for each in found if _is_shown(each, options)]
        # What there is to show if the signal isn't sent; what was shown before until
        # then. It stays the same object as long as nothing changes.
        self.unsent: ShownSignal = _NOTHING if previous is None else previous.unsent
        self.is_described = False
        self._receivers: list[Stats | None] | None = None

    def _check(
        self, connected: Connected, of_modules: list[Problem]
    ) -> tuple[SignalRecord, ProblemTexts, list[Problem]]:
        found = find_problems([connected], of_modules)
        [record] = with_problems([connected], found)
        problems = {
            (record.receivers[each.receiver].name, each.id): (each.message, each.hint)
            for each in found
            if each.receiver is not None
        }
        problems.update(
            ((receiver.name, each.id), (each.message, each.hint))
            for each in found
            if each.signal is None
            for receiver in record.receivers
            if receiver.module == each.name
        )
        gone = [each for each in found if each.signal and each.receiver is None]
        return record, problems, gone

    def is_still_right(self, entry: NamedSignal, options: PanelOptions) -> bool:
        return (
            self._signal() is entry.signal
            and self._place == entry[2:]
            and self._options == options
            and self._connections is not None
            and self._connections.are_still_those_of(entry.signal)
        )

    def show(
        self, entry: NamedSignal, rows: tuple[Row, ...], fact: SignalFacts | None
    ) -> ShownSignal:
        if self._receivers is None:
            self._receivers = [
                show_receiver(receiver, self._options, self._problems)
                for receiver in self._record.receivers
            ]
        outcome = signal_outcome(Connected(entry.signal, self._record, rows), fact)
        shown = show_signal(outcome, self._options, self._receivers)
        if fact is not None:
            return shown
        if shown != self.unsent:
            self.unsent = shown
        self.is_described = True
        return self.unsent


def _is_shown(problem: Problem, options: PanelOptions) -> bool:
    is_hidden = options.hides(problem.name, problem.signal)
    return is_of_project(problem) and not problem.is_note and not is_hidden


class _Connections:
    """
    What tells whether the connections of a signal are still the same.

    Django creates a new key for each connection. As long as the key is kept here, no
    other key can have its address, so it's enough to compare keys by identity. Nothing
    else of a connection is kept: it leads to the signal and to strong receivers.
    """

    def __init__(self, keys: list[tuple[Any, int]], parts: list[Any]) -> None:
        self._keys = keys
        self._parts = parts

    @classmethod
    def remember(cls, signal: Signal, rows: Sequence[Row]) -> _Connections | None:
        """
        Return None if something can't be remembered without keeping it alive.
        """
        connections = entries(signal)
        others = {*map(id, connections)} ^ {row.id for row in rows}
        # Unless these are dead, another thread has connected something meanwhile.
        if others != {row.id for row in dead_rows(signal)}:
            return None
        try:
            keys = [(key, id(receiver)) for key, receiver, *_ in connections]
            parts = [weakref.ref(part) for row in rows for part in _parts(row)]
        # Objects with slots may take no weak references, and a package may put anything
        # into the list.
        except Exception:
            return None
        return cls(keys, parts) if all(_is_plain(key) for key, _ in keys) else None

    def are_still_those_of(self, signal: Signal) -> bool:
        connections = entries(signal)
        if len(connections) != len(self._keys):
            return False
        # In a plain loop, because this runs for each signal in each request.
        try:
            for connection, (key, address) in zip(connections, self._keys, strict=True):
                if connection[0] is not key or id(connection[1]) != address:
                    return False
        except Exception:
            return False
        return all(part() is not None for part in self._parts)


def _is_plain(key: Any) -> bool:
    if type(key) is tuple:
        return all(map(_is_plain, key))
    return type(key) in (int, str, NoneType)


def _parts(row: Row) -> Iterator[Any]:
    receiver = row.receiver
    if type(receiver) is MethodType:
        # A method is another object each time that it is looked up.
        yield receiver.__self__
        yield receiver.__func__
    else:
        yield receiver
    yield row.sender
