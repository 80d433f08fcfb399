"""
Add up what exceeds the limits of a tree, so totals stay exact and have all names.

A total belongs to a signal and a method. A sender that a receiver is connected for has
a total of its own, and all others share one. So signals and connections limit how many
there are, and senders don't.
"""

from __future__ import annotations

from typing import Any

from django.db.models.signals import ModelSignal
from django.dispatch import Signal

from ..inventory.receivers import entries
from ..inventory.weak import LASTING, SenderRef
from .identity import UNKNOWN
from .recorder import Key, Node, Recorder, SendNode

# A full tree gets no more nodes. Long before, sends without receivers don't: nearly all
# sends of migrations are such, and receivers that run later need the place.
MAX_TREE = 2_700
MAX_WITHOUT_RECEIVERS = MAX_TREE // 2
# Deeper sends only count in totals, too. Reports read a tree recursively, and Python
# limits recursion.
MAX_DEPTH = 100

#: The sender of totals of all senders that nothing is connected for.
OTHER_SENDERS = SenderRef(None, None)
OTHER_SENDERS.label = "other senders"


def has_no_node(parent: Node, signal: Signal, sender: Any) -> bool:
    """
    Return whether a send below ``parent`` would exceed the limits.
    """
    nodes = parent.recorder.nodes
    if nodes >= MAX_TREE or parent.depth >= MAX_DEPTH:
        return True
    return nodes >= MAX_WITHOUT_RECEIVERS and _has_no_receivers(signal, sender)


def total_of(recorder: Recorder, signal: Signal, sender: Any, method: str) -> SendNode:
    """
    Return the total that a send belongs to.
    """
    refs = recorder.refs
    # Nothing is created for a sender that isn't needed: there may be thousands.
    is_own = _is_connected_for(signal, sender)
    ref = refs.sender(sender) if is_own else OTHER_SENDERS
    return _total(recorder, (refs.signal(signal), ref, method))


def add_to_totals(recorder: Recorder, send: SendNode) -> None:
    """
    Add a send of another recorder to the totals of this one.
    """
    series = send.series
    signal, sender = send.signal(), series.sender
    if signal is None:
        key = series.signal, OTHER_SENDERS, series.method
    else:
        # For an instance, the reference is to its class.
        known = sender.reference()
        is_own = sender.kind == "instance" or _is_connected_for(signal, known)
        ref = sender if is_own else OTHER_SENDERS
        if is_own and sender.kind != "instance":
            ref = recorder.refs.sender(known)
        key = recorder.refs.signal(signal), ref, series.method
    _absorb(_total(recorder, key), send)


def _total(recorder: Recorder, key: Key) -> SendNode:
    series = recorder.overflow.series_of(key)
    total = series.collapsed.get(UNKNOWN)
    if total is None:
        totals = recorder.overflow.sends or []
        if len(totals) >= recorder.max_totals:
            _combine_gone(recorder, totals)
        total = series.new_send(UNKNOWN, {})
        # What is true of the first send needn't be true of all of them.
        total.in_atomic, total.same_caller = None, False
        series.collapse(total)
    return total


def _combine_gone(recorder: Recorder, totals: list[SendNode]) -> None:
    """
    Combine the totals of signals that are gone, which have no name anymore.
    """
    kept: dict[object, SendNode] = {}
    table = recorder.overflow.table or {}
    for total in totals:
        series = total.series
        key: object = id(total)
        if total.signal() is None:
            key = series.signal.label, series.sender.label, series.method
        if key in kept:
            _absorb(kept[key], total)
            table.pop((series.signal, series.sender, series.method))
        else:
            kept[key] = total
    recorder.overflow.sends = [*kept.values()]
    # Signals that live are as many as the project has. Looking for others again only
    # when there are twice as many totals makes that quick.
    recorder.max_totals = max(recorder.max_totals, 2 * len(kept))


def _absorb(total: SendNode, send: SendNode) -> None:
    _add(total, send, ("with_receivers", "unseen", "asked"))
    total.wrong_loop = total.wrong_loop or send.wrong_loop
    known = {call.receiver: call for call in total.calls}
    for call in send.calls:
        receiver = total.recorder.refs.same_receiver(call.receiver)
        if receiver not in known:
            known[receiver] = total.new_call(receiver, call.order)
        _add(known[receiver], call, ("swallowed", "cancelled"))


def _add(total: Node, node: Node, also: tuple[str, ...]) -> None:
    if not total.count:
        # Another recorder has counted from another moment.
        total.start = node.start + (node.recorder.origin - total.recorder.origin)
        total.thread = node.thread
    for name in (*_SUMMED, *also):
        setattr(total, name, getattr(total, name) + getattr(node, name))
    total.longest = max(total.longest, node.longest)
    total.error = total.error or node.error


_SUMMED = ("count", "raised", "time", "busy", "inner", "queries", "query_time")


def _has_no_receivers(signal: Signal, sender: Any) -> bool:
    """
    Return whether no receiver is connected to ``signal`` for ``sender``.

    False if that isn't certain: a subclass may choose its receivers by itself.
    """
    if not signal.receivers:
        return True
    if type(signal) not in (Signal, ModelSignal) or _is_connected_for(signal, sender):
        return False
    any_sender = id(None)
    return all(row[0][1] != any_sender for row in entries(signal))


def _is_connected_for(signal: Signal, sender: Any) -> bool:
    """
    Return whether a receiver is connected for ``sender`` and not for any sender.

    True if that isn't certain.
    """
    if sender is None:
        return False
    # The key of another object may be more than its address. Such senders are recorded
    # by their class, and so are few.
    if not issubclass(type(sender), LASTING):
        return True
    address = id(sender)
    # A loop is quicker than any(). This runs for each send that exceeds the limits.
    try:
        for row in entries(signal):
            if row[0][1] == address:
                return True
    # Rows of another shape belong to another tool.
    except Exception:
        return True
    return False
