"""
Remember signals, senders, and receivers by weak references and by their names.

CPython may reuse the address of an object that is gone for another one. Therefore an
``id()`` only counts together with a weak reference that is still alive.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from types import MethodType, ModuleType
from typing import Any

from django.apps import AppConfig
from django.dispatch import Signal

from ..introspect.callables import Described, describe
from .names import unnamed
from .records import describe_sender
from .rows import connected_receivers, receiver_key, row_ids

Reference = Callable[[], Any]

#: A dead reference, for objects that can't be weakly referenced, such as those with
#: __slots__ and instances of most built-in types.
NOWHERE: Reference = weakref.ref(set())


class KnownSignal:
    """
    A signal that was sent, the connections that it had then, and those added since.

    ``muted`` are the receivers that a test has prevented from running, by their keys.
    """

    __slots__ = ("added", "label", "muted", "reference", "rows")

    def __init__(self, signal: Signal) -> None:
        self.reference: Reference = weakref.ref(signal)
        self.rows = row_ids(signal)
        self.label = unnamed(signal)
        self.added: list[Described] = []
        self.muted: dict[Any, KnownReceiver] = {}

    def look_again(self) -> None:
        """
        Find out which receivers have been connected since then.
        """
        signal = self.reference()
        if signal is not None and not row_ids(signal) <= self.rows:
            added = connected_receivers(signal, without=self.rows)
            self.added = [describe(receiver) for receiver in added]


class KnownSender:
    """
    What is remembered of a sender, which is the class for most instances.
    """

    __slots__ = ("app", "kind", "label", "reference")

    def __init__(self, sender: Any, anchor: Any) -> None:
        self.reference = _reference(anchor)
        self.label, self.kind, self.app = describe_sender(sender)


class KnownReceiver:
    """
    What is remembered of a receiver that was about to run.

    ``function`` is ``NOWHERE`` for a bound method, which is remembered by its
    ``parts``: each access creates a new method object, so a reference to one is dead at
    once.
    """

    __slots__ = ("described", "function", "key", "parts")

    def __init__(self, receiver: Any) -> None:
        self.described = describe(receiver)
        self.key = receiver_key(receiver)
        self.parts = tuple(map(_reference, _parts(receiver)))
        self.function = NOWHERE if type(receiver) is MethodType else self.parts[0]

    def is_of(self, receiver: Any) -> bool:
        """
        Return whether this is about ``receiver``.

        An object that can't be weakly referenced is identified by its address.
        """
        return self.key == receiver_key(receiver) and all(
            reference is NOWHERE or reference() is part
            for reference, part in zip(self.parts, _parts(receiver), strict=True)
        )

    def is_gone(self) -> bool:
        """
        Return whether a receiver that was weakly referenced was garbage-collected.
        """
        # WeakMethod is dead as soon as the object or the function is.
        return any(reference() is None for reference in self.parts)

    def was_at(self, key: Any) -> bool:
        """
        Return whether this is about a receiver that is gone and had these addresses.
        """
        # Only exact integers are compared: a dispatch_uid may be any object.
        addresses = key if type(key) is tuple else (key,)
        is_plain = all(type(address) is int for address in addresses)
        return is_plain and key == self.key and self.is_gone()


def sender_anchor(sender: Any) -> Any:
    """
    Return what identifies a sender: itself, or for most instances their class.
    """
    # Many instances are the sender of just one send. Their class is what these sends
    # have in common.
    kind = type(sender)
    return sender if sender is None or issubclass(kind, _LASTING) else kind


_LASTING = (type, AppConfig, ModuleType)


def _parts(receiver: Any) -> tuple[Any, ...]:
    if type(receiver) is MethodType:
        return receiver.__self__, receiver.__func__
    return (receiver,)


def _reference(value: Any) -> Reference:
    try:
        return weakref.ref(value)
    except TypeError:
        return NOWHERE
