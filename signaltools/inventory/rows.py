"""
Read connected receivers from Django's private dispatch structures.

Only this module looks inside ``Signal.receivers``. When a Django version changes
its rows, this is the file that changes.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Collection, Iterator
from enum import Enum
from itertools import chain
from types import MethodType
from typing import Any, NamedTuple

import django
from django.apps import apps
from django.dispatch import Signal

from ..introspect.callables import Unreadable
from ..introspect.objects import class_attribute, is_a, live_classes, loaded_modules


class Sender(Enum):
    """
    What stands for a sender where there is no sender object to show.
    """

    ANY = "any sender"
    UNKNOWN = "unknown sender"


class Row(NamedTuple):
    """
    One live connection: ``sender`` is the object itself or a ``Sender``.

    ``entry`` is what ``Signal.receivers`` holds, ``id`` one of what ``row_ids()``
    returns.
    """

    receiver: Any
    sender: Any
    dispatch_uid: Any
    weak: bool
    is_async: bool
    entry: Any

    @property
    def id(self) -> int:
        return id(self.entry)


FindSender = Callable[[Any, Any], Any]

DEAD = object()
_ANY_SENDER_KEY = id(None)


def read_rows(signal: Signal, find_sender: FindSender) -> list[Row]:
    """
    Return the live connections of ``signal`` in the order of ``Signal.receivers``.

    Takes no lock and changes nothing: a connection made or dropped meanwhile by
    another thread is seen or not seen, whole. Raises whatever reading the
    ``receivers`` of a foreign ``Signal`` subclass raises.
    """
    return list(_iter_rows(tuple(signal.receivers), find_sender))


def dispatches_itself(cls: type[Signal]) -> bool:
    """
    Tell whether a ``Signal`` subclass decides itself which receivers run, or in which
    order.
    """
    return any(
        class_attribute(cls, name) is not class_attribute(Signal, name)
        for name in _DISPATCHING
    )


_DISPATCHING = ("send", "send_robust", "asend", "asend_robust", "_live_receivers")


def holds_nothing(row: Row) -> bool:
    """
    Tell whether ``row.entry`` keeps nothing of the project alive.
    """
    if type(row.receiver) is Unreadable:
        return False
    (key, _), reference, _, _ = _unpack(row.entry)
    parts = key if type(key) is tuple else (key,)
    # Anything else is a uid, and may hold what it likes.
    key_is_plain = all(type(part) in (int, str) for part in parts)
    return key_is_plain and is_a(reference, weakref.ReferenceType)


def connected_receivers(
    signal: Signal, without: Collection[int] = frozenset()
) -> list[Any]:
    """
    Return the live receivers of ``signal``, none if they cannot be read.

    ``without`` is what ``row_ids()`` returned, to get those that connected since.
    """
    try:
        rows = read_rows(signal, lambda _key, _reference: Sender.UNKNOWN)
    except Exception:
        return []
    return [row.receiver for row in rows if row.id not in without]


def row_ids(signal: Signal) -> frozenset[int]:
    """
    Return what tells the present connections of ``signal`` from later ones.
    """
    return frozenset(map(id, entries(signal)))


def entries(signal: Signal) -> tuple[Any, ...]:
    """
    Return what ``signal`` remembers of its connections, nothing if that is foreign.
    """
    try:
        return tuple(signal.receivers)
    except Exception:
        return ()


def receiver_with_uid(signal: Signal, uid: Any, sender: Any) -> Any:
    """
    Return the receiver that is connected with this text or number for ``sender``.
    """
    # To compare anything else would run its code.
    if type(uid) is str or type(uid) is int:
        for (key, sender_key), reference, *_ in entries(signal):
            if type(key) is type(uid) and (key, sender_key) == (uid, id(sender)):
                is_weak = is_a(reference, weakref.ReferenceType)
                return reference() if is_weak else reference
    return None


class Connections(NamedTuple):
    """
    All that a signal knows of its receivers, to be put back.
    """

    receivers: list[Any]
    rows: tuple[Any, ...]
    cache: dict[Any, Any]
    any_dead: bool


def save_connections(signal: Signal) -> Connections:
    """
    Return the connections of ``signal`` and what it has cached of them.
    """
    with signal.lock:
        return Connections(
            signal.receivers,
            tuple(signal.receivers),
            dict(signal.sender_receivers_cache),
            signal._dead_receivers,  # type: ignore[attr-defined]
        )


def restore_connections(signal: Signal, saved: Connections) -> None:
    """
    Give ``signal`` the connections that it had, also in its cache.
    """
    with signal.lock:
        saved.receivers[:] = saved.rows
        signal.receivers = saved.receivers
        signal.sender_receivers_cache.clear()
        signal.sender_receivers_cache.update(saved.cache)
        # What died meanwhile has been cleared away once, and now is back.
        any_dead = any(_dead_row(row) is not None for row in saved.rows)
        signal._dead_receivers = saved.any_dead or any_dead  # type: ignore[attr-defined]


def dead_rows(signal: Signal) -> list[Row]:
    """
    Return the connections that are dead and that Django has not cleared away yet.

    A receiver that is gone is ``DEAD``; ``dispatch_uid`` is then all that Django has
    kept of it. Otherwise the sender is gone.
    """
    found = map(_dead_row, entries(signal))
    return [row for row in found if row is not None]


def _dead_row(entry: Any) -> Row | None:
    try:
        (key, _), reference, sender_ref, is_async = _unpack(entry)
        weak = is_a(reference, weakref.ReferenceType)
        receiver = reference() if weak else reference
        if weak and receiver is None:
            receiver = DEAD
        elif sender_ref is None or sender_ref() is not None:
            return None
        uid = _dispatch_uid(key, receiver)
        return Row(receiver, Sender.UNKNOWN, uid, weak, bool(is_async), entry)
    except Exception:
        return None


def _iter_rows(entries: tuple[Any, ...], find_sender: FindSender) -> Iterator[Row]:
    for entry in entries:
        try:
            (key, sender_key), reference, sender_ref, is_async = _unpack(entry)
            weak = is_a(reference, weakref.ReferenceType)
            receiver = reference() if weak else reference
            if weak and receiver is None:
                continue
            sender = find_sender(sender_key, sender_ref)
            if sender is DEAD:
                continue
            uid = _dispatch_uid(key, receiver)
            yield Row(receiver, sender, uid, weak, bool(is_async), entry)
        except Exception as error:
            unreadable = Unreadable(error)
            yield Row(unreadable, Sender.UNKNOWN, None, False, False, entry)


def _dispatch_uid(key: Any, receiver: Any) -> Any:
    # Django's key is the uid or, without one, the id (for methods: the two ids)
    # of the receiver. Only exact ints are compared: a uid may be any object.
    if type(key) is int:
        return None if key == id(receiver) else key
    if type(key) is tuple and len(key) == 2 and type(key[0]) is type(key[1]) is int:
        return None if key == _method_key(receiver) else key
    return key


def _method_key(receiver: Any) -> tuple[int, int] | None:
    if type(receiver) is MethodType:
        return id(receiver.__self__), id(receiver.__func__)
    return None


if django.VERSION >= (6, 0):

    def _unpack(entry: Any) -> Any:
        return entry

    def sender_finder() -> FindSender:
        """
        Return a function that finds the sender of a row; it serves one reading.
        """
        return _sender_from_reference

else:

    def _unpack(entry: Any) -> Any:
        keys, reference, is_async = entry
        return keys, reference, None, is_async

    def sender_finder() -> FindSender:
        """
        Return a function that finds the sender of a row; it serves one reading.
        """
        return _SenderById()


def _sender_from_reference(key: Any, reference: Any) -> Any:
    if type(key) is int and key == _ANY_SENDER_KEY:
        return Sender.ANY
    if reference is None:
        return Sender.UNKNOWN
    sender = reference()
    return DEAD if sender is None else sender


_known_senders: dict[Any, weakref.ReferenceType[Any]] = {}


class _SenderById:
    """
    Find senders by ``id()``, which is all that Django 5.2 remembers of them.

    Classes, app configs and modules outlive their connections, so an id that
    matches one of them is theirs. Any other id may be of an object long gone.
    """

    def __init__(self) -> None:
        self._senders: dict[int, Any] = {}

    def __call__(self, key: Any, _reference: Any) -> Any:
        if type(key) is int and key == _ANY_SENDER_KEY:
            return Sender.ANY
        known = _known_senders.get(key)
        if known is not None and (sender := known()) is not None:
            return sender
        # This looks at every class there is.
        if not self._senders:
            self._senders = _long_lived_objects()
        # The key of a bound method is a pair of ids, and no sender we know.
        sender = self._senders.get(key)
        if sender is None:
            return Sender.UNKNOWN
        _known_senders[key] = weakref.ref(sender)
        return sender


def _long_lived_objects() -> dict[int, Any]:
    configs = apps.app_configs.copy().values()
    modules = (module for _, module in loaded_modules())
    return {id(obj): obj for obj in chain(live_classes(), configs, modules)}
