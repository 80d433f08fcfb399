"""
Compare the sends in a block with the expected one, and describe the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple

from django.db import connections
from django.dispatch import Signal

from ..introspect.text import did_you_mean, text_list
from ..inventory.names import registry, unnamed
from ..inventory.places import Places
from ..inventory.records import Component
from ..inventory.rows import Sender
from .wording import name_of, sender_text, times_text, value_text

#: Any sender, or none at all.
ANY_SENDER = Sender.ANY


class Sent:
    """
    A send, with the objects themselves.

    ``arguments`` holds all arguments except the sender, including the defaults of a
    declared event. ``responses`` is what the method has returned; it is None until
    then, or if the method raised ``error``.
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
        return f"<Sent: {name_of(self.signal)} {_sent_text(self)}>"


class Expected(NamedTuple):
    """
    What a test expects: a signal with some arguments, sent a number of times.

    Without ``times``, it has to be sent at least once.
    """

    signal: Signal
    arguments: Mapping[str, Any] | None
    sender: Any
    times: int | None

    def find_failure(
        self, sends: Collection[Sent], others: Collection[tuple[Signal, int]]
    ) -> str:
        """
        Return how ``sends`` differ from what is expected, "" if they don't.

        ``others`` are other signals, with the number of times each was sent.
        """
        own = [sent for sent in sends if sent.signal is self.signal]
        found = [sent for sent in own if not any(self._differences(sent))]
        if len(found) == self.times or (self.times is None and found):
            return ""
        name = name_of(self.signal)
        if not own:
            return f"{name} wasn't sent.{_sent_instead(others)}{_pending_callbacks()}"
        # Too few or too many sends match.
        if found:
            is_partial = self.arguments or self.sender is not ANY_SENDER
            times = f"{times_text(len(found))}{' in this way' if is_partial else ''}"
            expected = "but should not have been sent"
            if self.times:
                expected = f"not {times_text(self.times)}"
            all_found = text_list(map(_sent_text, found))
            return f"{name} was sent {times}, {expected}: {all_found}."
        # None matches: show how the most similar one differs.
        closest = min(own, key=lambda sent: len([*self._differences(sent)]))
        where = "" if len(own) == 1 else "in the closest match, "
        differences = text_list(self._differences(closest))
        return f"{name} was sent {times_text(len(own))}, but {where}{differences}."

    def _differences(self, sent: Sent) -> Iterator[str]:
        if self.sender is not ANY_SENDER and not _equal(sent.sender, self.sender):
            yield (
                f"the sender was {sender_text(sent.sender)}, "
                f"not {sender_text(self.sender)}"
            )
        for name, value in (self.arguments or {}).items():
            if name not in sent.arguments:
                hint = did_you_mean(name, sent.arguments).strip()
                yield f"there was no argument {name!r}{hint and f' ({hint})'}"
            elif not _equal(sent.arguments[name], value):
                yield (
                    f"{name!r} was {value_text(sent.arguments[name])}, "
                    f"not {value_text(value)}"
                )


def _sent_text(sent: Sent) -> str:
    arguments = ", ".join(
        f"{name}={value_text(value)}" for name, value in sent.arguments.items()
    )
    return f"by {sender_text(sent.sender)} with {arguments or 'no arguments'}"


def _equal(value: Any, expected: Any) -> bool:
    # Objects that aren't equal to themselves, such as NaN, are still what was sent.
    if value is expected:
        return True
    try:
        # On the left is the object that may be equal to anything, such as mock.ANY.
        return bool(expected == value)
    except Exception:
        # An array, for example, has no truth value.
        return False


def _sent_instead(others: Collection[tuple[Signal, int]]) -> str:
    if not others:
        return " No other signals were sent either."
    places = Places()
    entries = {id(entry.signal): entry for entry in registry.entries()}
    # A typo is most likely to be in a signal of the project. A test that uses the
    # database sends many of Django's.
    parts: dict[Component, list[str]] = {"project": [], "third_party": [], "django": []}
    for signal, count in others:
        entry = entries.get(id(signal))
        place = places.find(entry.module, entry.file) if entry else None
        name = entry.name if entry else unnamed(signal)
        part = parts[place.component if place else "project"]
        part.append(f"{name!r} {times_text(count)}")
    return f" Sent instead: {text_list(chain(*parts.values()))}."


def _pending_callbacks() -> str:
    # A TestCase never commits its transaction, so send_on_commit() doesn't send.
    text = ""
    for connection in connections.all(initialized_only=True):
        count = len(connection.run_on_commit)
        if count:
            callbacks, them = (
                ("callback is", "it") if count == 1 else ("callbacks are", "them")
            )
            text += (
                f" {count} on_commit() {callbacks} pending on {connection.alias!r}; "
                f"run {them} with captureOnCommitCallbacks(execute=True)."
            )
    return text
