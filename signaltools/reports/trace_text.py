"""
Render a trace as text for a terminal, in the words and names of ``list_signals``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from ..introspect.text import printable, text_list
from ..inventory.places import short_place
from ..inventory.records import expected_sender
from ..recording.not_run import NotRun
from ..recording.remarks import Remark
from ..recording.tree import Call, Send, Totals, Tree, walk
from .layout import Look, Paint, justified, plural, wrapped
from .trace_rows import (
    below,
    caller_of,
    depth_first,
    has_sender,
    notes_of,
    other_method,
    outcome_of,
    problems_of,
    queued_of,
    sender_of,
    short_signal,
    shown_values,
    signals_without_receivers,
    together,
)
from .trace_selection import Selected

# Deeper rows keep this indent, so that there is room for their names.
_MAX_DEPTH = 12
# With long names, a remark takes three lines and a receiver two: a summary has at most
# 45, and usually half of that.
_MAX_PROBLEMS = 4
_MAX_NOTES = 2
_MAX_RECEIVERS = 8


def render_trace(selected: Selected, look: Look, *, summary: bool = False) -> str:
    """
    Return a trace as text: a summary, which fits on a screen, and unless only that is
    asked for, everything in order and the receivers that didn't run although their
    signal was sent.
    """
    tree, remarks = selected.tree, selected.remarks
    report = _Report(tree, look)
    sections = [
        report.totals(selected),
        report.remarks("PROBLEMS", problems_of(remarks), _MAX_PROBLEMS),
        report.remarks("NOTES", notes_of(remarks), _MAX_NOTES),
        report.receivers(),
    ]
    if not summary:
        sections += [
            report.events("IN ORDER", tree.sends),
            report.events("OVERFLOW (totals only)", tree.overflow),
            report.not_run(selected.not_run),
        ]
    return (
        "\n\n".join(
            "\n".join(lines) for section in sections if (lines := list(section))
        )
        + "\n"
    )


class _Report:
    def __init__(self, tree: Tree, look: Look) -> None:
        self._tree = tree
        self._look = look

    def totals(self, selected: Selected) -> Iterator[str]:
        totals = self._tree.totals
        # A line may only break between the parts, thus not at spaces inside them.
        parts = [
            part.replace(" ", "\N{NO-BREAK SPACE}") for part in _total_parts(totals)
        ]
        for line in wrapped(" · ".join(parts), self._look.width, further=""):
            yield self._look.heading(line.replace("\N{NO-BREAK SPACE}", " "))
        sends, calls = selected.hidden_sends, selected.hidden_calls
        if sends or calls:
            hidden = f"{plural(sends, 'send')} and {plural(calls, 'call')}"
            yield f"SIGNALTOOLS['HIDE'] hides {hidden}."
        if not totals.sends and selected.patterns:
            patterns = text_list(
                [repr(printable(pattern)) for pattern in selected.patterns], "or"
            )
            yield f"Nothing that was sent matches {patterns}."
        elif not totals.sends and not sends:
            yield "Nothing was sent."

    def remarks(
        self, title: str, remarks: Sequence[Remark], limit: int
    ) -> Iterator[str]:
        if remarks:
            yield self._look.heading(f"{title} ({len(remarks):,})")
        for remark in remarks[:limit]:
            names = [short_signal(remark.signal)]
            names += [printable(remark.receiver)] if remark.receiver else []
            where = f"{remark.level.upper():<7}  {' > '.join(names)}"
            yield where + _times(remark.count)
            text = f"{'':7}  {printable(remark.text)}"
            yield from self._look.with_place(text, remark.file, remark.line)
        if len(remarks) > limit:
            yield f"{'':7}  and {len(remarks) - limit:,} more"

    def events(self, title: str, sends: Sequence[Send]) -> Iterator[str]:
        if sends:
            is_async = any(isinstance(n, Call) and n.order is None for n in walk(sends))
            legend = "     ~ = async, concurrent" if is_async else ""
            columns = _columns("self ms", "total", "queries")
            yield from self._line(title + legend, columns, self._look.heading)
        for row, depth in depth_first(together(sends), below):
            indent = "   " * min(depth, _MAX_DEPTH)
            if isinstance(row, Call):
                yield from self._call(row, indent)
            elif isinstance(row, Send):
                yield from self._send(row, indent)
            else:
                yield from self._without_receivers(row, indent)

    def receivers(self) -> Iterator[str]:
        found = self._tree.receivers
        if found:
            yield self._look.heading("RECEIVERS BY SELF TIME")
        for each in found[:_MAX_RECEIVERS]:
            name = printable(each.receiver) + _times(each.calls)
            left = f"{_ms(each.self_time):>8} ms  {name}"
            yield from self._look.with_place(left, each.file, each.line)
        if others := found[_MAX_RECEIVERS:]:
            time = sum(each.self_time for each in others)
            yield f"{_ms(time):>8} ms  {plural(len(others), 'other receiver')}"

    def not_run(self, not_run: Sequence[NotRun]) -> Iterator[str]:
        nodes = walk(self._tree.sends + self._tree.overflow)
        sent = {node.signal for node in nodes if isinstance(node, Send)}
        shown = [
            item
            for item in not_run
            if item.signal in sent or item.reason in ("waiting", "unseen")
        ]
        unseen = [item for item in shown if item.reason == "unseen"]
        if unseen:
            yield self._look.heading("CAN'T BE SEEN")
            yield from self._reasons(unseen)
            yield ""
        if shown or (sent and not_run):
            yield self._look.heading("DID NOT RUN")
        yield from self._reasons(item for item in shown if item.reason != "unseen")
        if (shown or sent) and (others := len(not_run) - len(shown)):
            yield f"{plural(others, 'receiver')} of signals that were not sent"

    def _reasons(self, items: Iterable[NotRun]) -> Iterator[str]:
        for signal, group in groupby(items, key=lambda item: item.signal):
            yield self._look.name(short_signal(signal))
            # Most often, several receivers have the same reason.
            names: dict[str, Counter[str]] = {}
            for item in group:
                names.setdefault(item.text, Counter())[_not_run_name(item)] += 1
            for text, counts in names.items():
                lines = [f"      {name}{_times(n)}" for name, n in counts.items()]
                if len(lines) == 1:
                    yield from self._line(lines[0], printable(text))
                else:
                    yield f"   {printable(text)}:"
                    yield from lines

    def _send(self, send: Send, indent: str) -> Iterator[str]:
        parts = [short_signal(send.signal) + _times(send.count), *other_method(send)]
        parts += [sender_of(send)] if has_sender(send) else []
        parts += [" ".join(values)] if (values := shown_values(send)) else []
        if send.without_receivers == send.count:
            parts += ["no receivers"]
        elif send.without_receivers:
            parts += [f"no receivers {send.without_receivers:,} times"]
        parts += ["receivers can't be seen"] if send.unseen else []
        parts += [f"RAISED {printable(send.error)}"] if send.error else []
        left = f"{_start(send)}  {indent}{'  '.join(parts)}"
        # Without receivers, there is nothing to measure, unless the class of the signal
        # does more than to send.
        if send.calls or send.sends or send.queries or send.error or send.unseen:
            yield from self._row(left, send)
        else:
            yield left
        if send.stack:
            yield from self._stack(send, f"{'':10}{indent}")
        elif not indent and (caller := caller_of(send, self._look.folder)):
            place = short_place(send.file, send.line, self._look.folder)
            link = self._look.editor.link(place, send.file, send.line)
            yield f"{'':10}{caller.removesuffix(place)}{link}"

    def _stack(self, send: Send, indent: str) -> Iterator[str]:
        start = "first from" if send.count > 1 else "from"
        for function, file, line in send.stack:
            place = short_place(file, line, self._look.folder)
            link = self._look.editor.link(place, file, line)
            yield f"{indent}{start} {link} in {printable(function)}"
            start = " " * len(start)

    def _without_receivers(self, sends: Sequence[Send], indent: str) -> Iterator[str]:
        counts = signals_without_receivers(sends).items()
        names = ", ".join(name + _times(count) for name, count in counts)
        yield from wrapped(
            f"{sender_of(sends[0])}  no receivers: {names}",
            self._look.width,
            f"{_start(sends[0])}  {indent}",
            f"{'':12}{indent}",
        )

    def _call(self, call: Call, indent: str) -> Iterator[str]:
        order = "~" if call.order is None else call.order
        left = f"{'':8}{indent}{order:>3}  {printable(call.receiver)}"
        outcome = f"  {outcome_of(call) or queued_of(call)}".rstrip()
        yield from self._row(left + _times(call.count) + outcome, call)

    def _row(self, left: str, node: Send | Call) -> Iterator[str]:
        columns = _columns(_ms(node.self_time), _ms(node.time), f"{node.queries:,}")
        yield from self._line(left, columns)

    def _line(self, left: str, right: str, paint: Paint = str) -> Iterator[str]:
        return justified(left, right, self._look.width, paint)


def _start(send: Send) -> str:
    return f"{'+' + _ms(send.start):>8}"


def _not_run_name(item: NotRun) -> str:
    receiver = item.receiver
    if receiver is None:
        return "a garbage-collected receiver"
    sender = f"  {expected_sender(receiver)}" if receiver.sender_kind else ""
    return f"{printable(receiver.name)}{sender}"


def _total_parts(totals: Totals) -> Iterator[str]:
    yield plural(totals.sends, "send")
    yield plural(totals.calls, "call")
    share = totals.receiver_time / totals.time if totals.time else 0
    yield f"{_ms(totals.receiver_time)} ms in receivers ({share:.0%})"
    yield f"{totals.receiver_queries:,} of {plural(totals.queries, 'query', 'queries')}"
    if totals.raised:
        yield plural(totals.raised, "error")
    if totals.swallowed:
        yield plural(totals.swallowed, "swallowed error")
    if totals.on_commit:
        yield f"{totals.on_commit:,} on commit"


def _columns(own: str, total: str, queries: str) -> str:
    return f"{own:>9}{total:>9}{queries:>9}"


def _times(count: int) -> str:
    return f" x{count:,}" if count > 1 else ""


def _ms(seconds: float) -> str:
    return f"{seconds * 1_000:,.1f}"
