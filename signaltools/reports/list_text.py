"""
Render signals as text for a terminal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..introspect.text import printable
from ..inventory.places import short_place
from ..inventory.records import EventRecord, Problem, ReceiverRecord, SignalRecord, home
from .layout import (
    INDENT,
    Columns,
    Look,
    Paint,
    first_sentence,
    joined,
    justified,
    plural,
    problem_lines,
    wrapped,
)

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
    The signals of one heading, in columns that fit their receivers.
    """

    def __init__(self, signals: Signals, look: Look) -> None:
        self._signals = signals
        self._look = look
        rows = [r for s in signals for r in s.receivers if not self._collapses(r)]
        self._columns = Columns(rows, look)

    def lines(self, title: str) -> Iterator[str]:
        collapsed = sum(self._collapses(r) for s in self._signals for r in s.receivers)
        counts = _counts(self._signals, collapsed)
        yield from self._line(title, counts, paint=self._look.heading)
        listed = [s for s in self._signals if s.receivers or s.component == "project"]
        yield ""
        for signal in listed:
            yield from self._signal(signal)
        for label, names in _without_receivers(self._signals):
            text = f"{label}: {', '.join(names)}"
            yield from wrapped(text, self._look.width)

    def _signal(self, signal: SignalRecord) -> Iterator[str]:
        # Where Django defines its own signals rarely matters.
        place = "" if signal.kind == "builtin" else self._place(signal)
        yield from self._line(printable(signal.name), place, paint=self._look.name)
        if signal.doc:
            yield "  " + first_sentence(signal.doc, self._look.width - 2)
        if signal.event:
            yield from self._declaration(signal.event)
        if signal.dispatches_itself and signal.receivers:
            cls = printable(signal.class_name or "")
            yield f"  In connection order: {cls} decides which receivers run, and when."
        for receiver in signal.receivers:
            if not self._collapses(receiver):
                yield from self._columns.lines(receiver)
        if collapsed := [r for r in signal.receivers if self._collapses(r)]:
            yield from self._collapsed(signal, collapsed)
        if not signal.receivers:
            yield f"{INDENT}no receivers"

    def _declaration(self, event: EventRecord) -> Iterator[str]:
        version = f"  version {event.version}" if event.version > 1 else ""
        text = printable(event.signature) + version
        yield from wrapped(text, self._look.width, "  ")

    def _collapsed(
        self, signal: SignalRecord, receivers: Sequence[ReceiverRecord]
    ) -> Iterator[str]:
        homes = sorted({home(receiver) for receiver in receivers})
        text = f"{'+':>4}  {plural(len(receivers), 'receiver')} inside {joined(homes)}"
        bare_name = printable(signal.name.rpartition(".")[2])
        yield from self._line(text, f"list_signals {bare_name}")

    def _line(self, left: str, right: str, paint: Paint = str) -> Iterator[str]:
        return justified(left, right, self._look.width, paint)

    def _place(self, record: SignalRecord) -> str:
        return short_place(record.file, record.line, self._look.folder)

    def _collapses(self, receiver: ReceiverRecord) -> bool:
        return self._look.collapse and bool(home(receiver))


def _without_receivers(signals: Signals) -> Iterator[tuple[str, list[str]]]:
    for label, imported in (("no receivers", True), ("not imported", False)):
        names = [
            printable(_short(signal))
            for signal in signals
            if not signal.receivers
            and signal.imported is imported
            and signal.component != "project"
        ]
        if names:
            yield label, names


def _short(signal: SignalRecord) -> str:
    # The names of Django's signals are well known and unique without their module.
    is_known = signal.kind == "builtin" and signal.imported
    return signal.name.rpartition(".")[2] if is_known else signal.name


def _counts(signals: Signals, collapsed: int) -> str:
    receivers = sum(len(signal.receivers) for signal in signals)
    without_receivers = sum(
        signal.imported and not signal.receivers for signal in signals
    )
    return " · ".join(
        [
            plural(len(signals), "signal"),
            plural(receivers, "receiver")
            + (f" ({collapsed} collapsed)" if collapsed else ""),
            *([f"{without_receivers} without receivers"] if without_receivers else []),
        ]
    )


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
