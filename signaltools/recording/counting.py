"""
Count the calls of receivers in the whole process, for signal coverage.

A trace belongs to one context. This counts what runs in all threads and tasks, whether
there are traces or not. A receiver is counted when it begins to run. A receiver that is
muted, or that comes after one that raised, doesn't run.
"""

from __future__ import annotations

import functools
import itertools
import weakref
from collections.abc import Callable, Coroutine, Generator
from contextvars import ContextVar
from inspect import iscoroutinefunction
from types import CoroutineType, FunctionType
from typing import Any

from django.dispatch import Signal

from ..events import background
from ..introspect.objects import is_a
from ..inventory.receivers import keys_and_receivers, receiver_key
from .patches import Tool, caller, sender_of
from .probes import AsyncProbe, Probe
from .wrapped import receivers_behind


class Count:
    """
    The number of calls through one connection.
    """

    __slots__ = ("_numbers", "_reads", "add", "key")

    def __init__(self, key: Any) -> None:
        # It is kept, so no other connection can have its id().
        self.key = key
        # "count += 1" would miss calls of other threads.
        self._numbers = itertools.count()
        self.add: Callable[[], int] = self._numbers.__next__
        self._reads = 0

    def read(self) -> int:
        self._reads += 1
        return self.add() - self._reads + 1


class SignalCount:
    """
    What is counted of one signal: ``asked`` is whether its receivers were asked for.
    """

    __slots__ = (
        *("_by_sender", "_keys", "_senders", "asked", "connections", "reference"),
        "sent",
    )

    def __init__(self, signal: Signal) -> None:
        self.reference = weakref.ref(signal)
        self.sent = self.asked = False
        self.connections: dict[int, Count] = {}
        self._keys: list[int] = []
        self._senders: set[Any] = set()
        self._by_sender: dict[Any, dict[Any, list[Count]]] = {}

    def connection(self, key: Any) -> Count:
        """
        Return the count of the connection whose row starts with this ``key``.
        """
        found = self.connections.get(id(key))
        if found is None:
            found = self.connections.setdefault(id(key), Count(key))
        return found

    def by_receiver(self, signal: Signal, sender: Any) -> dict[Any, list[Count]]:
        """
        Return the counts of the connections for ``sender``, by ``receiver_key()``.

        Receivers in the background have none: they are only queued.
        """
        try:
            # Each key is kept by its count, so equal ids are those of the same keys.
            keys = [id(entry[0]) for entry in signal.receivers]
            if keys != self._keys:
                rows = keys_and_receivers(signal)
                self._senders = {self.connection(key).key[1] for key, _ in rows}
                self._by_sender, self._keys = {}, keys
            sender_id = receiver_key(sender)
            if sender_id not in self._senders:
                sender_id = _ANY_SENDER
            found = self._by_sender.get(sender_id)
            if found is None:
                found = self._by_sender[sender_id] = self._find(signal, sender_id)
        except Exception:
            # The rows of another tool, or a subclass that can't say what is connected.
            return {}
        return found

    def _find(self, signal: Signal, sender_id: Any) -> dict[Any, list[Count]]:
        found: dict[Any, list[Count]] = {}
        for key, receiver in keys_and_receivers(signal):
            if key[1] in (_ANY_SENDER, sender_id):
                counts = found.setdefault(receiver_key(receiver), [])
                if not is_a(receiver, background.BackgroundReceiver):
                    counts.append(self.connection(key))
        return found


_ANY_SENDER = receiver_key(None)
_signals: dict[int, SignalCount] = {}
# The signal whose receivers a method is looking for.
_asking: ContextVar[Signal | None] = ContextVar("signaltools.counting", default=None)


def count_of(signal: Signal) -> SignalCount:
    """
    Return what has been counted of ``signal``.
    """
    found = _signals.get(id(signal))
    if found is None or found.reference() is not signal:
        found = _signals[id(signal)] = SignalCount(signal)
    return found


def start_counting() -> None:
    """
    Count from now on.
    """
    _sent.install()
    _called.install()
    background.observers.append(_count_in_background)


def stop_counting() -> None:
    """
    Stop counting, and forget what was counted.
    """
    background.observers.remove(_count_in_background)
    _called.uninstall()
    _sent.uninstall()
    _signals.clear()


class CountedReceiver(Probe):
    """
    Count a call of a receiver. In everything else, be like the receiver.
    """

    __slots__ = ()
    # Each class gets these of its own otherwise.
    __module__ = Probe.__dict__["__module__"]
    __doc__ = Probe.__dict__["__doc__"]
    _traced_call: Any

    def __init__(self, receiver: Any, count: Count) -> None:
        self._traced_receiver = receiver
        self._traced_call = count

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        self._traced_call.add()
        return self._traced_receiver(*args, **kwargs)


class CountedAsyncReceiver(CountedReceiver):
    """
    Count when a coroutine begins, not when it's created.
    """

    __slots__ = ()
    # Each class gets these of its own otherwise.
    __module__ = Probe.__dict__["__module__"]
    __doc__ = Probe.__dict__["__doc__"]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        result = self._traced_receiver(*args, **kwargs)
        if type(result) is CoroutineType:
            return CountedCoroutine(result, self._traced_call)
        self._traced_call.add()
        return result


class CountedCoroutine(Coroutine[Any, Any, Any]):
    """
    Count a coroutine when it begins.

    A coroutine around it could be canceled before it begins. Then Python would warn
    that the one inside was never awaited.
    """

    __slots__ = ("_begun", "_coroutine", "_count")

    def __init__(self, coroutine: CoroutineType[Any, Any, Any], count: Count) -> None:
        self._coroutine = coroutine
        self._count = count
        self._begun = False

    def send(self, value: Any) -> Any:
        __tracebackhide__ = True
        if not self._begun:
            self._begun = True
            self._count.add()
        return self._coroutine.send(value)

    def throw(self, *error: Any) -> Any:
        __tracebackhide__ = True
        return self._coroutine.throw(*error)

    def close(self) -> None:
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        # As an expression, because this only runs when something awaits it.
        self._count.add()
        return self._coroutine.__await__()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._coroutine, name)


def _live_receivers_hook(_cls: type[Signal], original: Any, _name: str) -> Any:
    call = caller(original)

    @functools.wraps(original)
    def live_receivers(self: Signal, /, *args: Any, **named: Any) -> Any:
        outer = _asking.get()
        # A subclass may filter and sort what super() returns, so that has to be the
        # receivers themselves.
        if outer is self:
            return call(self, *args, **named)
        count = count_of(self)
        count.asked = True
        counts = count.by_receiver(self, sender_of(args, named))
        _asking.set(self)
        try:
            found = call(self, *args, **named)
        finally:
            _asking.set(outer)
        # A subclass that calls its receivers by itself may return anything.
        if type(found) is tuple and [*map(type, found)] == [list, list]:
            # Not in place: a subclass may keep these lists.
            return (
                _counted(self, found[0], counts, CountedReceiver),
                _counted(self, found[1], counts, CountedAsyncReceiver),
            )
        return found

    return live_receivers


def _counted(
    signal: Signal,
    found: list[Any],
    counts: dict[Any, list[Count]],
    cls: type[CountedReceiver],
) -> list[Any]:
    """
    Return counted receivers in place of those that were found.
    """
    seen: dict[Any, int] = {}
    result = []
    for each in found:
        receiver = each
        if type(each) is Probe or type(each) is AsyncProbe:
            receiver = each._traced_receiver
        key = receiver_key(receiver)
        if key not in counts:
            # Another tool has wrapped it.
            key = receiver_key(receivers_behind(signal)(receiver))
        own = counts.get(key)
        if not own:
            result.append(each)
            continue
        # A receiver that is connected twice runs once for each of its connections.
        number = 0
        if len(own) > 1:
            number = min(seen.get(key, 0), len(own) - 1)
            seen[key] = number + 1
        result.append(cls(each, own[number]))
    return result


def _count_in_background(event: Signal, sender: Any, function: Any) -> None:
    count = count_of(event)
    for key, receiver in keys_and_receivers(event):
        if (
            is_a(receiver, background.BackgroundReceiver)
            and receiver.func is function
            and key[1] in (_ANY_SENDER, receiver_key(sender))
        ):
            count.connection(key).add()


def _send_hook(_cls: type[Signal], original: Any, _method: str) -> Any:
    call = caller(original)
    if iscoroutinefunction(original):

        @functools.wraps(original)
        async def asend(self: Signal, /, *args: Any, **named: Any) -> Any:
            __tracebackhide__ = True
            return without_counts(await call(self, *args, **named))

        return asend

    @functools.wraps(original)
    def send(self: Signal, /, *args: Any, **named: Any) -> Any:
        __tracebackhide__ = True
        return without_counts(call(self, *args, **named))

    return send


def without_counts(responses: Any) -> Any:
    """
    Return what a signal has returned, with the receivers themselves.
    """
    # In place: the send() of a subclass may have kept the list.
    if type(responses) is list:
        for index, pair in enumerate(responses):
            if type(pair) is not tuple or not pair:
                continue
            first = pair[0]
            if issubclass(type(first), CountedReceiver):
                responses[index] = (first._traced_receiver, *pair[1:])
            elif type(first) is FunctionType:
                # Another tool has patched over the hook, and has wrapped what it got.
                wrapped: Any = first.__dict__.get("__wrapped__")
                if issubclass(type(wrapped), CountedReceiver):
                    first.__dict__["__wrapped__"] = wrapped._traced_receiver
    return responses


def _mark_hook(_cls: type[Signal], original: Any, _method: str) -> Any:
    call = caller(original)
    if iscoroutinefunction(original):

        @functools.wraps(original)
        async def asend(self: Signal, /, *args: Any, **named: Any) -> Any:
            __tracebackhide__ = True
            count_of(self).sent = True
            return await call(self, *args, **named)

        return asend

    @functools.wraps(original)
    def send(self: Signal, /, *args: Any, **named: Any) -> Any:
        __tracebackhide__ = True
        count_of(self).sent = True
        return call(self, *args, **named)

    return send


_METHODS = ("send", "send_robust", "asend", "asend_robust")
# The farthest from Django: a recorder doesn't call send() if there are no receivers.
_sent = Tool(dict.fromkeys(_METHODS, _mark_hook), rank=3)
# The nearest: a recorder has to get its own probes back. It's the other way round for
# _live_receivers(), where muted receivers have been left out by then.
_called = Tool(
    {**dict.fromkeys(_METHODS, _send_hook), "_live_receivers": _live_receivers_hook},
    rank=-1,
)
