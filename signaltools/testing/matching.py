"""
Tell whether a send is the expected one, and in what it differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from django.db import connections
from django.dispatch import Signal

from ..introspect.text import did_you_mean
from ..inventory.names import registry, unnamed
from ..inventory.places import Places
from ..inventory.records import Component
from ..inventory.rows import Sender
from .wording import listed, name_of, sender_text, times_text, value_text

#: All senders, None included.
ANY_SENDER = Sender.ANY


class Sent:
    """
    A send, with the objects themselves.

    ``arguments`` has all of them but the sender, those that have a default in the
    declaration of an event too. ``responses`` is what the method has returned, None if
    it has not or raised ``error``.
    """

    def __init__(
        self, signal: Signal, method: str, sender: Any, arguments: dict[str, Any]
    ) -> None:
        self.signal = signal
        self.method = method
        self.sender = sender
        self.arguments = arguments
        self.responses: list[tuple[Callable[..., Any], Any]] | None = None
        self.error: BaseException | None = None

    def __repr__(self) -> str:
        return f"<Sent: {name_of(self.signal)} {sent_text(self)}>"


class Expected(NamedTuple):
    """
    What a test expects of a send.
    """

    signal: Signal
    arguments: Mapping[str, Any] | None
    sender: Any

    def fits(self, sent: Sent) -> bool:
        return sent.signal is self.signal and not any(self.differences(sent))

    def differences(self, sent: Sent) -> Iterator[str]:
        """
        Yield in what ``sent`` differs, as ends of a sentence.
        """
        if not self.is_by_sender(sent):
            yield (
                f"the sender was {sender_text(sent.sender)}, "
                f"not {sender_text(self.sender)}"
            )
        for name, value in (self.arguments or {}).items():
            if name not in sent.arguments:
                hint = did_you_mean(name, sent.arguments)
                yield f"there was no argument {name!r}{_in_brackets(hint)}"
            elif not _equal(sent.arguments[name], value):
                yield (
                    f"{name!r} was {value_text(sent.arguments[name])}, "
                    f"not {value_text(value)}"
                )

    def is_by_sender(self, sent: Sent) -> bool:
        return self.sender is ANY_SENDER or _equal(sent.sender, self.sender)


def sent_text(sent: Sent) -> str:
    """
    Return who sent a signal with what.
    """
    arguments = ", ".join(
        f"{name}={value_text(value)}" for name, value in sent.arguments.items()
    )
    return f"by {sender_text(sent.sender)} with {arguments or 'no arguments'}"


def _equal(value: Any, expected: Any) -> bool:
    if value is expected:
        return True
    try:
        # On the left is what may be equal to anything, such as mock.ANY.
        return bool(expected == value)
    except Exception:
        return False


def _in_brackets(hint: str) -> str:
    return f" ({hint.strip()[:-1]}?)" if hint else ""


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
