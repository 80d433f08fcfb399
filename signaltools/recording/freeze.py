"""
Build the frozen tree of what a recorder has recorded, with names and places.

Names and places are looked up now and not while recording, which would slow it down.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import django

from ..events import Event
from ..introspect.objects import is_a
from ..introspect.text import clip
from ..inventory.names import NamedSignal
from ..inventory.places import Places
from ..inventory.records import Kind, signal_kind
from ..inventory.weak import SignalRef
from .identity import Identity
from .recorder import CallNode, Node, Recorder, SendNode
from .tree import Added, Call, CallOutcome, Send, Totals, Tree, Waiting, sums

_DJANGO = os.path.dirname(django.__file__) + os.sep


def freeze(recorder: Recorder, entries: Iterable[NamedSignal]) -> Tree:
    """
    Return what ``recorder`` has recorded, with signals named as in ``entries``.
    """
    builder = _TreeBuilder(recorder, entries)
    sends = builder.sends([recorder])
    overflow = builder.sends([recorder.overflow])
    # When a recording ends, it looks around one last time.
    if recorder.recording:
        recorder.look_around()
    added = tuple(builder.added(recorder.refs.signals.copy().values()))
    roots = sends + overflow
    totals = Totals(
        time=recorder.elapsed,
        queries=recorder.queries + sum(send.queries for send in roots),
        query_time=recorder.query_time + sum(send.query_time for send in roots),
        **sums(roots),
    )
    return Tree(sends, overflow, totals, added, tuple(builder.waiting(recorder)))


class _TreeBuilder:
    def __init__(self, recorder: Recorder, entries: Iterable[NamedSignal]) -> None:
        self._collapse_after = recorder.collapse_after
        self._origin = recorder.origin
        self._places = Places()
        self._names: dict[SignalRef, tuple[str, Kind]] = {}
        self._entries = {id(entry.signal): entry for entry in entries}

    def sends(self, parents: Sequence[Node]) -> tuple[Send, ...]:
        """
        Return the sends below ``parents``, which are shown as one.

        The sends of a series are also shown as one if there are many of them, or if
        they are below something that ran several times.
        """
        if not any(parent.sends for parent in parents):
            return ()
        merged = sum(parent.count for parent in parents) > 1
        # By signal, sender, and method, and then by what else they have in common.
        groups: dict[object, dict[Identity, list[SendNode]]] = {}
        for parent in parents:
            for send in parent.sends or ():
                series = send.series
                # Not the series itself: each parent has its own.
                key = id(series.signal), id(series.sender), series.method
                alike = groups.setdefault(key, {})
                alike.setdefault(send.identity, []).append(send)
        found: list[Send] = []
        for alike in groups.values():
            count = sum(node.count for nodes in alike.values() for node in nodes)
            for nodes in alike.values():
                if merged or count > self._collapse_after:
                    found.append(self.send(nodes))
                else:
                    found += [self.send([node]) for node in nodes]
        return tuple(sorted(found, key=lambda send: send.start))

    def send(self, nodes: Sequence[SendNode]) -> Send:
        first = nodes[0]
        series = first.series
        calls: dict[int, list[CallNode]] = {}
        for node in nodes:
            for call in node.calls:
                # A receiver that was not reached has a node, but didn't run.
                if call.count:
                    calls.setdefault(id(call.receiver), []).append(call)
        frozen_calls = sorted(
            map(self.call, calls.values()), key=lambda call: call.start
        )
        sends = self.sends(nodes)
        name, kind = self._name(series.signal)
        site, queued, _ = first.identity
        file, line = site or (None, None)
        return Send(
            signal=name,
            kind=kind,
            method=series.method,
            sender=series.sender.label,
            sender_kind=series.sender.kind,
            sender_app=series.sender.app,
            arguments=first.arguments,
            file=file,
            line=line,
            queued=queued,
            same_caller=all(node.same_caller for node in nodes),
            values=first.identity.named_values(),
            in_atomic=_in_atomic(nodes),
            # A node knows it of its first send, which had receivers if all had some.
            received_in_atomic=sum(
                bool(node.in_atomic) and node.with_receivers == node.count
                for node in nodes
            ),
            on_commit=_total(nodes, "on_commit"),
            without_receivers=_total(nodes, "count")
            - _total(nodes, "with_receivers")
            - _total(nodes, "unseen"),
            unseen=_total(nodes, "unseen"),
            wrong_loop=any(node.wrong_loop for node in nodes),
            calls=tuple(frozen_calls),
            sends=sends,
            stack=first.stack if frozen_calls else (),
            **self._counts(nodes, [*frozen_calls, *sends]),
        )

    def call(self, nodes: Sequence[CallNode]) -> Call:
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
            background=first.receiver.background,
            busy=sum(node.busy or node.time for node in nodes),
            self_queries=_total(nodes, "queries"),
            outcome=_outcome(nodes),
            swallowed=_total(nodes, "swallowed"),
            cancelled=_total(nodes, "cancelled"),
            recursive=any(_is_recursive(node) for node in nodes),
            sends=sends,
            **self._counts(nodes, sends),
        )

    def _counts(
        self, nodes: Sequence[Node], below: Iterable[Send | Call]
    ) -> dict[str, Any]:
        """
        Return the fields that sends and calls have in common.

        ``below`` is frozen already, so its queries include everything below it.
        """
        first = nodes[0]
        return {
            # A trace inside this one has a clock of its own.
            "start": first.start + (first.recorder.origin - self._origin),
            "time": _total(nodes, "time"),
            "self_time": sum(max(0.0, (n.busy or n.time) - n.inner) for n in nodes),
            "longest": max(node.longest for node in nodes),
            "count": _total(nodes, "count"),
            "queries": _total([*nodes, *below], "queries"),
            "query_time": _total([*nodes, *below], "query_time"),
            "thread": first.thread,
            "raised": _total(nodes, "raised"),
            "error": next((node.error for node in nodes if node.error), None),
        }

    def added(self, signals: Iterable[SignalRef]) -> Iterator[Added]:
        for signal in signals:
            for name, module, _, filename, line in signal.added:
                # Fields of Django are connected for each model that a migration makes.
                if filename is not None and filename.startswith(_DJANGO):
                    continue
                file = self._places.find(module, filename).file
                yield Added(self._name(signal)[0], name, file, line)

    def waiting(self, recorder: Recorder) -> Iterator[Waiting]:
        for signal, database, site, in_test in recorder.waiting:
            file, line = site or (None, None)
            yield Waiting(self._name(signal)[0], database, in_test, file, line)

    def _name(self, ref: SignalRef) -> tuple[str, Kind]:
        if ref not in self._names:
            signal = ref.reference()
            entry = self._entries.get(id(signal))
            kind: Kind = "event" if is_a(signal, Event) else "custom"
            named = ref.label, kind
            # The id of a signal that is gone may be that of another one.
            if entry is not None and entry.signal is signal:
                component = self._places.find(entry.module, entry.file).component
                named = clip(entry.name), signal_kind(entry.signal, component)
            self._names[ref] = named
        return self._names[ref]


def _in_atomic(nodes: Sequence[SendNode]) -> bool | None:
    first = nodes[0].in_atomic
    if all(node.count == 1 and node.in_atomic is first for node in nodes):
        return first
    return None


def _total(parts: Sequence[Any], name: str) -> Any:
    # Nearly always there is only one, and to return the same object saves memory in a
    # large tree.
    if len(parts) == 1:
        return getattr(parts[0], name)
    return sum([getattr(part, name) for part in parts])


def _is_recursive(call: CallNode) -> bool:
    above = call.send.series.parent
    while isinstance(above, CallNode):
        if above.receiver is call.receiver:
            return True
        above = above.send.series.parent
    return False


def _outcome(nodes: Sequence[CallNode]) -> CallOutcome:
    # The worst one counts.
    if any(node.raised > node.swallowed for node in nodes):
        return "raised"
    if any(node.swallowed for node in nodes):
        return "swallowed"
    if any(node.cancelled for node in nodes):
        return "cancelled"
    if any(node.active or node.pending for node in nodes):
        return "unfinished"
    return "returned"
