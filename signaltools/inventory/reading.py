"""
Describe every signal and every connected receiver as plain, frozen records.

Reading runs no code of the project and makes no query: objects are identified by their
type, and never compared, printed, or asked for an attribute that they could compute.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from operator import attrgetter

from django.core.exceptions import AppRegistryNotReady
from django.dispatch import Signal

from ..events import Event
from ..events.background import find_background
from ..introspect.callables import describe
from ..introspect.objects import class_name, is_a
from ..introspect.text import clip, error_text, stable_text
from .django_signals import BUILTIN_SIGNALS
from .names import NamedSignal, unnamed
from .places import Places, is_storage_method
from .receivers import (
    FindSender,
    Row,
    dispatches_itself,
    read_rows,
    sender_finder,
)
from .records import (
    Connected,
    EventRecord,
    ReceiverRecord,
    SignalRecord,
    describe_sender,
    signal_kind,
)


def read_connected(entries: Iterable[NamedSignal]) -> list[Connected]:
    """
    Read the connections of ``entries``.

    Safe while other threads connect and disconnect: a connection that changes meanwhile
    is in the result or isn't, but never in part. Nothing that was read is kept alive.
    """
    reader = Reader()
    found = []
    for entry in entries:
        rows, note = reader.rows(entry)
        record = reader.record(entry, rows)
        found.append(Connected(entry.signal, record, rows, note))
    return found


def with_unnamed(
    entries: Sequence[NamedSignal], signals: Iterable[Signal]
) -> list[NamedSignal]:
    """
    Return ``entries`` and one for each of ``signals`` that isn't among them.
    """
    named = {id(entry.signal) for entry in entries}
    others = [signal for signal in signals if id(signal) not in named]
    return [*entries, *(NamedSignal(unnamed(signal), signal) for signal in others)]


def describe_row(row: Row) -> ReceiverRecord:
    """
    Return the record of a dead connection, which has no ``order``.
    """
    return Reader().receiver(row, None)


def not_imported(signals: Iterable[SignalRecord]) -> list[SignalRecord]:
    """
    Return a record for each built-in signal whose module hasn't been imported.
    """
    names = {signal.name for signal in signals}
    missing = [name for name in BUILTIN_SIGNALS if name not in names]
    places = Places()
    apps = [places.find(name.rpartition(".")[0], None).app for name in missing]
    return [
        SignalRecord(name, "builtin", None, app, "django", imported=False)
        for name, app in zip(missing, apps, strict=True)
    ]


class Reader:
    """
    Read connections, and look up places and senders once for all signals.
    """

    def __init__(self) -> None:
        self._find_sender: FindSender = sender_finder()
        self._places = Places()

    def rows(self, entry: NamedSignal) -> tuple[tuple[Row, ...], str]:
        """
        Return the connections in dispatch order, or none and a note that explains why.
        """
        try:
            rows = read_rows(entry.signal, self._find_sender)
        except Exception as error:
            # A subclass of Signal may compute its receivers. One such signal must not
            # prevent all others from being listed.
            cause = error_text(error)
            return (), f"The receivers of {entry.name!r} could not be read ({cause})."
        # Django calls the synchronous receivers in the order in which they connected,
        # and then runs the asynchronous ones concurrently, so these have no order.
        return tuple(sorted(rows, key=attrgetter("is_async"))), ""

    def record(self, entry: NamedSignal, rows: Sequence[Row]) -> SignalRecord:
        signal = entry.signal
        app, component, file = self._places.find(entry.module, entry.file)
        is_event = is_a(signal, Event)
        doc = inspect.cleandoc(signal.__doc__ or "") if is_event else ""
        receivers = tuple(
            self.receiver(row, None if row.is_async else order)
            for order, row in enumerate(rows, 1)
        )
        return SignalRecord(
            name=clip(entry.name),
            kind=signal_kind(signal, component),
            class_name=clip(class_name(type(signal))),
            app=app,
            component=component,
            imported=True,
            file=file,
            line=entry.line,
            doc=doc or entry.doc,
            aliases=entry.aliases,
            # The methods of an event call those of Signal in the end.
            dispatches_itself=not is_event and dispatches_itself(type(signal)),
            receivers=receivers,
            event=_event_record(signal),
        )

    def receiver(self, row: Row, order: int | None) -> ReceiverRecord:
        name, module, qualname, filename, line = describe(row.receiver)
        place = self._places.find(module, filename)
        uid = row.dispatch_uid
        return ReceiverRecord(
            *(name, module, qualname, *place, line),
            *describe_sender(row.sender),
            dispatch_uid=None if uid is None else stable_text(uid),
            weak=row.weak,
            is_async=row.is_async,
            order=order,
            storage=is_storage_method(row.receiver),
            background=find_background(row.receiver),
        )


def _event_record(signal: Signal) -> EventRecord | None:
    if not is_a(signal, Event):
        return None
    try:
        label = signal.label
    except AppRegistryNotReady:
        # The label starts with that of the app, which isn't known during start-up.
        label = signal.name
    return EventRecord(label, signal.version, signal.signature, signal.arguments)
