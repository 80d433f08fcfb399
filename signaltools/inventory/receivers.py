"""
Read connected receivers from Django's private dispatch structures.

Only this module reads ``Signal.receivers``, apart from ``events.decorators``, which
compares its keys. Django keeps a tuple for each connection:

* Django 5.2: ``((lookup id, sender id), receiver, is_async)``
* Django 6.0 and later: ``((lookup id, sender id), receiver, sender, is_async)``

The lookup id is the ``dispatch_uid`` if there is one. If there isn't, it is the
``id()`` of the receiver, or for a bound method the ids of its object and its function.
The sender id is the ``id()`` of the sender, which is that of None for any sender. The
receiver is a weak reference, or the receiver itself after ``connect(weak=False)``. The
sender is a weak reference, or None if there is no sender or it can't be weakly
referenced. If a Django version changes this, only this file has to change.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Collection, Iterable, Iterator
from enum import Enum
from types import MethodType
from typing import Any, NamedTuple

import django
from django.apps import apps
from django.db.models import Model
from django.dispatch import Signal

from ..introspect.callables import Unreadable
from ..introspect.objects import class_attribute, is_a, live_classes, loaded_modules


class Sender(Enum):
    """
    What a row has for a sender if there isn't an object to show.
    """

    ANY = "any sender"
    UNKNOWN = "unknown sender"


class Row(NamedTuple):
    """
    One connection: ``sender`` is the object itself or a ``Sender``.

    ``entry`` is the tuple in ``Signal.receivers``, and ``id`` is one of ``row_ids()``.
    """

    receiver: Any
    sender: Any
    dispatch_uid: Any
    weak: bool
    is_async: bool
    entry: Any

    @property
    def id(self) -> int:
        # Django never changes a tuple in Signal.receivers, so its identity is that of
        # the connection for as long as the connection exists.
        return id(self.entry)


# Takes the id and the reference of a sender. Returns the sender, a Sender, or DEAD.
FindSender = Callable[[Any, Any], Any]

# Django 5.2 keeps no references to senders.
_HAS_REFERENCES = django.VERSION >= (6, 0)

#: The receiver or the sender of a connection that has been garbage-collected.
DEAD = object()
_ANY_SENDER_ID = id(None)


def read_rows(signal: Signal, find_sender: FindSender) -> list[Row]:
    """
    Return the live connections of ``signal`` in the order of ``Signal.receivers``.

    Takes no lock and changes nothing: a connection that another thread makes or drops
    meanwhile is in the result or isn't, but never in part. Raises whatever reading the
    ``receivers`` of a custom ``Signal`` subclass raises.
    """
    # A property of a subclass may raise here, and the caller has to know. Taking the
    # lock of the signal could block: another thread may hold it while it connects.
    rows = _read(tuple(signal.receivers), find_sender)
    return [r for r in rows if r.receiver is not DEAD and r.sender is not DEAD]


def dead_rows(signal: Signal) -> list[Row]:
    """
    Return the connections that are dead and that Django hasn't removed yet.

    A receiver that is gone is ``DEAD``, and ``dispatch_uid`` is all that Django has
    kept of it. Otherwise, the sender is gone. Django only removes dead connections in
    the next ``connect()``, ``disconnect()``, or ``send()``.
    """
    rows = _read(entries(signal), _sender_from_reference)
    return [
        # A sender that is gone has no name to show, so it is as good as unknown.
        row._replace(sender=Sender.UNKNOWN)
        for row in rows
        if row.receiver is DEAD or row.sender is DEAD
    ]


def connected_receivers(
    signal: Signal, without: Collection[int] = frozenset()
) -> list[Any]:
    """
    Return the live receivers of ``signal``, or none if they can't be read.

    ``without`` is an earlier result of ``row_ids()``, to get what was connected since.
    """
    # Looking for senders would be slow in Django 5.2, and they aren't needed.
    rows = _read(entries(signal), lambda _id, _reference: Sender.UNKNOWN)
    return [
        row.receiver
        for row in rows
        if row.receiver is not DEAD and row.id not in without
    ]


def _read(entries: Iterable[Any], find_sender: FindSender) -> Iterator[Row]:
    for entry in entries:
        try:
            (lookup_id, sender_id), reference, *sender_refs, is_async = entry
            # This fails for a tuple that another version of Django would create.
            [sender_ref] = sender_refs if _HAS_REFERENCES else [*sender_refs, None]
            # By type, not with isinstance(): a receiver that is connected with
            # weak=False may be an object that pretends to be of another class.
            weak = is_a(reference, weakref.ReferenceType)
            # A WeakMethod returns a new bound method for each call, so the receivers of
            # two readings can't be compared with "is".
            receiver = reference() if weak else reference
            if weak and receiver is None:
                receiver, sender = DEAD, Sender.UNKNOWN
            else:
                sender = find_sender(sender_id, sender_ref)
            uid = _dispatch_uid(lookup_id, receiver)
            yield Row(receiver, sender, uid, weak, bool(is_async), entry)
        except Exception as error:
            # A package may put anything into Signal.receivers. One row that can't be
            # read must not hide the others.
            unreadable = Unreadable(error)
            yield Row(unreadable, Sender.UNKNOWN, None, False, False, entry)


def _dispatch_uid(lookup_id: Any, receiver: Any) -> Any:
    # Django doesn't record whether the lookup id was passed as dispatch_uid. It was if
    # it isn't the one that Django computes from the receiver. Only exact integers are
    # compared: a dispatch_uid may be any object, and its __eq__() would run.
    parts = lookup_id if type(lookup_id) is tuple else (lookup_id,)
    for part in parts:
        if type(part) is not int:
            return lookup_id
    return None if lookup_id == receiver_key(receiver) else lookup_id


def receiver_key(receiver: Any) -> Any:
    """
    Return what identifies a receiver that is connected without ``dispatch_uid``.
    """
    # A bound method is a new object for each access, so its id() doesn't identify it.
    if type(receiver) is MethodType:
        return id(receiver.__self__), id(receiver.__func__)
    return id(receiver)


def entries(signal: Signal) -> tuple[Any, ...]:
    """
    Return the tuples in ``Signal.receivers``, or none if they can't be read.
    """
    # A tuple is copied in one step, so other threads can go on connecting.
    try:
        return tuple(signal.receivers)
    except Exception:
        return ()


def row_ids(signal: Signal) -> frozenset[int]:
    """
    Return what distinguishes the present connections of ``signal`` from later ones.
    """
    return frozenset(map(id, entries(signal)))


def receiver_with_uid(signal: Signal, uid: Any, sender: Any) -> Any:
    """
    Return the receiver that is connected with this string or number for ``sender``.
    """
    # Comparing anything else would run its code.
    if type(uid) is str or type(uid) is int:
        for (lookup_id, sender_id), reference, *_ in entries(signal):
            if type(lookup_id) is type(uid) and (lookup_id, sender_id) == (
                uid,
                id(sender),
            ):
                is_weak = is_a(reference, weakref.ReferenceType)
                return reference() if is_weak else reference
    return None


def keys_and_receivers(signal: Signal) -> list[tuple[Any, Any]]:
    """
    Return the key and the receiver of each connection. One that is gone is None.

    The key is the first part of a row, ``(lookup id, sender id)``. Each ``connect()``
    creates another one.
    """
    found: list[tuple[Any, Any]] = []
    for entry in entries(signal):
        reference = entry[1]
        weak = is_a(reference, weakref.ReferenceType)
        found.append((entry[0], reference() if weak else reference))
    return found


def dispatches_itself(cls: type[Signal]) -> bool:
    """
    Return whether a ``Signal`` subclass overrides which receivers run, or their order.
    """
    methods = ("send", "send_robust", "asend", "asend_robust", "_live_receivers")
    return any(
        class_attribute(cls, name) is not class_attribute(Signal, name)
        for name in methods
    )


def save_connections(signal: Signal) -> Callable[[], None]:
    """
    Return a function that gives ``signal`` its present connections back.
    """
    with signal.lock:
        receivers = signal.receivers
        rows = tuple(receivers)
        cache = dict(signal.sender_receivers_cache)
        any_dead = signal._dead_receivers  # type: ignore[attr-defined]

    def restore() -> None:
        with signal.lock:
            # The same list object: Django replaces the list when it removes dead
            # connections, and code that has the old one must see the old connections.
            receivers[:] = rows
            signal.receivers = receivers
            # Without this, Signal.send() would run receivers connected in the meantime.
            signal.sender_receivers_cache.clear()
            signal.sender_receivers_cache.update(cache)
            # Django looks for dead connections only if this is true. It has removed
            # those that died meanwhile, and now they are in the list again.
            is_dirty = any_dead or bool(dead_rows(signal))
            signal._dead_receivers = is_dirty  # type: ignore[attr-defined]

    return restore


def sender_finder() -> FindSender:
    """
    Return a function that finds the sender of a row, for one reading.
    """
    return _sender_from_reference if _HAS_REFERENCES else _SenderById()


def _sender_from_reference(sender_id: Any, reference: Any) -> Any:
    if type(sender_id) is int and sender_id == _ANY_SENDER_ID:
        return Sender.ANY
    # Django has no reference to a sender that can't be weakly referenced, such as a
    # string, so only its id is left.
    if reference is None:
        return Sender.UNKNOWN
    sender = reference()
    return DEAD if sender is None else sender


_known_senders: dict[Any, weakref.ReferenceType[Any]] = {}


class _SenderById:
    """
    Find senders by ``id()``, which is all that Django 5.2 keeps of them.

    A class, an app config, or a module usually outlives its connections, so an id that
    is equal to that of one of them is taken for it. Any other id may be that of an
    object that is gone, and whose address another object has now.
    """

    def __init__(self) -> None:
        self._usual: dict[int, Any] = {}
        self._others: dict[int, Any] = {}

    def __call__(self, sender_id: Any, _reference: Any) -> Any:
        if type(sender_id) is int and sender_id == _ANY_SENDER_ID:
            return Sender.ANY
        known = _known_senders.get(sender_id)
        if known is not None and (sender := known()) is not None:
            return sender
        # Once for each reading, and only if a sender isn't known from an earlier one.
        # Most senders are models and app configs, and to look at every class of the
        # process takes much longer.
        self._usual = self._usual or _by_id(_models_and_configs())
        sender = self._usual.get(sender_id)
        if sender is None:
            self._others = self._others or _by_id(_long_lived_objects())
            # Django makes a pair of ids for a sender that is a bound method. None of
            # these objects has such an id.
            sender = self._others.get(sender_id)
        if sender is None:
            return Sender.UNKNOWN
        _known_senders[sender_id] = weakref.ref(sender)
        return sender


def _by_id(objects: Iterable[Any]) -> dict[int, Any]:
    return {id(each): each for each in objects}


def _models_and_configs() -> Iterator[Any]:
    yield from live_classes(Model)
    yield from apps.app_configs.copy().values()


def _long_lived_objects() -> Iterator[Any]:
    yield from live_classes()
    for _, module in loaded_modules():
        yield module
