"""
Hold what reports show about signals, receivers, and senders, as plain, frozen records.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType
from typing import Any, Literal, NamedTuple

from django.apps import AppConfig
from django.dispatch import Signal

from ..events.background import Background
from ..events.base import Event
from ..events.declaration import Argument
from ..introspect.models import model_options
from ..introspect.objects import class_name, is_a, module_attribute, stored_attribute
from ..introspect.text import clip, printable
from .receivers import Row, Sender

Kind = Literal["builtin", "custom", "event"]
Component = Literal["django", "third_party", "project"]
# Only the checks have a "string", from a connect() that was watched: see watch.py.
SenderKind = Literal[
    "model", "class", "app_config", "instance", "module", "string", "unknown"
]


class ReceiverRecord(NamedTuple):
    """
    One connected receiver.

    ``name`` is ``module.qualname``. For a partial, it is that of the function. For a
    bound method, it starts with the class of the object. For a callable object, it is
    that of the class. ``file`` (absolute) and ``line`` are those of the innermost
    function that runs, or None for compiled code. ``app`` is the label of the installed
    app that ``module`` belongs to.

    ``sender`` is None for any sender, ``app_label.Model`` for a model, and otherwise
    the path of the class or of the class of the instance. ``sender_kind`` distinguishes
    these. It is "unknown" if Django has kept only the ``id()`` of the sender.
    ``sender_app`` is the label of a sender that is an ``AppConfig``.

    ``order`` is the position among the synchronous receivers of the signal, from 1. It
    is None for asynchronous receivers, which run concurrently. ``storage`` marks a
    method of a file storage object, which is connected and disconnected with the
    object. ``background`` is where and when a receiver in the background is queued.
    ``problems`` are the ids of the problems and notes about this receiver.
    ``triggers`` are the names of signals that it may send: see ``sent_by.py``.
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
    background: Background | None = None
    problems: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()


class SendRecord(NamedTuple):
    """
    A line of code that sends a signal.

    ``function`` is the dotted path of the function, or of the module for code outside
    functions. ``file`` is absolute. ``run_by`` are the first lines of the functions in
    this file that run it: those around it, and those that call them by name.
    """

    function: str
    module: str
    component: Component
    method: str
    file: str
    line: int
    run_by: frozenset[int]


class EventRecord(NamedTuple):
    """
    What only a declared event has: ``signature`` is its declaration as a string.
    """

    label: str
    version: int
    signature: str
    arguments: tuple[Argument, ...]


class SignalRecord(NamedTuple):
    """
    One signal with its receivers in dispatch order, asynchronous ones last.

    ``class_name`` is None for a built-in signal whose module hasn't been imported
    (``imported`` is false then). ``doc`` is the comment above the definition, or the
    docstring of a declared event. ``event`` is None for any other signal. If
    ``dispatches_itself`` is true, the class of the signal overrides how Django sends.
    Then the receivers are in the order in which they connected, but the class decides
    which of them run, and in which order. ``sent_by`` is None if the sources
    weren't read, and empty if no code was found in them that sends the signal.
    """

    name: str
    kind: Kind
    class_name: str | None
    app: str | None
    component: Component
    imported: bool
    file: str | None = None
    line: int | None = None
    doc: str = ""
    aliases: tuple[str, ...] = ()
    dispatches_itself: bool = False
    receivers: tuple[ReceiverRecord, ...] = ()
    event: EventRecord | None = None
    sent_by: tuple[SendRecord, ...] | None = None


class Connected(NamedTuple):
    """
    The record of a signal, with the connection of each of ``record.receivers``.

    ``note`` explains why the connections could not be read, if that is so.
    """

    signal: Signal
    record: SignalRecord
    rows: tuple[Row, ...]
    note: str = ""


class Unconnected(NamedTuple):
    """
    A receiver that exists in the source, or existed, but isn't connected.

    ``signal`` is None if it can't be seen which signal it is for. The fields of the
    sender are those of a ``ReceiverRecord``.
    """

    name: str
    signal: str | None
    sender: str | None
    sender_kind: SenderKind | None
    sender_app: str | None


class Problem(NamedTuple):
    """
    Something that is wrong, or a note about something worth knowing.

    ``id`` is for example "W007". Ids that start with "I" are those of notes. ``name``
    is the dotted path of a receiver, a module, or a class, and is what
    ``SIGNALTOOLS["IGNORE"]`` uses. ``message`` is the fact, and ``hint`` the next
    action.

    ``signal`` is the name of a signal. ``receiver`` is the index of the receiver in the
    record of that signal, or None for a receiver that is gone. ``unconnected`` are the
    receivers that aren't connected because of the problem, as far as they are known.
    """

    id: str
    name: str
    message: str
    hint: str
    signal: str | None = None
    receiver: int | None = None
    unconnected: tuple[Unconnected, ...] = ()

    @property
    def is_note(self) -> bool:
        """
        Return whether nothing is wrong, but something may be surprising.
        """
        return self.id.startswith("I")


def distinct(problems: Iterable[Problem]) -> list[Problem]:
    """
    Return ``problems`` without those that read the same.
    """
    # A receiver that is connected for several senders has each problem several times,
    # and a note may be one for several receivers and signals.
    found: dict[tuple[str, ...], Problem] = {}
    for problem in problems:
        found.setdefault(problem[:4], problem)
    return list(found.values())


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """
    Return distinct ``problems`` in the order of reports: problems, then notes.
    """
    return sorted(distinct(problems), key=lambda each: (each.is_note, *each[:3]))


def split_name(name: str) -> tuple[str, str]:
    """
    Return what the last attribute in a name belongs to, and that attribute.

    The keys of containers belong to it: "pay.signals" and "WEBHOOKS['order.paid']".
    """
    path = name.partition("[")[0]
    # Signals without a name have the dotted path of their class in parentheses.
    module = "" if name.startswith("unnamed ") else path.rpartition(".")[0]
    return module, name[len(module) + 1 :] if module else name


def signal_kind(signal: Signal, component: Component) -> Kind:
    """
    Return the kind of a signal that is defined in ``component``.
    """
    if is_a(signal, Event):
        return "event"
    return "builtin" if component == "django" else "custom"


def describe_sender(
    sender: Any,
) -> tuple[str | None, SenderKind | None, str | None]:
    """
    Return the label, the kind, and the app label of a sender.

    They are those of a ``ReceiverRecord``. Only an ``AppConfig`` has an app label. For
    any sender (None or ``Sender.ANY``), all three are None.
    """
    if sender is None or sender is Sender.ANY:
        return None, None, None
    if sender is Sender.UNKNOWN:
        return None, "unknown", None
    if is_a(sender, type):
        # A model that is defined outside any installed app has no label.
        options = model_options(sender)
        if options is not None and options.app_label:
            return options.label, "model", None
        return clip(class_name(sender)), "class", None
    if is_a(sender, ModuleType):
        # Code can assign anything to __name__.
        name = module_attribute(sender, "__name__")
        return clip(name) if type(name) is str else None, "module", None
    path = clip(class_name(type(sender)))
    if is_a(sender, AppConfig):
        label = stored_attribute(sender, "label")
        return path, "app_config", label if type(label) is str else None
    return path, "instance", None


def sender_name(sender: str | None, kind: SenderKind | None, app: str | None) -> str:
    """
    Return the name of a sender in all reports.
    """
    if app:
        return f"app {printable(app)}"
    if kind == "string":
        return printable(repr(sender))
    suffix = " instance" if kind == "instance" else ""
    return printable(sender or "unknown sender") + suffix


def expected_sender(receiver: ReceiverRecord) -> str:
    """
    Return the name of the sender that a receiver is connected for.
    """
    if receiver.sender_kind is None:
        return "any sender"
    return sender_name(receiver.sender, receiver.sender_kind, receiver.sender_app)


def home(receiver: ReceiverRecord) -> str:
    """
    Return what a receiver is part of, or "" if it belongs to the project or a package.

    Reports collapse these receivers, because few projects need to see them.
    """
    if receiver.storage:
        return "storage objects"
    if receiver.module.partition(".")[0] == "debug_toolbar":
        return "the toolbar"
    return "Django" if receiver.component == "django" else ""
