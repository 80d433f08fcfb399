"""
Add what a trace inside another one has recorded to the outer one.
"""

from __future__ import annotations

from .current import recording
from .recorder import Node, Recorder, SendNode
from .totals import MAX_TREE, add_to_totals


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
        known = recorder.refs.adopt(key, signal)
        known.asked_by = known.asked_by | signal.asked_by
    outer.queries += inner.queries
    outer.query_time += inner.query_time
    outer.inner += inner.inner
    if recorder.nodes + inner.nodes <= MAX_TREE:
        recorder.nodes += inner.nodes
        # The same nodes: a trace doesn't change them after its end.
        outer.sends = [*(outer.sends or ()), *(inner.sends or ())]
        exceeding: list[SendNode] = inner.overflow.sends or []
    else:
        exceeding = [*inner.all_sends()]
    for send in exceeding:
        add_to_totals(recorder, send)
    return outer
