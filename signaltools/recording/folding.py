"""
Find the node of a send. Many sends that are alike share one.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from types import FrameType
from typing import Any

from django.db.models.signals import ModelSignal, post_init, pre_init
from django.dispatch import Signal

from ..events import Event
from .identity import UNKNOWN, Identity, identity_of
from .recorder import (
    MAX_DEPTH,
    MAX_NODES,
    MAX_TREE,
    OTHER_SENDERS,
    Node,
    SendNode,
)

#: Where a send without receivers is found: to look for its position takes too long.
NO_POSITION = -1


def find_send(
    parent: Node,
    signal: Signal,
    method: str,
    sender: Any,
    arguments: Mapping[str, Any],
    frame: FrameType | None,
) -> SendNode:
    """
    Return the node of a send that begins, as ``open_send()`` does.

    ``frame`` is the code that sends, None if that isn't looked at. The hook can find
    the further sends by their position in it.
    """
    identity = identity_of(signal, arguments)
    send = parent.collapsed.get((id(signal), id(sender), method, identity))
    # An id may be that of another object by now.
    if send is None or send.signal() is not signal or send.sender() is not sender:
        send = _open_send(parent, signal, method, sender, arguments, identity)
        _find_quickly(parent, signal, sender, send, frame)
    else:
        send.count += 1
    return send


def open_send(
    parent: Node, signal: Signal, method: str, sender: Any, arguments: Mapping[str, Any]
) -> SendNode:
    """
    Return the node of a send that begins: a new one, or that of the collapsed sends.
    """
    identity = identity_of(signal, arguments)
    return _open_send(parent, signal, method, sender, arguments, identity)


def _open_send(
    parent: Node,
    signal: Signal,
    method: str,
    sender: Any,
    arguments: Mapping[str, Any],
    identity: Identity,
) -> SendNode:
    recorder = parent.recorder
    refs = recorder.refs
    key = refs.signal(signal), refs.sender(sender), method
    series = parent.table.get(key) if parent.table else None
    # Sends that are already collapsed need no node, even if the tree is full.
    if series is None or identity not in series.collapsed:
        if recorder.nodes >= MAX_TREE or parent.depth >= MAX_DEPTH:
            parent, identity = recorder.overflow, UNKNOWN
            # Thousands of senders must not take the place of what has receivers.
            if _has_no_receivers(signal, sender):
                key = key[0], OTHER_SENDERS, method
            has_total = parent.table is not None and key in parent.table
            if recorder.nodes >= MAX_NODES and not has_total:
                send = recorder.other_sends(method)
                send.count += 1
                # For the hook of _live_receivers(), until the next one is sent.
                send.signal = weakref.ref(signal)
                return send
        series = parent.series_of(key)
    series.count += 1
    send = series.collapsed.get(identity) or series.new_send(identity, arguments)
    send.count += 1
    if series.count > recorder.collapse_after or parent is recorder.overflow:
        series.collapse(send)
    return send


def _has_no_receivers(signal: Signal, sender: Any) -> bool:
    """
    Return whether no receiver is connected to ``signal`` for ``sender``.

    False if that isn't certain: a subclass may choose its receivers by itself.
    """
    if not signal.receivers:
        return True
    if type(signal) not in (Signal, ModelSignal):
        return False
    # The key of another object may be more than its address.
    if sender is not None and not issubclass(type(sender), type):
        return False
    keys = (id(None), id(sender))
    return all(row[0][1] not in keys for row in [*signal.receivers])


def _find_quickly(
    parent: Node, signal: Signal, sender: Any, send: SendNode, frame: FrameType | None
) -> None:
    """
    Let further collapsed sends be found without looking for the series.
    """
    series, identity = send.series, send.identity
    if (
        series.parent is not parent
        or identity not in series.collapsed
        # An instance is only known by its class, which may be a sender itself.
        or series.sender.kind == "instance"
    ):
        return
    position: int | Identity = identity
    # Values and callbacks on commit may differ each time: find_send() looks at them.
    if not identity.values and not identity.queued:
        if frame is None:
            position = NO_POSITION
            send.same_caller = False
        elif identity.site == (frame.f_code.co_filename, frame.f_lineno):
            send.code, position = frame.f_code, frame.f_lasti
        # Django sends it for the caller. Where it creates instances of models, it takes
        # too long to look for the caller each time.
        elif signal is pre_init or signal is post_init:
            send.code, position = frame.f_code, frame.f_lasti
            send.same_caller = False
    key = id(signal), id(sender), series.method, position
    # Replaced, not changed: another thread may be reading it.
    parent.collapsed = {**parent.collapsed, key: send}


def sending_frame(signal: Signal, frame: FrameType) -> FrameType:
    """
    Return the frame of the code that sends, by the one that calls ``Signal.send()``.

    A method of an event or a model comes between them.
    """
    if issubclass(type(signal), _SENT_BY_METHODS) and frame.f_back is not None:
        return frame.f_back
    return frame


_SENT_BY_METHODS = (Event, ModelSignal)
