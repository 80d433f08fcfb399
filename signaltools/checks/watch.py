"""
Watch how receivers are connected, to find mistakes that leave no trace.

Django keeps no record of a receiver that was garbage-collected, of a connection that
it dropped because the ``dispatch_uid`` was taken, or of a ``disconnect()`` that came
too early. Without a watch, ``connect`` and ``disconnect`` are Django's own functions.
"""

from __future__ import annotations

import functools
import os
import sys
import weakref
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
from ..inventory.receivers import Row, entries, receiver_with_uid
from ..inventory.weak import NOWHERE, ReceiverRef, SenderRef

#: The functions that run once, when Django starts.
STARTUP = ("<module>", "ready")
_ANY_SENDER_ID = id(None)


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

    ``taken_by`` is the receiver that already had the ``dispatch_uid``, because of which
    Django ignored this call. ``is_late`` is true if the sender, or every model, had
    been prepared by then. ``site`` is None if Django waited for the sender to be
    loaded.
    """

    receiver: ReceiverRef
    sender: SenderRef
    sender_id: int
    uid: str | None
    weak: bool
    row_id: int
    taken_by: Described | None
    is_late: bool
    site: Site | None

    def has_lost_sender(self) -> bool:
        """
        Return whether the sender is gone, after which nothing can call the receiver.
        """
        # Strings and some instances can't be weakly referenced, so nothing is known.
        is_lasting = self.sender.kind not in (None, "instance", "string")
        return is_lasting and self.sender.reference() is None

    def is_sender_gone(self) -> bool:
        """
        Return whether the sender was weakly referenced and was garbage-collected.
        """
        reference = self.sender.reference
        return reference is not NOWHERE and reference() is None

    def made(self, row: Row) -> bool:
        """
        Return whether ``row`` is the connection that this call has made.
        """
        # Python reuses addresses: the id may be that of a later row.
        return self.row_id == row.id and self.receiver.is_of(row.receiver)


class Disconnect(NamedTuple):
    """
    A call of ``disconnect()`` that found nothing to disconnect.

    ``missed`` are the connections that it may have meant, made with another sender or
    another ``dispatch_uid``.
    """

    receiver: ReceiverRef
    sender_id: int
    uid: str | None
    site: Site | None
    missed: tuple[Connect, ...] = ()


class _Log:
    """
    The calls of ``connect()`` and ``disconnect()`` for one signal.

    The keys describe a call. If several calls have the same key, only the last one is
    kept. Otherwise a program that connects and disconnects all day would fill the
    memory.
    """

    def __init__(self, signal: Signal) -> None:
        self.signal = weakref.ref(signal)
        self.connects: dict[Any, Connect] = {}
        self.failed_disconnects: dict[Any, Disconnect] = {}
        self.disconnected: set[Any] = set()
        self._limit = _FEW_CALLS

    def add(self, key: Any, connect: Connect) -> None:
        """
        Add a call, and forget most of those whose receivers are gone.

        An object that connects its method with a ``dispatch_uid`` of its own has a new
        key each time. Of such calls, only the last one is kept.
        """
        self.connects[key] = connect
        if len(self.connects) <= self._limit:
            return
        kept = set()
        for key, connect in reversed(self.connects.copy().items()):
            if connect.receiver.is_gone():
                *place, _uid, site = key
                if (*place, site) in kept:
                    self.connects.pop(key, None)
                kept.add((*place, site))
        # Twice as many, so the time that this takes doesn't grow with each call.
        self._limit = max(_FEW_CALLS, 2 * len(self.connects))


_FEW_CALLS = 256
# By id, because a Signal subclass may define __eq__ and then isn't hashable. There is
# no lock: connect() may run in __del__ or in the callback of a weak reference, which
# Python can call while the same thread holds the lock. Each step is a single operation
# on a dict, and readers copy the dict first.
_logs: dict[int, _Log] = {}
_is_watching = False


def watch_if_wanted() -> None:
    """
    Watch from now on if the setting ``WATCH_CONNECT`` is true.
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
    # Signal is patched, not ModelSignal: ModelSignal calls these through super(), once
    # the sender is loaded.
    original_connect, original_disconnect = Signal.connect, Signal.disconnect

    # Without wraps(), Django's own check of lazy senders (signals.E001) would describe
    # a pending connect() wrongly: it uses the module and the name of the function.
    @functools.wraps(original_connect)
    def connect(
        self: Signal,
        receiver: Any,
        sender: Any = None,
        weak: bool = True,
        dispatch_uid: Any = None,
    ) -> None:
        before = entries(self)
        original_connect(self, receiver, sender, weak, dispatch_uid)
        # Receivers and senders may be any objects. If one of them can't be examined,
        # the project must not notice.
        with suppress(Exception):
            # Django also removes dead connections, so the lengths can't be compared.
            old = {id(entry) for entry in before}
            new = (entry for entry in entries(self)[-1:] if id(entry) not in old)
            entry = next(new, None)
            _record_connect(self, entry, receiver, sender, weak, dispatch_uid or None)

    @functools.wraps(original_disconnect)
    def disconnect(
        self: Signal, receiver: Any = None, sender: Any = None, dispatch_uid: Any = None
    ) -> bool:
        found = original_disconnect(self, receiver, sender, dispatch_uid)
        with suppress(Exception):
            _record_disconnect(self, found, receiver, sender, dispatch_uid or None)
        return found

    Signal.connect = connect  # type: ignore[method-assign]
    Signal.disconnect = disconnect  # type: ignore[method-assign]


def is_watching() -> bool:
    """
    Return whether ``watch()`` has been called.
    """
    return _is_watching


def watched_signals() -> list[Signal]:
    """
    Return the signals that something has been connected to, with or without a name.
    """
    logs = _logs.copy().values()
    return [signal for log in logs if (signal := log.signal()) is not None]


def watched_connects(signal: Signal) -> list[Connect]:
    """
    Return what was connected to ``signal`` and hasn't been disconnected since.
    """
    return list(_log(signal).connects.copy().values())


def failed_disconnects(signal: Signal) -> list[Disconnect]:
    """
    Return the calls of ``disconnect()`` that found nothing, and didn't succeed later.
    """
    return list(_log(signal).failed_disconnects.copy().values())


def _log(signal: Signal) -> _Log:
    log = _logs.get(id(signal))
    # A new signal may have the address of one that is gone.
    if log is None or log.signal() is not signal:
        log = _logs[id(signal)] = _Log(signal)
    return log


def _record_connect(
    signal: Signal, entry: Any, receiver: Any, sender: Any, weak: Any, uid: Any
) -> None:
    # Storage objects connect a method each time that one is created.
    if is_storage_method(receiver):
        return
    known = ReceiverRef(receiver)
    site = _site()
    _forget_missed(_log(signal), receiver, _uid_string(uid), site)
    taken_by = None
    if entry is None:
        other = receiver_with_uid(signal, uid, sender)
        # It's fine to connect the same function twice. The file and the line are
        # compared, because importlib.reload() creates the function again.
        if other is None or describe(other)[3:] == known.described[3:]:
            return
        taken_by = describe(other)
    sender_ref = SenderRef(sender, sender)
    if is_a(sender, str):
        sender_ref.kind, sender_ref.label = "string", stable_text(sender)
    connect = Connect(
        receiver=known,
        sender=sender_ref,
        sender_id=id(sender),
        uid=_uid_string(uid),
        weak=bool(weak),
        row_id=id(entry),
        taken_by=taken_by,
        is_late=_is_prepared(sender),
        site=site,
    )
    _log(signal).add((known.described, sender_ref.label, connect.uid, site), connect)


def _forget_missed(
    log: _Log, receiver: Any, uid: str | None, site: Site | None
) -> None:
    """
    Forget what ``disconnect()`` missed if the same file connects the receiver after it.

    Code that disconnects first only makes sure that it connects once.
    """
    for key, failed in log.failed_disconnects.copy().items():
        is_one_file = failed.site and site and failed.site.file == site.file
        is_it = failed.receiver.is_of(receiver) or failed.uid == uid is not None
        if failed.missed and is_one_file and is_it:
            log.failed_disconnects[key] = failed._replace(missed=())


def _record_disconnect(
    signal: Signal, found: bool, receiver: Any, sender: Any, uid: Any
) -> None:
    log = _log(signal)
    call = Disconnect(ReceiverRef(receiver), id(sender), _uid_string(uid), _site())
    key = call.receiver.described, call.sender_id, call.uid
    # To disconnect once more does no harm. The label stands for the sender, because
    # senders and dispatch_uids may come and go.
    done = call.receiver.described, SenderRef(sender, sender).label
    if not found:
        if done not in log.disconnected:
            call = call._replace(missed=_missed(log, call, receiver))
        log.failed_disconnects[key] = call
        # The newest ones are kept, in case that each object has its own dispatch_uid.
        if len(log.failed_disconnects) > _FEW_CALLS:
            log.failed_disconnects.pop(next(iter(log.failed_disconnects.copy())), None)
        return
    log.disconnected.add(done)
    # An earlier call that found nothing no longer matters, nor does the connection.
    log.failed_disconnects.pop(key, None)
    for connect_key, connect in log.connects.copy().items():
        # With a dispatch_uid, Django ignores the receiver.
        is_receiver = uid is not None or connect.receiver.is_of(receiver)
        if is_receiver and (connect.sender_id, connect.uid) == key[1:]:
            del log.connects[connect_key]


def _missed(log: _Log, call: Disconnect, receiver: Any) -> tuple[Connect, ...]:
    """
    Return the connections that a call of ``disconnect()`` probably meant.
    """
    connects = [c for c in log.connects.copy().values() if c.taken_by is None]
    ours = [c for c in connects if c.receiver.is_of(receiver)]
    # Functions that disconnect may be called for what was never connected. A line that
    # runs once at startup names something, and there is only one thing it can mean.
    is_startup = call.site is not None and call.site.function in STARTUP
    if is_startup and len(ours) == 1:
        return tuple(ours)
    # Django ignores the receiver if there is a dispatch_uid.
    by_uid = [c for c in connects if c not in ours and c.uid == call.uid is not None]
    return tuple(
        connect
        for connect in (*ours, *by_uid)
        # What the call names must not be different, only more or less.
        if connect.sender_id == call.sender_id
        or _ANY_SENDER_ID in (connect.sender_id, call.sender_id)
        if connect.uid == call.uid or None in (connect.uid, call.uid)
    )


def _is_prepared(sender: Any) -> bool:
    if sender is None:
        return apps.models_ready
    options = model_options(sender)
    if options is None:
        return False
    # A model is registered as soon as it is prepared.
    registered = options.apps.all_models.get(options.app_label, {})
    return any(model is sender for model in registered.copy().values())


def _uid_string(uid: Any) -> str | None:
    return None if uid is None else stable_text(uid)


def _site() -> Site | None:
    """
    Return the nearest caller outside signaltools and Django's dispatch code.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code is _CONNECT_PENDING:
            # The caller is the line that loads the model that the connection has
            # waited for, not the line that connects.
            return None
        if not code.co_filename.startswith(_PASSED_THROUGH):
            module = frame.f_globals.get("__name__")
            name = module if type(module) is str else ""
            return Site(name, code.co_name, code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return None


# Makes the connections that name a model which had not been loaded yet.
_CONNECT_PENDING = registry.Apps.do_pending_operations.__code__
_PASSED_THROUGH = (
    # The whole package, because an event's connect() calls that of Signal.
    os.path.join(os.path.dirname(os.path.dirname(__file__)), ""),
    dispatcher.__file__,
    registry.__file__,
    signals.__file__,
)
