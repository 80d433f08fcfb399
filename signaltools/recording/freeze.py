"""
Make the frozen tree of what a recorder holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ..events import Event
from ..introspect.objects import is_a
from ..introspect.text import clip
from ..inventory.names import NamedSignal
from ..inventory.places import Places
from ..inventory.records import Kind, signal_kind
from ..inventory.weak import KnownSignal
from .recorder import CallNode, Node, Recorder, SendNode
from .tree import Added, Call, Outcome, Send, Totals, Tree, walk


def freeze(recorder: Recorder, entries: Iterable[NamedSignal]) -> Tree:
    """
    Return what ``recorder`` holds by now, with signals named as in ``entries``.
    """
    freezer = _Freezer(recorder, entries)
    sends = freezer.sends([recorder])
    others = list(recorder.others.values())
    overflow = freezer.sends([recorder.overflow])
    overflow += tuple(freezer.send([send]) for send in others)
    if recorder.recording:
        recorder.look_again()
    added = tuple(freezer.added(recorder.signals.copy().values()))
    return Tree(sends, overflow, _totals(recorder, sends + overflow), added)


class _Freezer:
    """
    What one freezing has to look up: names of signals, places of receivers.
    """

    def __init__(self, recorder: Recorder, entries: Iterable[NamedSignal]) -> None:
        self._origin = recorder.origin
        self._collapse_after = recorder.collapse_after
        self._places = Places()
        self._signals: dict[KnownSignal, tuple[str, Kind]] = {}
        self._entries = {id(entry.signal): entry for entry in entries}

    def sends(self, parents: Sequence[Node]) -> tuple[Send, ...]:
        """
        Return the sends below ``parents``, which are shown as one.

        Those of a series are one as well if there are many of them, or if they are
        below something that ran several times.
        """
        merged = sum(parent.count for parent in parents) > 1
        found: list[Send] = []
        for nodes in _grouped(parents):
            if merged or sum(node.count for node in nodes) > self._collapse_after:
                found.append(self.send(nodes))
            else:
                found += [self.send([node]) for node in nodes]
        return tuple(sorted(found, key=lambda send: send.start))

    def send(self, nodes: Sequence[SendNode]) -> Send:
        first = nodes[0]
        sender = first.series.sender
        calls = self._calls(nodes)
        sends = self.sends(nodes)
        name, kind = self._signal(first.series.signal)
        return Send(
            signal=name,
            kind=kind,
            method=first.series.method,
            sender=sender.label,
            sender_kind=sender.kind,
            sender_app=sender.app,
            arguments=first.arguments,
            file=first.site.file if first.site else None,
            line=first.site.line if first.site else None,
            in_atomic=first.in_atomic,
            on_commit=sum(node.on_commit for node in nodes),
            without_receivers=sum(node.count - node.heard for node in nodes),
            wrong_loop=any(node.wrong_loop for node in nodes),
            calls=calls,
            sends=sends,
            **self._measured(nodes, [*calls, *sends]),
        )

    def _calls(self, sends: Sequence[SendNode]) -> tuple[Call, ...]:
        groups: dict[int, list[CallNode]] = {}
        for send in sends:
            for call in send.calls:
                if call.count:
                    groups.setdefault(id(call.receiver), []).append(call)
        return tuple(self._call(nodes) for nodes in groups.values())

    def _call(self, nodes: Sequence[CallNode]) -> Call:
        first = nodes[0]
        name, module, _, filename, line = first.receiver.described
        place = self._places.find(module, filename)
        sends = self.sends(nodes)
        return Call(
            receiver=name,
            app=place.app,
            component=place.component,
            file=place.file,
            line=line,
            order=first.order,
            busy=_sum([node.busy or node.time for node in nodes]),
            self_queries=sum(node.queries for node in nodes),
            outcome=_outcome(nodes),
            swallowed=sum(node.swallowed for node in nodes),
            cancelled=sum(node.cancelled for node in nodes),
            recursive=any(_is_recursive(node) for node in nodes),
            sends=sends,
            **self._measured(nodes, sends),
        )

    def _measured(
        self, nodes: Sequence[Node], below: Iterable[Send | Call]
    ) -> dict[str, Any]:
        """
        Return what sends and calls have in common.
        """
        first = nodes[0]
        queries, query_time = 0, 0.0
        for part in (*nodes, *below):
            if part.queries:
                queries += part.queries
                query_time += part.query_time
        alone = len(nodes) == 1
        return {
            # A trace inside of this one has a clock of its own.
            "start": first.start + (first.recorder.origin - self._origin),
            # The number itself, where there is one: a sum would take memory of its own.
            "time": first.time if alone else sum(node.time for node in nodes),
            "self_time": _self_time(first) if alone else sum(map(_self_time, nodes)),
            "longest": first.longest if alone else max(n.longest for n in nodes),
            "count": first.count if alone else sum(node.count for node in nodes),
            "queries": queries,
            "query_time": query_time,
            "thread": first.thread,
            "raised": first.raised if alone else sum(node.raised for node in nodes),
            "error": next((node.error for node in nodes if node.error), None),
        }

    def added(self, signals: Iterable[KnownSignal]) -> Iterator[Added]:
        for known in signals:
            for name, module, _, filename, line in known.added:
                file = self._places.find(module, filename).file
                yield Added(self._signal(known)[0], name, file, line)

    def _signal(self, known: KnownSignal) -> tuple[str, Kind]:
        if known not in self._signals:
            signal = known.reference()
            entry = self._entries.get(id(signal))
            kind: Kind = "event" if is_a(signal, Event) else "custom"
            named = known.label, kind
            if entry is not None and entry.signal is signal:
                component = self._places.find(entry.module, entry.file).component
                named = clip(entry.name), signal_kind(entry.signal, component)
            self._signals[known] = named
        return self._signals[known]


def _grouped(parents: Iterable[Node]) -> Iterable[list[SendNode]]:
    groups: dict[object, list[SendNode]] = {}
    for parent in parents:
        for send in parent.sends or ():
            series = send.series
            key = id(series.signal), id(series.sender), series.method
            groups.setdefault(key, []).append(send)
    return groups.values()


def _self_time(node: Node) -> float:
    time = node.busy or node.time
    return max(0.0, time - node.inner) if node.inner else time


def _sum(values: Sequence[float]) -> float:
    # The number itself, where there is one: a sum would take memory of its own.
    return values[0] if len(values) == 1 else sum(values)


def _is_recursive(call: CallNode) -> bool:
    above = call.send.series.parent
    while isinstance(above, CallNode):
        if above.receiver is call.receiver:
            return True
        above = above.send.series.parent
    return False


def _outcome(nodes: Sequence[CallNode]) -> Outcome:
    if sum(node.raised - node.swallowed for node in nodes):
        return "raised"
    if any(node.swallowed for node in nodes):
        return "swallowed"
    if any(node.cancelled for node in nodes):
        return "cancelled"
    if any(node.active or node.pending for node in nodes):
        return "unfinished"
    return "returned"


def _totals(recorder: Recorder, roots: tuple[Send, ...]) -> Totals:
    sends = [node for node in walk(roots) if isinstance(node, Send)]
    calls = [node for node in walk(roots) if isinstance(node, Call)]
    return Totals(
        time=recorder.elapsed,
        sends=sum(send.count for send in sends),
        calls=sum(call.count for call in calls),
        without_receivers=sum(send.without_receivers for send in sends),
        receiver_time=sum(call.self_time for call in calls),
        queries=recorder.queries + sum(send.queries for send in roots),
        query_time=recorder.query_time + sum(send.query_time for send in roots),
        receiver_queries=sum(call.self_queries for call in calls),
        raised=sum(call.raised - call.swallowed for call in calls),
        swallowed=sum(call.swallowed for call in calls),
        on_commit=sum(send.on_commit for send in roots),
    )
