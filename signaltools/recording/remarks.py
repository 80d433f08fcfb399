"""
Point out what in a trace is worth a look.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from ..introspect.text import clip
from .tree import Added, Call, Level, Send, walk

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


def find_remarks(sends: tuple[Send, ...], added: Iterable[Added] = ()) -> list[Remark]:
    """
    Return remarks on ``sends``, what is below them, and receivers that were ``added``.

    Errors come first; equal remarks are one.
    """
    found: dict[Remark, int] = {}
    for remark in chain(_remarks(sends), map(_on_added, added)):
        remark = replace(remark, text=clip(remark.text))
        key = replace(remark, count=0)
        found[key] = found.get(key, 0) + remark.count
    remarks = [replace(remark, count=count) for remark, count in found.items()]
    return sorted(remarks, key=lambda remark: _LEVELS.index(remark.level))


_LEVELS: tuple[Level, ...] = ("error", "warning", "note")


def _remarks(sends: tuple[Send, ...]) -> Iterator[Remark]:
    for node in walk(sends):
        if isinstance(node, Send):
            yield from _on_send(node)
            for call in node.calls:
                yield from _on_call(node, call)


def _on_send(send: Send) -> Iterator[Remark]:
    def remark(level: Level, text: str, count: int = send.count) -> Remark:
        return Remark(level, send.signal, None, text, send.file, send.line, count)

    if send.wrong_loop:
        text = f"{send.method}() cannot run async receivers inside an event loop"
        yield remark("error", f"{text}; await a{send.method}()", _own_errors(send))
    elif (count := _own_errors(send)) > 0:
        yield remark("error", f"{send.method}() raised {send.error}", count)
    if send.kind != "builtin" and send.in_atomic and send.calls:
        text = "its receivers ran although the transaction could still roll back"
        yield remark("note", f"sent inside atomic(): {text}")


def _own_errors(send: Send) -> int:
    """
    Return how many sends raised something that did not come from below.
    """
    below = sum(call.raised - call.swallowed + call.cancelled for call in send.calls)
    return send.raised - below - sum(nested.raised for nested in send.sends)


def _on_call(send: Send, call: Call) -> Iterator[Remark]:
    def remark(level: Level, text: str, count: int = call.count) -> Remark:
        place = call.receiver, text, call.file, call.line
        return Remark(level, send.signal, *place, count)

    if call.swallowed:
        text = f"{send.method}() swallowed {call.error}"
        yield remark("error", text, call.swallowed)
    if call.raised > call.swallowed:
        yield remark("error", f"raised {call.error}", call.raised - call.swallowed)
    if call.cancelled:
        yield remark("warning", "cancelled before it ended", call.cancelled)
    if call.self_queries and send.signal in _INIT:
        text = "queries the database whenever an instance is made"
        yield remark("warning", text)
    if call.recursive:
        yield remark("note", "ran inside of itself")
    if call.order is not None and call.thread != send.thread:
        yield remark("note", f"ran in another thread than {send.method}()")
    if call.outcome == "unfinished":
        yield remark("note", "was still running at the end of the recording")


def _on_added(added: Added) -> Remark:
    text = "connected while recording"
    return Remark("note", added.signal, added.receiver, text, added.file, added.line, 1)
