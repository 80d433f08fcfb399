"""
What a trace has recorded: sends, the calls of receivers below them, and so on.

Frozen, made of text and numbers only, and ready for JSON. All times are in seconds;
``start`` counts from the beginning of the recording.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ..inventory.records import Component, Kind, SenderKind

Outcome = Literal["returned", "raised", "swallowed", "cancelled", "unfinished"]
Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Send:
    """
    A signal that was sent, or ``count`` such sends by one sender in one place.

    ``sender`` and its kind are as in ``list_signals``; all three are None where
    nobody (None) was the sender. ``arguments`` are the names of the arguments, and
    with ``trace(argument_types=True)`` their types. ``file`` and ``line`` are the
    nearest caller outside of Django, None if there is none.

    ``time`` is the sum and ``longest`` the largest one of ``count`` sends;
    ``self_time`` is what is left of ``time`` without the receivers. ``queries`` and
    ``query_time`` include everything below.

    ``in_atomic`` is whether an ``atomic()`` block was open, None if that is not known;
    ``on_commit`` is how many functions were queued by then for the commit. Both are
    those of the first send. ``without_receivers`` is how many sends had no receiver to
    call, ``raised`` how many ended in an exception, and ``error`` the first one.
    ``calls`` are in the order in which the receivers ran; ``sends`` are what the
    signal's own class sent, which few do. ``wrong_loop``: ``send()`` had asynchronous
    receivers to run, which it cannot inside a running event loop.
    """

    signal: str
    kind: Kind
    method: str
    sender: str | None
    sender_kind: SenderKind | None
    sender_app: str | None
    arguments: tuple[str, ...]
    file: str | None
    line: int | None
    start: float
    time: float
    self_time: float
    longest: float
    count: int
    queries: int
    query_time: float
    in_atomic: bool | None
    on_commit: int
    without_receivers: int
    thread: int
    raised: int
    error: str | None
    wrong_loop: bool
    calls: tuple[Call, ...]
    sends: tuple[Send, ...]

    def __repr__(self) -> str:
        return f"<Send: {self.signal} x{self.count}, {_calls(self.calls)}>"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Call:
    """
    A receiver that ran, or ``count`` such calls below one ``Send``.

    ``receiver`` and its place are as in ``list_signals``. ``order`` is the place in
    which it ran among the synchronous receivers of this send, from 1; None for an
    asynchronous one, which runs concurrently with the others.

    ``time`` is from beginning to end. ``busy`` is the part of it on the event loop, for
    a synchronous receiver the same. ``self_time`` is ``busy`` without what was sent
    below: these add up, also those of concurrent receivers. ``queries`` and
    ``query_time`` include everything below, ``self_queries`` does not.

    ``outcome`` is the worst of all ``count`` calls: "swallowed" means that it raised
    and a robust method caught it, "unfinished" that it still ran when recording
    stopped. ``error`` is the first exception. ``recursive`` is whether this receiver
    was running already, further up in the tree.
    """

    receiver: str
    app: str | None
    component: Component
    file: str | None
    line: int | None
    order: int | None
    start: float
    time: float
    busy: float
    self_time: float
    longest: float
    count: int
    queries: int
    query_time: float
    self_queries: int
    thread: int
    outcome: Outcome
    raised: int
    swallowed: int
    cancelled: int
    recursive: bool
    error: str | None
    sends: tuple[Send, ...]

    def __repr__(self) -> str:
        return f"<Call: {self.receiver} x{self.count}, {self.outcome}>"


class Totals(NamedTuple):
    """
    Exact sums over everything that was recorded, collapsed or not.

    ``receiver_time`` is the time spent in receivers, counted once: nested and
    concurrent ones do not count twice. ``queries`` includes those outside of receivers,
    ``receiver_queries`` does not. ``on_commit`` alone is not exact: it misses what
    collapsed sends have queued after the first of them.
    """

    time: float
    sends: int
    calls: int
    without_receivers: int
    receiver_time: float
    queries: int
    query_time: float
    receiver_queries: int
    raised: int
    swallowed: int
    on_commit: int


class Added(NamedTuple):
    """
    A receiver that was connected while recording, after its signal had been sent.
    """

    signal: str
    receiver: str
    file: str | None
    line: int | None


class Tree(NamedTuple):
    """
    All that was recorded. ``overflow`` is a flat profile of what exceeded the limit
    of nodes: below its calls there is nothing.
    """

    sends: tuple[Send, ...]
    overflow: tuple[Send, ...]
    totals: Totals
    added: tuple[Added, ...] = ()


def walk(sends: Sequence[Send]) -> Iterator[Send | Call]:
    """
    Yield sends and calls at any depth, parents first.
    """
    waiting: list[Send | Call] = list(reversed(sends))
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.sends))
        if isinstance(node, Send):
            waiting.extend(reversed(node.calls))


def _calls(calls: tuple[Call, ...]) -> str:
    return "1 receiver" if len(calls) == 1 else f"{len(calls)} receivers"
