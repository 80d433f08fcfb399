"""
Say of every connected receiver that did not run, why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from .._dispatch import Row, Sender, dead_rows
from ..inventory import Connected, ReceiverRecord, read_connected
from .recorder import KnownReceiver, KnownSender, KnownSignal, Recorder, SendNode

Reason = Literal[
    "not_sent",
    "outside_window",
    "other_sender",
    "connected_later",
    "earlier_error",
    "own_dispatch",
    "receiver_gone",
    "sender_gone",
    "unknown",
]

# A request begins and ends outside of what records it.
_AROUND_REQUESTS = {
    "django.core.signals.request_started",
    "django.core.signals.request_finished",
}


class NotRun(NamedTuple):
    """
    A connected receiver that did not run, and why; ``text`` is for people.

    ``receiver`` is None for one that is gone: Django remembers nothing of it.
    """

    signal: str
    receiver: ReceiverRecord | None
    reason: Reason
    text: str


class SignalFacts:
    """
    What there is to know of one signal that was sent, without the tree.
    """

    def __init__(self, signal: KnownSignal) -> None:
        self.signal = signal
        self.senders: dict[int, KnownSender] = {}
        self.receivers: dict[int, KnownReceiver] = {}
        #: For each send that raised: its sender, and what raised what.
        self.errors: list[tuple[KnownSender, str]] = []

    def add(self, send: SendNode) -> None:
        sender = send.series.sender
        self.senders[id(sender)] = sender
        for call in send.calls:
            if call.count:
                self.receivers[id(call.receiver)] = call.receiver
        if send.raised:
            self.errors.append((sender, _error(send)))


def _error(send: SendNode) -> str:
    for call in send.calls:
        if call.raised > call.swallowed:
            return f"{call.receiver.described.name} raised {call.error}"
    return f"{send.series.method}() raised {send.error}"


def gather_facts(recorder: Recorder) -> list[SignalFacts]:
    """
    Return what ``find_reasons()`` has to know of each signal that was sent.
    """
    facts: dict[int, SignalFacts] = {}
    for send in recorder.all_sends():
        known = send.series.signal
        # A trace inside of this one has met the same signal on its own.
        key = id(known.reference() or known)
        facts.setdefault(key, SignalFacts(known)).add(send)
    return list(facts.values())


def find_reasons(facts: Iterable[SignalFacts]) -> Iterator[NotRun]:
    """
    Yield every receiver that is connected by now and did not run.

    Receivers and senders are compared by identity; no code of the project is run.
    """
    sent = {
        id(signal): (signal, fact)
        for fact in facts
        if (signal := fact.signal.reference()) is not None
    }
    for connected in read_connected(signal for signal, _ in sent.values()):
        _, fact = sent.get(id(connected.signal), (None, None))
        yield from _not_run(connected, fact)


def _not_run(connected: Connected, fact: SignalFacts | None) -> Iterator[NotRun]:
    name = connected.record.name
    for row, receiver in zip(connected.rows, connected.record.receivers, strict=True):
        if fact is None or not _ran(row, fact):
            yield NotRun(name, receiver, *_reason(connected, row, fact))
    for gone in dead_rows(connected.signal):
        if gone == "receiver":
            text = "a receiver was garbage-collected: nothing but the signal held it"
            yield NotRun(name, None, "receiver_gone", text)
        else:
            yield NotRun(name, None, "sender_gone", "its sender was garbage-collected")


def _ran(row: Row, fact: SignalFacts) -> bool:
    return any(known.is_of(row.receiver) for known in fact.receivers.values())


def _reason(
    connected: Connected, row: Row, fact: SignalFacts | None
) -> tuple[Reason, str]:
    name = connected.record.name
    bare = name.rpartition(".")[2]
    if fact is None:
        if name in _AROUND_REQUESTS:
            return "outside_window", "outside the recorded window"
        return "not_sent", f"{bare} was not sent"
    if not any(_is_sender(row, sender) for sender in fact.senders.values()):
        senders = sorted({_label(sender) for sender in fact.senders.values()})
        return "other_sender", f"{bare} came from {_only(senders)}"
    if row.id not in fact.signal.rows:
        return "connected_later", f"connected after {bare} had been sent"
    for sender, error in fact.errors:
        if _is_sender(row, sender):
            return "earlier_error", error
    if connected.record.dispatches_itself:
        cls = connected.record.class_name
        return "own_dispatch", f"{cls} decides itself which receivers run"
    return "unknown", f"{bare} was sent, but this receiver was not called"


def _is_sender(row: Row, sender: KnownSender) -> bool:
    if row.sender is Sender.ANY:
        return True
    if sender.kind == "instance":
        # Of an instance only the class was remembered.
        return row.sender is Sender.UNKNOWN or sender.reference() is type(row.sender)
    return sender.kind is not None and sender.reference() is row.sender


def _label(sender: KnownSender) -> str:
    if sender.kind is None:
        return "nobody"
    if sender.app:
        return f"app {sender.app}"
    suffix = " instance" if sender.kind == "instance" else ""
    return f"{sender.label}{suffix}"


def _only(senders: list[str]) -> str:
    if len(senders) == 1:
        return f"{senders[0]} only"
    shown = ", ".join(senders[:3])
    return shown if len(senders) <= 3 else f"{shown} and {len(senders) - 3} others"
