"""
Hold what is recorded, as it happens, in little memory and without anybody's objects.

Sends and calls form a tree: below a call is what its receiver sent.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from copy import copy
from threading import get_ident
from time import perf_counter as now
from typing import Any, TypeVar

from django.dispatch import Signal

from ..introspect.callables import Described
from ..introspect.objects import is_a
from ..introspect.text import exception_text
from ..inventory.rows import receiver_key
from ..inventory.weak import (
    NOWHERE,
    KnownReceiver,
    KnownSender,
    KnownSignal,
    Reference,
    sender_anchor,
)
from .surroundings import call_site

#: So many sends of one signal by one sender stay apart below one parent.
COLLAPSE_AFTER = 20
# Beyond the first limit there is a flat profile only, beyond the second only a sum.
_MAX_TREE = 2_700
_MAX_NODES = 2_990
# Deeper sends have a flat profile as well: whoever reads a tree goes down in recursion.
_MAX_DEPTH = 100

#: What anything that happens next in this context belongs to.
current: ContextVar[Node | None] = ContextVar("signaltools.current", default=None)
get_current, set_current = current.get, current.set

_Key = tuple[KnownSignal, KnownSender, str]
_FastKey = tuple[int, int, str]
ArgumentText = Callable[[str, Any], str]
T = TypeVar("T")


class Node:
    """
    What a recorder, a send and a call have in common. Times are in seconds.

    ``busy`` is the time on the event loop of something awaited, ``inner`` the time
    that nested sends and calls took of it, ``active`` how often this runs right now.
    """

    __slots__ = (
        "active",
        "busy",
        "collapsed",
        "count",
        "depth",
        "error",
        "inner",
        "longest",
        "queries",
        "query_time",
        "raised",
        "recorder",
        "sends",
        "signal",
        "start",
        "table",
        "thread",
        "time",
    )

    def __init__(self, recorder: Recorder, depth: int = 0) -> None:
        self.recorder = recorder
        self.depth = depth
        self.active = self.count = self.raised = self.queries = self.thread = 0
        self.start = self.time = self.busy = self.inner = self.longest = (
            self.query_time
        ) = 0.0
        self.error: str | None = None
        # Of what is no send, a reference that leads nowhere.
        self.signal: Reference = NOWHERE
        # Most nodes have nothing below them, and empty containers are large.
        self.sends: list[SendNode] | None = None
        self.table: dict[_Key, Series] | None = None
        # By the addresses of signal and sender, and the method.
        self.collapsed: Mapping[_FastKey, SendNode] = _EMPTY

    def begin(self) -> None:
        recorder = self.recorder
        self.start = now() - recorder.origin
        self.thread = recorder.shared(get_ident())

    def absorb(self, inner: Recorder) -> None:
        """
        Take over what a trace inside of this one has recorded.
        """
        recorder = self.recorder
        for key, known in inner.signals.items():
            # The inner trace has ended: its own shall not look again.
            recorder.signals.setdefault(key, copy(known))
        self.queries += inner.queries
        self.query_time += inner.query_time
        self.inner += inner.inner
        if recorder.nodes + inner.nodes <= _MAX_TREE:
            recorder.nodes += inner.nodes
            self.sends = [*(self.sends or ()), *(inner.sends or ())]
            overflow = recorder.overflow
            overflow.sends = [*(overflow.sends or ()), *(inner.overflow.sends or ())]
            absorbed = list(inner.others.values())
        else:
            absorbed = list(inner.all_sends())
        for send in absorbed:
            recorder.other(send.series.method).add(send)

    def took(self, seconds: float) -> None:
        self.time += seconds
        if seconds > self.longest:
            self.longest = seconds

    def sum_up(self, other: Node) -> None:
        for name in (
            "busy",
            "count",
            "inner",
            "raised",
            "queries",
            "query_time",
            "time",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.longest = max(self.longest, other.longest)
        self.error = self.error or other.error

    def failed(self, error: BaseException) -> None:
        self.raised += 1
        self.error = self.error or exception_text(error)


_EMPTY: dict[Any, Any] = {}


class SendNode(Node):
    """
    One send, or all further ones of a series.
    """

    __slots__ = (
        "arguments",
        "calls",
        "heard",
        "in_atomic",
        "on_commit",
        "sender",
        "series",
        "site",
        "wrong_loop",
    )

    def __init__(self, series: Series, arguments: Mapping[str, Any]) -> None:
        super().__init__(series.parent.recorder, series.parent.depth + 1)
        self.begin()
        self.series = series
        self.signal = series.signal.reference
        self.sender = series.sender.reference
        self.arguments = self.recorder.names(arguments)
        self.site = self.recorder.shared(call_site())
        self.in_atomic: bool | None = None
        self.on_commit = self.heard = 0
        self.wrong_loop = False
        self.calls = _NO_CALLS

    def add(self, other: SendNode) -> None:
        """
        Add up what another send and its calls have counted, for totals only.
        """
        self.sum_up(other)
        self.heard += other.heard
        for call in other.calls:
            self.calls[0].sum_up(call)
            self.calls[0].swallowed += call.swallowed
            self.calls[0].cancelled += call.cancelled

    def ended(self, seconds: float, error: BaseException | None = None) -> None:
        """
        Note the end of something awaited, unless recording has stopped before.
        """
        if self.recorder.recording:
            self.took(seconds)
            if error is not None:
                self.failed(error)

    def failed(self, error: BaseException) -> None:
        super().failed(error)
        if self.series.method.startswith("a") or not is_a(error, RuntimeError):
            return
        # Django gave up before it ran one of the asynchronous receivers, and no
        # receiver is to blame for that.
        waiting = any(call.order is None and not call.count for call in self.calls)
        blamed = sum(call.raised - call.swallowed for call in self.calls)
        if waiting and self.raised > blamed and _in_event_loop():
            self.wrong_loop = True

    def call(self, receiver: Any, order: int | None) -> CallNode:
        """
        Return the node for ``receiver``, a new one unless it was called before.
        """
        for call in self.calls:
            if call.receiver.is_of(receiver):
                return call
        return self.new_call(receiver, order)

    def new_call(self, receiver: Any, order: int | None) -> CallNode:
        recorder = self.recorder
        if recorder.nodes >= _MAX_NODES:
            return recorder.other(self.series.method).calls[0]
        recorder.nodes += 1
        call = CallNode(self, recorder.known_receiver(receiver), order)
        if self.calls is _NO_CALLS:
            self.calls = []
        self.calls.append(call)
        return call


class CallNode(Node):
    """
    One call of a receiver, or all its calls in the sends of a series.

    ``pending`` is how many have begun to await and not ended.
    """

    __slots__ = (
        "cancelled",
        "function",
        "order",
        "pending",
        "receiver",
        "send",
        "swallowed",
    )

    def __init__(
        self, send: SendNode, receiver: KnownReceiver, order: int | None
    ) -> None:
        super().__init__(send.recorder, send.depth)
        self.send = send
        self.receiver = receiver
        self.function = receiver.function
        self.order = order
        self.cancelled = self.pending = self.swallowed = 0

    def end(self) -> None:
        # What ended sends no more, unless it is one of many in a collapsed send.
        if self.send.series.collapsed is not self.send:
            self.table = None

    def ended(self, seconds: float, error: BaseException | None = None) -> None:
        """
        Note the end of something awaited, unless recording has stopped before.
        """
        if not self.recorder.recording:
            return
        self.pending -= 1
        self.took(seconds)
        if issubclass(type(error), (asyncio.CancelledError, GeneratorExit)):
            self.cancelled += 1
        elif error is not None:
            self.failed(error)

    def failed(self, error: BaseException) -> None:
        super().failed(error)
        # What Django's robust methods catch.
        if self.send.series.method.endswith("robust") and is_a(error, Exception):
            self.swallowed += 1


_NO_CALLS: list[CallNode] = []


class Series:
    """
    The sends of one signal, by one sender and method, below one parent.
    """

    __slots__ = ("collapsed", "count", "method", "parent", "sender", "signal")

    def __init__(self, parent: Node, key: _Key) -> None:
        self.parent = parent
        self.signal, self.sender, self.method = key
        self.count = 0
        self.collapsed: SendNode | None = None


class Recorder(Node):
    """
    The root of a tree, with tables of what was met on the way.
    """

    __slots__ = (
        "collapse_after",
        "nodes",
        "origin",
        "others",
        "outer",
        "overflow",
        "receivers",
        "recording",
        "senders",
        "signals",
        "text_of",
        "values",
    )

    def __init__(
        self,
        outer: Node | None = None,
        text_of: ArgumentText | None = None,
        collapse_after: int = COLLAPSE_AFTER,
    ) -> None:
        self.origin = now()
        self.outer = outer
        self.values: dict[Any, Any] = {}
        super().__init__(self, outer.depth if outer else 0)
        self.begin()
        self.recording = True
        self.text_of = text_of
        self.collapse_after = collapse_after
        self.active = 1
        self.nodes = 0
        self.signals: dict[int, KnownSignal] = {}
        self.senders: dict[int, KnownSender] = {}
        self.receivers: dict[Any, KnownReceiver] = {}
        # A flat profile of what found no place in the tree, and by method the sums of
        # what not even there.
        self.overflow = Node(self, _MAX_DEPTH)
        self.others: dict[str, SendNode] = {}

    def stop(self) -> None:
        self.took(self.elapsed)
        self.recording = False
        self.look_again()

    def look_again(self) -> None:
        # Other threads that record may meet new signals meanwhile.
        for known in self.signals.copy().values():
            known.look_again()

    @property
    def elapsed(self) -> float:
        return now() - self.origin if self.recording else self.time

    def still_outside(self) -> Node | None:
        """
        Return what this was recorded in, skipping traces that ended before this one.
        """
        outer = self.outer
        while outer is not None and not outer.recorder.recording:
            outer = outer.recorder.outer
        return outer

    def all_sends(self) -> Iterator[SendNode]:
        waiting: list[Node] = [self, self.overflow]
        while waiting:
            for send in waiting.pop().sends or ():
                yield send
                waiting += (send, *send.calls)
        yield from list(self.others.values())

    def shared(self, value: T) -> T:
        """
        Return one object for all equal values: it takes the memory of one.
        """
        return self.values.setdefault(value, value)  # type: ignore[no-any-return]

    def other(self, method: str) -> SendNode:
        """
        Return the node for sends by ``method`` that exceed the limit of nodes.
        """
        if method not in self.others:
            self.others[method] = _new_other(self, method)
        return self.others[method]

    def known_signal(self, signal: Signal) -> KnownSignal:
        known = self.signals.get(id(signal))
        if known is None or known.reference() is not signal:
            known = self.signals[id(signal)] = KnownSignal(signal)
        return known

    def first_known(self, known: KnownSignal) -> KnownSignal:
        """
        Return what was known of the same signal when it was first sent.
        """
        signal = known.reference()
        return known if signal is None else self.known_signal(signal)

    def note_muted(self, signal: Signal, receiver: Any) -> None:
        known = self.known_receiver(receiver)
        self.known_signal(signal).muted[known.key] = known

    def known_sender(self, sender: Any) -> KnownSender:
        anchor = sender_anchor(sender)
        # One address may be that of a class and of the class of an instance.
        key = id(anchor) if anchor is sender else -id(anchor)
        known = self.senders.get(key)
        if known is None or known.reference() is not anchor:
            known = self.senders[key] = KnownSender(sender, anchor)
        return known

    def known_receiver(self, receiver: Any) -> KnownReceiver:
        key = receiver_key(receiver)
        known = self.receivers.get(key)
        if known is None or not known.is_of(receiver):
            known = self.receivers[key] = KnownReceiver(receiver)
        return known

    def names(self, arguments: Mapping[str, Any]) -> tuple[str, ...]:
        """
        Return the names of the arguments, with what is asked for about them.
        """
        names = tuple(name for name in arguments if name != "sender")
        if (text_of := self.text_of) is not None:
            names = tuple(f"{n}={text_of(n, arguments[n])}" for n in names)
        return self.shared(names)


def open_send(
    parent: Node, signal: Signal, method: str, sender: Any, arguments: Mapping[str, Any]
) -> SendNode:
    """
    Return the node of a send that begins now: a new one, or that of its series.
    """
    series = _series(parent, signal, method, sender)
    series.count += 1
    send = series.collapsed or _new_send(series, arguments)
    send.count += 1
    return send


def _series(parent: Node, signal: Signal, method: str, sender: Any) -> Series:
    recorder = parent.recorder
    key = recorder.known_signal(signal), recorder.known_sender(sender), method
    series = parent.table.get(key) if parent.table else None
    full = recorder.nodes >= _MAX_TREE or parent.depth >= _MAX_DEPTH
    if full and (series is None or series.collapsed is None):
        parent = recorder.overflow
        series = parent.table.get(key) if parent.table else None
        if series is None and recorder.nodes >= _MAX_NODES:
            other = recorder.other(method)
            # Until the next one is sent, this is the signal to look for receivers of.
            other.signal = weakref.ref(signal)
            return other.series
    if series is None:
        parent.table = parent.table or {}
        series = parent.table[key] = Series(parent, key)
    return series


def _new_send(series: Series, arguments: Mapping[str, Any]) -> SendNode:
    parent = series.parent
    recorder = parent.recorder
    recorder.nodes += 1
    send = SendNode(series, arguments)
    parent.sends = parent.sends or []
    parent.sends.append(send)
    if series.count > recorder.collapse_after or parent is recorder.overflow:
        series.collapsed = send
        # Of an instance only the class is known, which may be a sender itself.
        if series.sender.kind != "instance":
            key = id(send.signal()), id(send.sender()), series.method
            parent.collapsed = {**parent.collapsed, key: send}
    return send


def _new_other(recorder: Recorder, method: str) -> SendNode:
    signal, receiver = KnownSignal(Signal()), KnownReceiver(_new_other)
    signal.label = "other signals"
    receiver.described = Described("other receivers", "", "other receivers", None, None)
    series = Series(recorder, (signal, KnownSender(None, None), method))
    series.collapsed = send = SendNode(series, {})
    send.site = None
    send.calls = [CallNode(send, receiver, None)]
    return send


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
