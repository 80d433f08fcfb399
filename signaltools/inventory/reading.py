"""
Describe every signal and every connected receiver as plain, frozen records.

Reading runs no code of the project and makes no SQL query: objects are looked at
by their type, never compared, printed or asked for an attribute of their own.
"""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Iterable, Sequence
from operator import is_
from types import MethodType
from typing import Any, NamedTuple

from django.core.exceptions import AppRegistryNotReady
from django.dispatch import Signal

from ..events import Event
from ..introspect.callables import describe
from ..introspect.objects import class_name, is_a
from ..introspect.text import clip, error_text, stable_text
from .django_signals import BUILTIN_SIGNALS
from .names import NamedSignal, registry, unnamed
from .places import Places, is_storage_method
from .records import (
    Connected,
    EventRecord,
    ReceiverRecord,
    SenderKind,
    SignalRecord,
    describe_sender,
    signal_kind,
)
from .rows import (
    FindSender,
    Row,
    Sender,
    dispatches_itself,
    holds_nothing,
    read_rows,
    sender_finder,
)


class Inventory(NamedTuple):
    """
    All signals, sorted by name, and notes on what could not be read.
    """

    signals: tuple[SignalRecord, ...]
    notes: tuple[str, ...]


def read_inventory() -> Inventory:
    """
    Read every signal and receiver of this process as they are now.

    Safe while other threads connect and disconnect: a connection that changes
    meanwhile is in or out, whole. Nothing is cached between two readings and
    nothing that was read is kept alive.
    """
    connected = read_connected(registry.entries())
    signals = tuple(each.record for each in connected)
    return Inventory(signals, tuple(each.note for each in connected if each.note))


#: Returns a record with what else there is to say of it.
Judge = Callable[[Connected], SignalRecord]


class Records:
    """
    Records of signals, good for as long as their connections stay the same.

    Of a signal that holds on to a receiver nothing is remembered, so that nothing is
    kept alive. ``judge`` returns what else there is to say of a record.
    """

    def __init__(self, judge: Judge | None = None) -> None:
        self._known: dict[str, _Known] = {}
        self._judge = judge

    def find(self, entry: NamedSignal, rows: Sequence[Row]) -> SignalRecord | None:
        known = self._known.get(entry.name)
        if (
            known is not None
            and known.signal() is entry.signal
            and known.place == entry[2:]
            and len(known.rows) == len(rows)
            and all(
                row.is_of(other) for row, other in zip(known.rows, rows, strict=True)
            )
        ):
            return known.record
        return None

    def add(self, entry: NamedSignal, connected: Connected) -> SignalRecord:
        """
        Remember a record, if it can be, and return it with what is said of it.
        """
        record = self._judge(connected) if self._judge else connected.record
        if all(map(holds_nothing, connected.rows)):
            known = [_KnownRow(row) for row in connected.rows]
            reference = weakref.ref(entry.signal)
            self._known[entry.name] = _Known(reference, entry[2:], known, record)
        return record


class _KnownRow:
    """
    A weak connection, without what Django keeps of it: that leads to the signal.
    """

    __slots__ = ("_facts", "_receiver", "_sender")

    def __init__(self, row: Row) -> None:
        is_method = type(row.receiver) is MethodType
        self._receiver = (weakref.WeakMethod if is_method else weakref.ref)(
            row.receiver
        )
        self._sender = weakref.ref(row.sender)
        self._facts = row.dispatch_uid, row.weak, row.is_async

    def is_of(self, row: Row) -> bool:
        facts = row.dispatch_uid, row.weak, row.is_async
        return (
            all(map(is_, self._facts, facts))
            and self._sender() is row.sender
            and _is_same(self._receiver(), row.receiver)
        )


def _is_same(one: Any, other: Any) -> bool:
    # A method is another object each time.
    if type(one) is type(other) is MethodType:
        return one.__self__ is other.__self__ and one.__func__ is other.__func__
    return one is other


class _Known(NamedTuple):
    signal: weakref.ReferenceType[Signal]
    place: tuple[Any, ...]
    rows: list[_KnownRow]
    record: SignalRecord


def read_connected(
    entries: Sequence[NamedSignal],
    others: Iterable[Signal] = (),
    records: Records | None = None,
) -> list[Connected]:
    """
    Read ``entries`` as ``read_inventory()`` does, and ``others`` that have no name.

    What is in ``records`` and still right is used again.
    """
    reader = _Reader(records)
    known = {id(entry.signal) for entry in entries}
    nameless = [
        NamedSignal(unnamed(signal), signal, (), "", None, None, "")
        for signal in others
        if id(signal) not in known
    ]
    return [reader.signal(entry) for entry in (*entries, *nameless)]


def describe_row(row: Row) -> ReceiverRecord:
    """
    Return the record of a connection that is dead, thus without an ``order``.
    """
    return _Reader().receiver(row, None)


def not_imported(signals: Iterable[SignalRecord]) -> list[SignalRecord]:
    """
    Return a record for each built-in signal whose module nobody has imported.
    """
    known = {signal.name for signal in signals}
    reader = _Reader()
    return [reader.absent(name) for name in BUILTIN_SIGNALS if name not in known]


class _Reader:
    """
    What one reading has to look up once: places and senders.
    """

    def __init__(self, records: Records | None = None) -> None:
        self._records = records
        self._find_sender: FindSender = sender_finder()
        self._places = Places()

    def signal(self, entry: NamedSignal) -> Connected:
        numbered, note = self._rows(entry)
        rows = tuple(row for _, row in numbered)
        records = self._records
        record = records.find(entry, rows) if records is not None else None
        if record is not None:
            return Connected(entry.signal, record, rows, note)
        record = self._record(entry, numbered)
        connected = Connected(entry.signal, record, rows, note)
        if records is None:
            return connected
        return connected._replace(record=records.add(entry, connected))

    def _record(
        self, entry: NamedSignal, numbered: Iterable[tuple[int | None, Row]]
    ) -> SignalRecord:
        app, component, file = self._places.find(entry.module, entry.file)
        return SignalRecord(
            name=clip(entry.name),
            kind=signal_kind(entry.signal, component),
            class_name=clip(class_name(type(entry.signal))),
            app=app,
            component=component,
            imported=True,
            file=file,
            line=entry.line,
            doc=_doc(entry),
            aliases=entry.aliases,
            dispatches_itself=_dispatches_itself(entry.signal),
            receivers=tuple(self.receiver(row, order) for order, row in numbered),
            event=_event_record(entry.signal),
        )

    def absent(self, name: str) -> SignalRecord:
        app, component, _ = self._places.find(name.rpartition(".")[0], None)
        return SignalRecord(
            name, "builtin", None, app, component, False, None, None, "", (), False, ()
        )

    def _rows(self, entry: NamedSignal) -> tuple[list[tuple[int | None, Row]], str]:
        """
        Return the connections in dispatch order, each with its number, or else a note.
        """
        try:
            rows = read_rows(entry.signal, self._find_sender)
        except Exception as error:
            cause = error_text(error)
            return [], f"The receivers of {entry.name!r} could not be read ({cause})."
        sync_rows = [row for row in rows if not row.is_async]
        async_rows = [row for row in rows if row.is_async]
        return [*enumerate(sync_rows, 1), *((None, row) for row in async_rows)], ""

    def receiver(self, row: Row, order: int | None) -> ReceiverRecord:
        name, module, qualname, filename, line = describe(row.receiver)
        app, component, file = self._places.find(module, filename)
        sender, sender_kind, sender_app = _row_sender(row.sender)
        uid = row.dispatch_uid
        return ReceiverRecord(
            name,
            module,
            qualname,
            app,
            component,
            file,
            line,
            sender,
            sender_kind,
            sender_app,
            None if uid is None else stable_text(uid),
            row.weak,
            row.is_async,
            order,
            is_storage_method(row.receiver),
        )


def _event_record(signal: Signal) -> EventRecord | None:
    if not is_a(signal, Event):
        return None
    try:
        label = signal.label
    except AppRegistryNotReady:
        label = signal.name
    return EventRecord(label, signal.version, signal.signature, signal.arguments)


def _row_sender(sender: Any) -> tuple[str | None, SenderKind | None, str | None]:
    if sender is Sender.UNKNOWN:
        return None, "unknown", None
    return describe_sender(None if sender is Sender.ANY else sender)


def _doc(entry: NamedSignal) -> str:
    docstring = entry.signal.__doc__ if is_a(entry.signal, Event) else None
    return inspect.cleandoc(docstring) if docstring else entry.doc


def _dispatches_itself(signal: Signal) -> bool:
    # The methods of an event go on to those of Signal.
    return not is_a(signal, Event) and dispatches_itself(type(signal))
