"""
Render signals as text for a terminal.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from .._text import printable
from ..findings import Finding
from ..inventory import EventRecord, ReceiverRecord, SignalRecord
from .layout import (
    INDENT,
    Look,
    Paint,
    connection_details,
    expected_sender,
    first_sentence,
    home,
    justified,
    plural,
    short_place,
)

Signals = Sequence[SignalRecord]


def render_text(
    signals: Signals,
    everything: Signals,
    look: Look,
    findings: Sequence[Finding] = (),
) -> str:
    """
    Return ``signals`` as text, and in its last line how many of ``everything`` it is.

    ``findings`` are what is wrong with them.
    """
    sections = [
        "\n".join(_Section(part, look).lines(title))
        for component, title in _SECTIONS
        if (part := [signal for signal in signals if signal.component == component])
    ]
    if findings:
        sections.append("\n".join(_problems(findings, look)))
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
        rows = [r for s in signals for r in s.receivers if not self._folds(r)]
        names = [len(row.name) for row in rows]
        senders = [len(expected_sender(row)) for row in rows]
        self._name_width = min(max(names, default=0), look.width * 2 // 5)
        self._sender_width = min(max(senders, default=0), look.width // 4)

    def lines(self, title: str) -> Iterator[str]:
        folded = sum(self._folds(r) for s in self._signals for r in s.receivers)
        counts = _counts(self._signals, folded)
        yield from self._line(title, counts, paint=self._look.heading)
        heard = [s for s in self._signals if s.receivers or s.component == "project"]
        yield ""
        for signal in heard:
            yield from self._signal(signal)
        for label, names in _unheard(self._signals):
            text = f"{label}: {', '.join(names)}"
            yield from _wrapped(text, self._look, "", "  ")

    def _signal(self, signal: SignalRecord) -> Iterator[str]:
        # Nobody looks for the line on which Django defines a signal.
        place = "" if signal.kind == "builtin" else self._place(signal)
        yield from self._line(printable(signal.name), place, paint=self._look.name)
        if signal.doc:
            yield "  " + first_sentence(signal.doc, self._look.width - 2)
        if signal.event:
            yield from self._declaration(signal.event)
        if signal.dispatches_itself and signal.receivers:
            cls = printable(signal.class_name or "")
            yield f"  In order of connection: {cls} decides itself who runs when."
        for receiver in signal.receivers:
            if not self._folds(receiver):
                yield from self._receiver(receiver)
        if folded := [r for r in signal.receivers if self._folds(r)]:
            yield from self._folded(signal, folded)
        if not signal.receivers:
            yield f"{INDENT}no receivers"

    def _declaration(self, event: EventRecord) -> Iterator[str]:
        version = f"  version {event.version}" if event.version > 1 else ""
        text = printable(event.signature) + version
        yield from _wrapped(text, self._look, "  ", "    ")

    def _receiver(self, receiver: ReceiverRecord) -> Iterator[str]:
        order = "~" if receiver.order is None else receiver.order
        name = f"{order:>4}  {printable(receiver.name)}"
        width = len(INDENT) + self._name_width
        if len(name) > width:
            yield name
            name, width = "", len(INDENT)
        sender = f"{expected_sender(receiver):<{self._sender_width}}"
        row, details = f"{name:<{width}}  {sender}", connection_details(receiver)
        place = self._place(receiver)
        if len(f"{row}  {details}  {place}") <= self._look.width:
            yield from self._line(f"{row}  {details}".rstrip(), place)
        else:
            yield from self._line(row.rstrip(), place)
            if details:
                yield f"{INDENT}  {details}"

    def _folded(
        self, signal: SignalRecord, receivers: Sequence[ReceiverRecord]
    ) -> Iterator[str]:
        homes = sorted({home(receiver) for receiver in receivers})
        text = f"{'+':>4}  {plural(len(receivers), 'receiver')} inside {_and(homes)}"
        bare_name = printable(signal.name.rpartition(".")[2])
        yield from self._line(text, f"list_signals {bare_name}")

    def _line(self, left: str, right: str, paint: Paint = str) -> Iterator[str]:
        return justified(left, right, self._look.width, paint)

    def _place(self, record: SignalRecord | ReceiverRecord) -> str:
        return short_place(record.file, record.line, self._look.folder)

    def _folds(self, receiver: ReceiverRecord) -> bool:
        return self._look.fold and bool(home(receiver))


def _problems(findings: Sequence[Finding], look: Look) -> Iterator[str]:
    problems = sum(not finding.is_note for finding in findings)
    notes = len(findings) - problems
    counts = [
        *([plural(problems, "problem")] if problems else []),
        *([plural(notes, "note")] if notes else []),
    ]
    title = "PROBLEMS" if problems else "NOTES"
    yield from justified(title, " · ".join(counts), look.width, look.heading)
    yield ""
    for finding in findings:
        yield from _wrapped(
            printable(finding.message), look, f"{finding.id:<6}", INDENT
        )
        yield from _wrapped(printable(finding.hint), look, INDENT, INDENT)


def _wrapped(text: str, look: Look, first: str, other: str) -> list[str]:
    return textwrap.wrap(
        text,
        look.width,
        initial_indent=first,
        subsequent_indent=other,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _unheard(signals: Signals) -> Iterator[tuple[str, list[str]]]:
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
    # The bare names of Django's signals are known and different, others are not.
    is_known = signal.kind == "builtin" and signal.imported
    return signal.name.rpartition(".")[2] if is_known else signal.name


def _counts(signals: Signals, folded: int) -> str:
    receivers = sum(len(signal.receivers) for signal in signals)
    unheard = sum(signal.imported and not signal.receivers for signal in signals)
    return " · ".join(
        [
            plural(len(signals), "signal"),
            plural(receivers, "receiver") + (f" ({folded} folded)" if folded else ""),
            *([f"{unheard} unheard"] if unheard else []),
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


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
