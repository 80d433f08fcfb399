"""
Watch how receivers are connected, for mistakes that leave no trace.

A receiver that was garbage-collected, a connection that Django dropped because its
``dispatch_uid`` was taken, a ``disconnect()`` that came too early: afterwards nothing
tells of them. While nobody watches, ``connect`` and ``disconnect`` are Django's own.
"""

from __future__ import annotations

import functools
import os
import sys
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType
from typing import Any, NamedTuple

from django.apps import apps, registry
from django.core.exceptions import ImproperlyConfigured
from django.db.models import signals
from django.dispatch import Signal, dispatcher

from ..conf import conf
from ..introspect.callables import Described, describe
from ..introspect.models import model_options
from ..introspect.objects import is_a
from ..introspect.text import stable_text
from ..inventory.places import is_storage_method
from ..inventory.rows import Row, entries, receiver_with_uid
from ..inventory.weak import KnownReceiver, KnownSender


class Site(NamedTuple):
    """
    The line of code that called ``connect()`` or ``disconnect()``.
    """

    module: str
    function: str
    file: str
    line: int


class Connect(NamedTuple):
    """
    A call of ``connect()``, without anything that keeps its arguments alive.

    ``text`` is a sender that was a string. ``taken_by`` is the receiver that had the
    ``dispatch_uid`` before, so that this one was dropped. ``is_late`` tells
    whether the sender, or every model, had been prepared by then. ``site`` is None if
    Django waited for the sender to be loaded.
    """

    receiver: KnownReceiver
    sender: KnownSender
    sender_id: int
    text: str | None
    uid: str | None
    weak: bool
    row_id: int
    taken_by: Described | None
    is_late: bool
    site: Site | None

    def has_lost_sender(self) -> bool:
        """
        Tell whether its sender is gone, so that nothing can call the receiver.
        """
        is_lasting = self.sender.kind not in (None, "instance")
        return is_lasting and self.sender.reference() is None

    def has_made(self, row: Row) -> bool:
        """
        Tell whether ``row`` is the connection that this call has made.
        """
        # The id may be that of a later row.
        return self.row_id == row.id and self.receiver.is_of(row.receiver)


class Disconnect(NamedTuple):
    """
    A call of ``disconnect()`` that found nothing to disconnect.
    """

    receiver: KnownReceiver
    sender_id: int
    uid: str | None
    site: Site | None


class _Log:
    """
    What was done to one signal.

    Of several calls that read the same only the last is kept, so that a program which
    connects and disconnects all day does not fill the memory.
    """

    def __init__(self, signal: Signal) -> None:
        self.signal = weakref.ref(signal)
        self.connects: dict[Any, Connect] = {}
        self.misses: dict[Any, Disconnect] = {}

    def add(self, connect: Connect) -> None:
        label = connect.text or connect.sender.label
        key = connect.receiver.described, label, connect.uid, connect.site
        self.connects[key] = connect

    def add_miss(self, miss: Disconnect) -> None:
        self.misses[miss.receiver.described, miss.sender_id, miss.uid] = miss

    def forget(self, done: Disconnect, receiver: Any) -> None:
        """
        Drop what is settled by a call of ``disconnect()`` that has found something.
        """
        target = done.sender_id, done.uid
        for key, connect in self.connects.copy().items():
            is_same = done.uid is not None or connect.receiver.is_of(receiver)
            if is_same and (connect.sender_id, connect.uid) == target:
                del self.connects[key]
        self.misses.pop((done.receiver.described, *target), None)


_logs: dict[int, _Log] = {}
_is_watching = False


def watch_if_wanted() -> None:
    """
    Watch from now on if the setting says so.
    """
    # A wrong value is reported by the check of settings.
    with suppress(ImproperlyConfigured):
        if conf.WATCH_CONNECT and not _is_watching:
            watch()


def watch() -> None:
    """
    Watch every call of ``connect()`` and ``disconnect()`` from now on.
    """
    global _is_watching
    _is_watching = True
    Signal.connect = _watched_connect(Signal.connect)  # type: ignore[method-assign]
    Signal.disconnect = _watched_disconnect(  # type: ignore[method-assign]
        Signal.disconnect
    )


def is_watching() -> bool:
    """
    Tell whether somebody has called ``watch()``.
    """
    return _is_watching


def watched_signals() -> list[Signal]:
    """
    Return the signals that something has been connected to, with or without a name.
    """
    logs = _logs.copy().values()
    return [signal for log in logs if (signal := log.signal()) is not None]


def connects(signal: Signal) -> list[Connect]:
    """
    Return what was connected to ``signal`` and has not been disconnected.
    """
    return list(_log(signal).connects.copy().values())


def failed_disconnects(signal: Signal) -> list[Disconnect]:
    """
    Return what was to be disconnected from ``signal`` and has never been found there.
    """
    return list(_log(signal).misses.copy().values())


def _log(signal: Signal) -> _Log:
    log = _logs.get(id(signal))
    if log is None or log.signal() is not signal:
        log = _logs[id(signal)] = _Log(signal)
    return log


# Django knows a pending connect() by its module and name, so both are kept.


def _watched_connect(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def connect(
        self: Signal,
        receiver: Any,
        sender: Any = None,
        weak: bool = True,
        dispatch_uid: Any = None,
    ) -> None:
        before = entries(self)
        original(self, receiver, sender, weak, dispatch_uid)
        # Whatever there is that cannot be looked at, the project shall not notice.
        with suppress(Exception):
            entry = _made_since(before, self)
            _note_connect(self, entry, receiver, sender, weak, dispatch_uid or None)

    return connect


def _watched_disconnect(original: Callable[..., bool]) -> Callable[..., bool]:
    @functools.wraps(original)
    def disconnect(
        self: Signal,
        receiver: Any = None,
        sender: Any = None,
        dispatch_uid: Any = None,
    ) -> bool:
        disconnected = original(self, receiver, sender, dispatch_uid)
        with suppress(Exception):
            _note_disconnect(self, disconnected, receiver, sender, dispatch_uid or None)
        return disconnected

    return disconnect


def _made_since(before: Sequence[Any], signal: Signal) -> Any:
    # Django may have cleared away dead connections, so the length tells nothing.
    newest = entries(signal)[-1:]
    is_old = any(entry is newest[0] for entry in before if newest)
    return None if is_old or not newest else newest[0]


def _note_connect(
    signal: Signal, entry: Any, receiver: Any, sender: Any, weak: Any, uid: Any
) -> None:
    if is_storage_method(receiver):
        return
    known = KnownReceiver(receiver)
    taken_by = None
    if entry is None:
        other = receiver_with_uid(signal, uid, sender)
        # To connect the same function twice is fine.
        if other is None or describe(other)[3:] == known.described[3:]:
            return
        taken_by = describe(other)
    connect = Connect(
        receiver=known,
        sender=KnownSender(sender, sender),
        sender_id=id(sender),
        text=stable_text(sender) if is_a(sender, str) else None,
        uid=_uid_text(uid),
        weak=bool(weak),
        row_id=id(entry),
        taken_by=taken_by,
        is_late=_is_prepared(sender),
        site=_site(),
    )
    _log(signal).add(connect)


def _note_disconnect(
    signal: Signal, disconnected: bool, receiver: Any, sender: Any, uid: Any
) -> None:
    call = Disconnect(KnownReceiver(receiver), id(sender), _uid_text(uid), _site())
    if disconnected:
        _log(signal).forget(call, receiver)
    else:
        _log(signal).add_miss(call)


def _is_prepared(sender: Any) -> bool:
    if sender is None:
        return apps.models_ready
    options = model_options(sender)
    if options is None:
        return False
    # A model is registered as soon as it is prepared.
    registered = options.apps.all_models.get(options.app_label, {})
    return any(model is sender for model in registered.copy().values())


def _uid_text(uid: Any) -> str | None:
    return None if uid is None else stable_text(uid)


def _site() -> Site | None:
    """
    Return the nearest caller outside of what passes a connection on.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code is _WAITING:
            # The line above loads the model that the connection has waited for.
            return None
        if not code.co_filename.startswith(_BETWEEN):
            module = frame.f_globals.get("__name__")
            name = module if type(module) is str else ""
            return Site(name, code.co_name, code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return None


_WAITING = registry.Apps.do_pending_operations.__code__
_BETWEEN = (
    # All of this package: an event connects as well.
    os.path.join(os.path.dirname(os.path.dirname(__file__)), ""),
    dispatcher.__file__,
    registry.__file__,
    signals.__file__,
)
