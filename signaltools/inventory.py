"""
Describe every signal and every connected receiver as plain, frozen records.

Reading runs no code of the project and makes no SQL query: objects are looked at
by their type, never compared, printed or asked for an attribute of their own.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
import sysconfig
import weakref
from collections.abc import Callable, Iterable, Sequence
from operator import is_
from pathlib import PurePath
from types import MethodType, ModuleType
from typing import Any, Literal, NamedTuple

from django.apps import AppConfig, apps
from django.core.exceptions import AppRegistryNotReady
from django.dispatch import Signal

from ._callables import describe
from ._dispatch import (
    FindSender,
    Row,
    Sender,
    dispatches_itself,
    holds_nothing,
    read_rows,
    sender_finder,
)
from ._introspect import (
    class_name,
    is_a,
    module_attribute,
    stored_attribute,
)
from ._text import clip, error_text, stable_text
from .builtin import BUILTIN_SIGNALS
from .events import Event
from .events.declaration import Argument
from .model_facts import model_options
from .registry import NamedSignal, registry, unnamed

Kind = Literal["builtin", "custom", "event"]
Component = Literal["django", "third_party", "project"]
SenderKind = Literal["model", "class", "app_config", "instance", "module", "unknown"]


class ReceiverRecord(NamedTuple):
    """
    One connected receiver.

    ``name`` is ``module.qualname``: of the function inside a partial, of the own
    class of a bound method's object, of the class of a callable object. ``file``
    (absolute) and ``line`` are those of the innermost function that runs, None for
    compiled code. ``app`` is the label of the installed app that holds ``module``.

    ``sender`` is None for any sender, ``app_label.Model`` for a model, else the
    path of the class or of the instance's class; ``sender_kind`` tells which, and
    is "unknown" where Django remembers no more than an ``id()``. ``sender_app`` is
    the label of a sender that is an ``AppConfig``.

    ``order`` is the place among the synchronous receivers of the signal, from 1;
    None for asynchronous ones, which run concurrently. ``storage`` marks a method
    of a file storage object: these come and go with the object. ``problems`` are the
    ids of what checks have found.
    """

    name: str
    module: str
    qualname: str
    app: str | None
    component: Component
    file: str | None
    line: int | None
    sender: str | None
    sender_kind: SenderKind | None
    sender_app: str | None
    dispatch_uid: str | None
    weak: bool
    is_async: bool
    order: int | None
    storage: bool
    problems: tuple[str, ...] = ()


class EventRecord(NamedTuple):
    """
    What a declared event has besides: ``signature`` is the declaration as text.
    """

    label: str
    version: int
    signature: str
    arguments: tuple[Argument, ...]


class SignalRecord(NamedTuple):
    """
    One signal with its receivers in dispatch order, asynchronous ones last.

    ``class_name`` is None for a built-in signal whose module nobody has imported
    (``imported`` is false then). ``doc`` is the comment above the definition, or the
    docstring of a declared event; ``event`` is None for any other signal.
    ``dispatches_itself`` tells that its class overrides how Django sends: then the
    receivers are in the order in which they connected, and which of them run, and in
    which order, is up to the class.
    """

    name: str
    kind: Kind
    class_name: str | None
    app: str | None
    component: Component
    imported: bool
    file: str | None
    line: int | None
    doc: str
    aliases: tuple[str, ...]
    dispatches_itself: bool
    receivers: tuple[ReceiverRecord, ...]
    event: EventRecord | None = None


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


class Connected(NamedTuple):
    """
    The record of a signal, with the connections behind ``record.receivers``.

    ``note`` tells why they could not be read.
    """

    signal: Signal
    record: SignalRecord
    rows: tuple[Row, ...]
    note: str = ""


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


class Place(NamedTuple):
    """
    The app, the component and the absolute file of a piece of code.
    """

    app: str | None
    component: Component
    file: str | None


class Places:
    """
    Find out once where each piece of code belongs.
    """

    def __init__(self) -> None:
        configs = apps.app_configs.copy().values()
        self._labels = {config.name: config.label for config in configs}
        self._known: dict[tuple[str, str | None], Place] = {}

    def find(self, module: str, filename: str | None) -> Place:
        key = module, filename
        if key not in self._known:
            file = _absolute(filename) if filename else None
            place = Place(self._app(module), _component(module, file), file)
            self._known[key] = place
        return self._known[key]

    def _app(self, module: str) -> str | None:
        while module:
            if module in self._labels:
                return self._labels[module]
            module = module.rpartition(".")[0]
        return None


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
            class_name=_name(type(entry.signal)),
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


def signal_kind(signal: Signal, component: Component) -> Kind:
    """
    Return the kind of a signal that a part of Django or somebody else defines.
    """
    if is_a(signal, Event):
        return "event"
    return "builtin" if component == "django" else "custom"


def _event_record(signal: Signal) -> EventRecord | None:
    if not is_a(signal, Event):
        return None
    try:
        label = signal.label
    except AppRegistryNotReady:
        label = signal.name
    return EventRecord(label, signal.version, signal.signature, signal.arguments)


def describe_sender(
    sender: Any,
) -> tuple[str | None, SenderKind | None, str | None]:
    """
    Return the label, the kind and, of an ``AppConfig``, the app label of a sender.

    They are those of a ``ReceiverRecord``; nobody (None) has none of them.
    """
    if sender is None:
        return None, None, None
    if is_a(sender, type):
        label = _model_label(sender)
        return (label, "model", None) if label else (_name(sender), "class", None)
    if is_a(sender, ModuleType):
        name = module_attribute(sender, "__name__")
        return clip(name) if type(name) is str else None, "module", None
    if is_a(sender, AppConfig):
        label = stored_attribute(sender, "label")
        label = label if type(label) is str else None
        return _name(type(sender)), "app_config", label
    return _name(type(sender)), "instance", None


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


def _name(cls: type) -> str:
    return clip(class_name(cls))


def _model_label(cls: type) -> str | None:
    """
    Return ``app_label.Model``, None for a class that is no model of an app.
    """
    options = model_options(cls)
    return options.label if options is not None and options.app_label else None


def _absolute(filename: str) -> str | None:
    # "<string>", "<frozen importlib._bootstrap>" and the like name no file.
    return None if filename.startswith("<") else os.path.abspath(filename)


def _component(module: str, file: str | None) -> Component:
    if module.partition(".")[0] == "django":
        return "django"
    return "third_party" if is_third_party(module, file) else "project"


def is_third_party(module: str, file: str | None) -> bool:
    """
    Tell whether a module is installed, or part of Python.
    """
    file = file or _module_file(module)
    if file is None:
        return module.partition(".")[0] in sys.stdlib_module_names
    return _is_outside(file)


@functools.lru_cache(maxsize=10_000)
def _is_outside(file: str) -> bool:
    path = PurePath(file)
    return not _INSTALLED.isdisjoint(path.parts) or any(
        path.is_relative_to(root) for root in _STANDARD_LIBRARY
    )


_INSTALLED = frozenset({"site-packages", "dist-packages"})
_STANDARD_LIBRARY = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib")}


def _module_file(name: str) -> str | None:
    module = sys.modules.get(name)
    if not is_a(module, ModuleType):
        return None
    file = module_attribute(module, "__file__")
    return file if type(file) is str else None


def is_storage_method(receiver: Any) -> bool:
    """
    Tell whether a receiver comes and goes with a file storage object.
    """
    if type(receiver) is not MethodType:
        return False
    # Whoever has a storage object has imported its class.
    module = sys.modules.get("django.core.files.storage.base")
    return module is not None and is_a(receiver.__self__, module.Storage)
