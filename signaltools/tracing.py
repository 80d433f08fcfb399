"""
Record what is sent and what runs.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, NamedTuple, Self

from .inventory.names import NamedSignal, registry
from .recording import hooks
from .recording.freeze import freeze
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
    get_current,
    set_current,
)
from .recording.remarks import Remark, find_remarks
from .recording.surroundings import ArgumentTypes, ArgumentValues
from .recording.tree import Call, Send, Totals, Tree, walk
from .reports.layout import Look
from .reports.trace_json import trace_document
from .reports.trace_text import render_trace


def trace(
    *,
    argument_types: bool = False,
    argument_values: bool = False,
    collapse_after: int = COLLAPSE_AFTER,
) -> Trace:
    """
    Return a recorder of the signals that are sent in a ``with`` block.

    ``argument_types`` adds the types of arguments to their names, and the primary
    keys of model instances. ``argument_values`` adds the values instead, as far as they
    are text, numbers or dates and Django's exception reports would show them.

    When a signal has been sent ``collapse_after`` times by one sender in one place, all
    further sends there are one, which takes a third of the time.
    """
    types = ArgumentTypes() if argument_types else None
    return Trace(ArgumentValues() if argument_values else types, collapse_after)


class Reading(NamedTuple):
    """
    Everything that a trace has to tell at one moment.
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


class Trace:
    """
    Every signal sent in a ``with`` block, and every receiver that ran.

    Recorded is what the block does itself, also in tasks and ``sync_to_async`` threads
    that it starts. Other requests, threads and tasks are not. Django's own code calls
    the receivers; what they get, return and raise stays the same. No receiver, sender,
    argument or exception is kept alive. Tracebacks have a few frames more, so that a
    warning with a ``stacklevel`` beyond its own receiver names another line.

    Everything can be read while the recording goes on, as it is by then, and does not
    change after its end. Reading the first time walks all loaded modules for the names
    of signals, which takes milliseconds. Traces may be nested: the outer one has what
    the inner one has. Other threads may read a trace, but only one may record it.
    """

    def __init__(self, text_of: ArgumentText | None, collapse_after: int) -> None:
        self._text_of = text_of
        self._collapse_after = collapse_after
        self._recorder: Recorder | None = None
        self._result: tuple[Tree, Facts] | None = None

    def start(self) -> None:
        """
        Begin to record, for where a ``with`` statement does not fit.

        Raises ``RuntimeError`` the second time: a trace records once.
        """
        if self._recorder is not None or self._result is not None:
            raise RuntimeError(
                "This trace has already been started; call trace() for another one."
            )
        outer = get_current()
        self._recorder = Recorder(outer, self._text_of, self._collapse_after)
        hooks.arm()
        set_current(self._recorder)

    def stop(self) -> None:
        """
        End the recording; a second time does nothing.
        """
        recorder = self._recorder
        if recorder is None or not recorder.recording:
            return
        recorder.stop()
        hooks.disarm()
        # In another context than that of start() there is nothing to put back.
        outer = recorder.still_outside()
        if get_current() is recorder:
            set_current(outer)
        if outer is not None:
            outer.absorb(recorder)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    @property
    def tree(self) -> tuple[Send, ...]:
        """
        What was sent first of all; all else is below it, in ``calls`` and ``sends``.
        """
        return self._read()[0].sends

    @property
    def sends(self) -> tuple[Send, ...]:
        """
        Every send at any depth, and last the profile of what exceeded the limit.
        """
        return tuple(node for node in self._nodes() if isinstance(node, Send))

    @property
    def calls(self) -> tuple[Call, ...]:
        """
        Every call of a receiver at any depth, in the order of ``sends``.
        """
        return tuple(node for node in self._nodes() if isinstance(node, Call))

    @property
    def overflow(self) -> tuple[Send, ...]:
        """
        A flat profile of what exceeded the limit of 2,700 nodes, or a depth of 100.
        """
        return self._read()[0].overflow

    @property
    def without_receivers(self) -> tuple[Send, ...]:
        """
        The sends that had no receiver to call. This is information, no mistake.
        """
        return tuple(send for send in self.sends if not send.calls)

    @property
    def totals(self) -> Totals:
        """
        Exact sums, whatever was collapsed or exceeded the limit.
        """
        return self._read()[0].totals

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """
        What is worth a look: errors first, then warnings, then notes.
        """
        return _remarks(self._read()[0])

    @property
    def not_run(self) -> tuple[NotRun, ...]:
        """
        Every receiver that is connected now and did not run, with the reason.

        Worked out anew each time from the connections of this moment.
        """
        return tuple(find_not_run(self.read().signals))

    def as_dict(self) -> dict[str, Any]:
        """
        Return everything as plain dicts, lists, text and numbers, ready for JSON.

        ``trace.schema.json`` in ``signaltools.reports`` describes it.
        """
        reading = self.read()
        not_run = tuple(find_not_run(reading.signals))
        return trace_document(reading.tree, reading.remarks, not_run)

    def as_text(self, look: Look) -> str:
        """
        Return everything as text, laid out as ``look`` says.
        """
        reading = self.read()
        not_run = tuple(find_not_run(reading.signals))
        return render_trace(reading.tree, reading.remarks, not_run, look)

    def __str__(self) -> str:
        return self.as_text(Look(folder=os.getcwd()))

    def __repr__(self) -> str:
        if self._recorder is None and self._result is None:
            return "<Trace: not started>"
        totals = self.totals
        return f"<Trace: {totals.sends} sends, {totals.calls} calls>"

    def read(self, entries: Sequence[NamedSignal] | None = None) -> Reading:
        """
        Return all of this at once: while the recording goes on, each reading differs.

        ``entries`` are the signals with their names, as the registry finds them.
        """
        entries = registry.entries() if entries is None else entries
        tree, facts = self._read(entries)
        return Reading(tree, _remarks(tree), facts, entries)

    def _nodes(self) -> list[Send | Call]:
        tree = self._read()[0]
        return list(walk(tree.sends + tree.overflow))

    def _read(self, found: Sequence[NamedSignal] | None = None) -> tuple[Tree, Facts]:
        if self._result is not None:
            return self._result
        recorder = self._recorder
        if recorder is None:
            raise RuntimeError("This trace has not been started; use it with `with`.")
        finished = not recorder.recording
        names = registry.entries() if found is None else found
        result = freeze(recorder, names), gather_facts(recorder)
        if finished:
            self._result, self._recorder = result, None
        return result


def _remarks(tree: Tree) -> tuple[Remark, ...]:
    return tuple(find_remarks(tree.sends + tree.overflow, tree.added))
