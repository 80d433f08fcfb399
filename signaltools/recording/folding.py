"""
Find the node of a send. Many sends that are alike share one.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import FrameType
from typing import Any

from django.db.models.signals import ModelSignal, post_init, pre_init
from django.dispatch import Signal

from ..events import Event
from .identity import Identity, identity_of, path_of
from .recorder import Node, SendNode
from .totals import has_no_node, total_of

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
    if has_no_node(parent, signal, sender):
        return _beyond_limits(parent, signal, method, sender, arguments)
    hook = sys._getframe(1)
    identity = identity_of(signal, arguments, hook)
    send = None
    if parent.collapsed:
        send = parent.collapsed.get((id(signal), id(sender), method, identity))
    # An id may be that of another object by now.
    if send is None or send.signal() is not signal or send.sender() is not sender:
        send = _open_send(parent, signal, method, sender, arguments, identity)
        _find_quickly(parent, signal, sender, send, frame, hook)
    else:
        send.count += 1
    return send


def open_send(
    parent: Node, signal: Signal, method: str, sender: Any, arguments: Mapping[str, Any]
) -> SendNode:
    """
    Return the node of a send that begins: a new one, or that of the collapsed sends.
    """
    if has_no_node(parent, signal, sender):
        return _beyond_limits(parent, signal, method, sender, arguments)
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
    refs = parent.recorder.refs
    series = parent.series_of((refs.signal(signal), refs.sender(sender), method))
    series.count += 1
    send = series.collapsed.get(identity) or series.new_send(identity, arguments)
    send.count += 1
    if series.count > parent.recorder.collapse_after:
        series.collapse(send)
    return send


def _beyond_limits(
    parent: Node, signal: Signal, method: str, sender: Any, arguments: Mapping[str, Any]
) -> SendNode:
    # Sends that are already collapsed need no node.
    send = _find_collapsed(parent, signal, method, sender, arguments)
    if send is None:
        send = total_of(parent.recorder, signal, sender, method)
    send.count += 1
    return send


def _find_collapsed(
    parent: Node, signal: Signal, method: str, sender: Any, arguments: Mapping[str, Any]
) -> SendNode | None:
    refs = parent.recorder.refs
    # A new sender has no sends yet. Describing thousands of them would take too long.
    if not parent.table or (known := refs.known_sender(sender)) is None:
        return None
    series = parent.table.get((refs.signal(signal), known, method))
    if series is None or not series.collapsed:
        return None
    return series.collapsed.get(identity_of(signal, arguments))


def _find_quickly(
    parent: Node,
    signal: Signal,
    sender: Any,
    send: SendNode,
    frame: FrameType | None,
    hook: FrameType,
) -> None:
    """
    Let further collapsed sends be found without looking for the series.
    """
    series, identity = send.series, send.identity
    if (
        series.parent is not parent
        # Nothing is collapsed yet: most first sends end here.
        or not series.collapsed
        or identity not in series.collapsed
        # An instance is only known by its class, which may be a sender itself.
        or series.sender.kind == "instance"
    ):
        return
    key = id(signal), id(sender), series.method
    position: int | Identity = identity
    at = NO_POSITION if frame is None else frame.f_lasti
    # Callbacks on commit may differ each time: find_send() looks at them.
    if identity.queued:
        pass
    elif identity.values:
        # Others that differ in their caller or their values may be sent from there.
        send.path = path_of(identity, hook)
        send.code = None if frame is None else frame.f_code
        if send.path is not None and (*key, at) not in parent.collapsed:
            parent.collapsed = {**parent.collapsed, (*key, at): send}
    elif frame is None:
        position = at
        send.same_caller = False
    elif identity.site == (frame.f_code.co_filename, frame.f_lineno):
        send.code, position = frame.f_code, at
    # Django sends it for the caller. Where it creates instances of models, it takes too
    # long to look for the caller each time.
    elif signal is pre_init or signal is post_init:
        send.code, position = frame.f_code, at
        send.same_caller = False
    # Replaced, not changed: another thread may be reading it.
    parent.collapsed = {**parent.collapsed, (*key, position): send}


def sending_frame(signal: Signal, frame: FrameType) -> FrameType:
    """
    Return the frame of the code that sends, by the one that calls ``Signal.send()``.

    A method of an event or a model comes between them.
    """
    if issubclass(type(signal), _SENT_BY_METHODS) and frame.f_back is not None:
        return frame.f_back
    return frame


_SENT_BY_METHODS = (Event, ModelSignal)
