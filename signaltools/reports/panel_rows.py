"""
Turn a trace into the rows of the panel: what was sent, and what ran, in order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, TypeVar

from ..introspect.callers import Frame
from ..introspect.text import printable
from ..recording.tree import Call, Send
from .panel_options import PanelOptions, Stats, milliseconds, sent_names
from .trace_rows import (
    Row,
    depth_first,
    has_sender,
    other_method,
    outcome_of,
    queued_of,
    sender_of,
    short_signal,
    shown_values,
    signals_without_receivers,
    together,
)

MAX_ROWS = 180
# With more rows than this, only what leads to a problem is expanded.
_EXPANDED_ROWS = 80
_MAX_INDENT = 12
# These run asynchronous receivers in an event loop of their own, or wait for one.
_SYNC = {"send", "send_robust"}

Node = TypeVar("Node", Send, Call)


class Rows(NamedTuple):
    """
    The rows of the panel, and how many nodes are hidden.

    ``places`` are the indexes of the rows that show a signal and its receiver: of a row
    that failed if there is one, else of one that queries, else of the first one.
    """

    stats: list[Stats]
    hidden: int
    places: dict[tuple[str, str | None], int]
    frames: list[Stats]

    @property
    def may_hide(self) -> bool:
        """
        Whether something is hidden, or isn't known because it has no row.
        """
        return self.hidden > 0 or len(self.stats) >= MAX_ROWS


def tree_rows(sends: Sequence[Send], options: PanelOptions) -> Rows:
    """
    Return the rows of ``sends`` and of everything below.

    The rows are a flat list, because templates have no recursion: each row knows how
    many elements end after it. If there are too many rows, those nearest to the root
    are kept.
    """
    tree = _Tree(sends, options)
    lines = list(depth_first(tree.root.below, lambda line: line.below))
    rows: list[Stats] = []
    # Most stacks have most of their frames in common, so each frame is kept once.
    frames: dict[Frame, int] = {}
    best: dict[tuple[str, str | None], tuple[bool, bool, int]] = {}
    for (line, depth), (_, next_depth) in pairwise([*lines, (tree.root, 0)]):
        has_more = bool(line.below or line.left_out)
        if about := _about(line):
            queries = isinstance(line.row, Call) and line.row.self_queries > 0
            place = _has_failed(line.row), queries, -len(rows)
            best[about] = max(place, best.get(about, place))
        rows.append(
            {
                **_row(line, options),
                "indent": "\N{EM SPACE}" * 2 * min(depth, _MAX_INDENT),
                "has_more": has_more,
                "is_open": line.leads_to_problem or len(lines) <= _EXPANDED_ROWS,
                "left_out": line.left_out,
                # Each level of depth is one element to be closed.
                "closes": "/" * (depth + has_more - next_depth),
                "stack": _stack(line, frames),
            }
        )
    if tree.root.left_out:
        rows.append({"kind": "end", "left_out": tree.root.left_out})
    places = {about: -place for about, (_, _, place) in best.items()}
    shown_frames = [
        {"function": printable(each.function), **options.place(each.file, each.line)}
        for each in frames
    ]
    return Rows(rows, tree.hidden, places, shown_frames)


def _stack(line: _Line, frames: dict[Frame, int]) -> list[int]:
    """
    Return the positions of the stack of a row in ``frames``, which it's added to.
    """
    # A row without others below it can't be expanded.
    if not isinstance(line.row, Send) or not (line.below or line.left_out):
        return []
    return [frames.setdefault(frame, len(frames)) for frame in line.row.stack]


def _about(line: _Line) -> tuple[str, str | None] | None:
    if isinstance(line.row, Send):
        return line.row.signal, None
    send = line.parent.row if line.parent else None
    if isinstance(line.row, Call) and isinstance(send, Send):
        return send.signal, line.row.receiver
    return None


def without_nothing(rows: Sequence[Stats]) -> list[Stats]:
    """
    Return ``rows`` without false and empty values, a third of what is stored.

    Times are kept: zero is a value to show.
    """
    return [
        {key: value for key, value in row.items() if value or key in _TIMES}
        for row in rows
    ]


_TIMES = {"start", "self", "total"}


class _Line:
    """
    A row of the tree and the lines below it.
    """

    def __init__(self, row: Row, parent: _Line | None) -> None:
        self.row = row
        self.parent = parent
        self.below: list[_Line] = []
        self.left_out = 0
        self.leads_to_problem = False


class _Tree:
    """
    The lines that fit, chosen level by level.
    """

    def __init__(self, sends: Sequence[Send], options: PanelOptions) -> None:
        self._options = options
        self.hidden = 0
        self.root = _Line([], None)
        lines: list[_Line] = []
        waiting = deque([(self.root, self._together(sends))])
        while waiting:
            line, rows = waiting.popleft()
            room = MAX_ROWS - len(lines)
            # Hundreds of sends leave half of the room for what ran below them.
            if len(rows) > room // 2 and any(map(_has_more, rows)):
                room -= room // 2
            kept = rows[:room]
            line.left_out = len(rows) - len(kept)
            line.below = [_Line(row, line) for row in kept]
            lines += line.below
            waiting += ((inner, self._below(inner.row)) for inner in line.below)
        # Backwards, so that each line comes before the line that it is below.
        for line in reversed(lines):
            if line.parent and (line.leads_to_problem or _has_failed(line.row)):
                line.leads_to_problem = line.parent.leads_to_problem = True

    def _below(self, row: Row) -> list[Row]:
        if isinstance(row, Send):
            return [*self._shown(row.calls), *self._together(row.sends)]
        return self._together(row.sends) if isinstance(row, Call) else []

    def _together(self, sends: Sequence[Send]) -> list[Row]:
        return together(
            self._shown(sends),
            lambda send: self._options.always_shows(*sent_names(send)),
        )

    def _shown(self, nodes: Sequence[Node]) -> list[Node]:
        shown = [node for node in nodes if not self._options.hides_node(node)]
        self.hidden += len(nodes) - len(shown)
        return shown


def _row(line: _Line, options: PanelOptions) -> Stats:
    row = line.row
    if isinstance(row, list):
        counts = signals_without_receivers(row)
        return {
            "kind": "without_receivers",
            "start": milliseconds(row[0].start),
            "sender": sender_of(row[0]),
            "signals": [
                {"name": name, "count": count} for name, count in counts.items()
            ],
            "total": milliseconds(sum(send.time for send in row)),
        }
    own = _send(row, options) if isinstance(row, Send) else _call(row, line, options)
    return {
        **own,
        **options.place(row.file, row.line),
        "count": row.count,
        "self": milliseconds(row.self_time),
        "total": milliseconds(row.time),
        "queries": row.queries,
    }


def _send(send: Send, options: PanelOptions) -> Stats:
    arguments = [*send.arguments]
    if send.kind == "builtin" and not options.show_values:
        # The arguments of Django's signals are well known, except for which instance
        # it is about. Combined sends keep those of the first one only.
        keys = [text for text in arguments if " pk=" in text and send.count == 1]
        arguments = [text.removeprefix(f"instance={send.sender} ") for text in keys]
        arguments += shown_values(send)
    # Where receivers can't be seen, there may be some.
    has_no_receivers = send.without_receivers == send.count and not send.unseen
    return {
        "kind": "send",
        "start": milliseconds(send.start),
        "name": short_signal(send.signal),
        "method": " ".join(other_method(send)),
        "sender": sender_of(send) if has_sender(send) else "",
        "without_receivers": 0
        if has_no_receivers or send.unseen
        else send.without_receivers,
        "has_no_receivers": has_no_receivers,
        "arguments": printable(", ".join(arguments)),
        "unseen": send.unseen,
        "runs_async": send.method in _SYNC
        and any(call.order is None for call in send.calls),
        "in_atomic": send.kind != "builtin" and send.in_atomic,
        "on_commit": send.on_commit,
        "queued": send.queued,
        "first": not send.same_caller,
        "problem": f"RAISED {printable(send.error)}" if send.error else "",
    }


def _call(call: Call, line: _Line, options: PanelOptions) -> Stats:
    send = line.parent.row if line.parent else None
    return {
        "kind": "call",
        "order": "~" if call.order is None else str(call.order),
        "name": printable(call.receiver),
        "component": options.component(call.component, call.receiver),
        "background": queued_of(call),
        "problem": outcome_of(call),
        "is_slow": milliseconds(call.longest) >= options.slow_ms,
        "bar": _bar(call, send) if isinstance(send, Send) else None,
    }


def _bar(call: Call, send: Send) -> list[float] | None:
    """
    Return where in its send a call began, and how long it was, in percent.
    """
    if send.count > 1 or call.count > 1 or len(send.calls) < 2 or not send.time:
        return None
    start = 100 * (call.start - send.start) / send.time
    # A bar narrower than one percent could not be seen.
    return [round(start, 1), round(max(1.0, 100 * call.time / send.time), 1)]


def _has_more(row: Row) -> bool:
    if isinstance(row, Send):
        return bool(row.calls or row.sends)
    return isinstance(row, Call) and bool(row.sends)


def _has_failed(row: Row) -> bool:
    if isinstance(row, Send):
        return row.error is not None
    return isinstance(row, Call) and bool(outcome_of(row))
