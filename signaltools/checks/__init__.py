"""
System checks, tagged ``signals``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import ImproperlyConfigured
from django.core.management import get_commands

from .._callables import describe
from .._dispatch import connected_receivers
from .._introspect import is_a, loaded_modules
from .._text import did_you_mean
from ..conf import KEYS, conf
from ..events import Event
from ..registry import find_signals


def check_settings(**kwargs: Any) -> list[CheckMessage]:
    """
    Report keys of ``SIGNALTOOLS`` that nothing reads, and values of another type.
    """
    unknown = [
        Error(
            f"Unknown setting {key!r} in SIGNALTOOLS.",
            hint=did_you_mean(str(key), KEYS).strip() or f"Known: {', '.join(KEYS)}.",
            id="signaltools.E001",
        )
        for key in conf.unknown
    ]
    return [*unknown, *_wrong_values()]


def _wrong_values() -> Iterator[Error]:
    for key in KEYS:
        try:
            getattr(conf, key)
        except ImproperlyConfigured as error:
            yield Error(str(error), id="signaltools.E002")


def check_command(**kwargs: Any) -> list[CheckMessage]:
    """
    Report another app that owns the command ``list_signals``.
    """
    owner = get_commands()["list_signals"]
    if owner == "signaltools":
        return []
    return [
        CheckWarning(
            f"The command 'list_signals' belongs to {owner!r}.",
            hint=f"List 'signaltools' before {owner!r} in INSTALLED_APPS.",
            id="signaltools.W020",
        )
    ]


def check_events(**kwargs: Any) -> list[CheckMessage]:
    """
    Report receivers that do not fit their event, and declarations with a flaw.
    """
    signals = find_signals(loaded_modules()).values()
    events = [signal for signal in signals if is_a(signal, Event)]
    return [
        *(message for event in events for message in _receivers(event)),
        *(message for event in events for message in _annotations(event)),
        *_labels(events),
    ]


def _receivers(event: Event[Any]) -> Iterator[CheckMessage]:
    sent = ", ".join(["sender", *(argument.name for argument in event.arguments)])
    for receiver in connected_receivers(event):
        name = describe(receiver).name
        unknown, is_closed = event.misfit(receiver)
        for argument in unknown:
            hint = did_you_mean(argument, sent.split(", ")).strip()
            yield CheckWarning(
                f"The receiver {name!r} asks for {argument!r}, which {event.name!r} "
                "does not send.",
                hint=hint or f"It sends {sent}.",
                id="signaltools.W101",
            )
        if is_closed:
            yield CheckWarning(
                f"The receiver {name!r} of {event.name!r} does not accept **kwargs.",
                hint="Add **kwargs: it breaks as soon as an argument is added.",
                id="signaltools.W102",
            )


def _annotations(event: Event[Any]) -> Iterator[CheckMessage]:
    for name in event.unresolved():
        yield CheckWarning(
            f"The annotation of {name!r} in {event.name!r} cannot be resolved, so its "
            "type is not checked.",
            hint=f"Import what it names in {event.__module__!r}.",
            id="signaltools.W103",
        )


def _labels(events: list[Event[Any]]) -> Iterator[CheckMessage]:
    first: dict[tuple[str, int], str] = {}
    for event in sorted(events, key=lambda event: event.name):
        other = first.setdefault((event.label, event.version), event.name)
        if other != event.name:
            yield CheckWarning(
                f"The events {other!r} and {event.name!r} have the same label "
                f"{event.label!r} and the same version.",
                hint="Give one of them another label: @event(name=...).",
                id="signaltools.W104",
            )
