"""
What tests of the panel have in common.
"""

from __future__ import annotations

import json

from signaltools.recording.not_run import Outcome, SignalOutcome
from signaltools.recording.tree import Tree
from signaltools.reports.panel_options import PanelOptions
from signaltools.reports.panel_receivers import show_receiver, show_signal
from signaltools.reports.panel_stats import panel_stats
from signaltools.reports.panel_store import compress, pack, unpack
from tests.records import totals

SAVE = "django.db.models.signals.post_save"
PLACE = {"place": "shop/views.py:88"}
NOT_SENT = "paid wasn't sent"


def stats(
    *sends, remarks=(), signals=(), overflow=(), sums=None, problems=None, **options
):
    tree = Tree(sends, overflow, sums or totals())
    panel_options = PanelOptions(**{"folder": "/srv/site", **options})
    shown = [shown_signal(signal, panel_options, problems or {}) for signal in signals]
    found = panel_stats(tree, remarks, panel_options)
    # Without a default, so nothing but plain values will do; keys stay text.
    assert json.loads(json.dumps(found)) == found
    return unpack(pack(found, compress(shown), {}))


def shown_signal(signal, options, problems):
    receivers = [
        show_receiver(one, options, problems) for one in signal.record.receivers
    ]
    return show_signal(signal, options, receivers)


def rows(*sends, **options):
    return stats(*sends, **options)["rows"]


def names(*sends, **options):
    """
    Return what each row is about, indented.
    """
    return [
        "  " * (len(row["indent"]) // 2)
        + (
            " ".join(signal["name"] for signal in row["signals"])
            if row["kind"] == "without_receivers"
            else row["name"]
        )
        for row in rows(*sends, **options)
        if row["kind"] != "end"
    ]


def outcome(record, *whys, **changes):
    """
    Return what became of a signal: for each receiver how often it ran, or why not.
    """
    outcomes = [
        Outcome(one, why, None, "")
        if isinstance(why, int)
        else Outcome(one, 0, "not_sent" if why == NOT_SENT else "other_sender", why)
        for one, why in zip(record.receivers, whys, strict=True)
    ]
    gone = Outcome(None, 0, "receiver_gone", changes["gone"]) if changes else None
    outcomes += [gone] if gone else []
    return SignalOutcome(
        record, any(isinstance(why, int) for why in whys), tuple(outcomes)
    )


def groups(*signals, **options):
    found = stats(signals=signals, **options)["groups"]
    return {group.pop("component"): group for group in found}
