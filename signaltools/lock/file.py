"""
Turn signal connections and events into the content of a lock file, and read it again.

A lock file has an entry for each connection and each declared event. The entry of an
event has one more line for each argument. A project gets the same entries in any
folder, in any process, and whatever the order of its imports is, so entries are
compared as strings.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile
from typing import Any, NamedTuple

from ..events.declaration import Argument
from ..introspect.text import printable
from ..inventory.held import without_number
from ..inventory.records import (
    EventRecord,
    ReceiverRecord,
    SignalRecord,
    expected_sender,
    home,
)

# The version of the file format and of the JSON document.
VERSION = 1


class LockError(Exception):
    """
    A lock file can't be read; the message is one sentence.
    """


class LockFile(NamedTuple):
    """
    The sorted entries of a lock file, and the command that writes them.
    """

    command: str
    entries: tuple[str, ...]

    @property
    def content(self) -> str:
        header = [
            f"# django-signaltools lock file, format {VERSION}",
            "# Signal connections and declared events, one per line.",
            f"# Do not edit. Written by: {self.command}",
        ]
        return "\n".join([*header, *self.entries, ""])

    @property
    def counts(self) -> tuple[int, int]:
        """
        How many connections and how many events there are.
        """
        fields = [parse_entry(entry) or {} for entry in self.entries]
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
    entries = [_event_entry(each.name, each.event) for each in signals if each.event]
    # Two instances that connect the same method get the same line.
    connections = Counter(
        _connection_line(without_number(signal.name), receiver)
        for signal in signals
        for receiver in signal.receivers
        if everything or not home(receiver)
    )
    for line, count in connections.items():
        entries.append(line if count == 1 else f"{line}  x{count}")
    return LockFile(command, tuple(sorted(entries)))


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
    entries: list[str] = []
    for number, line in enumerate(lines[len(header) :], start=len(header) + 1):
        # An argument belongs to the event above it.
        is_argument = bool(entries) and line.startswith(_INDENT)
        entry = f"{entries[-1]}\n{line}" if is_argument else line
        if parse_entry(entry):
            if is_argument:
                entries.pop()
            entries.append(entry)
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
    return LockFile("".join(commands), tuple(entries))


# --- one entry ----------------------------------------------------------------------


def _event_entry(name: str, event: EventRecord) -> str:
    head = f"{_name(name)}  event={_name(event.label)}  version={event.version}"
    arguments = [*map(str, event.arguments)]
    sender = event.signature[1:-1].removesuffix(f", *, {', '.join(arguments)}")
    # Arguments are passed by keyword, so their order means nothing, and two branches
    # that add an argument merge more often if it is sorted.
    lines = [f"{_INDENT}{printable(each)}" for each in (sender, *sorted(arguments))]
    return "\n".join([head, *lines])


def _connection_line(signal: str, receiver: ReceiverRecord) -> str:
    uid = receiver.dispatch_uid
    any_sender = receiver.sender_kind is None
    fields = [
        f"{_name(signal)} -> {_name(receiver.name)}",
        "any sender" if any_sender else f"sender={_name(expected_sender(receiver))}",
        "" if uid is None else f"uid={_quoted(uid)}",
        "async" if receiver.is_async else "",
        "" if receiver.weak else "strong",
        # The queue may depend on where the project runs.
        "background" if receiver.background else "",
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
    r"(  async)?(  strong)?(  background)?(?:  x([2-9]|[1-9][0-9]{1,99}))?"
)
_EVENT = re.compile(
    rf"(?P<event>{_NAME})  event=(?P<label>{_NAME})  version=([1-9][0-9]{{0,99}})"
)
_INDENT = "    "
# A string in an annotation may look like a default: Literal["a = b"].
_STRING = r""" "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' """
_ARGUMENT = re.compile(
    rf"""
    [ ]{{4}} (?P<name>[^\W\d]\w*)
    (?: :[ ](?P<annotation>(?:{_STRING}|[^"'])+?) (?:[ ]=[ ](?P<default>.+))?
      | :[ ](?P<odd>.+)
      | =(?P<bare>.+)
    )?
    """,
    re.VERBOSE,
)
_FORMAT = re.compile(r"# django-signaltools lock file, format ([0-9]{1,9})")
_WRITTEN_BY = re.compile(r"# Do not edit\. Written by: (.*)")


def parse_entry(entry: str) -> dict[str, Any] | None:
    """
    Return the fields of ``entry``, as the JSON document has them, or None.

    It is None for every line that ``make_lock_file()`` wouldn't write.
    """
    head, *lines = entry.split("\n")
    match = _EVENT.fullmatch(head) or (None if lines else _CONNECTION.fullmatch(head))
    arguments = [_ARGUMENT.fullmatch(line) for line in lines]
    if match is None or None in arguments or not entry.replace("\n", "").isprintable():
        return None
    fields = {
        name: json.loads(value) if value and value.startswith('"') else value
        for name, value in match.groupdict().items()
    }
    if "event" in fields:
        declared = [line.removeprefix(_INDENT) for line in lines]
        # The sender comes first. What follows the star has to be passed by keyword.
        declared[1:1] = ["*"] if declared[1:] else []
        signature = f"({', '.join(declared)})"
        return {**fields, "version": int(match[3]), "signature": signature}
    *_, is_async, strong, background, count = match.groups()
    return {
        **fields,
        "async": is_async is not None,
        "weak": strong is None,
        "background": background is not None,
        "count": int(count or 1),
    }


def is_event(entry: str) -> bool:
    return "event" in (parse_entry(entry) or {})


def parse_arguments(entry: str) -> dict[str, Argument]:
    """
    Return the arguments of an event by name, including the sender.
    """
    arguments = [parse_argument(line) for line in entry.split("\n")[1:]]
    return {argument.name: argument for argument in arguments}


def parse_argument(line: str) -> Argument:
    """
    Return the argument on a line of a valid entry.
    """
    match = _ARGUMENT.fullmatch(line)
    assert match is not None
    fields = match.groupdict()
    default = fields["default"] or fields["bare"]
    annotation = fields["annotation"] or fields["odd"] or ""
    return Argument(fields["name"], annotation, default, default is None)


def _excerpt(line: str) -> str:
    line = line.rstrip()
    return repr(line if len(line) <= 60 else line[:59] + "…")
