"""
Say why a test of sends has failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from django.db import connections
from django.dispatch import Signal

from ..inventory import Component, Places
from ..registry import registry, unnamed
from .matching import ANY_SENDER, Expected, Sent, sent_text
from .wording import listed, name_of, times_text

Counted = tuple[Signal, int]


def verdict_of(
    expected: Expected,
    times: int | None,
    found: Sequence[Sent],
    own: Sequence[Sent],
    others: Sequence[Counted],
) -> str:
    """
    Return why ``found`` of all sends ``own`` are not what was expected.
    """
    name = name_of(expected.signal)
    if not own:
        return f"{name} was not sent.{_instead(others)}{_waiting()}"
    if found or times == 0:
        wanted = times_text(times or 0)
        return (
            f"{name} was sent {times_text(len(found))}{_so(expected)}, not {wanted}: "
            f"{_all(found)}."
        )
    nearest = min(own, key=lambda sent: len(list(expected.differences(sent))))
    differences = listed(expected.differences(nearest))
    if len(own) == 1:
        return f"{name} was sent once, but {differences}."
    return f"{name} was sent {times_text(len(own))}, but in the nearest {differences}."


def sent_too_often(expected: Expected, found: Sequence[Sent]) -> str:
    """
    Return that something was sent that should not.
    """
    return (
        f"{name_of(expected.signal)} was sent {times_text(len(found))}{_so(expected)}, "
        f"not never: {_all(found)}."
    )


def _so(expected: Expected) -> str:
    if not expected.arguments and expected.sender is ANY_SENDER:
        return ""
    return " in this way"


def _all(found: Iterable[Sent]) -> str:
    return listed(map(sent_text, found))


def _instead(others: Sequence[Counted]) -> str:
    """
    Return what was sent instead, signals of the project first, those of Django last.
    """
    if not others:
        return " No other signal was sent either."
    places = Places()
    entries = {id(entry.signal): entry for entry in registry.entries()}
    parts: dict[Component, list[str]] = {"project": [], "third_party": [], "django": []}
    for signal, count in others:
        entry = entries.get(id(signal))
        place = places.find(entry.module, entry.file) if entry else None
        name = entry.name if entry else unnamed(signal)
        part = parts[place.component if place else "project"]
        part.append(f"{name!r} {times_text(count)}")
    return f" Sent instead: {listed(chain(*parts.values()))}."


def _waiting() -> str:
    """
    Return which databases wait for a commit, which a ``TestCase`` never makes.
    """
    waiting = {
        connection.alias: len(connection.run_on_commit)
        for connection in connections.all(initialized_only=True)
        if connection.run_on_commit
    }
    return "".join(
        f" {count} function{'s wait' if count > 1 else ' waits'} for the commit of "
        f"{alias!r}: run them with captureOnCommitCallbacks(execute=True)."
        for alias, count in waiting.items()
    )
