"""
Write what an event was sent with as a message for a worker, and read it there.

A message holds the name and the version of the event, and its arguments as JSON. Their
annotations decide how they are written, and what is accepted by the worker.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from ..exceptions import BackgroundError
from ..introspect.objects import class_path, is_a, loaded_object
from ..introspect.text import stable_repr
from .annotations import AllowedTypes, is_allowed
from .base import Event
from .codec import NoForm, event_forms, find_form
from .scalars import WrongValue, wrong
from .telemetry import current_traceparent

Message = dict[str, Any]

_KEYS = {"event", "version", "arguments"}


class AnyClass(NamedTuple):
    """
    How the sender of an event is written that isn't declared as a model: by its name.
    """

    allowed: AllowedTypes

    def write(self, value: Any) -> Any:
        if value is None:
            return None
        if is_a(value, type) and is_allowed(value, self.allowed):
            module, qualname = class_path(value)
            if loaded_object(module, qualname) is value:
                return f"{module}:{qualname}"
        raise wrong(value, "None or a class that its module contains")

    def read(self, data: Any) -> Any:
        if data is None:
            return None
        if type(data) is str:
            # Nothing is imported, and only a class can be named.
            value = loaded_object(*data.partition(":")[::2])
            if is_a(value, type) and is_allowed(value, self.allowed):
                return value
        raise wrong(data, "None or the name of a loaded class")


_forms: WeakKeyDictionary[Event[Any], dict[str, Any]] = WeakKeyDictionary()


def write_message(event: Event[Any], receiver: str, sent: Mapping[str, Any]) -> Message:
    """
    Return the message for ``receiver`` with what ``event`` was sent with.

    Raises ``BackgroundError`` for a value that can't be written.
    """
    if _find_event(event.name) is not event:
        raise BackgroundError(
            f"{event.name!r} can't be queued for {receiver!r}, because a worker can't "
            "find it: it isn't in the module that declares it."
        )
    arguments = {}
    for name, form in _forms_of(event, receiver).items():
        try:
            arguments[name] = form.write(sent[name])
        except WrongValue as reason:
            raise BackgroundError(
                f"The argument {name!r} of {event.name!r} can't be queued for "
                f"{receiver!r}, because {reason}."
            ) from None
    message = {"event": event.name, "version": event.version, "arguments": arguments}
    if traceparent := current_traceparent():
        message["traceparent"] = traceparent
    return message


def read_message(
    receiver: str, message: Mapping[str, Any]
) -> tuple[Event[Any], dict[str, Any]]:
    """
    Return the event and the arguments that a message for ``receiver`` holds.

    Raises ``BackgroundError`` for a message that isn't about an event as it is declared
    in this process. Nothing is imported.
    """
    start = f"{receiver!r} can't handle the message"
    if missing := sorted(_KEYS - message.keys()):
        raise BackgroundError(f"{start}, because it has no {missing[0]!r}.")
    name, version, data = (message[key] for key in ("event", "version", "arguments"))
    event = _find_event(name)
    if event is None:
        raise BackgroundError(
            f"{start}, because no event is named {stable_repr(name)} in this worker."
        )
    if version != event.version or type(version) is not int:
        raise BackgroundError(
            f"{start}, because it has version {stable_repr(version)} of {name!r}, but "
            f"this worker has version {event.version}. Let the workers empty the queue "
            "before you deploy a new version."
        )
    if type(data) is not dict:
        raise BackgroundError(f"{start}, because its arguments aren't an object.")
    forms = _forms_of(event, receiver)
    for unknown in sorted(data.keys() - forms.keys()):
        raise BackgroundError(
            f"{start}, because {name!r} has no argument {stable_repr(unknown)} in this "
            "worker. Update the workers first when you add an argument."
        )
    arguments = {}
    for argument, parameter in event._declaration.parameters.items():
        if argument not in data:
            if parameter.default is parameter.empty:
                raise BackgroundError(
                    f"{start}, because it lacks the argument {argument!r} of {name!r}."
                )
            arguments[argument] = parameter.default
            continue
        try:
            arguments[argument] = forms[argument].read(data[argument])
        except WrongValue as reason:
            raise BackgroundError(
                f"{start}, because of the argument {argument!r} of {name!r}: {reason}."
            ) from None
    return event, arguments


def _find_event(name: Any) -> Event[Any] | None:
    # The name doesn't show where the module ends and the qualified name begins.
    parts = name.split(".") if type(name) is str else []
    for length in range(len(parts) - 1, 0, -1):
        module, qualname = ".".join(parts[:length]), ".".join(parts[length:])
        event = loaded_object(module, qualname)
        if is_a(event, Event) and event.name == name:
            return event
    return None


def _forms_of(event: Event[Any], receiver: str) -> dict[str, Any]:
    if event in _forms:
        return _forms[event]
    forms, problems = event_forms(event)
    for name, problem in problems.items():
        raise BackgroundError(
            f"The argument {name!r} of {event.name!r} can't be queued for "
            f"{receiver!r}. {problem}"
        )
    declaration = event._declaration
    annotation = declaration.parameters["sender"].annotation
    try:
        sender: Any = find_form(annotation, declaration.function.__globals__)
    except NoForm:
        allowed, _ = declaration.resolve()
        sender = AnyClass(allowed["sender"])
    return _forms.setdefault(event, {"sender": sender, **forms})
