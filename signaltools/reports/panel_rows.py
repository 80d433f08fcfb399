"""
Turn a trace into what the panel of the debug toolbar stores and shows.

Plain dicts, lists, text and numbers only, because the toolbar keeps them as JSON. Times
are in milliseconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

from ..introspect.text import printable
from ..inventory.places import short_place
from ..inventory.records import Component, expected_sender
from ..recording.not_run import Outcome, SignalOutcome
from ..recording.remarks import Remark
from ..recording.tree import Call, Send, Tree
from .layout import connection_details, first_sentence
from .trace_rows import (
    Row,
    other_method,
    outcome_of,
    sender_of,
    short_signal,
    signals_without_receivers,
    slowest,
    together,
)

MAX_ROWS = 180
MAX_REMARKS = 50
# With more rows than this, only what leads to a problem is expanded.
_EXPANDED_ROWS = 80
_MAX_INDENT = 12
_DOC_WIDTH = 200
# Less than this reads as 0.0.
_SHOWN_MS = 0.05

Stats = dict[str, Any]
T = TypeVar("T", Send, Call)

# What there is to show of a signal, None without receivers; and how much is hidden.
_Heard = tuple[Stats | None, int]


class PanelLook(NamedTuple):
    """
    How the panel shall look: ``folder`` is what paths are relative to.

    ``editor_url`` has ``{file}`` and maybe ``{line}``; ``editor_paths`` maps the
    beginning of paths to that on the machine of the editor. Receivers that took
    ``slow_ms`` milliseconds are marked. ``hide`` and ``always_show`` are dotted names,
    each for itself and for everything below it. ``show_values`` is whether the trace
    has the values of arguments.
    """

    folder: str = ""
    editor_url: str = ""
    editor_paths: Mapping[str, str] = {}
    slow_ms: float = 100
    hide: Sequence[str] = ()
    always_show: Sequence[str] = ()
    show_values: bool = False

    def hides(self, *names: str | None) -> bool:
        """
        Tell whether something with these names is left out.
        """
        return _match(self.hide, names) and not self.shows(*names)

    def shows(self, *names: str | None) -> bool:
        """
        Tell whether something with these names is shown whatever else says no.
        """
        return _match(self.always_show, names)


#: A text for the names of a signal and a receiver, and the id of a problem.
Problems = Mapping[tuple[str, str, str], str]
Shown = dict[str, tuple[SignalOutcome, PanelLook, _Heard]]


def panel_stats(
    tree: Tree,
    remarks: Sequence[Remark],
    signals: Sequence[SignalOutcome],
    look: PanelLook,
    problems: Problems | None = None,
    shown: Shown | None = None,
) -> Stats:
    """
    Return what the template of the panel shows.

    ``problems`` are what the ids of problems in the records mean. ``shown`` remembers
    what was said of each signal, for as long as it stays the same.
    """
    report = _Report(look, problems or {}, {} if shown is None else shown)
    failures = [remark for remark in remarks if remark.level != "note"]
    notes = [remark for remark in remarks if remark.level == "note"]
    return {
        "totals": _totals(tree),
        "problems": [report.remark(remark) for remark in failures[:MAX_REMARKS]],
        "problem_count": len(failures),
        "notes": [report.remark(remark) for remark in notes[:MAX_REMARKS]],
        "note_count": len(notes),
        "rows": report.rows(tree.sends),
        "overflow": report.rows(tree.overflow),
        "slowest": report.slowest(tree),
        "groups": report.groups(signals),
        "hidden": report.hidden,
        "slow_ms": look.slow_ms,
    }


def without_nothing(rows: Sequence[Stats]) -> list[Stats]:
    """
    Leave out what is false or empty, but no time: this is a third of what is stored.
    """
    return [
        {key: value for key, value in row.items() if value or key in _TIMES}
        for row in rows
    ]


_TIMES = {"start", "self", "total"}


def _totals(tree: Tree) -> Stats:
    totals = tree.totals
    return {
        **totals._asdict(),
        "time": _ms(totals.time),
        "query_time": _ms(totals.query_time),
        "receiver_time": _ms(totals.receiver_time),
        "share": 100 * totals.receiver_time / totals.time if totals.time else 0,
        "errors": totals.raised + totals.swallowed,
    }


class _Line:
    """
    A row of the tree and the lines below it.
    """

    def __init__(self, row: Row, parent: _Line | None) -> None:
        self.row = row
        self.parent = parent
        self.below: list[_Line] = []
        self.left_out = 0
        #: Whether there is a problem here or further down.
        self.is_trouble = False


class _Report:
    def __init__(self, look: PanelLook, problems: Problems, shown: Shown) -> None:
        self._look = look
        self._problems = problems
        self._shown_before = shown
        #: How much of what happened and what is connected the project has hidden.
        self.hidden = 0

    def remark(self, remark: Remark) -> Stats:
        return {
            "level": remark.level,
            "signal": short_signal(remark.signal),
            "receiver": printable(remark.receiver or ""),
            "text": printable(remark.text),
            "count": remark.count,
            **self._place(remark.file, remark.line),
        }

    def slowest(self, tree: Tree) -> list[Stats]:
        return [
            {
                "receiver": printable(call.receiver),
                "self": _ms(time),
                "count": count,
                **self._place(call.file, call.line),
            }
            for call, time, count in slowest(tree)
            if _ms(time) >= _SHOWN_MS and not self._look.hides(call.receiver)
        ]

    def rows(self, sends: Sequence[Send]) -> list[Stats]:
        """
        Return the tree as a flat list, in which each row knows how many it ends.

        Of too many rows, those nearest to the root are kept.
        """
        root, count = self._lines(sends)
        found: list[Stats] = []
        waiting = [(line, 0) for line in reversed(root.below)]
        while waiting:
            line, depth = waiting.pop()
            waiting += ((inner, depth + 1) for inner in reversed(line.below))
            row = self._row(line)
            row["indent"] = "\N{EM SPACE}" * 2 * min(depth, _MAX_INDENT)
            row["is_open"] = line.is_trouble or count <= _EXPANDED_ROWS
            row["left_out"] = line.left_out
            # Each level of depth is one element to be closed.
            level = depth + row["has_more"]
            row["closes"] = "/" * (level - (waiting[-1][1] if waiting else 0))
            found.append(row)
        if root.left_out:
            found.append({"kind": "end", "left_out": root.left_out})
        return found

    def _lines(self, sends: Sequence[Send]) -> tuple[_Line, int]:
        """
        Return the root of the lines of a tree, and how many lines there are.
        """
        root = _Line([], None)
        lines: list[_Line] = []
        waiting = deque([(root, self._together(sends))])
        while waiting:
            line, rows = waiting.popleft()
            kept = rows[: MAX_ROWS - len(lines)]
            line.left_out = len(rows) - len(kept)
            line.below = [_Line(row, line) for row in kept]
            lines += line.below
            waiting += ((inner, self._below(inner.row)) for inner in line.below)
        for line in reversed(lines):
            if line.parent and (line.is_trouble or _has_failed(line.row)):
                line.is_trouble = line.parent.is_trouble = True
        return root, len(lines)

    def _below(self, row: Row) -> list[Row]:
        if isinstance(row, Send):
            return [*self._shown(row.calls), *self._together(row.sends)]
        return self._together(row.sends) if isinstance(row, Call) else []

    def _together(self, sends: Sequence[Send]) -> list[Row]:
        return together(
            self._shown(sends), lambda send: self._look.shows(*_names(send))
        )

    def _shown(self, nodes: Sequence[T]) -> list[T]:
        shown = [node for node in nodes if not self._hides(node)]
        self.hidden += len(nodes) - len(shown)
        return shown

    def _hides(self, node: Send | Call) -> bool:
        if self._look.hides(*_names(node)):
            return True
        # What only hidden receivers have heard is as good as hidden.
        calls = node.calls if isinstance(node, Send) else ()
        is_heard = any(not self._hides(call) for call in calls)
        return bool(calls) and not is_heard and not self._look.shows(*_names(node))

    def _row(self, line: _Line) -> Stats:
        row = line.row
        if isinstance(row, list):
            return _without_receivers(row)
        own = self._send(row) if isinstance(row, Send) else self._call(row, line)
        return {
            **own,
            "count": row.count,
            "self": _ms(row.self_time),
            "total": _ms(row.time),
            "queries": row.queries,
            "has_more": bool(line.below or line.left_out),
        }

    def _send(self, send: Send) -> Stats:
        return {
            "kind": "send",
            "start": _ms(send.start),
            "name": short_signal(send.signal),
            "method": " ".join(other_method(send)),
            "sender": "" if send.sender_kind is None else sender_of(send),
            "without_receivers": 0
            if send.without_receivers == send.count
            else send.without_receivers,
            "has_no_receivers": send.without_receivers == send.count,
            "arguments": printable(", ".join(self._arguments(send))),
            "in_atomic": send.kind != "builtin" and send.in_atomic,
            "on_commit": send.on_commit,
            "problem": f"RAISED {printable(send.error)}" if send.error else "",
            **self._place(send.file, send.line),
        }

    def _arguments(self, send: Send) -> Sequence[str]:
        if send.kind != "builtin" or self._look.show_values:
            return send.arguments
        # Of Django's own signals everybody knows the rest; of many sends, it would be
        # the first one.
        keys = [text for text in send.arguments if " pk=" in text and send.count == 1]
        return [text.removeprefix(f"instance={send.sender} ") for text in keys]

    def _call(self, call: Call, line: _Line) -> Stats:
        send = line.parent.row if line.parent else None
        return {
            "kind": "call",
            "order": "~" if call.order is None else str(call.order),
            "name": printable(call.receiver),
            "component": self._component(call.component, call.receiver),
            "problem": outcome_of(call),
            "is_slow": _ms(call.longest) >= self._look.slow_ms,
            "bar": _bar(call, send) if isinstance(send, Send) else None,
            **self._place(call.file, call.line),
        }

    def groups(self, signals: Sequence[SignalOutcome]) -> list[Stats]:
        """
        Return every connected receiver, by the headings of ``list_signals``.
        """
        groups: dict[str, Stats] = {
            component: {"component": component, "signals": [], "without_receivers": []}
            for component in ("project", "third_party", "django")
        }
        for signal in signals:
            heard, hidden = self._remembered(signal)
            self.hidden += hidden
            group = groups[signal.record.component]
            if heard:
                group["signals"].append(heard)
            elif not hidden:
                group["without_receivers"].append(short_signal(signal.record.name))
        return list(groups.values())

    def _remembered(self, signal: SignalOutcome) -> _Heard:
        """
        Return what was found for the very same outcome and look before.
        """
        known = self._shown_before.get(signal.record.name)
        if known is None or known[0] is not signal or known[1] != self._look:
            known = signal, self._look, self._signal(signal)
            self._shown_before[signal.record.name] = known
        return known[2]

    def _signal(self, signal: SignalOutcome) -> _Heard:
        record = signal.record
        if self._look.hides(record.name):
            return None, 1
        if not self._is_listed(signal):
            return None, 0
        receivers = [self._receiver(record.name, each) for each in signal.outcomes]
        shown = [receiver for receiver in receivers if receiver]
        # What has only hidden receivers is as good as hidden.
        if receivers and not shown and not self._look.shows(record.name):
            return None, len(receivers)
        reasons = {receiver.get("reason", "") for receiver in shown}
        heard = {
            "name": short_signal(record.name),
            "sent": signal.sent,
            "ran": sum("count" in receiver for receiver in shown),
            "receivers": shown,
            "doc": first_sentence(record.doc, _DOC_WIDTH),
            "signature": printable(record.event.signature) if record.event else "",
        }
        if len(reasons) == 1 and reasons != {""}:
            # One reason most often holds for all of them.
            heard["reason"] = reasons.pop()
            for receiver in shown:
                del receiver["reason"]
        return heard, len(receivers) - len(shown)

    def _is_listed(self, signal: SignalOutcome) -> bool:
        is_own = signal.record.component == "project"
        return is_own or bool(signal.outcomes) or self._look.shows(signal.record.name)

    def _receiver(self, signal: str, outcome: Outcome) -> Stats | None:
        record = outcome.receiver
        row: Stats = {"count": outcome.times}
        if outcome.reason is not None:
            # The name of the signal is above it.
            is_plain = outcome.reason == "not_sent"
            row = {"reason": "not sent" if is_plain else printable(outcome.text)}
        if record is None:
            return row
        if self._look.hides(record.name, record.sender, record.sender_app):
            return None
        details = connection_details(record)
        problems = [
            {"id": check, "text": printable(text)}
            for check in record.problems
            if (text := self._problems.get((signal, record.name, check)))
        ]
        return {
            **row,
            "order": "~" if record.order is None else str(record.order),
            "name": printable(record.name),
            "sender": expected_sender(record),
            **({"details": details} if details else {}),
            **({"problems": problems} if problems else {}),
            "component": self._component(record.component, record.name),
            **self._place(record.file, record.line),
        }

    def _component(self, component: Component, name: str) -> str:
        # What belongs to no component is not affected by the switches of these.
        return "" if self._look.shows(name) else component

    def _place(self, file: str | None, line: int | None) -> dict[str, str]:
        if file is None:
            return {}
        place = {"place": short_place(file, line, self._look.folder)}
        return place | (
            {"href": self._href(file, line)} if self._look.editor_url else {}
        )

    def _href(self, file: str, line: int | None) -> str:
        for here, there in self._look.editor_paths.items():
            folder = here.rstrip("/\\")
            if file.startswith(folder) and file[len(folder) :][:1] in ("", "/", "\\"):
                file = there.rstrip("/\\") + file[len(folder) :]
                break
        url = self._look.editor_url.replace("{line}", str(line or 1))
        return url.replace("{file}", quote(file, safe="/:\\"))


def _without_receivers(sends: list[Send]) -> Stats:
    return {
        "kind": "without_receivers",
        "start": _ms(sends[0].start),
        "sender": sender_of(sends[0]),
        "signals": [
            {"name": name, "count": count}
            for name, count in signals_without_receivers(sends).items()
        ],
        "total": _ms(sum(send.time for send in sends)),
        "has_more": False,
    }


def _bar(call: Call, send: Send) -> list[float] | None:
    """
    Return where in its send a call began, and how long it was, in percent.
    """
    if send.count > 1 or call.count > 1 or len(send.calls) < 2 or not send.time:
        return None
    start = 100 * (call.start - send.start) / send.time
    return [round(start, 1), round(max(1.0, 100 * call.time / send.time), 1)]


def _has_failed(row: Row) -> bool:
    if isinstance(row, Send):
        return row.error is not None
    return isinstance(row, Call) and bool(outcome_of(row))


def _names(row: Send | Call) -> tuple[str | None, ...]:
    if isinstance(row, Send):
        return row.signal, row.sender, row.sender_app
    return (row.receiver,)


def _match(patterns: Sequence[str], names: Iterable[str | None]) -> bool:
    for pattern in patterns:
        for name in names:
            if (
                name
                and name.startswith(pattern)
                and name[len(pattern) :][:1] in ("", ".")
            ):
                return True
    return False


def _ms(seconds: float) -> float:
    return round(seconds * 1_000, 2)
