"""
Render signals as Markdown, for a page that people read.

It is at its best for declared events, of which it says what they are sent with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..events.declaration import Argument
from ..introspect.text import printable
from ..inventory.places import short_place
from ..inventory.records import EventRecord, ReceiverRecord, SignalRecord, sender_name


def render_markdown(signals: Sequence[SignalRecord], folder: str = "") -> str:
    """
    Return ``signals`` as Markdown; paths are relative to ``folder``.
    """
    sections = ("\n".join(_section(signal, folder)) for signal in signals)
    return "\n".join(["# Signals", "", *sections])


def _section(signal: SignalRecord, folder: str) -> Iterator[str]:
    event = signal.event
    yield f"## {_text(event.label if event else signal.name)}"
    yield ""
    if signal.doc:
        for line in signal.doc.split("\n"):
            yield _text(line)
        yield ""
    yield from _facts(signal, folder)
    yield ""
    if event:
        yield from _arguments(event)
    yield from _receivers(signal.receivers, folder)


def _facts(signal: SignalRecord, folder: str) -> Iterator[str]:
    place = short_place(signal.file, signal.line, folder)
    yield f"- Import: {_code(signal.name)}" + (f" ({_text(place)})" if place else "")
    if signal.event:
        yield f"- Version: {signal.event.version}"
        yield f"- Declaration: {_code(signal.event.signature)}"


def _arguments(event: EventRecord) -> Iterator[str]:
    if event.arguments:
        yield from _table(
            ("argument", "type", "default"), map(_argument, event.arguments)
        )


def _argument(argument: Argument) -> tuple[str, str, str]:
    default = "required" if argument.default is None else _code(argument.default)
    return _code(argument.name), _code(argument.annotation), default


def _receivers(receivers: Sequence[ReceiverRecord], folder: str) -> Iterator[str]:
    if receivers:
        rows = (_receiver(receiver, folder) for receiver in receivers)
        yield from _table(("", "receiver", "sender", "place"), rows)
    else:
        yield "No receivers."
        yield ""


def _receiver(receiver: ReceiverRecord, folder: str) -> tuple[str, str, str, str]:
    return (
        "async" if receiver.order is None else str(receiver.order),
        f"{_code(receiver.name)} {', '.join(receiver.problems)}".rstrip(),
        _sender(receiver),
        _text(short_place(receiver.file, receiver.line, folder)),
    )


def _sender(receiver: ReceiverRecord) -> str:
    if receiver.sender_kind is None:
        return "any sender"
    return _text(
        sender_name(receiver.sender, receiver.sender_kind, receiver.sender_app)
    )


def _table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> Iterator[str]:
    yield _row(head)
    yield _row(["---"] * len(head))
    yield from map(_row, rows)
    yield ""


def _row(cells: Sequence[str]) -> str:
    # A table ends a cell at each "|", in code too, unless it is escaped.
    escaped = (_BARE_PIPE.sub(r"\\|", cell) for cell in cells)
    return f"| {' | '.join(escaped)} |"


_BARE_PIPE = re.compile(r"(?<!\\)\|")


def _text(text: str) -> str:
    """
    Return ``text`` with what Markdown or HTML would take for markup escaped.
    """
    return _MARKUP.sub(r"\\\g<0>", printable(text.strip()))


# An underscore inside of a word, as most names have it, is one; a list or a heading is
# only one at the beginning of a line.
_MARKUP = re.compile(r"[\\`*\[\]<>|~&$!]|(?<!\w)_|_(?!\w)|^[-+=#]|(?<=\d)[.)](?= |$)")


def _code(text: str) -> str:
    """
    Return ``text`` as code, also with backticks in it.
    """
    if not text:
        return ""
    text = printable(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}"
