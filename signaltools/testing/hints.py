"""
Explain why a block hasn't sent a signal, by what else has happened during the block.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence

from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.dispatch import Signal

from ..events.on_commit import PendingSend
from ..introspect.text import text_list
from ..inventory.names import NamedSignal, registry, unnamed
from .wording import name_of, times_text


class Hints:
    """
    What happens during a block, besides the sends that it captures.

    It begins when it is created, and keeps neither what is sent nor any callbacks.
    Other threads add to it with ``list.append()``, which is atomic; counting isn't.
    """

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._others: list[Signal] = []
        self._elsewhere: list[bool] = []
        # Callbacks are appended, and only a rollback or a commit removes them.
        self._callbacks = {
            connection.alias: len(connection.run_on_commit)
            for connection in _connections()
        }

    def add_other(self, signal: Signal) -> None:
        """
        Add a send of a signal that isn't captured.
        """
        self._others.append(signal)

    def add_elsewhere(self) -> None:
        """
        Add a send of a captured signal to which the block doesn't apply.
        """
        self._elsewhere.append(threading.get_ident() != self._thread)

    def sent_instead(self, signal: Signal) -> str:
        """
        Return which other signals were sent, as a sentence.
        """
        if not self._others:
            return " No other signals were sent either."
        # By id(): a class of signals may not be hashable.
        entries = {id(entry.signal): entry for entry in registry.entries()}
        show_all = _is_frequent(entries.get(id(signal)))
        counts: Counter[str] = Counter()
        for other in self._others:
            entry = entries.get(id(other))
            if show_all or not _is_frequent(entry):
                counts[entry.name if entry else unnamed(other)] += 1
        if not counts:
            return " Only Django's own signals were sent."
        sent = (f"{name!r} {times_text(count)}" for name, count in counts.items())
        return f" Sent instead: {text_list(sent)}."

    def find(self, signal: Signal, times: int, tool: str) -> str:
        """
        Return where more sends of ``signal`` may be, as sentences.

        It was sent ``times`` times so far. ``tool`` is the name of the test tool.
        """
        must_be_outer = (
            f"{tool}() must be the outer block, around "
            "captureOnCommitCallbacks(execute=True)."
        )
        text = ""
        for connection in _connections():
            begin = self._callbacks.get(connection.alias, 0)
            callbacks = [entry[1] for entry in connection.run_on_commit[begin:]]
            # captureOnCommitCallbacks() leaves the ones that it has run in the list.
            sends = [each for each in callbacks if type(each) is PendingSend]
            waiting = len(callbacks) - sum(each.was_sent for each in sends)
            if any(each.event is signal and not each.was_sent for each in sends):
                text += (
                    f" {name_of(signal)} waits for the commit of {connection.alias!r}, "
                    f"so {must_be_outer}"
                )
            elif waiting and not times:
                were_added = "callback was" if waiting == 1 else "callbacks were"
                send_it = "it sends" if waiting == 1 else "they send"
                text += (
                    f" {waiting} on_commit() {were_added} registered on "
                    f"{connection.alias!r}. If {send_it} the signal, {must_be_outer}"
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


def _is_frequent(entry: NamedSignal | None) -> bool:
    """
    Return whether Django sends the signal whenever a test uses models or requests.
    """
    module = entry.module if entry else ""
    return module.startswith("django.") and not module.startswith("django.contrib.")


def _connections() -> Sequence[BaseDatabaseWrapper]:
    """
    Return the connections of this thread, which can't see those of other threads.
    """
    # Plain signals can be tested without settings.
    return connections.all(initialized_only=True) if settings.configured else []
