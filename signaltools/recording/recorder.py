"""
Record sends and calls as they happen, in little memory.

They form a tree: below a send are the calls of its receivers, below a call is what the
receiver sent. Nothing here keeps a signal, a sender, a receiver, an argument, or an
exception alive: a trace must not change when objects are garbage-collected, which weak
connections depend on.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from threading import get_ident
from types import CodeType
from typing import Any, TypeVar

from django.dispatch import Signal

from ..events.on_commit import next_number
from ..introspect.callers import Frame, find_stack
from ..introspect.objects import is_a
from ..introspect.text import exception_text
from ..inventory.receivers import entries
from ..inventory.weak import (
    NOWHERE,
    ReceiverRef,
    Reference,
    References,
    SenderRef,
    SignalRef,
)
from .clock import now
from .identity import Identity, Path
from .secrets import cleansed
from .surroundings import connection_of, in_atomic
from .waiting import WaitingSend, find_waiting

#: How many sends of a signal by one sender get a node of their own below one parent.
COLLAPSE_AFTER = 20
# With so many calls below one send, those of receivers that are gone are reused; with
# so many totals, those of signals that are gone are combined.
MAX_CALLS = 64
MAX_TOTALS = 1_024
# Deeper than any tree.
_TOO_DEEP = 1_000_000

# Shared by most nodes, and so never changed.
_NO_SENDS: dict[Any, Any] = {}
Key = tuple[SignalRef, SenderRef, str]
ArgumentText = Callable[[str, Any], str]
T = TypeVar("T")


class Node:
    """
    What a recorder, a send, and a call have in common. Times are in seconds.

    ``busy`` is how long an awaited send or receiver actually ran on the event loop,
    ``inner`` the part of that time that nested sends and calls took, and ``active``
    how many times this runs at the moment.
    """

    # There may be thousands of nodes, and a __dict__ for each would double their size.
    __slots__ = (
        *("active", "busy", "count", "depth", "error", "inner", "longest", "queries"),
        *("query_time", "raised", "recorder", "sends", "signal", "start", "table"),
        *("thread", "time"),
    )

    def __init__(self, recorder: Recorder, depth: int) -> None:
        self.recorder = recorder
        self.depth = depth
        self.active = self.count = self.raised = self.queries = self.thread = 0
        self.start = self.time = self.longest = self.query_time = 0.0
        self.busy = self.inner = 0.0
        self.error: str | None = None
        # Only a send has a signal. The hooks compare without asking which node it is.
        self.signal: Reference = NOWHERE
        # Most nodes have nothing below them, and empty containers are large.
        self.sends: list[SendNode] | None = None
        self.table: dict[Key, Series] | None = None

    def series_of(self, key: Key) -> Series:
        """
        Return the series of sends with this key below this node.
        """
        table = self.table = self.table or {}
        return table.get(key) or table.setdefault(key, Series(self, key))

    def begin(self) -> None:
        recorder = self.recorder
        self.start = now() - recorder.origin
        thread = get_ident()
        self.thread = recorder.values.setdefault(thread, thread)

    def failed(self, error: BaseException) -> None:
        self.raised += 1
        # As a string: an exception holds its traceback, and that holds all variables.
        self.error = self.error or cleansed(exception_text(error))

    def ended(self, seconds: float, error: BaseException | None) -> None:
        """
        Add the time of something awaited, which may outlive the recording.
        """
        if self.recorder.recording:
            self.time += seconds
            self.longest = max(self.longest, seconds)
            if error is not None:
                self.failed(error)


class SendNode(Node):
    """
    One send, or several collapsed sends of a series.

    ``with_receivers`` is how many of them had a receiver to call, and ``began`` how
    many synchronous receivers were called. ``same_caller`` is whether all of them are
    known to have the caller of ``identity``. ``code`` is what the hook finds it by.
    ``asked`` is how often there was none for the sender, and ``unseen`` how many sends
    haven't asked for receivers at all. ``connection`` refers to that of the first send,
    and ``stack`` has led to it.
    """

    __slots__ = (
        "arguments",
        "asked",
        "began",
        "calls",
        "code",
        "connection",
        "identity",
        "in_atomic",
        "on_commit",
        "path",
        "same_caller",
        "series",
        "stack",
        "unseen",
        "with_receivers",
        "wrong_loop",
    )

    def __init__(
        self, series: Series, identity: Identity, arguments: Mapping[str, Any]
    ) -> None:
        super().__init__(series.parent.recorder, series.parent.depth + 1)
        recorder = self.recorder
        self.begin()
        self.series = series
        # As shared() does. Each call of a function counts here.
        values = recorder.values
        self.identity = values.setdefault(identity, identity)
        self.signal = series.signal.reference
        names = tuple(arguments)
        if "sender" in arguments:
            names = tuple(name for name in names if name != "sender")
        if (text_of := recorder.text_of) is not None:
            names = tuple(f"{name}={text_of(name, arguments[name])}" for name in names)
        self.arguments = values.setdefault(names, names)
        connection = connection_of(arguments)
        self.connection = NOWHERE if connection is None else weakref.ref(connection)
        self.in_atomic = in_atomic(connection)
        self.on_commit = self.with_receivers = self.began = self.asked = 0
        self.unseen = 0
        self.wrong_loop, self.same_caller = False, True
        self.code: CodeType | None = None
        self.path: Path | None = None
        self.stack: tuple[Frame, ...] = ()
        self.calls = _NO_CALLS

    def failed(self, error: BaseException) -> None:
        super().failed(error)
        if self.series.method.startswith("a") or not is_a(error, RuntimeError):
            return
        # In a running event loop, send() raises RuntimeError before it runs the first
        # asynchronous receiver. It isn't that error if a receiver raised it.
        waiting = any(call.order is None and not call.count for call in self.calls)
        by_receivers = sum(call.raised - call.swallowed for call in self.calls)
        if waiting and self.raised > by_receivers:
            # Raises RuntimeError if no loop runs.
            with suppress(RuntimeError):
                asyncio.get_running_loop()
                self.wrong_loop = True

    def new_call(self, receiver: ReceiverRef, order: int | None) -> CallNode:
        """
        Return a node for calls of ``receiver``, which has none here yet.
        """
        # Receivers that are connected only for a moment each must not add up. To look
        # for them whenever the number has doubled takes little time.
        number = len(self.calls)
        if number >= MAX_CALLS and not number & (number - 1):
            for call in self.calls:
                known = call.receiver
                if known.described == receiver.described and known.is_gone():
                    call.receiver = receiver
                    return call
        if self.series.parent is not self.recorder.overflow:
            self.recorder.nodes += 1
        call = CallNode(self, receiver, order)
        self.calls = self.calls or []
        self.calls.append(call)
        return call


class CallNode(Node):
    """
    One call of a receiver, or all its calls by the collapsed sends of a series.

    ``order`` is its number among the synchronous receivers of the first send that has
    called it, 0 until then, None if it's asynchronous. ``pending`` is how many
    awaitables have been returned and haven't ended.
    """

    __slots__ = (
        "cancelled",
        "order",
        "pending",
        "receiver",
        "send",
        "swallowed",
    )

    def __init__(
        self, send: SendNode, receiver: ReceiverRef, order: int | None
    ) -> None:
        super().__init__(send.recorder, send.depth)
        self.send = send
        self.receiver = receiver
        self.order = order
        self.cancelled = self.pending = self.swallowed = 0

    def begin(self) -> None:
        super().begin()
        # The class of a signal may sort its receivers, or leave some of them out.
        if self.order is not None:
            self.send.began += 1
            self.order = self.send.began

    def ended(self, seconds: float, error: BaseException | None) -> None:
        if self.recorder.recording:
            self.pending -= 1
            # A timeout cancels a task; closing a coroutine raises GeneratorExit in it.
            if issubclass(type(error), (asyncio.CancelledError, GeneratorExit)):
                self.cancelled += 1
                error = None
        super().ended(seconds, error)

    def failed(self, error: BaseException) -> None:
        super().failed(error)
        # The robust methods catch Exception, but not KeyboardInterrupt, for example.
        if self.send.series.method.endswith("robust") and is_a(error, Exception):
            self.swallowed += 1


# Shared by all sends without receivers, and so never changed.
_NO_CALLS: list[CallNode] = []


class Series:
    """
    The sends of one signal, by one sender and method, below one parent.

    ``collapsed`` are the nodes that further sends share, by what they have in common.
    """

    __slots__ = ("collapsed", "count", "method", "parent", "sender", "signal")

    def __init__(self, parent: Node, key: Key) -> None:
        self.parent = parent
        self.signal, self.sender, self.method = key
        self.count = 0
        self.collapsed: Mapping[Identity, SendNode] = _NO_SENDS

    def new_send(self, identity: Identity, arguments: Mapping[str, Any]) -> SendNode:
        """
        Return a new node, below the parent.
        """
        send, parent = SendNode(self, identity, arguments), self.parent
        recorder = parent.recorder
        if parent is not recorder.overflow:
            recorder.nodes += 1
            signal = send.signal() if recorder.stacks else None
            if signal is not None and entries(signal):
                send.stack = recorder.shared(find_stack())
        parent.sends = parent.sends or []
        parent.sends.append(send)
        return send

    def collapse(self, send: SendNode) -> None:
        """
        Let further sends that are like ``send`` share its node.
        """
        if send.identity not in self.collapsed:
            self.collapsed = {**self.collapsed, send.identity: send}


class Recorder(Node):
    """
    The root of a tree, with the signals, senders, and receivers that occur in it.

    ``collapsed`` are sends that further ones share, by their parent, the ids of signal
    and sender, the method, and if there are receivers, the id of the code that sends
    and the position in it. A signal or a sender that is gone empties it: another one
    may get its id. ``switched`` is whether a trace has started or ended inside this
    one, or this one has ended, perhaps in a receiver.
    """

    # Each send looks at ``recording``, which is quicker in a slot.
    __slots__ = (
        *("collapse_after", "collapsed", "first_pending", "max_totals", "nodes"),
        *("origin", "outer", "overflow", "recording", "refs", "stacks", "switched"),
        *("text_of", "values", "waiting"),
    )

    def __init__(
        self,
        outer: Node | None,
        text_of: ArgumentText | None,
        collapse_after: int,
        stacks: bool,
    ) -> None:
        self.origin = now()
        self.outer = outer
        self.values: dict[Any, Any] = {}
        super().__init__(self, outer.depth if outer else 0)
        self.recording = True
        self.switched = False
        self.text_of = text_of
        self.collapse_after = collapse_after
        self.stacks = stacks
        self.active = 1
        self.nodes = 0
        self.max_totals = MAX_TOTALS
        collapsed: dict[tuple[object, ...], SendNode] = {}
        self.collapsed = collapsed
        # Not a method: the results of a trace have references, and would keep its tree.
        self.refs = References(on_gone=lambda _: collapsed.clear())
        self.first_pending = next_number()
        self.waiting: list[WaitingSend] = []
        # The parent of the totals of what exceeds the tree. They are leaves: what their
        # receivers send is too deep, and belongs to other totals.
        self.overflow = Node(self, _TOO_DEEP)

    def stop(self) -> None:
        self.time = self.elapsed
        self.recording = False
        self.switched = True
        self.look_around()

    def forget(self) -> None:
        """
        Forget what was recorded: contexts in which this is the current recorder may
        outlive the trace.
        """
        self.sends = self.table = None
        self.collapsed.clear()
        self.values = {}
        self.refs, self.overflow, self.waiting = References(), Node(self, 0), []

    def look_around(self) -> None:
        """
        Find what was connected while recording, and what waits for a commit now.
        """
        self.waiting = [*find_waiting(self.first_pending, self.refs)]
        # A copy, because another thread of this trace may add a signal meanwhile.
        for signal in self.refs.signals.copy().values():
            signal.find_added()

    @property
    def elapsed(self) -> float:
        return now() - self.origin if self.recording else self.time

    def all_sends(self) -> Iterator[SendNode]:
        # Not recursively: a trace inside a trace may be deeper than 100 levels.
        waiting: list[Node] = [self, self.overflow]
        while waiting:
            for send in waiting.pop().sends or ():
                yield send
                waiting += (send, *send.calls)

    def shared(self, value: T) -> T:
        """
        Return the same object for all equal values, to save memory.
        """
        return self.values.setdefault(value, value)  # type: ignore[no-any-return]

    def add_muted(self, signal: Signal, receiver: Any) -> None:
        """
        Remember that ``signaltools.testing.mute()`` prevented a receiver from running.
        """
        self.refs.signal(signal).muted.add(self.refs.receiver(receiver))
