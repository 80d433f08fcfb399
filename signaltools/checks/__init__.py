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

from ..conf import KEYS, conf
from ..events import Event
from ..events.base import any_events, unresolved_arguments
from ..introspect.objects import is_a, loaded_modules
from ..introspect.text import did_you_mean
from ..inventory.names import NamedSignal, find_signals, registry, unnamed
from ..inventory.reading import read_connected
from ..inventory.records import Problem, distinct
from .app_configs import unused_configs
from .run import (
    CHECKS,
    SHOWN_IN_LISTS_ONLY,
    find_problems,
    ignored_problems,
)
from .watch import is_watching, watched_signals


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
    return [*unknown, *_wrong_values(), *_useless_entries()]


def _wrong_values() -> Iterator[Error]:
    for key in KEYS:
        try:
            getattr(conf, key)
        except ImproperlyConfigured as error:
            yield Error(str(error), id="signaltools.E002")


def _useless_entries() -> Iterator[Error]:
    for check, name in ignored_problems():
        if not name:
            hint = "Write an id and a name, such as 'W010 shop.receivers.on_migrate'."
        elif check not in CHECKS:
            known = f"Known: {', '.join(sorted(CHECKS))}."
            hint = did_you_mean(check, CHECKS).strip() or known
        else:
            continue
        entry = f"{check} {name}".strip()
        yield Error(
            f"{entry!r} in SIGNALTOOLS['IGNORE'] silences nothing.",
            hint=hint,
            id="signaltools.E003",
        )


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


def check_signals(**kwargs: Any) -> list[CheckMessage]:
    """
    Report what is wrong with connections, unless such alarms are sometimes false.
    """
    # To find the names of all signals takes longer than all checks together.
    is_fine = is_watching() and not _problems(_unnamed_signals())
    found = [] if is_fine else _problems(registry.entries())
    return [
        CheckWarning(problem.message, hint=problem.hint, id=f"signaltools.{problem.id}")
        for problem in distinct(found)
    ]


def _problems(entries: list[NamedSignal]) -> list[Problem]:
    return [
        problem
        for problem in find_problems(read_connected(entries), unused_configs())
        if problem.id not in SHOWN_IN_LISTS_ONLY and not problem.is_note
    ]


def _unnamed_signals() -> list[NamedSignal]:
    """
    Return the signals that are easy to find, which are those that are connected.
    """
    found = find_signals(loaded_modules(), in_classes=False)
    known = {id(signal) for signal in found.values()}
    others = [signal for signal in watched_signals() if id(signal) not in known]
    pairs = [*found.items(), *((unnamed(signal), signal) for signal in others)]
    return [NamedSignal(name, signal, (), "", None, None, "") for name, signal in pairs]


def check_events(**kwargs: Any) -> list[CheckMessage]:
    """
    Report declarations of events with a flaw.
    """
    if not any_events():
        return []
    signals = find_signals(loaded_modules()).values()
    events = [signal for signal in signals if is_a(signal, Event)]
    return [
        *(message for event in events for message in _annotations(event)),
        *_labels(events),
    ]


def _annotations(event: Event[Any]) -> Iterator[CheckMessage]:
    for name in unresolved_arguments(event):
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
