"""
Turn a trace into everything that the panel of the debug toolbar shows.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..introspect.text import printable
from ..recording.remarks import Remark
from ..recording.tree import Tree
from .panel_options import PanelOptions, Stats, milliseconds
from .panel_rows import tree_rows
from .trace_rows import notes_of, problems_of, short_signal

MAX_REMARKS = 50
_MAX_RECEIVERS = 10
# Less than this reads as 0.0.
_SHOWN_MS = 0.05


def panel_stats(
    tree: Tree,
    remarks: Sequence[Remark],
    options: PanelOptions,
) -> Stats:
    """
    Return what the template of the panel shows, except the list of all signals.
    """
    totals = tree.totals
    problems, notes = problems_of(remarks), notes_of(remarks)
    rows, hidden_rows = tree_rows(tree.sends, options)
    overflow, hidden_overflow = tree_rows(tree.overflow, options)
    return {
        "totals": {
            **totals._asdict(),
            "time": milliseconds(totals.time),
            "query_time": milliseconds(totals.query_time),
            "receiver_time": milliseconds(totals.receiver_time),
            "share": 100 * totals.receiver_time / totals.time if totals.time else 0,
            "errors": totals.raised + totals.swallowed,
        },
        "problems": [_remark(remark, options) for remark in problems[:MAX_REMARKS]],
        "problem_count": len(problems),
        "notes": [_remark(remark, options) for remark in notes[:MAX_REMARKS]],
        "note_count": len(notes),
        "rows": rows,
        "overflow": overflow,
        "slowest": [
            {
                "receiver": printable(each.receiver),
                "self": milliseconds(each.self_time),
                "count": each.calls,
                **options.place(each.file, each.line),
            }
            for each in tree.receivers[:_MAX_RECEIVERS]
            if milliseconds(each.self_time) >= _SHOWN_MS
            and not options.hides(each.receiver)
        ],
        "hidden": hidden_rows + hidden_overflow,
        "slow_ms": options.slow_ms,
    }


def _remark(remark: Remark, options: PanelOptions) -> Stats:
    return {
        "level": remark.level,
        "signal": short_signal(remark.signal),
        "receiver": printable(remark.receiver or ""),
        "text": printable(remark.text),
        "count": remark.count,
        **options.place(remark.file, remark.line),
    }
