"""
Explain why a block hasn't sent a signal, by what else has happened during the block.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from functools import partial
from itertools import chain
from types import FunctionType, MethodType, ModuleType
from typing import Any

from django.conf import settings
from django.db import connections
from django.dispatch import Signal

from ..introspect.objects import is_a, module_attribute
from ..introspect.text import text_list
from ..inventory.names import NamedSignal, registry, unnamed
from ..inventory.places import Places
from ..inventory.records import Component
from .wording import name_of, times_text

# A callback is a function in a partial in a closure at most.
_MAX_DEPTH = 3


class Circumstances:
    """
    What happens during a block besides the sends that it captures.

    Nothing that is sent is kept. Other threads add to it, so it only uses
    ``list.append()``, which is atomic, and doesn't count.
    """

    def __init__(self) -> None:
        self._thread = 0
        self._others: list[Signal] = []
        self._elsewhere: list[bool] = []
        self._earlier: list[Any] = []

    def begin(self) -> None:
        """
        Note what doesn't belong to the block, which begins now.
        """
        self._thread = threading.get_ident()
        self._earlier = [*chain(*_pending_callbacks().values())]

    def add_other(self, signal: Signal) -> None:
        """
        Note a send of a signal that isn't captured.
        """
        self._others.append(signal)

    def add_elsewhere(self) -> None:
        """
        Note a send of a captured signal to which the block doesn't apply.
        """
        self._elsewhere.append(threading.get_ident() != self._thread)

    def sent_instead(self, signal: Signal) -> str:
        """
        Return which other signals were sent, as a sentence.
        """
        if not self._others:
            return " No other signals were sent either."
        places = Places()
        entries = {id(entry.signal): entry for entry in registry.entries()}
        show_all = _is_noise(entries.get(id(signal)))
        counts: dict[int, tuple[Signal, int]] = {}
        for other in self._others:
            # By id(): a class of signals may not be hashable.
            _, count = counts.get(id(other), (other, 0))
            counts[id(other)] = other, count + 1
        # A typo is most likely to be in a signal of the project.
        parts: dict[Component, list[str]] = {
            "project": [],
            "third_party": [],
            "django": [],
        }
        for other, count in counts.values():
            entry = entries.get(id(other))
            if _is_noise(entry) and not show_all:
                continue
            place = places.find(entry.module, entry.file) if entry else None
            name = entry.name if entry else unnamed(other)
            part = parts[place.component if place else "project"]
            part.append(f"{name!r} {times_text(count)}")
        shown = [*chain(*parts.values())]
        if not shown:
            return " Only Django's own signals were sent."
        return f" Sent instead: {text_list(shown)}."

    def hints(self, signal: Signal, sent: int, caller: str) -> str:
        """
        Return where more sends of ``signal`` may be, as sentences.

        ``sent`` is the number of its sends so far, and ``caller`` the test tool.
        """
        text = ""
        earlier = {id(callback) for callback in self._earlier}
        for alias, callbacks in _pending_callbacks().items():
            found = [
                _signals_of(callback)
                for callback in callbacks
                if id(callback) not in earlier
            ]
            waiting = sum(any(each is signal for each in own) for own in found)
            unknown = sum(not own for own in found)
            # captureOnCommitCallbacks() leaves the callbacks that it has run in the
            # list, so only what exceeds the sends is certain to wait.
            if waiting > sent:
                text += (
                    f" {name_of(signal)} waits for the commit of {alias!r}, so "
                    f"{_must_be_outer(caller, alias)}."
                )
            elif unknown and not sent:
                # Whether they have run can't be found out.
                were_added = "callback was" if unknown == 1 else "callbacks were"
                send_it = "it sends" if unknown == 1 else "they send"
                text += (
                    f" {unknown} on_commit() {were_added} registered on {alias!r}. "
                    f"If {send_it} the signal, {_must_be_outer(caller, alias)}."
                )
        # Another thread may add to the list meanwhile.
        elsewhere = self._elsewhere.copy()
        if elsewhere:
            place = "thread" if any(elsewhere) else "task"
            text += (
                f" {name_of(signal)} was sent {times_text(len(elsewhere))} in another "
                f"{place}; pass everywhere=True to include it."
            )
        return text


def _is_noise(entry: NamedSignal | None) -> bool:
    """
    Return whether Django sends the signal whenever a test uses models or requests.
    """
    module = entry.module if entry else ""
    return module.startswith("django.") and not module.startswith("django.contrib.")


def _must_be_outer(caller: str, alias: str) -> str:
    # A TestCase never commits its transaction. Other transactions end by themselves.
    in_test_case = any(
        getattr(atomic, "_from_testcase", False)
        for atomic in connections[alias].atomic_blocks
    )
    transaction = "" if in_test_case else "the transaction or "
    return (
        f"{caller}() must be the outer block, around {transaction}"
        "captureOnCommitCallbacks(execute=True)"
    )


def _pending_callbacks() -> dict[str, list[Any]]:
    """
    Return the functions that wait for a commit in this thread, by database.
    """
    # Signals can be sent without settings, but there are no connections without them.
    if not settings.configured:
        return {}
    return {
        connection.alias: [entry[1] for entry in connection.run_on_commit]
        for connection in connections.all(initialized_only=True)
    }


def _signals_of(callback: Any, depth: int = 0) -> list[Signal]:
    """
    Return the signals that a callback refers to: most likely, it sends them.
    """
    if is_a(callback, Signal):
        return [callback]
    if depth > _MAX_DEPTH:
        return []
    parts: list[Any] = []
    if is_a(callback, partial):
        parts = [callback.func, *callback.args, *callback.keywords.values()]
    elif is_a(callback, MethodType):
        parts = [callback.__self__, callback.__func__]
    elif is_a(callback, FunctionType):
        parts = [*_globals_of(callback), *(callback.__defaults__ or ())]
        for cell in callback.__closure__ or ():
            try:
                parts.append(cell.cell_contents)
            except ValueError:
                # The variable was deleted, or isn't assigned yet.
                continue
    return [signal for part in parts for signal in _signals_of(part, depth + 1)]


def _globals_of(function: FunctionType) -> Iterator[Signal]:
    """
    Yield the signals that a function uses, by themselves or as "signals.order_paid".
    """
    names = function.__code__.co_names
    for name in names:
        # The function may import the module itself.
        value = function.__globals__.get(name, sys.modules.get(name))
        if is_a(value, Signal):
            yield value
        elif is_a(value, ModuleType):
            found = (module_attribute(value, attribute) for attribute in names)
            yield from (signal for signal in found if is_a(signal, Signal))
