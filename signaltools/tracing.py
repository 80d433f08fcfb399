"""
Record which signals are sent and which receivers run.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from copy import copy
from typing import Any, NamedTuple, Self

from django.conf import settings

from .conf import conf
from .inventory.names import NamedSignal, registry
from .recording import hooks
from .recording.arguments import ArgumentTypes, ArgumentValues
from .recording.clock import since_1970
from .recording.current import get_current, recording, set_current
from .recording.freeze import freeze
from .recording.nested import add_to_outer
from .recording.not_run import (
    Facts,
    NotRun,
    SignalOutcome,
    find_not_run,
    find_outcomes,
    gather_facts,
)
from .recording.recorder import (
    COLLAPSE_AFTER,
    ArgumentText,
    Recorder,
)
from .recording.remarks import Remark, find_remarks
from .recording.tree import Call, ReceiverTotals, Send, Totals, Tree, walk
from .reports.layout import Look
from .reports.panel_options import PanelOptions
from .reports.trace_json import trace_document
from .reports.trace_selection import select_trace
from .reports.trace_text import render_trace


def trace(
    *,
    argument_types: bool = False,
    argument_values: bool = False,
    collapse_after: int = COLLAPSE_AFTER,
    stacks: bool = False,
) -> Trace:
    """
    Return a recorder of the signals that are sent in a ``with`` block.

    ``argument_types`` adds the types of arguments to their names, and the primary
    keys of model instances. ``argument_values`` adds the values of strings, numbers,
    and dates instead, unless Django's exception reports would hide them.

    After a signal has been sent ``collapse_after`` times, 20 by default, by the same
    sender in one place, further sends there are combined, which takes a third of the
    time.

    ``stacks`` adds the functions that have led to each send with receivers.
    """
    types = ArgumentTypes() if argument_types else None
    text_of = ArgumentValues() if argument_values else types
    return Trace(text_of, collapse_after, stacks)


class Reading(NamedTuple):
    """
    Everything that a trace knows at one moment.
    """

    tree: Tree
    remarks: tuple[Remark, ...]
    facts: Facts
    entries: Sequence[NamedSignal]

    @property
    def signals(self) -> list[SignalOutcome]:
        """
        What became of each connection of this moment.
        """
        return find_outcomes(self.facts, self.entries)

    @property
    def not_run(self) -> tuple[NotRun, ...]:
        """
        Every receiver that is connected now and did not run.
        """
        return tuple(find_not_run(self.signals))


class Trace:
    """
    Every signal sent in a ``with`` block, and every receiver that ran.

    It records what the block does, including tasks and ``sync_to_async`` threads that
    it starts, but not other requests, threads, and tasks. Django's own code calls the
    receivers; what they get, return, and raise is the same as without a trace. No
    receiver, sender, argument, or exception is kept alive. Tracebacks have a few
    additional frames, so a warning with a ``stacklevel`` that reaches the sender shows
    another line.

    A trace can be read at any time, even while it is recording, and doesn't change
    after its end. The first reading looks for the names of signals in all loaded
    modules, which takes milliseconds. Traces may be nested: the outer one also has what
    the inner one has. Other threads may read a trace, but only one may record it.
    """

    def __init__(
        self, text_of: ArgumentText | None, collapse_after: int, stacks: bool
    ) -> None:
        self._text_of = text_of
        self._collapse_after = collapse_after
        self._stacks = stacks
        self._recorder: Recorder | None = None
        self._result: tuple[Tree, Facts] | None = None
        #: When it was started, in seconds since 1970 as from ``time.time()``, or None.
        #: freezegun doesn't change it.
        self.started_at: float | None = None

    def start(self) -> None:
        """
        Start to record, where a ``with`` statement isn't possible.

        Raises ``RuntimeError`` if it's called a second time: a trace records once.
        """
        if self._recorder is not None or self._result is not None:
            raise RuntimeError(
                "This trace has already been started; call trace() for another one."
            )
        outer = recording(get_current())
        if outer is not None:
            outer.recorder.switched = True
        self.started_at = since_1970()
        self._recorder = Recorder(
            outer, self._text_of, self._collapse_after, self._stacks
        )
        hooks.recording.install()
        set_current(self._recorder)

    def stop(self) -> None:
        """
        Stop recording. Calling it a second time does nothing.
        """
        recorder = self._recorder
        if recorder is None or not recorder.recording:
            return
        recorder.stop()
        hooks.recording.uninstall()
        outer = add_to_outer(recorder)
        # In this order: see _read().
        self._recorder = copy(recorder)
        recorder.forget()
        # In another context than that of start(), which is possible in an async
        # fixture, this recorder isn't the current one, and must not be replaced.
        if get_current() is recorder:
            set_current(outer)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    @property
    def tree(self) -> tuple[Send, ...]:
        """
        The outermost sends. Everything else is below them, in ``calls`` and ``sends``.
        """
        return self._read()[0].sends

    @property
    def sends(self) -> tuple[Send, ...]:
        """
        Every send at any depth. The totals of what exceeded the limits come last.
        """
        return tuple(node for node in self._nodes() if isinstance(node, Send))

    @property
    def calls(self) -> tuple[Call, ...]:
        """
        Every call of a receiver at any depth, in the order of ``sends``.
        """
        return tuple(node for node in self._nodes() if isinstance(node, Call))

    @property
    def receivers(self) -> tuple[ReceiverTotals, ...]:
        """
        Exact totals of each receiver that ran, by self time, the longest first.
        """
        return self._read()[0].receivers

    @property
    def overflow(self) -> tuple[Send, ...]:
        """
        Totals of what exceeded the limits of the tree: 2,700 nodes, or 1,350 for sends
        without receivers, and a depth of 100.
        """
        return self._read()[0].overflow

    @property
    def without_receivers(self) -> tuple[Send, ...]:
        """
        The sends without receivers to call, which is not an error.
        """
        return tuple(send for send in self.sends if not (send.calls or send.unseen))

    @property
    def totals(self) -> Totals:
        """
        Exact totals, including what was collapsed or exceeded the limits.
        """
        return self._read()[0].totals

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """
        What is worth a look: errors first, then warnings, then notes.
        """
        return find_remarks(self._read()[0])

    @property
    def not_run(self) -> tuple[NotRun, ...]:
        """
        Every receiver that is connected now and did not run, with the reason.

        It is computed each time from the connections of that moment.
        """
        return self.read().not_run

    def as_dict(self, only: Sequence[str] = ()) -> dict[str, Any]:
        """
        Return everything as dicts, lists, strings, and numbers, ready for JSON.

        ``only`` are parts of names of signals, receivers, and senders: what matches one
        of them is returned. ``trace.schema.json`` in ``signaltools.reports`` describes
        the result.
        """
        reading = self.read()
        selected = select_trace(reading.tree, reading.not_run, only)
        return trace_document(selected.tree, selected.remarks, selected.not_run)

    def as_text(
        self, look: Look, only: Sequence[str] = (), *, summary: bool = False
    ) -> str:
        """
        Return everything as text, or only a summary, with the layout of ``look``.

        ``only`` is as in ``as_dict()``. What ``SIGNALTOOLS["HIDE"]`` hides is left out.
        """
        reading = self.read()
        options = None
        # Plain signals can be recorded without settings.
        if settings.configured:
            options = PanelOptions(hide=conf.HIDE, always_show=conf.ALWAYS_SHOW)
        selected = select_trace(reading.tree, reading.not_run, only, options)
        return render_trace(selected, look, summary=summary)

    def __str__(self) -> str:
        return self.as_text(Look(folder=os.getcwd()))

    def __repr__(self) -> str:
        if self._recorder is None and self._result is None:
            return "<Trace: not started>"
        totals = self.totals
        return f"<Trace: {totals.sends} sends, {totals.calls} calls>"

    def read(self, entries: Sequence[NamedSignal] | None = None) -> Reading:
        """
        Return all of this at once: while it is recording, each reading is different.

        ``entries`` are the signals with their names, as found by the registry.
        """
        entries = registry.entries() if entries is None else entries
        tree, facts = self._read(entries)
        return Reading(tree, find_remarks(tree), facts, entries)

    def _nodes(self) -> list[Send | Call]:
        tree = self._read()[0]
        return list(walk(tree.sends + tree.overflow))

    def _read(self, entries: Sequence[NamedSignal] | None = None) -> tuple[Tree, Facts]:
        # Before the result: a reading in another thread replaces one by the other.
        recorder = self._recorder
        if self._result is not None:
            return self._result
        if recorder is None:
            raise RuntimeError("This trace has not been started; use it with `with`.")
        finished = not recorder.recording
        entries = registry.entries() if entries is None else entries
        result = freeze(recorder, entries), gather_facts(recorder)
        if self._recorder is not recorder:
            # Another thread has stopped or read it meanwhile.
            return self._read(entries)
        if finished:
            self._result, self._recorder = result, None
        return result
