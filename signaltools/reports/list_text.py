"""
Render signals as text for a terminal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..introspect.text import printable, text_list
from ..inventory.records import Problem, ReceiverRecord, SignalRecord, home, split_name
from .layout import (
    INDENT,
    Columns,
    Look,
    Paint,
    first_sentence,
    justified,
    plural,
    problem_lines,
    wrapped,
)
from .receiver_rows import ReceiverRow, receiver_rows

Signals = Sequence[SignalRecord]


def render_text(
    signals: Signals,
    everything: Signals,
    look: Look,
    problems: Sequence[Problem] = (),
) -> str:
    """
    Return ``signals`` and their ``problems`` as text.

    The last line counts them, and ``everything`` that a filter could select.
    """
    sections = [
        "\n".join(_Section(part, look).lines(title))
        for component, title in _SECTIONS
        if (part := [signal for signal in signals if signal.component == component])
    ]
    if problems:
        sections.append("\n".join(problem_lines(problems, look)))
    return "\n\n".join([*sections, _footer(signals, everything)]) + "\n"


_SECTIONS = (
    ("project", "PROJECT SIGNALS"),
    ("third_party", "THIRD-PARTY SIGNALS"),
    ("django", "DJANGO SIGNALS"),
)


class _Section:
    """
    The signals below one heading, in columns that fit their receivers.
    """

    def __init__(self, signals: Signals, look: Look) -> None:
        self._signals = signals
        self._look = look
        self._rows = [self._rows_of(signal) for signal in signals]
        self._columns = Columns([row for rows in self._rows for row in rows], look)

    def lines(self, title: str) -> Iterator[str]:
        collapsed = sum(self._collapses(r) for s in self._signals for r in s.receivers)
        counts = _counts(self._signals, collapsed)
        yield from self._line(title, counts, paint=self._look.heading)
        yield ""
        for signal, rows in zip(self._signals, self._rows, strict=True):
            if _has_lines(signal):
                yield from self._signal(signal, rows)
        for label, names in _without_receivers(self._signals):
            text = f"{label}: {', '.join(names)}"
            yield from wrapped(text, self._look.width)

    def _signal(
        self, signal: SignalRecord, rows: Sequence[ReceiverRow]
    ) -> Iterator[str]:
        # Where Django defines its own signals rarely matters.
        is_builtin = signal.kind == "builtin"
        file = None if is_builtin else signal.file
        yield from self._look.with_place(
            printable(signal.name), file, signal.line, self._look.name
        )
        if signal.doc:
            yield "  " + first_sentence(signal.doc, self._look.width - 2)
        if signal.event:
            event = signal.event
            version = f"  version {event.version}" if event.version > 1 else ""
            text = printable(event.signature) + version
            yield from wrapped(text, self._look.width, "  ")
        if signal.dispatches_itself and signal.receivers:
            cls = printable(signal.class_name or "")
            yield f"  In connection order: {cls} decides which receivers run, and when."
        yield from self._sent_by(signal)
        for row in rows:
            yield from self._columns.lines(row)
        if collapsed := [r for r in signal.receivers if self._collapses(r)]:
            homes = text_list(sorted({home(receiver) for receiver in collapsed}))
            text = f"{'+':>4}  {plural(len(collapsed), 'receiver')} inside {homes}"
            bare_name = printable(split_name(signal.name)[1])
            yield from self._line(text, f"list_signals {bare_name}")
        if not signal.receivers:
            yield f"{INDENT}no receivers"

    def _sent_by(self, signal: SignalRecord) -> Iterator[str]:
        label = "sent by"
        for send in signal.sent_by or ():
            text = f"  {label:<7}  {printable(send.function)}  {send.method}"
            yield from self._look.with_place(text, send.file, send.line)
            label = ""
        # Django's own code, which sends its signals, isn't read.
        if signal.sent_by == () and signal.kind != "builtin":
            yield "  sent by  no code that was found"

    def _line(self, left: str, right: str, paint: Paint = str) -> Iterator[str]:
        return justified(left, right, self._look.width, paint)

    def _rows_of(self, signal: SignalRecord) -> list[ReceiverRow]:
        receivers = [r for r in signal.receivers if not self._collapses(r)]
        return receiver_rows(receivers, collapse=self._look.collapse_senders)

    def _collapses(self, receiver: ReceiverRecord) -> bool:
        return self._look.collapse and bool(home(receiver))


def _has_lines(signal: SignalRecord) -> bool:
    """
    Return whether a signal has lines of its own, even without receivers.
    """
    return bool(signal.receivers or signal.sent_by) or signal.component == "project"


def _without_receivers(signals: Signals) -> Iterator[tuple[str, list[str]]]:
    shown = [signal for signal in signals if not _has_lines(signal)]
    for label, imported in (("no receivers", True), ("not imported", False)):
        names = []
        for signal in shown:
            if signal.imported is imported:
                # The names of Django's signals are well known and unique without their
                # module, but what is to be imported needs it.
                is_short = signal.kind == "builtin" and imported
                name = signal.name.rpartition(".")[2] if is_short else signal.name
                names.append(printable(name))
        if names:
            yield label, names


def _counts(signals: Signals, collapsed: int) -> str:
    without_receivers = sum(s.imported and not s.receivers for s in signals)
    receivers = plural(_receiver_count(signals), "receiver")
    counts = [plural(len(signals), "signal"), receivers]
    if collapsed:
        counts[-1] += f" ({collapsed} collapsed)"
    if without_receivers:
        counts.append(f"{without_receivers} without receivers")
    return " · ".join(counts)


def _footer(signals: Signals, everything: Signals) -> str:
    counts = [
        _part_of(len(signals), len(everything), "signal"),
        _part_of(_receiver_count(signals), _receiver_count(everything), "receiver"),
    ]
    some_async = any(r.is_async for s in signals for r in s.receivers)
    return " · ".join(counts) + ("     ~ = async, concurrent" if some_async else "")


def _receiver_count(signals: Signals) -> int:
    return sum(len(signal.receivers) for signal in signals)


def _part_of(part: int, whole: int, noun: str) -> str:
    return plural(whole, noun) if part == whole else f"{part} of {plural(whole, noun)}"
