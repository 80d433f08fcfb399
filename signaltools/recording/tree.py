"""
The tree of a trace: sends, below them the calls of receivers, and so on.

It is frozen, contains only strings, numbers, and booleans, and is ready for JSON. All
times are in seconds; ``start`` counts from the beginning of the recording.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from ..events.background import Background
from ..introspect.callers import Frame
from ..inventory.records import Component, Kind, SenderKind
from .identity import Plain

CallOutcome = Literal["returned", "raised", "swallowed", "cancelled", "unfinished"]
Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Send:
    """
    A signal that was sent, or ``count`` such sends by one sender in one place.

    ``sender``, its kind, and its app are as in ``list_signals``; all three are None if
    the sender was ``None``. ``arguments`` are the names of the arguments, with
    ``trace(argument_types=True)`` also their types.

    ``file`` and ``line`` are those of the nearest caller outside Django; if there isn't
    one, of an app, a view, or a command of Django, or None. If ``queued``, the signal
    was sent on commit, and the caller is the line that has queued it, if it's known.
    Combined sends have the same caller, unless ``same_caller`` is false: where Django
    creates instances of models, only that of the first one is known. ``stack`` are the
    functions that have led to the first send, the nearest first. It's empty without
    ``trace(stacks=True)``, without receivers, and if the send was queued.

    ``values`` are the arguments of a model signal that explain it, as they are:
    ``created``, ``raw``, ``action``, ``using``, and ``update_fields``. Combined sends
    have the same values.

    ``time`` is the sum and ``longest`` the maximum of ``count`` sends. ``self_time`` is
    ``time`` without the receivers. ``queries`` and ``query_time`` include everything
    below.

    ``in_atomic`` is whether an ``atomic()`` block was open, None if that isn't known of
    each send, and ``received_in_atomic`` how many sends with receivers were certainly
    inside one. ``on_commit`` is how many ``on_commit()`` callbacks the first send
    queued. ``without_receivers`` is how many sends had no receiver to
    call, ``unseen`` how many may have called receivers in a loop of the signal class,
    ``raised`` how many raised an exception, and ``error`` the first one.
    ``calls`` are in the order in which the receivers ran. ``sends`` are what the class
    of the signal sent by itself, which is rare. ``wrong_loop`` is whether ``send()``
    failed because it can't run asynchronous receivers in a running event loop.
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
    queued: bool
    same_caller: bool
    values: Mapping[str, Plain]
    start: float
    time: float
    self_time: float
    longest: float
    count: int
    queries: int
    query_time: float
    in_atomic: bool | None
    received_in_atomic: int
    on_commit: int
    without_receivers: int
    unseen: int
    thread: int
    raised: int
    error: str | None
    wrong_loop: bool
    calls: tuple[Call, ...]
    sends: tuple[Send, ...]
    stack: tuple[Frame, ...] = ()

    def __repr__(self) -> str:
        receivers = (
            "1 receiver" if len(self.calls) == 1 else f"{len(self.calls)} receivers"
        )
        return f"<Send: {self.signal} x{self.count}, {receivers}>"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Call:
    """
    A receiver that ran, or ``count`` such calls below one ``Send``.

    ``receiver`` and its place are as in ``list_signals``. ``order`` is its position
    among the synchronous receivers that this send has called, from 1; None for an
    asynchronous receiver, which runs concurrently with other ones. ``background`` is
    where and when a receiver in the background is queued: the call doesn't run it.

    ``time`` is from start to end. ``busy`` is the part of it spent on the event loop;
    for a synchronous receiver, it is the same. ``self_time`` is ``busy`` without what
    was sent below, so the sum of all is exact, even for concurrent receivers.
    ``queries`` and ``query_time`` include everything below, ``self_queries`` doesn't.

    ``outcome`` is the worst of all ``count`` calls: "swallowed" means that a robust
    method caught an exception, "unfinished" that it was still running when the
    recording ended. ``error`` is the first exception. ``recursive`` is whether this
    receiver was already running, further up in the tree.
    """

    receiver: str
    app: str | None
    component: Component
    file: str | None
    line: int | None
    order: int | None
    background: Background | None
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
    outcome: CallOutcome
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
    Exact totals of everything that was recorded, collapsed or not.

    ``receiver_time`` is the time spent in receivers; nested and concurrent ones don't
    count twice. ``queries`` includes those outside receivers, ``receiver_queries``
    doesn't. Only ``on_commit`` isn't exact: of collapsed sends, it counts the callbacks
    of the first one.
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


class ReceiverTotals(NamedTuple):
    """
    Exact totals of all calls of a receiver, however large the trace is.

    ``time`` includes what the receiver sent, ``self_time`` doesn't. ``queries`` are its
    own, without those of the receivers below it. If it's recursive, ``time`` counts
    inner calls again. ``errors`` is how many calls raised an exception, also if a
    robust method caught it.
    """

    receiver: str
    app: str | None
    component: Component
    file: str | None
    line: int | None
    calls: int
    time: float
    self_time: float
    queries: int
    errors: int


class Added(NamedTuple):
    """
    A receiver that was connected while recording, after its signal was sent.
    """

    signal: str
    receiver: str
    file: str | None
    line: int | None


class Waiting(NamedTuple):
    """
    An event that waited for the commit of ``database`` when the recording ended.

    ``in_test`` is whether a ``TestCase`` will undo the transaction. ``file`` and
    ``line`` have queued the event.
    """

    signal: str
    database: str
    in_test: bool
    file: str | None
    line: int | None


class Tree(NamedTuple):
    """
    Everything that was recorded. ``overflow`` are the totals of what exceeded the
    limits of the tree; there is nothing below their calls.
    """

    sends: tuple[Send, ...]
    overflow: tuple[Send, ...]
    totals: Totals
    added: tuple[Added, ...] = ()
    waiting: tuple[Waiting, ...] = ()

    @property
    def receivers(self) -> tuple[ReceiverTotals, ...]:
        """
        Totals of each receiver that ran, by self time, the longest first.
        """
        # Two functions may have the same name, such as "<lambda>".
        found: dict[tuple[object, ...], list[Call]] = {}
        for node in walk(self.sends + self.overflow):
            if isinstance(node, Call):
                key = node.receiver, node.file, node.line
                found.setdefault(key, []).append(node)
        totals = map(_receiver_totals, found.values())
        return tuple(sorted(totals, key=lambda each: -each.self_time))


def _receiver_totals(calls: Sequence[Call]) -> ReceiverTotals:
    first = calls[0]
    return ReceiverTotals(
        receiver=first.receiver,
        app=first.app,
        component=first.component,
        file=first.file,
        line=first.line,
        calls=sum(call.count for call in calls),
        time=sum(call.time for call in calls),
        self_time=sum(call.self_time for call in calls),
        queries=sum(call.self_queries for call in calls),
        errors=sum(call.raised for call in calls),
    )


def sums(roots: Sequence[Send]) -> dict[str, Any]:
    """
    Return the totals of ``roots`` and everything below them, except of all queries.
    """
    nodes = [*walk(roots)]
    sends = [node for node in nodes if isinstance(node, Send)]
    calls = [node for node in nodes if isinstance(node, Call)]
    return {
        "sends": sum(send.count for send in sends),
        "calls": sum(call.count for call in calls),
        "without_receivers": sum(send.without_receivers for send in sends),
        "receiver_time": sum(call.self_time for call in calls),
        "receiver_queries": sum(call.self_queries for call in calls),
        "raised": sum(call.raised - call.swallowed for call in calls),
        "swallowed": sum(call.swallowed for call in calls),
        "on_commit": sum(send.on_commit for send in roots),
    }


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
