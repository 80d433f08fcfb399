"""
Turn a trace into everything that the panel of the debug toolbar shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ..introspect.text import printable
from ..recording.remarks import Remark
from ..recording.tree import Call, Send, Totals, Tree, walk
from .panel_options import PanelOptions, Stats, milliseconds
from .panel_rows import tree_rows
from .trace_rows import notes_of, problems_of, short_signal

MAX_REMARKS = 50
# What ran is to be seen without scrolling, so further problems are one click away.
_MAX_OPEN = 7
_MAX_RECEIVERS = 10
# Less than this reads as 0.0.
_SHOWN_MS = 0.05


def panel_stats(
    tree: Tree,
    remarks: Sequence[Remark],
    options: PanelOptions,
    connections: Sequence[Stats] = (),
) -> Stats:
    """
    Return what the template of the panel shows, except the list of all signals.

    ``connections`` are the problems of connections.
    """
    problems, notes = problems_of(remarks), notes_of(remarks)
    rows = tree_rows(tree.sends, options)
    overflow = tree_rows(tree.overflow, options)
    totals = tree.totals
    if rows.may_hide or overflow.may_hide:
        totals = _shown_totals(tree, options)
    first, repeated = _first_and_repeated(
        [
            *(_remark(remark, options, rows.places) for remark in problems),
            *connections,
        ]
    )
    open_problems, more_problems = first[:_MAX_OPEN], first[_MAX_OPEN:] + repeated
    at = {name: row for (_, name), row in reversed(rows.places.items())}
    return {
        "totals": {
            **totals._asdict(),
            "time": milliseconds(totals.time),
            "query_time": milliseconds(totals.query_time),
            "receiver_time": milliseconds(totals.receiver_time),
            "share": 100 * totals.receiver_time / totals.time if totals.time else 0,
            "errors": totals.raised + totals.swallowed,
            "warnings": sum(
                each["level"] == "warning" for each in open_problems + more_problems
            ),
        },
        "problems": open_problems,
        "more_problems": more_problems[:MAX_REMARKS],
        "more_problem_count": len(more_problems),
        "problem_count": len(first) + len(repeated),
        "notes": [
            _remark(remark, options, rows.places) for remark in notes[:MAX_REMARKS]
        ],
        "note_count": len(notes),
        "rows": rows.stats,
        "frames": rows.frames,
        "overflow": overflow.stats,
        "slowest": [
            {
                "receiver": printable(each.receiver),
                "self": milliseconds(each.self_time),
                "count": each.calls,
                **_at(at.get(each.receiver)),
                **options.place(each.file, each.line),
            }
            for each in tree.receivers[:_MAX_RECEIVERS]
            if milliseconds(each.self_time) >= _SHOWN_MS
            and not options.hides(each.receiver)
        ],
        "hidden_sends": rows.hidden,
        "hidden": rows.hidden + overflow.hidden,
        "hide": [printable(name) for name in options.hide],
        "slow_ms": options.slow_ms,
    }


def _shown_totals(tree: Tree, options: PanelOptions) -> Totals:
    """
    Return the totals without what is hidden. Errors aren't hidden.
    """
    totals = tree.totals
    waiting: list[tuple[Send | Call, bool]] = [
        (send, False) for send in (*tree.sends, *tree.overflow)
    ]
    less: Counter[str] = Counter()
    receiver_time = 0.0
    while waiting:
        node, is_within_receiver = waiting.pop()
        if options.hides_node(node):
            for inner in _walk(node):
                if isinstance(inner, Send):
                    less["sends"] += inner.count
                    less["without_receivers"] += inner.without_receivers
                    less["on_commit"] += inner.on_commit
                    continue
                less["calls"] += inner.count
            # What is hidden inside a receiver is part of its time.
            if not is_within_receiver:
                outer = _outer_calls(node)
                less["receiver_queries"] += sum(call.queries for call in outer)
                receiver_time += sum(_self_time(call) for call in outer)
            continue
        within = is_within_receiver or isinstance(node, Call)
        waiting += ((send, within) for send in node.sends)
        if isinstance(node, Send):
            waiting += ((call, within) for call in node.calls)
    return totals._replace(
        receiver_time=max(0.0, totals.receiver_time - receiver_time),
        **{name: getattr(totals, name) - count for name, count in less.items()},
    )


def _walk(node: Send | Call) -> list[Send | Call]:
    """
    Return a node and everything below it.
    """
    calls = node.calls if isinstance(node, Send) else ()
    below = [*walk(node.sends)]
    for call in calls:
        below += [call, *walk(call.sends)]
    return [node, *below]


def _outer_calls(node: Send | Call) -> list[Call]:
    """
    Return the calls that aren't within another call of ``node``.
    """
    found: list[Call] = []
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Call):
            found.append(one)
        else:
            waiting += [*one.calls, *one.sends]
    return found


def _self_time(call: Call) -> float:
    return sum(inner.self_time for inner in _walk(call))


def _remark(
    remark: Remark,
    options: PanelOptions,
    places: Mapping[tuple[str, str | None], int],
) -> Stats:
    return {
        **_at(places.get((remark.signal, remark.receiver))),
        "level": remark.level,
        "signal": short_signal(remark.signal),
        "receiver": printable(remark.receiver or ""),
        "text": printable(remark.text),
        "count": remark.count,
        **options.place(remark.file, remark.line),
    }


def _first_and_repeated(problems: Sequence[Stats]) -> tuple[list[Stats], list[Stats]]:
    """
    Return the first problem of each receiver, and the others.

    A receiver that fails hundreds of times may not hide the others.
    """
    counts: Counter[tuple[str, str, str]] = Counter()
    first: list[Stats] = []
    repeated: list[Stats] = []
    for each in problems:
        about = each.get("id", ""), each["signal"], each["receiver"]
        counts[about] += 1
        (first if counts[about] == 1 else repeated).append(each)
    return first, repeated


def _at(row: int | None) -> Stats:
    return {} if row is None else {"at": f"row {row}"}
