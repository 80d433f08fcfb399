"""
What is said of signals, receivers and senders, as plain, frozen records.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType
from typing import Any, Literal, NamedTuple

from django.apps import AppConfig
from django.dispatch import Signal

from ..events.base import Event
from ..events.declaration import Argument
from ..introspect.models import model_options
from ..introspect.objects import class_name, is_a, module_attribute, stored_attribute
from ..introspect.text import clip, printable
from .rows import Row

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


class Connected(NamedTuple):
    """
    The record of a signal, with the connections behind ``record.receivers``.

    ``note`` tells why they could not be read.
    """

    signal: Signal
    record: SignalRecord
    rows: tuple[Row, ...]
    note: str = ""


class Problem(NamedTuple):
    """
    Something that is wrong, or worth a note.

    ``id`` is one such as "W007"; those that begin with I are notes. ``name`` is what
    ``SIGNALTOOLS["IGNORE"]`` calls it by: the dotted path of a receiver, a module or a
    class. ``message`` is the fact, ``hint`` the next action.

    ``signal`` is the name of the signal that it is about. ``receiver`` is the place of
    the connection among those of the signal's record, None for one that is gone.
    """

    id: str
    name: str
    message: str
    hint: str
    signal: str | None = None
    receiver: int | None = None

    @property
    def is_note(self) -> bool:
        """
        Tell whether nothing is wrong, but something may surprise.
        """
        return self.id.startswith("I")


def distinct(problems: Iterable[Problem]) -> list[Problem]:
    """
    Return ``problems`` without those that read the same, as of a receiver that is
    connected for several senders.
    """
    found = {problem[:5]: problem for problem in problems}
    return list(found.values())


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """
    Return distinct ``problems`` as reports list them: problems, then notes.
    """
    return sorted(distinct(problems), key=lambda each: (each.is_note, *each[:3]))


def signal_kind(signal: Signal, component: Component) -> Kind:
    """
    Return the kind of a signal that a part of Django or somebody else defines.
    """
    if is_a(signal, Event):
        return "event"
    return "builtin" if component == "django" else "custom"


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


def _name(cls: type) -> str:
    return clip(class_name(cls))


def _model_label(cls: type) -> str | None:
    """
    Return ``app_label.Model``, None for a class that is no model of an app.
    """
    options = model_options(cls)
    return options.label if options is not None and options.app_label else None


def sender_name(sender: str | None, kind: SenderKind | None, app: str | None) -> str:
    """
    Return what a sender is called in all reports.
    """
    if app:
        return f"app {printable(app)}"
    suffix = " instance" if kind == "instance" else ""
    return printable(sender or "unknown sender") + suffix


def expected_sender(receiver: ReceiverRecord) -> str:
    """
    Return the sender that a receiver is connected for.
    """
    if receiver.sender_kind is None:
        return "any sender"
    return sender_name(receiver.sender, receiver.sender_kind, receiver.sender_app)


def home(receiver: ReceiverRecord) -> str:
    """
    Return what a receiver is part of that few people ask about, else "".
    """
    if receiver.storage:
        return "storage objects"
    if receiver.module.partition(".")[0] == "debug_toolbar":
        return "the toolbar"
    return "Django" if receiver.component == "django" else ""
