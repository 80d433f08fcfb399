"""
The wiring of a project as text: one line for each connection and each declared event.

The same code gives the same lines, in whichever folder, order and process it is loaded.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import takewhile
from operator import attrgetter
from typing import Any, NamedTuple

from .introspect.text import printable
from .inventory.records import (
    EventRecord,
    ReceiverRecord,
    SignalRecord,
    expected_sender,
    home,
)

# Of the file and of the JSON document.
VERSION = 1


class LockError(Exception):
    """
    A file holds no wiring that can be read; the message is one sentence.
    """


class Connection(NamedTuple):
    """
    One connection, or as many ``times`` as there are that do not differ.

    Names are as all reports print them. ``sender`` is None for any sender.
    """

    signal: str
    receiver: str
    sender: str | None
    dispatch_uid: str | None
    is_async: bool
    weak: bool
    times: int = 1

    @property
    def line(self) -> str:
        sender, uid = self.sender, self.dispatch_uid
        fields = {
            f"{_name(self.signal)} -> {_name(self.receiver)}": True,
            "any sender" if sender is None else f"sender={_name(sender)}": True,
            f"uid={_quoted(uid or '')}": uid is not None,
            "async": self.is_async,
            "strong": not self.weak,
            f"x{self.times}": self.times > 1,
        }
        return "  ".join(text for text, applies in fields.items() if applies)

    def as_dict(self) -> dict[str, Any]:
        return {_KEYS.get(name, name): value for name, value in self._asdict().items()}


_KEYS = {"is_async": "async", "times": "count"}


class EventDeclaration(NamedTuple):
    """
    What senders and receivers of an event rely on.
    """

    event: str
    label: str
    version: int
    signature: str

    @property
    def line(self) -> str:
        label = f"event={_name(self.label)}  version={self.version}"
        # The last field, so spaces and quotes in it do no harm.
        return f"{_name(self.event)}  {label}  {self.signature}"

    def as_dict(self) -> dict[str, Any]:
        return self._asdict()


Entry = Connection | EventDeclaration


# A comment further down was written by somebody who would lose it.
_HEADER_LINES = 3


class Wiring(NamedTuple):
    """
    All connections and events, and the command that writes them.
    """

    command: str
    entries: tuple[Entry, ...]

    @property
    def text(self) -> str:
        header = [
            f"# django-signaltools wiring, format {VERSION}",
            "# Which receivers are connected to which signals, one connection a line.",
            f"# Do not edit. Written by: {self.command}",
        ]
        return "\n".join([*header, *(entry.line for entry in self.entries), ""])

    @property
    def counts(self) -> tuple[int, int]:
        """
        How many connections and how many events there are.
        """
        connections = [e.times for e in self.entries if isinstance(e, Connection)]
        return sum(connections), len(self.entries) - len(connections)


class Difference(NamedTuple):
    """
    What only the project has (``added``) and what only the file has (``removed``).
    """

    added: tuple[Entry, ...]
    removed: tuple[Entry, ...]


def make_wiring(
    signals: Sequence[SignalRecord], command: str, *, everything: bool = False
) -> Wiring:
    """
    Return the wiring of ``signals``.

    Receivers inside Django, the debug toolbar and storage objects are left out, unless
    ``everything`` is asked for.
    """
    connections = Counter(
        _facts(signal, receiver)
        for signal in signals
        for receiver in signal.receivers
        if everything or not home(receiver)
    )
    counted = [Connection(*facts, count) for facts, count in connections.items()]
    events = [
        _declaration(signal.name, signal.event) for signal in signals if signal.event
    ]
    return Wiring(command, _sorted([*counted, *events]))


def parse_wiring(data: bytes, file: str) -> Wiring:
    """
    Return the wiring that ``data``, the content of ``file``, holds.

    Raises ``LockError`` for anything but what ``Wiring.text`` returns; only the words
    of its header are free, and the ends of its lines.
    """
    lines = _lines(data, file)
    _check_format(lines[0], file)
    header = list(takewhile(lambda line: line.startswith("#"), lines[:_HEADER_LINES]))
    commands = [match[1] for line in header if (match := _WRITTEN_BY.fullmatch(line))]
    entries = []
    for number, line in enumerate(lines[len(header) :], len(header) + 1):
        entry = _parse(line)
        if entry is None:
            raise LockError(_corrupted(number, line, file))
        entries.append(entry)
    return Wiring("".join(commands), tuple(entries))


def compare(old: Wiring, new: Wiring) -> Difference:
    """
    Return what has to be added to ``old``, and removed from it, to get ``new``.
    """
    before, after = Counter(old.entries), Counter(new.entries)
    added, removed = after - before, before - after
    return Difference(_sorted(added.elements()), _sorted(removed.elements()))


def render_difference(difference: Difference, file: str) -> str:
    """
    Return ``difference`` as a diff, what is removed from a signal before what is added.
    """
    marked = [(entry, "-") for entry in difference.removed]
    marked += [(entry, "+") for entry in difference.added]
    # Sorting is stable, and the entries of each mark are in order.
    marked.sort(key=lambda pair: pair[0][0])
    lines = [f"{mark} {entry.line}" for entry, mark in marked]
    return "\n".join([f"--- {file}", "+++ this project", *lines, ""])


def difference_document(difference: Difference, file: str) -> dict[str, Any]:
    """
    Return ``difference`` for tools, as ``reports/lock_signals.schema.json`` has it.
    """
    return {
        "version": VERSION,
        "file": file,
        "added": [entry.as_dict() for entry in difference.added],
        "removed": [entry.as_dict() for entry in difference.removed],
    }


def _facts(
    signal: SignalRecord, receiver: ReceiverRecord
) -> tuple[str, str, str | None, str | None, bool, bool]:
    return (
        printable(signal.name),
        printable(receiver.name),
        None if receiver.sender_kind is None else expected_sender(receiver),
        None if receiver.dispatch_uid is None else printable(receiver.dispatch_uid),
        receiver.is_async,
        receiver.weak,
    )


def _declaration(name: str, event: EventRecord) -> EventDeclaration:
    return EventDeclaration(
        printable(name),
        printable(event.label),
        event.version,
        printable(event.signature),
    )


def _sorted(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted(entries, key=attrgetter("line")))


def _name(text: str) -> str:
    """
    Return a name as it is, with spaces or quotes in it in quotes, as JSON has it.
    """
    return text if _PLAIN.fullmatch(text) else _quoted(text)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _unquoted(text: str) -> str:
    return str(json.loads(text)) if text.startswith('"') else text


_PLAIN = re.compile(r'[^\s"#][^\s"]*')
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_NAME = rf"({_QUOTED}|{_PLAIN.pattern})"


_CONNECTION = re.compile(
    rf"{_NAME} -> {_NAME}  (?:any sender|sender={_NAME})(?:  uid=({_QUOTED}))?"
    r"(  async)?(  strong)?(?:  x([0-9]+))?"
)
_EVENT = re.compile(rf"{_NAME}  event={_NAME}  version=([0-9]+)  (\(.*)")


def _parse(line: str) -> Entry | None:
    """
    Return what ``line`` says, None if it is not as it would be written.
    """
    try:
        entry = _parse_connection(line) or _parse_event(line)
    # Text that is no JSON, and numbers of thousands of digits.
    except ValueError:
        return None
    is_same = entry is not None and entry.line == line and line.isprintable()
    return entry if is_same else None


def _parse_connection(line: str) -> Connection | None:
    match = _CONNECTION.fullmatch(line)
    if match is None:
        return None
    signal, receiver, sender, uid, is_async, strong, count = match.groups()
    return Connection(
        _unquoted(signal),
        _unquoted(receiver),
        None if sender is None else _unquoted(sender),
        None if uid is None else _unquoted(uid),
        is_async is not None,
        strong is None,
        int(count or 1),
    )


def _parse_event(line: str) -> EventDeclaration | None:
    match = _EVENT.fullmatch(line)
    if match is None:
        return None
    event, label, version, signature = match.groups()
    return EventDeclaration(_unquoted(event), _unquoted(label), int(version), signature)


_FORMAT = re.compile(r"# django-signaltools wiring, format ([0-9]{1,9})")
_WRITTEN_BY = re.compile(r"# Do not edit\. Written by: (.*)")


def _lines(data: bytes, file: str) -> list[str]:
    lines = data.decode("utf-8", "replace").split("\n")
    if not any(map(_FORMAT.fullmatch, map(str.rstrip, lines))):
        raise LockError(
            f"{file!r} was not written by lock_signals, its line 1 is "
            f"{_excerpt(lines[0])}: name another file."
        )
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        number = data[: error.start].count(b"\n")
        problem = _corrupted(number + 1, lines[number], file, "is not UTF-8")
        raise LockError(problem) from error
    return text.replace("\r\n", "\n").rstrip("\n").split("\n")


def _check_format(line: str, file: str) -> None:
    match = _FORMAT.fullmatch(line)
    if match is None:
        raise LockError(_corrupted(1, line, file))
    if int(match[1]) != VERSION:
        raise LockError(
            f"Line 1 of {file!r} is {line!r}, and this signaltools knows format "
            f"{VERSION}: upgrade it."
        )


def _corrupted(number: int, line: str, file: str, what: str = "is no wiring") -> str:
    remedy = "restore the file, or delete it and write it again"
    if line.startswith(("<<<<<<<", "|||||||", "=======", ">>>>>>>")):
        what, remedy = "marks a merge conflict", "delete the file and write it again"
    return f"Line {number} of {file!r} {what}, {_excerpt(line)}: {remedy}."


def _excerpt(line: str) -> str:
    line = line.rstrip()
    return repr(line if len(line) <= 60 else line[:59] + "…")
