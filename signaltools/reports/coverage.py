"""
Render which receivers ran in the tests.

``signal_coverage.schema.json`` beside this file describes the JSON.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import django

from ..introspect.text import printable, text_list
from ..inventory.places import short_place
from ..recording.coverage import CoveredReceiver, SignalCoverage
from .layout import plural

VERSION = 1


def render_coverage_text(
    coverage: SignalCoverage, notes: Sequence[str] = (), folder: str = ""
) -> str:
    """
    Return how many receivers ran, and each receiver and signal that didn't.
    """
    rows = [
        (
            "never ran",
            printable(receiver.name),
            _signal(receiver),
            short_place(receiver.file, receiver.line, folder),
        )
        for receiver in coverage.never_ran
    ]
    rows += [
        (
            "never sent",
            printable(signal.name),
            "",
            short_place(signal.file, signal.line, folder),
        )
        for signal in coverage.never_sent
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(f"{c:<{w}}" for c, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([_summary(coverage), *lines, *_unseen(coverage), *notes]) + "\n"


def _summary(coverage: SignalCoverage) -> str:
    if not coverage.receivers:
        return "signal coverage: no receivers to count"
    total = plural(len(coverage.receivers), "receiver")
    percent = short_percent(coverage)
    return f"signal coverage: {coverage.ran:,} of {total} ran ({percent}%)"


def short_percent(coverage: SignalCoverage) -> int:
    """
    Return a rounded percentage, which is 100 or 0 only if all or no receivers ran.
    """
    if coverage.ran in {0, len(coverage.receivers)}:
        return round(coverage.percent)
    return min(99, max(1, round(coverage.percent)))


def _signal(receiver: CoveredReceiver) -> str:
    name = receiver.signal
    if name.startswith("django."):
        name = name.rpartition(".")[2]
    sender = "" if receiver.sender == "any sender" else f" of {receiver.sender}"
    return printable(name) + sender


def _unseen(coverage: SignalCoverage) -> list[str]:
    if not coverage.unseen:
        return []
    names = text_list(map(repr, coverage.unseen), "and")
    return [f"The class of {names} calls receivers itself, so they aren't counted."]


def too_low(coverage: SignalCoverage, required: float) -> str:
    """
    Return a sentence if fewer receivers ran than ``required``, in percent, or "".
    """
    if coverage.percent >= required:
        return ""
    return (
        f"Signal coverage is {coverage.percent:.2f}%, which is less than the required "
        f"{required:g}%."
    )


def render_coverage_json(coverage: SignalCoverage, notes: Sequence[str] = ()) -> str:
    """
    Return the receivers and the signals as a JSON document.
    """
    values = {
        "version": VERSION,
        "django": django.get_version(),
        "notes": list(notes),
        "receivers_ran": coverage.ran,
        "receivers_total": len(coverage.receivers),
        "percent": round(coverage.percent, 2),
        "receivers": [
            {
                "name": receiver.name,
                "signal": receiver.signal,
                "sender": None if receiver.sender == "any sender" else receiver.sender,
                "dispatch_uid": receiver.dispatch_uid,
                "file": receiver.file,
                "line": receiver.line,
                "calls": receiver.calls,
            }
            for receiver in coverage.receivers
        ],
        "signals": [
            {
                "name": signal.name,
                "file": signal.file,
                "line": signal.line,
                "sent": signal.sent,
            }
            for signal in coverage.signals
        ],
        "not_counted": list(coverage.unseen),
    }
    return json.dumps(values, indent=2) + "\n"
