"""
Know which recorder, send, or call contains what happens next in a context.

The hooks set it, and put the former one back. Usually that is all. But a receiver may
start a trace or stop one, and what follows belongs to another recorder then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import ContextVar

from .recorder import Node, Recorder

#: The current recorder is the ``recorder`` of this node. It's a ContextVar and not a
#: thread-local: asyncio runs the tasks of several requests in one thread, and
#: sync_to_async() runs a function in another thread with a copy of the context.
current: ContextVar[Node | None] = ContextVar("signaltools.current", default=None)
# Looked up once: these run several times for each send.
get_current, set_current = current.get, current.set


def recording(node: Node | None) -> Node | None:
    """
    Return ``node``, or if its trace has ended, the node which that trace started in.
    """
    # Traces may end in any order.
    while node is not None and not node.recorder.recording:
        node = node.recorder.outer
    return node


def enter(node: Node, here: Node | None) -> None:
    """
    Make ``node`` the current one, unless a trace that started meanwhile is.
    """
    if here is None or not here.recorder.recording or here.recorder in _around(node):
        set_current(node)


def leave(node: Node, here: Node | None, inside: Node | None = None) -> None:
    """
    Make ``here`` the current node again, which was current before ``node``.

    ``inside`` is what is current in the node at its end, if that isn't current now.
    """
    inside, here = inside or get_current(), recording(here)
    if inside is None or not inside.recorder.recording:
        set_current(here)
        return
    around = [*_around(node)]
    if inside.recorder in around:
        set_current(here)
        return
    # A trace that has started inside the node goes on. What is around the node is now
    # around that trace.
    if here is None or here.recorder in around:
        [*_, outermost] = (each for each in _around(inside) if each not in around)
        outermost.outer = here
    set_current(inside)


def _around(node: Node) -> Iterator[Recorder]:
    recorder = node.recorder
    yield recorder
    while recorder.outer is not None:
        recorder = recorder.outer.recorder
        yield recorder
