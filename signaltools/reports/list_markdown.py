"""
Render signals as Markdown, for a page of documentation.

It is most useful for declared events, whose arguments it lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..introspect.text import printable
from ..inventory.places import short_place
from ..inventory.records import ReceiverRecord, SignalRecord
from .layout import background_text
from .receiver_rows import receiver_rows


def render_markdown(
    signals: Sequence[SignalRecord], folder: str = "", *, collapse_senders: bool = True
) -> str:
    """
    Return ``signals`` as Markdown; paths are relative to ``folder``.
    """
    sections = (
        "\n".join(_section(signal, folder, collapse_senders)) for signal in signals
    )
    return "\n".join(["# Signals", "", *sections])


def _section(
    signal: SignalRecord, folder: str, collapse_senders: bool
) -> Iterator[str]:
    event = signal.event
    yield f"## {_text(event.label if event else signal.name)}"
    yield ""
    if signal.doc:
        yield from map(_text, signal.doc.split("\n"))
        yield ""
    place = short_place(signal.file, signal.line, folder)
    yield f"- Import: {_code(signal.name)}" + (f" ({_text(place)})" if place else "")
    if event:
        yield f"- Version: {event.version}"
        yield f"- Declaration: {_code(event.signature)}"
    for send in signal.sent_by or ():
        place = _text(short_place(send.file, send.line, folder))
        yield f"- Sent by: {_code(send.function)}, {_code(send.method)} ({place})"
    yield ""
    if event and event.arguments:
        rows = []
        for argument in event.arguments:
            is_required = argument.default is None
            default = "required" if is_required else _code(argument.default or "")
            rows.append((_code(argument.name), _code(argument.annotation), default))
        yield from _table(("argument", "type", "default"), rows)
    if not signal.receivers:
        yield "No receivers."
        yield ""
        return
    yield from _table(
        ("", "receiver", "sender", "place"),
        [
            (
                "async" if receiver.order is None else str(receiver.order),
                _receiver(receiver),
                _text(f"{senders}: {detail}" if detail else senders),
                _text(short_place(receiver.file, receiver.line, folder)),
            )
            for receiver, senders, detail in receiver_rows(
                signal.receivers, collapse=collapse_senders
            )
        ],
    )


def _receiver(receiver: ReceiverRecord) -> str:
    details = [_text(background_text(receiver)), ", ".join(receiver.problems)]
    return " ".join(filter(None, [_code(receiver.name), *details]))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for cells in (head, ["---"] * len(head), *rows):
        # A table ends a cell at each "|", in code too, unless it is escaped.
        escaped = (_BARE_PIPE.sub(r"\\|", cell) for cell in cells)
        yield f"| {' | '.join(escaped)} |"
    yield ""


_BARE_PIPE = re.compile(r"(?<!\\)\|")


def _text(text: str) -> str:
    """
    Return ``text`` with everything escaped that Markdown or HTML takes for markup.
    """
    return _MARKUP.sub(r"\\\g<0>", printable(text.strip()))


# An underscore inside a word, as in most names, isn't markup; a list or a heading only
# starts at the beginning of a line.
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
