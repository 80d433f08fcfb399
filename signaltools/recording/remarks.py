"""
Point out what in a trace is worth a look.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..introspect.text import clip
from .tree import Call, Level, Send, Tree, walk

_INIT = {"django.db.models.signals.pre_init", "django.db.models.signals.post_init"}


@dataclass(frozen=True, slots=True)
class Remark:
    """
    Something in a trace that is worth a look.

    ``file`` and ``line`` are those of the receiver. If ``receiver`` is None, the remark
    is about the send, and they are those of its caller. ``count`` is how often it
    happened.
    """

    level: Level
    signal: str
    receiver: str | None
    text: str
    file: str | None
    line: int | None
    count: int


def find_remarks(tree: Tree) -> tuple[Remark, ...]:
    """
    Return remarks on everything in ``tree``, errors first.
    """
    found: Counter[Remark] = Counter()
    for remark in _remarks(tree):
        # Equal remarks are combined into one, whatever their numbers are.
        found[replace(remark, text=clip(remark.text), count=0)] += remark.count
    remarks = [replace(remark, count=count) for remark, count in found.items()]
    return tuple(sorted(remarks, key=lambda remark: _LEVELS.index(remark.level)))


_LEVELS: tuple[Level, ...] = ("error", "warning", "note")


def _remarks(tree: Tree) -> Iterator[Remark]:
    for node in walk(tree.sends + tree.overflow):
        if isinstance(node, Send):
            yield from _on_send(node)
            for call in node.calls:
                yield from _on_call(node, call)
    for signal, receiver, file, line in tree.added:
        text = "connected while recording"
        yield Remark("note", signal, receiver, text, file, line, 1)
    for signal, database, in_test, file, line in tree.waiting:
        text = f"waits for the commit of {database!r}"
        if in_test:
            text += ", which never comes in a TestCase: "
            text += "use captureOnCommitCallbacks(execute=True)"
        yield Remark("note", signal, None, text, file, line, 1)


def _on_send(send: Send) -> Iterator[Remark]:
    def remark(level: Level, text: str, count: int = send.count) -> Remark:
        return Remark(level, send.signal, None, text, send.file, send.line, count)

    if send.wrong_loop:
        text = f"{send.method}() can't run async receivers in a running event loop"
        yield remark("error", f"{text}; await a{send.method}()", _own_errors(send))
    elif (count := _own_errors(send)) > 0:
        yield remark("error", f"{send.method}() raised {send.error}", count)
    # Django's own signals are meant to be sent inside the transaction.
    if send.kind != "builtin" and (count := send.received_in_atomic):
        text = "its receivers ran before the transaction was committed"
        yield remark("note", f"sent inside atomic(): {text}", count)


def _own_errors(send: Send) -> int:
    # An exception passes through all sends and calls above it. Only the lowest one gets
    # a remark.
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
        yield remark("warning", "cancelled before it finished", call.cancelled)
    if call.self_queries and send.signal in _INIT:
        text = "queries the database for every instance created"
        yield remark("warning", text)
    if call.self_queries and send.values.get("raw") is True:
        text = "queries the database while a fixture is loaded (raw=True)"
        yield remark("warning", text)
    if call.recursive:
        text = "ran recursively (it sent a signal that called it again)"
        yield remark("note", text)
    if call.order is not None and call.thread != send.thread:
        yield remark("note", f"ran in a different thread from {send.method}()")
    if call.outcome == "unfinished":
        yield remark("note", "was still running when the recording ended")
