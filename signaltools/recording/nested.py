"""
Add what a trace inside another one has recorded to the outer one.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

from .current import recording
from .recorder import MAX_TREE, Node, Recorder


def add_to_outer(inner: Recorder) -> Node | None:
    """
    Return the node that ``inner`` was started in, with everything that it recorded.

    None if no other trace is active.
    """
    outer = recording(inner.outer)
    if outer is None:
        return None
    recorder = outer.recorder
    for key, signal in inner.refs.signals.items():
        # A copy: the outer trace looks for added receivers again when it ends, which
        # must not change the inner one.
        known = recorder.refs.signals.setdefault(key, copy(signal))
        known.asked_by = known.asked_by | signal.asked_by
    outer.queries += inner.queries
    outer.query_time += inner.query_time
    outer.inner += inner.inner
    if recorder.nodes + inner.nodes <= MAX_TREE:
        recorder.nodes += inner.nodes
        # The same nodes: a trace doesn't change them after its end.
        for parent, ended in (outer, inner), (recorder.overflow, inner.overflow):
            parent.sends = [*(parent.sends or ()), *(ended.sends or ())]
    else:
        for send in inner.all_sends():
            total = recorder.other_sends(send.series.method)
            _add(total, send, ["with_receivers"])
            for call in send.calls:
                _add(total.calls[0], call, ["swallowed", "cancelled"])
    return outer


def _add(total: Node, node: Node, also: Sequence[str]) -> None:
    for name in (*_SUMMED, *also):
        setattr(total, name, getattr(total, name) + getattr(node, name))
    total.longest = max(total.longest, node.longest)
    total.error = total.error or node.error


_SUMMED = ("count", "raised", "time", "busy", "inner", "queries", "query_time")
