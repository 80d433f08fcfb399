"""
Render a trace as text for a terminal, in the words and names of ``list_signals``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .._text import printable
from ..recording.reasons import NotRun
from ..recording.remarks import Remark
from ..recording.tree import Call, Send, Totals, Tree, walk
from .layout import Look, Paint, justified, plural, sender_name, short_place

# What is nested deeper keeps this indent, or there were no room for its name.
_MAX_DEPTH = 12
_SLOWEST = 10
_LABELS = {
    "returned": "",
    "raised": "RAISED ",
    "swallowed": "RAISED ",
    "cancelled": "CANCELLED",
    "unfinished": "UNFINISHED",
}


def render_trace(
    tree: Tree, remarks: Sequence[Remark], not_run: Sequence[NotRun], look: Look
) -> str:
    """
    Return a trace as text: its totals, problems, what happened in order, the receivers
    that took longest, and those that did not run although their signal was sent.
    """
    report = _Report(tree, look)
    sections = [
        report.totals(),
        report.problems(remarks),
        report.events("IN ORDER", tree.sends),
        report.events("BEYOND THE LIMIT, added up", tree.overflow),
        report.slowest(),
        report.not_run(not_run),
    ]
    parts = ["\n".join(lines) for lines in map(list, sections) if lines]
    return "\n\n".join(parts) + "\n"


class _Report:
    def __init__(self, tree: Tree, look: Look) -> None:
        self._tree = tree
        self._look = look

    def totals(self) -> Iterator[str]:
        yield self._look.heading(" · ".join(_total_parts(self._tree.totals)))
        if not self._tree.totals.sends:
            yield "Nothing was sent."

    def problems(self, remarks: Sequence[Remark]) -> Iterator[str]:
        if remarks:
            yield self._look.heading(f"PROBLEMS ({len(remarks)})")
        for remark in remarks:
            names = [_bare(remark.signal)]
            names += [printable(remark.receiver)] if remark.receiver else []
            left = f"{remark.level.upper():<8} {' > '.join(names)}"
            yield f"{left}{_times(remark.count)}"
            place = self._place(remark.file, remark.line)
            yield from self._line(f"{'':8} {printable(remark.text)}", place)

    def events(self, title: str, sends: Sequence[Send]) -> Iterator[str]:
        if sends:
            columns = _columns("self ms", "total", "SQL")
            yield from self._line(title, columns, self._look.heading)
        # With a stack of its own, recursion may be as deep as it likes.
        waiting: list[tuple[Send | Call, int]] = [(send, 0) for send in reversed(sends)]
        while waiting:
            node, depth = waiting.pop()
            indent = "   " * min(depth, _MAX_DEPTH)
            below: list[Send | Call] = list(node.sends)
            if isinstance(node, Send):
                yield from self._send(node, indent)
                below = [*node.calls, *below]
            else:
                yield from self._call(node, indent)
            waiting += ((inner, depth + 1) for inner in reversed(below))

    def slowest(self) -> Iterator[str]:
        totals: dict[str, tuple[float, int, Call]] = {}
        for node in walk(self._tree.sends + self._tree.overflow):
            if isinstance(node, Call):
                time, count, _ = totals.get(node.receiver, (0.0, 0, node))
                totals[node.receiver] = time + node.self_time, count + node.count, node
        ranked = sorted(totals.values(), key=lambda total: -total[0])[:_SLOWEST]
        if ranked:
            yield self._look.heading("RECEIVERS BY SELF TIME")
        for time, count, call in ranked:
            left = f"{_ms(time):>9} ms  {printable(call.receiver)}{_times(count)}"
            yield from self._line(left, self._place(call.file, call.line))

    def not_run(self, not_run: Sequence[NotRun]) -> Iterator[str]:
        shown = [item for item in not_run if item.reason not in _UNSENT]
        if not_run:
            yield self._look.heading("DID NOT RUN")
        signal = ""
        for item in shown:
            if item.signal != signal:
                signal = item.signal
                yield self._look.name(printable(signal))
            name = printable(item.receiver.name) if item.receiver else "receiver gone"
            yield from self._line(f"      {name}", printable(item.text))
        if rest := len(not_run) - len(shown):
            yield f"{plural(rest, 'receiver')} of signals that were not sent"

    def _send(self, send: Send, indent: str) -> Iterator[str]:
        parts = [f"{_bare(send.signal)}{_times(send.count)}"]
        parts += [send.method] if send.method != "send" else []
        if send.sender_kind is not None:
            sender = send.sender, send.sender_kind, send.sender_app
            parts.append(sender_name(*sender))
        if send.unheard:
            unheard = "" if send.unheard == send.count else f" for {send.unheard:,}"
            parts.append(f"no receivers{unheard}")
        if send.error:
            parts.append(f"RAISED {printable(send.error)}")
        left = f"{'+' + _ms(send.start):>8}  {indent}{'  '.join(parts)}"
        yield from self._row(left, send, is_idle=not send.calls)
        if not indent and (place := self._place(send.file, send.line)):
            yield f"{'':10}from {place}"

    def _call(self, call: Call, indent: str) -> Iterator[str]:
        order = "~" if call.order is None else str(call.order)
        left = f"{'':8}{indent}{order:>3}  {printable(call.receiver)}"
        left += _times(call.count)
        if call.outcome != "returned":
            error = printable(call.error or "") if call.raised else ""
            left += f"  {_LABELS[call.outcome]}{error}"
        yield from self._row(left, call)

    def _row(
        self, left: str, node: Send | Call, *, is_idle: bool = False
    ) -> Iterator[str]:
        own = "-" if is_idle else _ms(node.self_time)
        columns = _columns(own, _ms(node.time), str(node.sql))
        yield from self._line(left, columns)

    def _line(self, left: str, right: str, paint: Paint = str) -> Iterator[str]:
        return justified(left, right, self._look.width, paint)

    def _place(self, file: str | None, line: int | None) -> str:
        return short_place(file, line, self._look.folder)


_UNSENT = ("not_sent", "outside_window")


def _total_parts(totals: Totals) -> Iterator[str]:
    yield plural(totals.sends, "send")
    yield plural(totals.calls, "call")
    share = totals.receiver_time / totals.time if totals.time else 0
    yield f"{_ms(totals.receiver_time)} ms in receivers ({share:.0%})"
    yield f"{totals.receiver_sql:,} SQL"
    if totals.raised:
        yield plural(totals.raised, "error")
    if totals.swallowed:
        yield plural(totals.swallowed, "swallowed error")
    if totals.on_commit:
        yield f"{totals.on_commit:,} on commit"


def _columns(own: str, total: str, sql: str) -> str:
    return f"{own:>9}{total:>9}{sql:>6}"


def _bare(signal: str) -> str:
    """
    Return the bare name of a signal of Django: these are known and different.
    """
    return printable(
        signal.rpartition(".")[2] if signal.startswith("django.") else signal
    )


def _times(count: int) -> str:
    return f" x{count:,}" if count > 1 else ""


def _ms(seconds: float) -> str:
    return f"{seconds * 1_000:,.1f}"
