"""
Render what the signals of one model run as text for a terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from ..introspect.text import printable
from ..inventory.model_signals import ModelSignals, Step
from ..inventory.records import Problem
from .layout import (
    INDENT,
    Columns,
    Look,
    justified,
    plural,
    problem_lines,
    wrapped,
)
from .receiver_rows import single_row
from .trace_rows import short_signal


def render_model_text(
    model: ModelSignals, look: Look, problems: Sequence[Problem] = ()
) -> str:
    """
    Return what runs for a model, what doesn't, what sends no signals, and the problems.
    """
    lines = list(_Page(model, look).lines())
    if problems:
        lines += ["", *problem_lines(problems, look)]
    return "\n".join(lines) + "\n"


class _Page:
    def __init__(self, model: ModelSignals, look: Look) -> None:
        self._model = model
        self._look = look
        steps = [
            (bool(s.decided_by), s.signal, r) for s in model.steps for r in s.receivers
        ]
        self._running = {each[1:] for each in steps if not each[0]}
        self._maybe = {each[1:] for each in steps} - self._running
        unrelated = [each.receiver for each in model.unrelated]
        receivers = [receiver for _, receiver in self._running | self._maybe]
        self._columns = Columns([*map(single_row, [*receivers, *unrelated])], look)

    def lines(self) -> Iterator[str]:
        title = f"{printable(self._model.label)}: what runs, in order"
        counts = [plural(len(self._running), "receiver")]
        counts += [f"{len(self._maybe):,} may run"] if self._maybe else []
        yield from self._heading(title, " · ".join(counts))
        if self._model.never_saved:
            yield f"  nothing: {printable(self._model.never_saved)}"
        for action, steps in groupby(self._model.steps, lambda step: step.action):
            yield from self._action(action, steps)
        if self._model.unrelated:
            yield from ["", *self._heading("Related, but will NOT run")]
            yield from self._unrelated()
        if self._model.never:
            yield from ["", *self._heading("Sends no signals")]
            for sentence in self._model.never:
                yield from wrapped(printable(sentence), self._look.width, "  ")
        if any(receiver.is_async for _, receiver in self._running | self._maybe):
            yield from ["", "~ = async, concurrent"]

    def _action(self, action: str, steps: Iterable[Step]) -> Iterator[str]:
        yield ""
        yield self._look.name(printable(action))
        decided = False
        for step in steps:
            decided = decided or bool(step.decided_by)
            is_other = step.sender != self._model.label
            sender = f"sender {printable(step.sender)}" if is_other else ""
            when = "; ".join(filter(None, [step.note, _decision(step)]))
            note = ": ".join(filter(None, [sender, when]))
            missing = "" if step.receivers else "no receivers"
            signal = short_signal(step.signal)
            line = "  ".join(filter(None, [signal, note, missing]))
            yield from wrapped(line, self._look.width, "  ")
            for receiver in step.receivers:
                yield from self._columns.lines(single_row(receiver))
                if receiver.triggers:
                    text = f"may send {', '.join(map(printable, receiver.triggers))}"
                    indent = INDENT + "  "
                    yield from wrapped(text, self._look.width, indent, indent)
        if action == "delete()" and self._model.cascades:
            models = ", ".join(map(printable, self._model.cascades))
            verb = "may also delete" if decided else "also deletes"
            text = f"{verb}, sending their own signals: {models}"
            yield from wrapped(text, self._look.width, "  ")
        if action == "delete()":
            for sentence in self._model.unseen:
                text = f"can't be seen: {printable(sentence)}"
                yield from wrapped(text, self._look.width, "  ")

    def _unrelated(self) -> Iterator[str]:
        for signal, group in groupby(self._model.unrelated, lambda each: each.signal):
            yield f"  {short_signal(signal)}"
            for _, receiver, reason in group:
                yield from self._columns.lines(single_row(receiver))
                yield from wrapped(printable(reason), self._look.width, INDENT + "  ")

    def _heading(self, left: str, right: str = "") -> Iterator[str]:
        return justified(left, right, self._look.width, self._look.heading)


def _decision(step: Step) -> str:
    # Without receivers, it makes no difference.
    if not (step.decided_by and step.receivers):
        return ""
    return f"{printable(step.decided_by)} decides whether to send it"
