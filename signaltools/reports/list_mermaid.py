"""
Render signals as a Mermaid flowchart: what sends them, signals, and receivers.
"""

from __future__ import annotations

import json
import string
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..introspect.text import printable, text_list
from ..inventory.model_signals import ModelSignals
from ..inventory.records import (
    ReceiverRecord,
    SignalRecord,
    expected_sender,
    home,
    split_name,
)
from .layout import background_text, plural
from .trace_rows import short_signal

Signals = Sequence[SignalRecord]


def render_mermaid(signals: Signals, *, collapse: bool = True) -> str:
    """
    Return the receivers of ``signals``, and what sends these, as a graph; its ids are
    only valid inside it. A receiver that sends another signal leads to that signal.

    ``collapse`` shows each third-party package as one node, and omits receivers inside
    Django, the debug toolbar, and storage objects.
    """
    graph = _Graph()
    # Where each signal is, and the receivers and packages that may send others.
    starts: dict[str, str] = {}
    ends: list[tuple[ReceiverRecord, str]] = []
    for signal in signals:
        receivers = [r for r in signal.receivers if not (collapse and home(r))]
        if receivers:
            module, name = split_name(signal.name)
            # The modules of Django's own signals are well known.
            is_short = signal.kind == "builtin" or not module
            label = [name] if is_short else [name, module]
            start = starts[signal.name] = graph.node(label, "([])")
            for receiver in receivers:
                sender = expected_sender(receiver) if receiver.sender_kind else ""
                package = receiver.module.partition(".")[0]
                if collapse and receiver.component == "third_party":
                    end = graph.node([package], "[[]]", counted=True)
                else:
                    group = receiver.app or package
                    # Without what the title of the group contains already.
                    _, _, name = f".{receiver.name}".partition(f".{group}.")
                    label = [name or receiver.name, *_background(receiver)]
                    end = graph.node(label, "[]", key=_key(receiver), group=group)
                graph.edge(start, end, sender, dashed=receiver.is_async)
                ends.append((receiver, end))
    for receiver, end in ends:
        for name in receiver.triggers:
            if name in starts:
                graph.edge(end, starts[name])
    running = {(receiver.file, receiver.line) for receiver, _ in ends}
    for signal in signals:
        for send in signal.sent_by or () if signal.name in starts else ():
            # What a receiver runs is part of that receiver.
            if running.isdisjoint((send.file, line) for line in send.run_by):
                package = send.module.partition(".")[0]
                if collapse and send.component == "third_party":
                    start = graph.node([package], "[[]]")
                else:
                    name = send.function.removeprefix(f"{send.module}.")
                    start = graph.node(list(dict.fromkeys([name, send.module])), "()")
                graph.edge(start, starts[signal.name])
    return graph.text(_left_out(signals) if collapse else "")


def render_model_mermaid(model: ModelSignals) -> str:
    """
    Return what runs for a model as a graph; the numbers are the dispatch order.
    """
    graph = _Graph()
    for step in model.steps:
        if step.receivers:
            start = graph.node([step.action], "{{}}")
            label = [short_signal(step.signal)]
            if step.sender != model.label:
                label.append(step.sender)
            if step.decided_by:
                label.append(f"if {step.decided_by} sends it")
            signal = graph.node(label, "([])", key=(step.action, step))
            graph.edge(start, signal)
            for receiver in step.receivers:
                end = graph.node(
                    [receiver.name, *_background(receiver)], "[]", key=_key(receiver)
                )
                order = str(receiver.order or "")
                graph.edge(signal, end, order, dashed=receiver.is_async)
                for name in receiver.triggers:
                    module, name = split_name(name)
                    label = [name, module] if module else [name]
                    graph.edge(end, graph.node(label, "([])"))
    return graph.text()


def _key(receiver: ReceiverRecord) -> tuple[object, ...]:
    return receiver.name, receiver.file, receiver.line, receiver.background


def _background(receiver: ReceiverRecord) -> list[str]:
    return list(filter(None, [background_text(receiver)]))


def _left_out(signals: Signals) -> str:
    places = [home(r) for signal in signals for r in signal.receivers if home(r)]
    if not places:
        return ""
    what = plural(len(places), "receiver")
    return f"{what} inside {text_list(sorted(set(places)))} left out, see --all"


class _Node(NamedTuple):
    id: str
    group: str
    shape: str
    label: list[str]


class _Graph:
    """
    Nodes and edges in the order in which they were first asked for.
    """

    def __init__(self) -> None:
        self._nodes: dict[tuple[object, ...], _Node] = {}
        self._counts: dict[str, int] = {}
        self._edges: dict[tuple[str, str, str], list[str]] = {}

    def node(
        self,
        label: list[str],
        shape: str,
        *,
        key: tuple[object, ...] = (),
        group: str = "",
        counted: bool = False,
    ) -> str:
        """
        Return the id of the node; the same shape and key (or label) are the same node.
        """
        new = _Node(f"n{len(self._nodes) + 1}", group, shape, label)
        node = self._nodes.setdefault((shape, *(key or label)), new)
        if counted:
            self._counts[node.id] = self._counts.get(node.id, 0) + 1
        return node.id

    def edge(self, start: str, end: str, label: str = "", dashed: bool = False) -> None:
        labels = self._edges.setdefault((start, "-.->" if dashed else "-->", end), [])
        if label and label not in labels:
            labels.append(label)

    def text(self, comment: str = "") -> str:
        comments = [f"%% {comment}"] if comment else []
        lines = list(self._lines()) or ['nothing["no receivers"]']
        head = [f"%%{{init: {_SPACING}}}%%\nflowchart LR"]
        return "\n  ".join([*head, *comments, *lines]) + "\n"

    def _lines(self) -> Iterator[str]:
        groups = dict.fromkeys(node.group for node in self._nodes.values())
        for number, group in enumerate(sorted(groups)):
            nodes = [node for node in self._nodes.values() if node.group == group]
            if group:
                yield f"subgraph g{number} [{_quoted([group])}]"
                yield from (f"  {self._node(node)}" for node in nodes)
                yield "end"
            else:
                yield from map(self._node, nodes)
        for (start, arrow, end), labels in self._edges.items():
            text = ", ".join(labels[:_MAX_SENDERS])
            if len(labels) > _MAX_SENDERS:
                text += f" and {len(labels) - _MAX_SENDERS} more"
            middle = f"|{_quoted([text])}|" if labels else ""
            yield f"{start} {arrow}{middle} {end}"

    def _node(self, node: _Node) -> str:
        half = len(node.shape) // 2
        count = self._counts.get(node.id)
        label = [*node.label, *([plural(count, "receiver")] if count else [])]
        return f"{node.id}{node.shape[:half]}{_quoted(label)}{node.shape[half:]}"


# As low as the nodes allow, and wide enough for the eye to follow an edge.
_SPACING = json.dumps(
    {
        "flowchart": {
            "nodeSpacing": 15,
            "rankSpacing": 150,
            "subGraphTitleMargin": {"top": 0, "bottom": 12},
        }
    }
)


_MAX_SENDERS = 3


def _quoted(lines: Sequence[str]) -> str:
    return f'"{"<br/>".join(map(_escaped, lines))}"'


def _escaped(text: str) -> str:
    """
    Return ``text`` with everything that may be markup as the number of the character.
    """
    # Mermaid takes no empty text.
    text = printable(text) or " "
    text = text if len(text) <= _MAX_LENGTH else text[: _MAX_LENGTH - 1] + "…"
    return "".join(c if c in _SAFE else _NUMBERS.get(c, f"#{ord(c)};") for c in text)


_MAX_LENGTH = 80
_SAFE = frozenset(f"{string.ascii_letters}{string.digits} _.,()")
# What Mermaid looks for (math, icons, line breaks, its own marks) once the numbers are
# characters again: an invisible word joiner keeps it from being found.
_NUMBERS = {c: f"#{ord(c)};#8288;" for c in "$:\\ﬂ¶"}
