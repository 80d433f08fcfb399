"""
Lay out lines of text: what all text reports have in common.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from os.path import isfile, join
from typing import NamedTuple

from ..introspect.text import printable
from ..inventory.places import short_place
from ..inventory.records import Problem, ReceiverRecord
from .editor import Editor
from .receiver_rows import ReceiverRow

INDENT = " " * 6

Paint = Callable[[str], str]


class Look(NamedTuple):
    """
    The layout of a text report; paths are relative to ``folder``.

    ``collapse`` counts receivers inside Django, the debug toolbar, and storage objects
    instead of listing them, and ``collapse_senders`` the many senders of one receiver.
    ``heading`` and ``name`` may add color. Places are links if there is an ``editor``.
    """

    width: int = 100
    folder: str = ""
    collapse: bool = True
    collapse_senders: bool = True
    heading: Paint = str
    name: Paint = str
    editor: Editor = Editor()

    def with_place(
        self, left: str, file: str | None, line: int | None, paint: Paint = str
    ) -> Iterator[str]:
        """
        Yield ``left`` with a place in the source at its right.
        """
        place = short_place(file, line, self.folder)
        link = self.editor.link(place, file, line)
        return justified(left, place, self.width, paint, lambda _: link)

    def with_links(self, text: str) -> str:
        """
        Return ``text`` with links for places in it, such as "shop/apps.py:12".
        """
        return _PLACE.sub(self._linked, text) if self.editor.url else text

    def _linked(self, match: re.Match[str]) -> str:
        place, path, line = match.group(0, 1, 2)
        file = join(self.folder, path)
        # What a project has named may only look like a place.
        return self.editor.link(place, file, int(line)) if isfile(file) else place


# Paths without spaces: no others stay whole where a line is wrapped.
_PLACE = re.compile(r"(?<!\S)(\S+\.py):([0-9]{1,9})\b")


def justified(
    left: str, right: str, width: int, paint: Paint = str, paint_right: Paint = str
) -> Iterator[str]:
    """
    Yield ``left`` and ``right`` on one line if they fit, otherwise on two.
    """
    # Measured before painting: escape sequences of colors and links take no room on the
    # screen.
    gap = width - len(left) - len(right)
    if gap >= 2 or not right:
        yield (paint(left) + " " * gap + paint_right(right)).rstrip()
    else:
        yield paint(left)
        yield " " * max(len(INDENT), width - len(right)) + paint_right(right)


class Columns:
    """
    Lines of receivers, in columns that fit ``rows``.
    """

    def __init__(self, rows: Sequence[ReceiverRow], look: Look) -> None:
        self._look = look
        names = [len(row.receiver.name) for row in rows]
        senders = [len(row.senders) for row in rows]
        self._name_width = min(max(names, default=0), look.width * 2 // 5)
        self._sender_width = min(max(senders, default=0), look.width // 4)

    def lines(self, row: ReceiverRow) -> Iterator[str]:
        receiver = row.receiver
        # Asynchronous receivers run concurrently, so they have no place in the order.
        order = "~" if receiver.order is None else receiver.order
        name = f"{order:>4}  {printable(receiver.name)}"
        width = len(INDENT) + self._name_width
        if len(name) > width:
            yield name
            name, width = "", len(INDENT)
        sender = f"{row.senders:<{self._sender_width}}"
        left, details = f"{name:<{width}}  {sender}", connection_details(receiver)
        file, line = receiver.file, receiver.line
        place = short_place(file, line, self._look.folder)
        if len(f"{left}  {details}  {place}") <= self._look.width:
            left = f"{left}  {details}".rstrip()
            yield from self._look.with_place(left, file, line)
        else:
            yield from self._look.with_place(left.rstrip(), file, line)
            if details:
                yield f"{INDENT}  {details}"
        if row.detail:
            indent = f"{INDENT}  "
            text = f"{row.detail}, see --all"
            yield from wrapped(text, self._look.width, indent, indent)


def wrapped(
    text: str, width: int, indent: str = "", further: str | None = None
) -> list[str]:
    """
    Return ``text`` as lines: the first one starts with ``indent``, the others with
    ``further``.
    """
    return textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent + "  " if further is None else further,
        break_long_words=False,
        break_on_hyphens=False,
    )


def problem_lines(
    problems: Sequence[Problem], look: Look, suffix: str = ""
) -> Iterator[str]:
    """
    Yield a section with the problems, then the notes.
    """
    notes = sum(problem.is_note for problem in problems)
    wrong = len(problems) - notes
    counts = [plural(wrong, "problem")] if wrong else []
    counts += [plural(notes, "note")] if notes else []
    title = ("PROBLEMS" if wrong else "NOTES") + suffix
    yield from justified(title, " · ".join(counts), look.width, look.heading)
    yield ""
    for problem in problems:
        number = f"{problem.id:<{len(INDENT)}}"
        for text, indent in ((problem.message, number), (problem.hint, INDENT)):
            lines = wrapped(printable(text), look.width, indent, INDENT)
            yield from map(look.with_links, lines)


def plural(count: int, noun: str, nouns: str = "") -> str:
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def first_sentence(doc: str, width: int) -> str:
    paragraph = " ".join(doc.partition("\n\n")[0].split())
    sentence = printable(re.split(r"(?<=[.!?])\s", paragraph)[0])
    return sentence if len(sentence) <= width else sentence[: width - 1] + "…"


def connection_details(receiver: ReceiverRecord) -> str:
    uid = receiver.dispatch_uid
    details = {
        f'uid="{printable(uid or "")}"': uid is not None,
        "async": receiver.is_async,
        "strong": not receiver.weak,
        background_text(receiver): receiver.background is not None,
    }
    text = ", ".join(text for text, applies in details.items() if applies)
    problems = f"[{', '.join(receiver.problems)}]" if receiver.problems else ""
    return f"{text} {problems}".strip()


def background_text(receiver: ReceiverRecord) -> str:
    """
    Return "background", with what isn't the default, or "".
    """
    background = receiver.background
    if background is None:
        return ""
    options = {
        f"backend {printable(background.backend)}": background.backend != "default",
        f"queue {printable(background.queue)}": background.queue != "default",
        "not on commit": not background.on_commit,
    }
    text = ", ".join(text for text, applies in options.items() if applies)
    return f"background ({text})" if text else "background"
