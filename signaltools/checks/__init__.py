"""
The system checks that ``apps`` registers, tagged ``signals``.

Where each id comes from:

* E001 to E003, W020, W103, W104: this file
* W001 to W003, W017, W021: ``lost``, what was connected in vain or at the wrong time
* W016: ``disconnects``
* W004, W012 to W015, W101, W102: ``receivers``
* W105, W106: ``background``, receivers that no worker can run
* W005: ``unloaded``, and W006: ``app_configs``
* W007 to W011, W018: ``senders``
* W019: ``autodiscovered``
* W030 to W032: ``signaltools.panels``
* I001 to I005: ``notes``
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import ImproperlyConfigured
from django.core.management import get_commands

from ..conf import EDITORS, KEYS, conf
from ..events import Event
from ..events.base import any_events, unresolved_arguments
from ..introspect.objects import is_a, loaded_modules
from ..introspect.text import did_you_mean
from ..inventory.names import NamedSignal, registry
from ..inventory.namespaces import find_signals
from ..inventory.reading import read_connected, with_unnamed
from ..inventory.records import Problem, distinct
from .app_configs import unused_configs
from .autodiscovered import autodiscovered_only
from .run import CHECKS, SHOWN_IN_LISTS_ONLY, find_problems, ignored_problems
from .watch import is_watching, watched_signals


def check_settings(**kwargs: Any) -> list[CheckMessage]:
    """
    Report unknown keys of ``SIGNALTOOLS`` (E001), values of the wrong type (E002), and
    entries of ``IGNORE`` without an effect (E003).
    """
    messages: list[CheckMessage] = []
    try:
        unknown = conf.unknown
    except ImproperlyConfigured as error:
        # Not a dict, so it has no keys to look at.
        return [Error(str(error), id="signaltools.E002")]
    for key in unknown:
        text = f"Unknown setting {key!r} in SIGNALTOOLS."
        hint = _suggestion(str(key), KEYS)
        messages.append(Error(text, hint=hint, id="signaltools.E001"))
    for key in KEYS:
        try:
            getattr(conf, key)
        except ImproperlyConfigured as error:
            way_out = _editor_hint() if key == "EDITOR" else None
            messages.append(Error(str(error), hint=way_out, id="signaltools.E002"))
    for check, name in ignored_problems():
        # The name may be of a problem that was there only under other conditions.
        if name and check in CHECKS:
            continue
        hint = "Write an id and a name, such as 'W010 shop.receivers.on_migrate'."
        if name:
            hint = _suggestion(check, sorted(CHECKS))
        entry = f"{check} {name}".strip()
        text = f"{entry!r} in SIGNALTOOLS['IGNORE'] has no effect."
        messages.append(Error(text, hint=hint, id="signaltools.E003"))
    return messages


def _editor_hint() -> str:
    value = getattr(settings, "SIGNALTOOLS", {})["EDITOR"]
    name = value if type(value) is str else ""
    return f"{_suggestion(name, [*EDITORS])} For another editor, set EDITOR_URL."


def _suggestion(name: str, known: Sequence[str]) -> str:
    return did_you_mean(name, known).strip() or f"Use one of: {', '.join(known)}."


def check_command(**kwargs: Any) -> list[CheckMessage]:
    """
    Report other apps whose command of the same name comes first (W020).
    """
    owners = get_commands()
    messages: list[CheckMessage] = []
    # A test may take signaltools out of INSTALLED_APPS, which leaves its checks.
    if not apps.is_installed("signaltools"):
        return messages
    for name in ("list_signals", "lock_signals", "trace_signals"):
        # Django remembers the commands of the apps that it saw first.
        owner = owners.get(name, "signaltools")
        if owner != "signaltools":
            text = f"The {name!r} command of {owner!r} hides the one of signaltools."
            hint = f"List 'signaltools' before {owner!r} in INSTALLED_APPS."
            messages.append(CheckWarning(text, hint=hint, id="signaltools.W020"))
    return messages


def check_signals(**kwargs: Any) -> list[CheckMessage]:
    """
    Report what is wrong with connections (W001 to W019, W021, W101, W102, W105, and
    W106), except for notes and for what has false positives.
    """
    # This check runs before most commands, and finding the names of all signals takes
    # longer than all checks together. So it finds them only if there is something to
    # report.
    others = [*unused_configs(), *autodiscovered_only()]
    if is_watching():
        # Django's own signals need their names, by which checks know their arguments.
        found = find_signals(loaded_modules(), in_classes=False)
        named = [NamedSignal(name, signal) for name, signal in found.items()]
        if not _problems(with_unnamed(named, watched_signals()), others):
            return []
    problems = distinct(_problems(registry.entries(), others))
    return [
        CheckWarning(each.message, hint=each.hint, id=f"signaltools.{each.id}")
        for each in problems
    ]


def _problems(entries: list[NamedSignal], others: list[Problem]) -> list[Problem]:
    return [
        problem
        for problem in find_problems(read_connected(entries), others)
        if problem.id not in SHOWN_IN_LISTS_ONLY and not problem.is_note
    ]


def check_events(**kwargs: Any) -> list[CheckMessage]:
    """
    Report annotations of events that can't be resolved (W103), and events with the
    same label and version (W104).
    """
    # Looking into classes for signals takes time that most projects need not spend.
    if not any_events():
        return []
    signals = find_signals(loaded_modules()).values()
    events = [signal for signal in signals if is_a(signal, Event)]
    messages: list[CheckMessage] = [
        CheckWarning(
            f"The annotation of {argument!r} in {event.name!r} can't be resolved, so "
            "its type isn't checked.",
            hint=f"Import what the annotation names in {event.__module__!r}.",
            id="signaltools.W103",
        )
        for event in events
        for argument in unresolved_arguments(event)
    ]
    first: dict[tuple[str, int], str] = {}
    for event in sorted(events, key=lambda event: event.name):
        other = first.setdefault((event.label, event.version), event.name)
        if other != event.name:
            text = (
                f"The events {other!r} and {event.name!r} have the same label "
                f"{event.label!r} and the same version."
            )
            hint = "Give one of them another label: @event(name=...)."
            messages.append(CheckWarning(text, hint=hint, id="signaltools.W104"))
    return messages
