"""
Record the calls of receivers.

Nearly all sends are made by Django's own ``send()``, to receivers that aren't
asynchronous. Its loop for these is copied here. For all other sends, Django's loop runs
and calls probes, which take twice as long: Python packs and unpacks the arguments of an
object that is called, and they have to be taken out of the responses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import django
from django.dispatch import Signal
from django.dispatch.dispatcher import NO_RECEIVERS

from .clock import now
from .current import enter, get_current, leave, set_current
from .recorder import CallNode, SendNode

#: Whether ``call_all()`` does what ``send()`` of this version of Django does.
LOOP_IS_KNOWN = django.VERSION < (6, 2)


def call_all(
    send: SendNode,
    signal: Signal,
    sender: Any,
    named: dict[str, Any],
    live_receivers: Callable[[Signal, Any], tuple[list[Any], list[Any]]],
) -> list[tuple[Any, Any]] | None:
    """
    Call the receivers as Django's ``send()`` does, and return their responses. If some
    are asynchronous, call none of them, and return None.
    """
    # As in Django, this raises TypeError if the sender has no hash.
    if signal.sender_receivers_cache.get(sender) is NO_RECEIVERS:
        return []
    receivers, async_receivers = live_receivers(signal, sender)
    if async_receivers:
        return None
    if not receivers:
        return []
    send.with_receivers += 1
    arguments = {"signal": signal, "sender": sender, **named}
    responses = []
    # Not a comprehension, which has a frame of its own in Python 3.11.
    for receiver, call in zip(receivers, calls_of(send, receivers, 0), strict=True):
        responses.append((receiver, record_call(call, receiver, (), arguments)))
    return responses


def calls_of(send: SendNode, receivers: list[Any], order: int | None) -> list[CallNode]:
    """
    Return the node for the calls of each receiver, which is created if it's missing.
    """
    # Collapsed sends nearly always have the same receivers in the same order. Most are
    # functions.
    calls = [
        call
        for call, each in zip(send.calls, receivers)  # noqa: B905 (it is slower)
        if call.receiver.function() is each or call.receiver.is_of(each)
    ]
    if len(calls) == len(receivers):
        return calls
    refs, calls = send.recorder.refs, []
    # There may be thousands of receivers, so none is compared with all others.
    known = {call.receiver: call for call in send.calls}
    for receiver in receivers:
        ref = refs.receiver(receiver)
        if ref not in known:
            known[ref] = send.new_call(ref, order)
        calls.append(known[ref])
    return calls


def record_call(
    call: CallNode, receiver: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    """
    Call a synchronous receiver.
    """
    previous = get_current()
    started = now()
    call.active += 1
    # As in the hooks, what was current is put back first of all.
    try:
        try:
            if previous is call.send:
                set_current(call)
            else:
                enter(call, previous)
            if not call.count:
                # Not when the node was created: that is before any receiver runs, and
                # may be in another thread.
                call.begin()
            call.count += 1
            return receiver(*args, **kwargs)
        finally:
            if call.recorder.switched:
                leave(call, previous)
            else:
                set_current(previous)
            call.active -= 1
            elapsed = now() - started
            call.time += elapsed
            if elapsed > call.longest:
                call.longest = elapsed
            # A send that awaits the thread of this call isn't active meanwhile: its own
            # time on the event loop doesn't include this.
            if previous is not None and previous.active:
                previous.inner += elapsed
    except BaseException as error:
        leave(call, previous)
        call.failed(error)
        raise
