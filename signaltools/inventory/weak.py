"""
Remember signals, senders and receivers by weak references and by what they are called.

An address may soon be that of another object, so it is believed only together with the
weak reference.
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

#: What leads to nothing, for what there is no reference to.
NOWHERE: Reference = weakref.ref(set())


class KnownSignal:
    """
    A signal that was sent, which connections it had by then, and what was added.

    ``muted`` are the receivers that a test has kept from running, by their keys.
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
        Find out which receivers have been connected since.
        """
        signal = self.reference()
        if signal is not None and not row_ids(signal) <= self.rows:
            added = connected_receivers(signal, without=self.rows)
            self.added = [describe(receiver) for receiver in added]


class KnownSender:
    """
    What is remembered of a sender: of an instance, its class.
    """

    __slots__ = ("app", "kind", "label", "reference")

    def __init__(self, sender: Any, anchor: Any) -> None:
        self.reference = _reference(anchor)
        self.label, self.kind, self.app = describe_sender(sender)


class KnownReceiver:
    """
    What is remembered of a receiver that was about to run.
    """

    __slots__ = ("described", "function", "key", "method", "owner")

    def __init__(self, receiver: Any) -> None:
        self.described = describe(receiver)
        self.key = receiver_key(receiver)
        self.function = self.owner = self.method = NOWHERE
        if type(receiver) is MethodType:
            self.owner = _reference(receiver.__self__)
            self.method = _reference(receiver.__func__)
        else:
            self.function = _reference(receiver)

    def is_of(self, receiver: Any) -> bool:
        """
        Tell whether this is about ``receiver``.

        An object that takes no weak reference is told by its address.
        """
        if type(receiver) is not MethodType:
            return _refers(self.function, receiver) and self.key == id(receiver)
        return (
            self.key == receiver_key(receiver)
            and _refers(self.owner, receiver.__self__)
            and _refers(self.method, receiver.__func__)
        )

    def is_gone(self) -> bool:
        """
        Tell whether a receiver that takes weak references has been garbage-collected.
        """
        parts = (
            (self.function,)
            if self.function is not NOWHERE
            else (self.owner, self.method)
        )
        return any(part() is None for part in parts)

    def was_at(self, key: Any) -> bool:
        """
        Tell whether this is about a receiver that is gone and was at these addresses.
        """
        # Only exact integers are compared: what Django keeps may be any object.
        parts = key if type(key) is tuple else (key,)
        return (
            all(type(part) is int for part in parts)
            and key == self.key
            and self.function() is None
            and (self.owner() is None or self.method() is None)
        )


def sender_anchor(sender: Any) -> Any:
    """
    Return what tells a sender from others: itself, for most instances their class.
    """
    kind = type(sender)
    return sender if sender is None or issubclass(kind, _LASTING) else kind


_LASTING = (type, AppConfig, ModuleType)


def _reference(value: Any) -> Reference:
    try:
        return weakref.ref(value)
    except TypeError:
        return NOWHERE


def _refers(reference: Reference, value: Any) -> bool:
    return reference is NOWHERE or reference() is value
