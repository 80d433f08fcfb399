"""
Refer to signals, senders, and receivers without keeping them alive.

The id of an object is its address, and Python soon gives the address of an object that
is gone to another one. So an id is only believed together with a weak reference.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from copy import copy
from itertools import count
from types import MethodType, ModuleType
from typing import Any

from django.apps import AppConfig
from django.dispatch import Signal

from ..events.background import find_background
from ..introspect.callables import Described, describe
from .names import unnamed
from .receivers import connected_receivers, entries, receiver_key, row_ids
from .records import describe_sender

Reference = Callable[[], Any]
OnGone = Callable[[Any], None]

#: A reference that is always dead, for objects that can't be referred to weakly.
NOWHERE: Reference = weakref.ref(set())


class SignalRef:
    """
    A signal that was sent, and the connections that it had at that time.

    ``added`` are receivers that were connected later, and ``added_rows`` their
    connections. ``put_back`` are connections that are there again, but had been taken
    out when the signal was sent, as with factory_boy's ``mute_signals()``. ``muted``
    are receivers that a test has prevented from running. ``asked_by`` are functions
    that have asked for the receivers of a sender without sending the signal.
    """

    __slots__ = (
        *("added", "added_rows", "asked_by", "label", "muted", "put_back"),
        *("reference", "rows", "since"),
    )

    def __init__(self, signal: Signal, on_gone: OnGone | None = None) -> None:
        self.reference: Reference = weakref.ref(signal, on_gone)
        self.rows = row_ids(signal)
        self.since = next(_moments)
        self.label = unnamed(signal)
        self.added: list[Described] = []
        self.added_rows = self.put_back = frozenset[int]()
        self.muted: set[ReceiverRef] = set()
        self.asked_by: set[tuple[SenderRef, str]] = set()

    def find_added(self) -> None:
        signal = self.reference()
        # Most signals have no new connections: comparing the ids costs little.
        if signal is None or (present := row_ids(signal)) <= self.rows:
            return
        later = present - self.rows
        self.added_rows = frozenset(
            row for row in later if _connects.get(row, 0) > self.since
        )
        self.put_back = later - self.added_rows
        added = connected_receivers(signal, without=self.rows | self.put_back)
        self.added = [describe(receiver) for receiver in added]


#: The moment at which each connection was made, as far as note_connect() knows. The
#: connection may be gone, and another one may have its id, which is later then.
_connects: dict[int, int] = {}
_moments = count(1)


def note_connect(signal: Signal, before: frozenset[int]) -> None:
    """
    Note the last connection of ``signal`` as a new one, unless it was there ``before``.
    """
    for entry in entries(signal)[-1:]:
        if id(entry) not in before:
            _connects[id(entry)] = next(_moments)


class SenderRef:
    """
    A sender and its label. For an instance, the reference is to its class.
    """

    __slots__ = ("app", "kind", "label", "reference")

    def __init__(self, sender: Any, anchor: Any, on_gone: OnGone | None = None) -> None:
        self.reference = _reference(anchor, on_gone)
        self.label, self.kind, self.app = describe_sender(sender)


class ReceiverRef:
    """
    A receiver and its description.

    ``function`` is the reference to a receiver that isn't a bound method.
    """

    __slots__ = ("background", "described", "function", "key", "parts")

    def __init__(self, receiver: Any) -> None:
        self.described = describe(receiver)
        self.background = find_background(receiver)
        self.key = receiver_key(receiver)
        self.parts = tuple(map(_reference, _parts(receiver)))
        self.function = NOWHERE if type(receiver) is MethodType else self.parts[0]

    def is_of(self, receiver: Any) -> bool:
        """
        Return whether this refers to ``receiver``.

        An object that can't be weakly referenced is identified by its address.
        """
        # Nearly all receivers are plain functions, and nearly all others bound methods.
        if type(receiver) is not MethodType:
            if self.function() is receiver:
                return True
        elif len(self.parts) == 2:
            instance, function = self.parts
            # Neither is ever None, as references that are dead are.
            if instance() is receiver.__self__ and function() is receiver.__func__:
                return True
        parts = _parts(receiver)
        if len(parts) != len(self.parts):
            return False
        for reference, part in zip(self.parts, parts, strict=True):
            if reference() is not part and (
                reference is not NOWHERE or self.key != receiver_key(receiver)
            ):
                return False
        return True

    def is_gone(self) -> bool:
        """
        Return whether a receiver that was weakly referenced was garbage-collected.
        """
        return any(
            reference() is None for reference in self.parts if reference is not NOWHERE
        )

    def is_same(self, other: ReceiverRef) -> bool:
        """
        Return whether both refer to the same receiver.
        """
        # Weak references aren't compared: that would compare the receivers.
        return (self.key, self.described) == (other.key, other.described) and all(
            mine() is its() for mine, its in zip(self.parts, other.parts, strict=True)
        )

    def was_at(self, key: Any) -> bool:
        """
        Return whether this refers to a receiver that is gone and had this ``key``.
        """
        # Only exact integers are compared: a dispatch_uid may be any object, and
        # comparing it could run code of the project.
        addresses = key if type(key) is tuple else (key,)
        is_plain = all(type(address) is int for address in addresses)
        return is_plain and key == self.key and self.is_gone()


class References:
    """
    Signals, senders, and receivers, each of them referred to by one object.

    ``on_gone`` is called when a signal or a sender is garbage-collected, before another
    object can get its id.
    """

    def __init__(self, on_gone: OnGone | None = None) -> None:
        self._on_gone = on_gone
        self.signals: dict[int, SignalRef] = {}
        self.senders: dict[int, SenderRef] = {}
        self.receivers: dict[Any, ReceiverRef] = {}

    def signal(self, signal: Signal) -> SignalRef:
        found = self.signals.get(id(signal))
        if found is None or found.reference() is not signal:
            found = self.signals[id(signal)] = SignalRef(signal, self._on_gone)
        return found

    def adopt(self, key: int, ref: SignalRef) -> SignalRef:
        """
        Return what refers to the signal with the id ``key`` here: a copy of ``ref`` if
        nothing does.

        A copy, because looking for added receivers again must not change the original.
        """
        if key not in self.signals:
            found = self.signals[key] = copy(ref)
            found.reference = _reference(ref.reference(), self._on_gone)
        return self.signals[key]

    def sender(self, sender: Any) -> SenderRef:
        # Nearly all senders are classes, which identify themselves.
        found = self.senders.get(id(sender))
        if found is not None and found.reference() is sender:
            return found
        found = self.known_sender(sender)
        if found is None:
            key, anchor = _sender_key(sender)
            found = self.senders[key] = SenderRef(sender, anchor, self._on_gone)
        return found

    def known_sender(self, sender: Any) -> SenderRef | None:
        key, anchor = _sender_key(sender)
        found = self.senders.get(key)
        return found if found is not None and found.reference() is anchor else None

    def receiver(self, receiver: Any) -> ReceiverRef:
        key = receiver_key(receiver)
        found = self.receivers.get(key)
        if found is None or not found.is_of(receiver):
            found = self.receivers[key] = ReceiverRef(receiver)
        return found

    def same_receiver(self, ref: ReceiverRef) -> ReceiverRef:
        """
        Return what refers to the receiver of ``ref`` here, which may be ``ref``.
        """
        found = self.receivers.get(ref.key)
        if found is None or not found.is_same(ref):
            found = self.receivers[ref.key] = ref
        return found


def _sender_key(sender: Any) -> tuple[int, Any]:
    """
    Return what identifies a sender, and the object that it refers to.
    """
    # Classes, app configs, and modules identify themselves. Other instances come and go
    # with each request, so they are identified by their class. It may be a sender
    # itself, hence the different key.
    kind = type(sender)
    if sender is None or issubclass(kind, LASTING):
        return id(sender), sender
    return -id(kind), kind


LASTING = (type, AppConfig, ModuleType)


def _parts(receiver: Any) -> tuple[Any, ...]:
    # Python creates a bound method on each access: a weak reference to it would be dead
    # at once, while its object and its function live on.
    if type(receiver) is MethodType:
        return receiver.__self__, receiver.__func__
    return (receiver,)


def _reference(value: Any, on_gone: OnGone | None = None) -> Reference:
    try:
        return weakref.ref(value, on_gone)
    except TypeError:
        return NOWHERE
