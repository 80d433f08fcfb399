"""
Describe every signal and every connected receiver as plain, frozen records.

Reading runs no code of the project and makes no query: objects are identified by their
type, and never compared, printed, or asked for an attribute that they could compute.
"""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter, is_
from types import MethodType
from typing import Any, NamedTuple

from django.core.exceptions import AppRegistryNotReady
from django.dispatch import Signal

from ..events import Event
from ..introspect.callables import describe
from ..introspect.objects import class_name, is_a
from ..introspect.text import clip, error_text, stable_text
from .django_signals import BUILTIN_SIGNALS
from .names import NamedSignal, unnamed
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
    Read the connections of ``entries`` and of ``others``, which may have no name.

    Safe while other threads connect and disconnect: a connection that changes meanwhile
    is in the result or isn't, but never in part. What is in ``records`` and still right
    is used again. Without them, nothing that was read is kept alive.
    """
    reader = _Reader(records)
    known = {id(entry.signal) for entry in entries}
    nameless = [
        NamedSignal(unnamed(signal), signal, (), "", None, None, "")
        for signal in others
        if id(signal) not in known
    ]
    return [reader.connected(entry) for entry in (*entries, *nameless)]


def describe_row(row: Row) -> ReceiverRecord:
    """
    Return the record of a dead connection, which has no ``order``.
    """
    return _Reader().receiver(row, None)


def not_imported(signals: Iterable[SignalRecord]) -> list[SignalRecord]:
    """
    Return a record for each built-in signal whose module hasn't been imported.
    """
    names = {signal.name for signal in signals}
    find_place = Places().find
    records = []
    for name in BUILTIN_SIGNALS:
        if name not in names:
            app, component, _ = find_place(name.rpartition(".")[0], None)
            records.append(
                SignalRecord(
                    name=name,
                    kind="builtin",
                    class_name=None,
                    app=app,
                    component=component,
                    imported=False,
                    file=None,
                    line=None,
                    doc="",
                    aliases=(),
                    dispatches_itself=False,
                    receivers=(),
                )
            )
    return records


class _Reader:
    """
    One reading: places and senders are looked up once for all signals.
    """

    def __init__(self, records: Records | None = None) -> None:
        self._records = records
        self._find_sender: FindSender = sender_finder()
        self._places = Places()

    def connected(self, entry: NamedSignal) -> Connected:
        note = ""
        try:
            rows = read_rows(entry.signal, self._find_sender)
        except Exception as error:
            # A subclass of Signal may compute its receivers. One such signal must not
            # prevent all others from being listed.
            cause = error_text(error)
            note = f"The receivers of {entry.name!r} could not be read ({cause})."
            rows = []
        # Django calls the synchronous receivers in the order in which they connected,
        # and then runs the asynchronous ones concurrently, thus in no order.
        rows.sort(key=attrgetter("is_async"))
        records = self._records
        record = records.find(entry, rows) if records is not None else None
        if record is not None:
            return Connected(entry.signal, record, tuple(rows), note)
        record = self._signal(entry, rows)
        connected = Connected(entry.signal, record, tuple(rows), note)
        if records is None:
            return connected
        return connected._replace(record=records.add(entry, connected))

    def _signal(self, entry: NamedSignal, rows: Sequence[Row]) -> SignalRecord:
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
        app, component, file = self._places.find(module, filename)
        kind: SenderKind | None = "unknown"
        sender = sender_app = None
        if row.sender is not Sender.UNKNOWN:
            sender, kind, sender_app = describe_sender(
                None if row.sender is Sender.ANY else row.sender
            )
        uid = row.dispatch_uid
        return ReceiverRecord(
            name=name,
            module=module,
            qualname=qualname,
            app=app,
            component=component,
            file=file,
            line=line,
            sender=sender,
            sender_kind=kind,
            sender_app=sender_app,
            dispatch_uid=None if uid is None else stable_text(uid),
            weak=row.weak,
            is_async=row.is_async,
            order=order,
            storage=is_storage_method(row.receiver),
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
