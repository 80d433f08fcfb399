"""
Explain why a block hasn't sent a signal, by what else has happened during the block.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Iterator
from functools import partial
from itertools import chain
from types import FunctionType, MethodType, ModuleType
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.dispatch import Signal

from ..introspect.objects import is_a, module_attribute
from ..introspect.text import text_list
from ..inventory.names import NamedSignal, registry, unnamed
from ..inventory.places import Places
from ..inventory.records import Component
from .wording import name_of, times_text

_CAPTURE = "captureOnCommitCallbacks(execute=True)"
# A callback is a function in a partial in a closure at most.
_MAX_DEPTH = 3


class Circumstances:
    """
    What happens during a block besides the sends that it captures.

    Nothing that is sent or registered is kept. Other threads add to it, so it only uses
    ``list.append()``, which is atomic, and doesn't count.
    """

    def __init__(self) -> None:
        self._thread = 0
        self._others: list[Signal] = []
        self._elsewhere: list[bool] = []
        self._callbacks: list[tuple[weakref.ref[BaseDatabaseWrapper], int]] = []

    def begin(self) -> None:
        """
        Note that the block begins now.
        """
        self._thread = threading.get_ident()

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

    def add_callback(self, connection: BaseDatabaseWrapper, callback: Any) -> None:
        """
        Note a function that the block passes to on_commit().
        """
        self._callbacks.append((weakref.ref(connection), id(callback)))

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
        for connection, callbacks in self._pending_callbacks():
            found = [_signals_of(callback) for callback in callbacks]
            waiting = sum(any(each is signal for each in own) for own in found)
            unknown = sum(not own for own in found)
            # captureOnCommitCallbacks() leaves the callbacks that it has run in the
            # list, so only what exceeds the sends is certain to wait.
            if waiting > sent:
                text += (
                    f" {name_of(signal)} waits for the commit of {connection.alias!r}"
                    f"{_how_to_commit(caller, connection)}."
                )
            elif unknown and not sent:
                # Whether they have run can't be found out.
                were_added = "callback was" if unknown == 1 else "callbacks were"
                send_it = "it sends" if unknown == 1 else "they send"
                text += (
                    f" {unknown} on_commit() {were_added} registered on "
                    f"{connection.alias!r}. If {send_it} the signal, "
                    f"{_must_be_outer(caller, connection)}."
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

    def _pending_callbacks(self) -> Iterator[tuple[BaseDatabaseWrapper, list[Any]]]:
        """
        Yield each connection with the callbacks of the block that it still has.
        """
        added = self._callbacks.copy()
        known = {callback for _, callback in added}
        connections = [reference() for reference, _ in added]
        for connection in {id(each): each for each in connections if each}.values():
            # After a rollback, it doesn't have them any more.
            callbacks = [entry[1] for entry in connection.run_on_commit]
            yield connection, [each for each in callbacks if id(each) in known]


def _is_noise(entry: NamedSignal | None) -> bool:
    """
    Return whether Django sends the signal whenever a test uses models or requests.
    """
    module = entry.module if entry else ""
    return module.startswith("django.") and not module.startswith("django.contrib.")


def _how_to_commit(caller: str, connection: BaseDatabaseWrapper) -> str:
    # asend_on_commit() uses the connection of the thread that runs synchronous code.
    # captureOnCommitCallbacks() in a coroutine uses another one.
    if getattr(connection, "_thread_ident", None) != threading.get_ident():
        return (
            f" in another thread, in which {_CAPTURE} must run, inside {caller}(): "
            "write a synchronous test that uses async_to_sync()"
        )
    return f", so {_must_be_outer(caller, connection)}"


def _must_be_outer(caller: str, connection: BaseDatabaseWrapper) -> str:
    # A TestCase never commits its transaction. Other transactions end by themselves.
    in_test_case = any(
        getattr(atomic, "_from_testcase", False) for atomic in connection.atomic_blocks
    )
    transaction = "" if in_test_case else "the transaction or "
    return f"{caller}() must be the outer block, around {transaction}{_CAPTURE}"


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
