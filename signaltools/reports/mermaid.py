"""
Render signals as a Mermaid flowchart: signals on the left, receivers on the right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from .._text import printable
from ..inventory import ReceiverRecord, SignalRecord
from ..model_signals import ModelSignals
from .layout import expected_sender, home, joined, plural

Signals = Sequence[SignalRecord]


def render_mermaid(signals: Signals, *, fold: bool = True) -> str:
    """
    Return the receivers of ``signals`` as a graph; ids are good for this graph only.

    ``fold`` makes one node of each third-party package, and leaves receivers inside
    Django, the debug toolbar and storage objects out.
    """
    graph = _Graph(fold)
    for signal in signals:
        shown = [each for each in signal.receivers if not (fold and home(each))]
        if shown:
            node = graph.signal(_signal_label(signal))
            for receiver in shown:
                sender = receiver.sender_kind and expected_sender(receiver)
                graph.edge(node, receiver, sender or "")
    return graph.text(_left_out(signals) if fold else "")


def render_model_mermaid(model: ModelSignals) -> str:
    """
    Return what runs for a model as a graph; the numbers are the dispatch order.
    """
    graph = _Graph(fold=False)
    for step in model.steps:
        sender = "" if step.sender == model.label else printable(step.sender)
        if step.receivers:
            node = graph.signal([step.signal, sender], graph.action(step.action))
            for receiver in step.receivers:
                order = "" if receiver.order is None else str(receiver.order)
                graph.edge(node, receiver, order)
    return graph.text()


class _Graph:
    """
    Nodes and edges by what they are called, in the order in which they were added.
    """

    def __init__(self, fold: bool) -> None:
        self._fold = fold
        self._actions: dict[str, str] = {}
        self._signals: list[list[str]] = []
        self._groups: dict[str, dict[tuple[object, ...], str]] = {}
        self._labels: dict[str, str] = {}
        self._sizes: Counter[str] = Counter()
        self._edges: dict[tuple[str, str, str], list[str]] = {}

    def action(self, label: str) -> str:
        return self._actions.setdefault(label, f"a{len(self._actions) + 1}")

    def signal(self, label: list[str], action: str = "") -> str:
        self._signals.append(label)
        node = f"s{len(self._signals)}"
        if action:
            self._edges[action, "-->", node] = []
        return node

    def edge(self, signal: str, receiver: ReceiverRecord, label: str) -> None:
        arrow = "-.->" if receiver.is_async else "-->"
        node = self._receiver(receiver)
        labels = self._edges.setdefault((signal, arrow, node), [])
        if label and label not in labels:
            labels.append(label)

    def _receiver(self, receiver: ReceiverRecord) -> str:
        package = receiver.module.partition(".")[0]
        if self._fold and receiver.component == "third_party":
            node = self._node("", (package,), package)
            self._sizes[node] += 1
            return node
        key = receiver.name, receiver.file, receiver.line
        group = receiver.app or package
        return self._node(group, key, _within(group, receiver))

    def _node(self, group: str, key: tuple[object, ...], label: str) -> str:
        members = self._groups.setdefault(group, {})
        node = members.setdefault(key, f"r{len(self._labels) + 1}")
        self._labels[node] = label
        return node

    def text(self, comment: str = "") -> str:
        return "\n".join(["flowchart LR", *self._lines(comment)]) + "\n"

    def _lines(self, comment: str) -> Iterator[str]:
        if comment:
            yield f"  %% {comment}"
        if not self._edges:
            yield '  nothing["no receivers"]'
        for action, node in self._actions.items():
            yield f"  {node}{{{{{_quoted(action)}}}}}"
        for number, label in enumerate(self._signals, 1):
            yield f"  s{number}([{_quoted(*filter(None, label))}])"
        for number, (group, members) in enumerate(sorted(self._groups.items()), 1):
            yield from self._group(f"g{number}", group, members)
        for (start, arrow, end), labels in self._edges.items():
            middle = f"|{_quoted(_few(labels))}|" if labels else ""
            yield f"  {start} {arrow}{middle} {end}"

    def _group(
        self, name: str, group: str, members: dict[tuple[object, ...], str]
    ) -> Iterator[str]:
        if not group:
            for node in members.values():
                count = plural(self._sizes[node], "receiver")
                yield f"  {node}[[{_quoted(self._labels[node], count)}]]"
            return
        yield f"  subgraph {name}[{_quoted(group)}]"
        for node in members.values():
            yield f"    {node}[{_quoted(self._labels[node])}]"
        yield "  end"


def _signal_label(signal: SignalRecord) -> list[str]:
    module, _, name = signal.name.rpartition(".")
    # Everybody knows where the signals of Django are.
    return [name] if signal.kind == "builtin" else [name, module]


def _within(group: str, receiver: ReceiverRecord) -> str:
    """
    Return the name of a receiver, without what its group says already.
    """
    _, found, rest = f".{receiver.name}".partition(f".{group}.")
    return rest if found else receiver.name


def _few(labels: Sequence[str]) -> str:
    more = len(labels) - _MAX_SENDERS
    return ", ".join(labels[:_MAX_SENDERS]) + (f" and {more} more" if more > 0 else "")


_MAX_SENDERS = 3


def _left_out(signals: Signals) -> str:
    hidden = [r for signal in signals for r in signal.receivers if home(r)]
    if not hidden:
        return ""
    places = joined(sorted({home(receiver) for receiver in hidden}))
    return f"Left out: {plural(len(hidden), 'receiver')} of {places}; see --all."


def _quoted(*lines: str) -> str:
    return f'"{"<br/>".join(map(_escaped, lines))}"'


def _escaped(text: str) -> str:
    """
    Return ``text`` with everything that Mermaid, Markdown or HTML knows as its number.
    """
    text = printable(text)
    text = text if len(text) <= _MAX_LENGTH else text[: _MAX_LENGTH - 1] + "…"
    return "".join(c if c.isalnum() or c in " .…" else f"#{ord(c)};" for c in text)


_MAX_LENGTH = 80
