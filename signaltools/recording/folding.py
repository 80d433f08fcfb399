"""
Find the node of a send. Many sends that are alike share one.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import FrameType
from typing import Any

from django.db.models.signals import post_init, pre_init
from django.dispatch import Signal

from .identity import Identity, identity_of, path_of
from .recorder import Node, SendNode
from .totals import has_no_node, total_of


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

    ``frame`` is the code that sends, None if there are no receivers. The hook finds
    most further sends by itself: see ``_find_quickly()``.
    """
    if has_no_node(parent, signal, sender):
        return _beyond_limits(parent, signal, method, sender, arguments)
    hook = sys._getframe(1)
    identity = identity_of(signal, arguments, hook)
    send = _open_send(parent, signal, method, sender, arguments, identity)
    # Nothing is collapsed yet: most first sends end here.
    if send.series.collapsed:
        _find_quickly(parent, signal, sender, send, frame, hook)
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
    Let the hook find further collapsed sends by itself.
    """
    series, identity = send.series, send.identity
    collapsed = parent.recorder.collapsed
    code = frame and frame.f_code
    # To look for the position of a send without receivers takes too long.
    position = (id(code), frame.f_lasti) if frame is not None else ()
    key = parent, id(signal), id(sender), series.method, *position
    if (
        series.parent is not parent
        or identity not in series.collapsed
        # An instance is only known by its class, which may be a sender itself.
        or series.sender.kind == "instance"
        # Callbacks on commit may differ each time.
        or identity.queued
        # Others that differ in their caller or their values are sent from there.
        or key in collapsed
        # Other code in the same line: the node only keeps the first one alive.
        or (send.code is not None and send.code is not code)
    ):
        return
    if identity.values:
        send.path = path_of(identity, hook)
        if send.path is None:
            return
    elif frame is None:
        send.same_caller = False
    elif identity.site != (frame.f_code.co_filename, frame.f_lineno):
        # Django sends it for the caller. Where it creates instances of models, it takes
        # too long to look for the caller each time.
        if signal is not pre_init and signal is not post_init:
            return
        send.same_caller = False
    # The key has its id, which no other code may get.
    send.code = code
    collapsed[key] = send
