"""
List every connected receiver in the panel, and why it didn't run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ..introspect.text import printable
from ..inventory.records import Component, Problem, ReceiverRecord, expected_sender
from ..recording.not_run import Outcome, SignalOutcome
from .layout import connection_details, first_sentence
from .panel_options import PanelOptions, Stats
from .trace_rows import short_signal

_DOC_WIDTH = 200

#: The message and the hint of a problem, by the name of the receiver and the id of the
#: problem.
ProblemTexts = Mapping[tuple[str, str], tuple[str, str]]


class ShownSignal(NamedTuple):
    """
    What the panel shows about a signal and its receivers.

    ``stats`` is None if that is no more than the name, or nothing because the project
    hides all of it. ``hidden`` is how much is hidden.
    """

    name: str
    component: Component
    stats: Stats | None
    hidden: int


def show_signal(
    signal: SignalOutcome, options: PanelOptions, receivers: Sequence[Stats | None]
) -> ShownSignal:
    """
    Return what the panel shows about a signal.

    ``receivers`` are what ``show_receiver()`` returns for those of its record.
    """
    record = signal.record
    name, component = short_signal(record.name), record.component
    if options.hides(record.name):
        return ShownSignal(name, component, None, 1)
    always_shown = options.always_shows(record.name)
    if component != "project" and not signal.outcomes and not always_shown:
        return ShownSignal(name, component, None, 0)
    # Connections that are gone come last.
    rows = [
        row and _outcome(outcome) | row
        for outcome, row in zip(signal.outcomes, receivers, strict=False)
    ]
    for outcome in signal.outcomes[len(receivers) :]:
        gone = outcome.receiver
        row = {} if gone is None else show_receiver(gone, options, {})
        rows.append(None if row is None else _outcome(outcome) | row)
    shown = [row for row in rows if row]
    # A signal is noise as well if all of its receivers are hidden.
    if rows and not shown and not always_shown:
        return ShownSignal(name, component, None, len(rows))
    stats = {
        "name": name,
        "sent": signal.sent,
        "ran": sum("count" in row for row in shown),
        "receivers": shown,
        "doc": first_sentence(record.doc, _DOC_WIDTH),
        "signature": printable(record.event.signature) if record.event else "",
    }
    if signal.sent and not rows:
        stats["reason"] = "sent, no receivers"
    reasons = {row.get("reason", "") for row in shown}
    if len(reasons) == 1 and reasons != {""}:
        # Most often, all receivers have the same reason.
        stats["reason"] = reasons.pop()
        for row in shown:
            del row["reason"]
    return ShownSignal(name, component, stats, len(rows) - len(shown))


def _outcome(outcome: Outcome) -> Stats:
    if outcome.reason is None:
        return {"count": outcome.times}
    # The name of the signal is above it.
    is_plain = outcome.reason == "not_sent"
    return {"reason": "not sent" if is_plain else printable(outcome.text)}


def show_receiver(
    record: ReceiverRecord, options: PanelOptions, problems: ProblemTexts
) -> Stats | None:
    """
    Return what the panel shows about a connected receiver, apart from whether it ran.
    """
    if options.hides_receiver(record):
        return None
    row: Stats = {
        "order": "~" if record.order is None else str(record.order),
        "name": printable(record.name),
        "sender": expected_sender(record),
        "component": options.component(record.component, record.name),
        **options.place(record.file, record.line),
    }
    if details := connection_details(record):
        row["details"] = details
    texts = {check: problems.get((record.name, check)) for check in record.problems}
    if found := [_texts(check, *text) for check, text in texts.items() if text]:
        row["problems"] = found
    return row


def _texts(check: str, message: str, hint: str) -> Stats:
    return {"id": check, "text": printable(message), "hint": printable(hint)}


def group_signals(signals: Iterable[ShownSignal]) -> list[Stats]:
    """
    Return ``signals`` by the headings of ``list_signals``.
    """
    groups: dict[str, Stats] = {
        component: {"component": component, "signals": [], "without_receivers": []}
        for component in ("project", "third_party", "django")
    }
    for signal in signals:
        group = groups[signal.component]
        if signal.stats:
            group["signals"].append(signal.stats)
        elif not signal.hidden:
            group["without_receivers"].append(signal.name)
    return list(groups.values())


def problems_of_connections(signals: Iterable[ShownSignal]) -> list[Stats]:
    """
    Return the problems of receivers of the project, each one once.

    A module with a problem may have many receivers.
    """
    found: dict[str, Stats] = {}
    for signal in signals:
        for receiver in signal.stats["receivers"] if signal.stats else ():
            for problem in receiver.get("problems", ()):
                is_note = problem["id"].startswith("I")
                if is_note or receiver["component"] in ("third_party", "django"):
                    continue
                if problem["text"] in found:
                    found[problem["text"]]["count"] += 1
                    continue
                found[problem["text"]] = {
                    "level": "warning",
                    **problem,
                    "signal": signal.name,
                    "receiver": receiver["name"],
                    "count": 1,
                    "at": f"{problem['id']} {signal.name} {receiver['name']}",
                    **{
                        key: receiver[key]
                        for key in ("place", "href")
                        if key in receiver
                    },
                }
    return list(found.values())


def problem_of_signal(problem: Problem, signal: ShownSignal) -> Stats:
    """
    Return a problem that no row of a receiver has, because the receiver is gone.
    """
    stats: Stats = {
        "level": "warning",
        **_texts(problem.id, problem.message, problem.hint),
        "signal": signal.name,
        "receiver": printable(problem.name),
        "count": 1,
    }
    return stats | {"at": f"signal {signal.name}"} if signal.stats else stats
