"""
Write signal connections to a lock file, and compare them with such a file.

A lock file has one line for each connection and each declared event. A project gets the
same lines in any folder, in any process, and whatever the order of its imports is, so
lock files are compared line by line.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile
from typing import Any, NamedTuple

from .introspect.text import printable
from .inventory.records import ReceiverRecord, SignalRecord, expected_sender, home

# The version of the file format and of the JSON document.
VERSION = 1


class LockError(Exception):
    """
    A lock file can't be read; the message is one sentence.
    """


class LockFile(NamedTuple):
    """
    The sorted lines of a lock file, and the command that writes them.
    """

    command: str
    lines: tuple[str, ...]

    @property
    def content(self) -> str:
        header = [
            f"# django-signaltools lock file, format {VERSION}",
            "# Signal connections and declared events, one per line.",
            f"# Do not edit. Written by: {self.command}",
        ]
        return "\n".join([*header, *self.lines, ""])

    @property
    def counts(self) -> tuple[int, int]:
        """
        How many connections and how many events there are.
        """
        fields = [parse_line(line) or {} for line in self.lines]
        connections = sum(each.get("count", 0) for each in fields)
        return connections, sum("event" in each for each in fields)


def make_lock_file(
    signals: Sequence[SignalRecord], command: str, *, everything: bool = False
) -> LockFile:
    """
    Return the lock file for ``signals``.

    Receivers of Django, the debug toolbar, and storage objects are left out unless
    ``everything`` is true.
    """
    lines = []
    for signal in signals:
        if event := signal.event:
            label = f"event={_name(event.label)}  version={event.version}"
            # The signature comes last, so its spaces and quotes need no escapes.
            signature = printable(event.signature)
            lines.append(f"{_name(signal.name)}  {label}  {signature}")
    # Two instances that connect the same method get the same line.
    connections = Counter(
        _connection_line(signal.name, receiver)
        for signal in signals
        for receiver in signal.receivers
        if everything or not home(receiver)
    )
    for line, count in connections.items():
        lines.append(line if count == 1 else f"{line}  x{count}")
    return LockFile(command, tuple(sorted(lines)))


def parse_lock_file(data: bytes, file: str) -> LockFile:
    """
    Return the lock file that has the content ``data``.

    Raises ``LockError``, which names ``file``, for anything but what
    ``LockFile.content`` returns. Only line endings and the words of the header may
    differ.
    """
    # Bytes that aren't UTF-8 become surrogates, which no valid line contains.
    text = data.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
    lines = text.rstrip("\n").split("\n")
    if not any(_FORMAT.fullmatch(line) for line in lines):
        raise LockError(
            f"{file!r} wasn't written by lock_signals: line 1 is {_excerpt(lines[0])}; "
            "choose another file."
        )
    # Without a format on line 1, there is no header: the loop refuses line 1.
    header = []
    if found := _FORMAT.fullmatch(lines[0]):
        if int(found[1]) != VERSION:
            raise LockError(
                f"Line 1 of {file!r} is {lines[0]!r}, but this version of signaltools "
                f"only supports format {VERSION}; upgrade signaltools."
            )
        # A comment further down is refused: writing the file again would lose it.
        header = list(takewhile(lambda line: line.startswith("#"), lines[:3]))
    for number, line in enumerate(lines[len(header) :], start=len(header) + 1):
        if parse_line(line):
            continue
        problem = "isn't a valid entry"
        remedy = "restore the file, or delete it and write it again"
        if line.startswith(("<<<<<<<", "|||||||", "=======", ">>>>>>>")):
            problem = "is a conflict marker"
            # No commit has this merge yet, so there is nothing to restore.
            remedy = "delete the file and write it again"
        elif re.search("[\udc80-\udcff]", line):
            problem = "isn't valid UTF-8"
        raise LockError(
            f"Line {number} of {file!r} {problem}, {_excerpt(line)}; {remedy}."
        )
    commands = [match[1] for line in header if (match := _WRITTEN_BY.fullmatch(line))]
    return LockFile("".join(commands), tuple(lines[len(header) :]))


def compare(old: LockFile, new: LockFile) -> tuple[list[str], list[str]]:
    """
    Return the lines that only ``new`` has (added), and only ``old`` (removed).
    """
    # A merge may have repeated a line, so lines are counted.
    before, after = Counter(old.lines), Counter(new.lines)
    added, removed = after - before, before - after
    return sorted(added.elements()), sorted(removed.elements())


def diff_text(added: list[str], removed: list[str], file: str) -> str:
    """
    Return a diff that, for each signal, has the removed lines first.
    """
    marked = [*(("-", line) for line in removed), *(("+", line) for line in added)]
    # Sorting is stable: the lines of a signal stay removed before added, and in order.
    marked.sort(key=lambda pair: pair[1].partition("  ")[0].partition(" -> ")[0])
    lines = [f"{mark} {line}" for mark, line in marked]
    return "\n".join([f"--- {file}", "+++ this project", *lines, ""])


def diff_document(added: list[str], removed: list[str], file: str) -> dict[str, Any]:
    """
    Return a JSON document, as ``reports/lock_signals.schema.json`` describes it.
    """
    return {
        "version": VERSION,
        "file": file,
        "added": [parse_line(line) for line in added],
        "removed": [parse_line(line) for line in removed],
    }


# --- one line -----------------------------------------------------------------------


def _connection_line(signal: str, receiver: ReceiverRecord) -> str:
    uid = receiver.dispatch_uid
    any_sender = receiver.sender_kind is None
    fields = [
        f"{_name(signal)} -> {_name(receiver.name)}",
        "any sender" if any_sender else f"sender={_name(expected_sender(receiver))}",
        "" if uid is None else f"uid={_quoted(uid)}",
        "async" if receiver.is_async else "",
        "" if receiver.weak else "strong",
    ]
    return "  ".join(filter(None, fields))


def _name(name: str) -> str:
    name = printable(name)
    return name if re.fullmatch(_PLAIN, name) else _quoted(name)


def _quoted(string: str) -> str:
    return json.dumps(printable(string), ensure_ascii=False)


_PLAIN = r'[^\s"#][^\s"]*'
# Control characters have been escaped before, so JSON escapes only these two.
_QUOTED = r'"(?:[^"\\]|\\["\\])*"'
# The lookahead refuses needless quotes: one name has one spelling.
_NAME = rf'(?:(?!"[^\s"#\\][^\s"\\]*"){_QUOTED}|{_PLAIN})'
# The named groups are fields of the JSON document that may be quoted in the file. No
# number has more digits than int() accepts, which refuses thousands of them.
_CONNECTION = re.compile(
    rf"(?P<signal>{_NAME}) -> (?P<receiver>{_NAME})"
    rf"  (?:any sender|sender=(?P<sender>{_NAME}))"
    rf"(?:  uid=(?P<dispatch_uid>{_QUOTED}))?"
    r"(  async)?(  strong)?(?:  x([2-9]|[1-9][0-9]{1,99}))?"
)
_EVENT = re.compile(
    rf"(?P<event>{_NAME})  event=(?P<label>{_NAME})"
    r"  version=([1-9][0-9]{0,99})  (\(.*)"
)
_FORMAT = re.compile(r"# django-signaltools lock file, format ([0-9]{1,9})")
_WRITTEN_BY = re.compile(r"# Do not edit\. Written by: (.*)")


def parse_line(line: str) -> dict[str, Any] | None:
    """
    Return the fields of ``line``, as the JSON document has them, or None.

    It is None for every line that ``make_lock_file()`` wouldn't write.
    """
    match = _CONNECTION.fullmatch(line) or _EVENT.fullmatch(line)
    if match is None or not line.isprintable():
        return None
    fields = {
        name: json.loads(value) if value and value.startswith('"') else value
        for name, value in match.groupdict().items()
    }
    if "event" in fields:
        *_, version, signature = match.groups()
        return {**fields, "version": int(version), "signature": signature}
    *_, is_async, strong, count = match.groups()
    return {
        **fields,
        "async": is_async is not None,
        "weak": strong is None,
        "count": int(count or 1),
    }


def _excerpt(line: str) -> str:
    line = line.rstrip()
    return repr(line if len(line) <= 60 else line[:59] + "…")
