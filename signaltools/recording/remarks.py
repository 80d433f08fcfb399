"""
Point out what in a trace is worth a look.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from .tree import Call, Level, Send

_INIT = {"django.db.models.signals.pre_init", "django.db.models.signals.post_init"}


@dataclass(frozen=True, slots=True)
class Remark:
    """
    Something in a trace that is worth a look.

    ``receiver``, with its file and line, is None where it is about the send; the
    place is then that of the caller. ``count`` is how often it happened.
    """

    level: Level
    signal: str
    receiver: str | None
    text: str
    file: str | None
    line: int | None
    count: int


def find_remarks(sends: tuple[Send, ...]) -> list[Remark]:
    """
    Return remarks on ``sends`` and what is below them: errors first, equal ones as one.
    """
    found: dict[Remark, int] = {}
    for remark in _remarks(sends):
        key = replace(remark, count=0)
        found[key] = found.get(key, 0) + remark.count
    remarks = [replace(remark, count=count) for remark, count in found.items()]
    return sorted(remarks, key=lambda remark: _LEVELS.index(remark.level))


_LEVELS: tuple[Level, ...] = ("error", "warning", "note")


def _remarks(sends: tuple[Send, ...]) -> Iterator[Remark]:
    # Each send with the receivers that it was sent by, directly or not.
    waiting = [(send, frozenset[str]()) for send in reversed(sends)]
    while waiting:
        send, above = waiting.pop()
        yield from _on_send(send)
        below = [(nested, above) for nested in send.sends]
        for call in send.calls:
            yield from _on_call(send, call, above)
            inside = above | {call.receiver}
            below += ((nested, inside) for nested in call.sends)
        waiting += reversed(below)


def _on_send(send: Send) -> Iterator[Remark]:
    def remark(level: Level, text: str, count: int = send.count) -> Remark:
        return Remark(level, send.signal, None, text, send.file, send.line, count)

    if send.wrong_loop:
        text = f"{send.method}() cannot run async receivers inside an event loop"
        yield remark("error", f"{text}; await a{send.method}()", send.raised)
    if send.kind != "builtin" and send.in_atomic and send.calls:
        text = "sent inside atomic(): a rollback does not undo what receivers did"
        yield remark("note", text)


def _on_call(send: Send, call: Call, above: frozenset[str]) -> Iterator[Remark]:
    def remark(level: Level, text: str, count: int = call.count) -> Remark:
        place = call.receiver, text, call.file, call.line
        return Remark(level, send.signal, *place, count)

    if call.swallowed:
        text = f"{call.error}, swallowed by {send.method}"
        yield remark("error", text, call.swallowed)
    if call.raised > call.swallowed:
        yield remark("error", f"raised {call.error}", call.raised - call.swallowed)
    if call.cancelled:
        yield remark("warning", "cancelled before it ended", call.cancelled)
    if call.self_sql and send.signal in _INIT:
        text = "queries the database for each instance that is made"
        yield remark("warning", text)
    if call.receiver in above:
        yield remark("note", "ran inside of itself")
    if call.order is not None and call.thread != send.thread:
        yield remark("note", "ran in another thread than the sender")
    if call.outcome == "unfinished":
        yield remark("note", "still ran when the recording ended")
