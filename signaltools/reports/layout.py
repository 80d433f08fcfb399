"""
Lay out lines of text: what all text reports have in common.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from .._text import printable
from ..inventory import ReceiverRecord, SenderKind

INDENT = " " * 6

Paint = Callable[[str], str]


class Look(NamedTuple):
    """
    How to lay the text out: ``folder`` is what paths are relative to.

    ``fold`` counts receivers inside Django, the debug toolbar and storage objects
    instead of listing them. ``heading`` and ``name`` may add colour.
    """

    width: int = 100
    folder: str = ""
    fold: bool = True
    heading: Paint = str
    name: Paint = str


def justified(left: str, right: str, width: int, paint: Paint = str) -> Iterator[str]:
    """
    Yield ``left`` with ``right`` at the right edge, or below it without room.
    """
    gap = width - len(left) - len(right)
    if gap >= 2 or not right:
        yield (paint(left) + " " * gap + right).rstrip()
    else:
        yield paint(left)
        yield INDENT + f"{right:>{width - len(INDENT)}}"


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def sender_name(sender: str | None, kind: SenderKind | None, app: str | None) -> str:
    """
    Return what a sender is called in all reports.
    """
    if app:
        return f"app {printable(app)}"
    suffix = " instance" if kind == "instance" else ""
    return printable(sender or "unknown sender") + suffix


def first_sentence(doc: str, width: int) -> str:
    paragraph = " ".join(doc.partition("\n\n")[0].split())
    sentence = printable(re.split(r"(?<=[.!?])\s", paragraph)[0])
    return sentence if len(sentence) <= width else sentence[: width - 1] + "…"


def expected_sender(receiver: ReceiverRecord) -> str:
    """
    Return the sender that a receiver is connected for.
    """
    if receiver.sender_kind is None:
        return "any sender"
    return sender_name(receiver.sender, receiver.sender_kind, receiver.sender_app)


def home(receiver: ReceiverRecord) -> str:
    """
    Return what a receiver is part of that few people ask about, else "".
    """
    if receiver.storage:
        return "storage objects"
    if receiver.module.partition(".")[0] == "debug_toolbar":
        return "the toolbar"
    return "Django" if receiver.component == "django" else ""


def connection_details(receiver: ReceiverRecord) -> str:
    uid = receiver.dispatch_uid
    details = {
        f'uid="{printable(uid or "")}"': uid is not None,
        "async": receiver.is_async,
        "strong": not receiver.weak,
    }
    text = ", ".join(text for text, applies in details.items() if applies)
    problems = f"[{', '.join(receiver.problems)}]" if receiver.problems else ""
    return f"{text} {problems}".strip()


@functools.lru_cache(maxsize=10_000)
def short_place(file: str | None, line: int | None, folder: str) -> str:
    """
    Return "shop/views.py:12", relative to ``folder``, and "" without a file.
    """
    if file is None:
        return ""
    short = printable(_short_path(file, folder))
    return f"{short}:{line}" if line else short


def _short_path(file: str, folder: str) -> str:
    """
    Return ``file`` relative to ``folder``, without the inside of a site-packages.

    An environment that is somewhere else is left out as well: it says little, is long,
    and differs between machines.
    """
    if folder and file.startswith(folder.rstrip(os.sep) + os.sep):
        return _INSTALLED.sub(r"\1…", os.path.relpath(file, folder))
    return _INSTALLED.sub("…", file)


# ".venv/lib/python3.13/site-packages/audit/log.py" becomes ".venv/…/audit/log.py".
_INSTALLED = re.compile(
    r"^(.*?[/\\]|)lib(?:64)?[/\\](?:(?:python|pypy)3[.\w]*[/\\])?(?:site|dist)-packages(?=[/\\])",
    re.IGNORECASE,
)
