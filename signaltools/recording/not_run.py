"""
Say of every connected receiver that did not run, why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from django.dispatch import Signal

from ..introspect.text import clip
from ..inventory.names import NamedSignal, unnamed
from ..inventory.reading import describe_row, read_connected, with_unnamed
from ..inventory.records import Connected, ReceiverRecord, SignalRecord
from ..inventory.rows import DEAD, Row, Sender, dead_rows
from ..inventory.weak import KnownReceiver, KnownSender, KnownSignal
from .recorder import Recorder, SendNode

Reason = Literal[
    "not_sent",
    "outside_window",
    "other_sender",
    "connected_later",
    "earlier_error",
    "muted",
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

    One that is connected for two senders counts twice. ``receiver`` is None for one
    that is gone: Django remembers nothing of it.
    """

    signal: str
    receiver: ReceiverRecord | None
    reason: Reason
    text: str


class Outcome(NamedTuple):
    """
    What became of one connection: how often its receiver ran, or why it did not.

    ``reason`` is None for one that ran. ``receiver`` is None for one that is gone.
    """

    receiver: ReceiverRecord | None
    times: int
    reason: Reason | None
    text: str


class SignalOutcome(NamedTuple):
    """
    A signal, whether it was sent, and what became of each of its connections.
    """

    record: SignalRecord
    sent: bool
    outcomes: tuple[Outcome, ...]


class SignalFacts:
    """
    What there is to know of one signal that was sent, without the tree.
    """

    def __init__(self, signal: KnownSignal) -> None:
        self.signal = signal
        self.senders: dict[KnownSender, None] = {}
        #: How often which receivers ran for which senders.
        self.ran: Counter[tuple[KnownSender, KnownReceiver]] = Counter()
        #: The sends that raised.
        self.errors: list[_Error] = []

    def add(self, send: SendNode) -> None:
        sender = send.series.sender
        self.senders[sender] = None
        for call in send.calls:
            if call.count:
                self.ran[sender, call.receiver] += call.count
        if send.raised:
            missed = [call.receiver for call in send.calls if not call.count]
            self.errors.append(_Error(sender, missed, not send.calls, _error(send)))


class _Error(NamedTuple):
    """
    A send that raised, and the receivers whose turn had not come by then.

    ``any_missed`` is true if it raised before it had looked for receivers.
    """

    sender: KnownSender
    missed: list[KnownReceiver]
    any_missed: bool
    text: str


def _error(send: SendNode) -> str:
    for call in send.calls:
        if call.raised > call.swallowed:
            return f"{call.receiver.described.name} raised {call.error}"
    method = send.series.method
    if send.wrong_loop:
        return f"{method}() cannot run async receivers inside an event loop"
    return f"{method}() raised {send.error}"


class Facts(NamedTuple):
    """
    The facts of each signal that was sent; ``complete`` unless a limit was exceeded.
    """

    signals: list[SignalFacts]
    complete: bool

    def of_live_signals(self) -> dict[int, tuple[Signal, SignalFacts]]:
        """
        Return each signal that still exists and its facts, by the ``id()`` of the
        signal. The result keeps the signals alive, so these stay theirs meanwhile.
        """
        return {
            id(signal): (signal, fact)
            for fact in self.signals
            if (signal := fact.signal.reference()) is not None
        }


def gather_facts(recorder: Recorder) -> Facts:
    """
    Return what ``find_reasons()`` has to know of each signal that was sent.
    """
    found: dict[int, SignalFacts] = {}
    for send in recorder.all_sends():
        # A trace inside of this one has met the same signal on its own.
        known = recorder.first_known(send.series.signal)
        found.setdefault(id(known), SignalFacts(known)).add(send)
    return Facts(list(found.values()), complete=not recorder.others)


def find_outcomes(facts: Facts, entries: Sequence[NamedSignal]) -> list[SignalOutcome]:
    """
    Return the signals of ``entries``, and others that were sent, as they are now.

    Receivers and senders are compared by identity; no code of the project is run.
    """
    sent = facts.of_live_signals()
    signals = [signal for signal, _ in sent.values()]
    found = []
    for connected in read_connected(with_unnamed(entries, signals)):
        _, fact = sent.get(id(connected.signal), (None, None))
        found.append(signal_outcome(connected, fact, facts.complete))
    return found


def signal_outcome(
    connected: Connected, fact: SignalFacts | None, complete: bool
) -> SignalOutcome:
    """
    Return what became of the connections of a signal; without a ``fact``, it was not
    sent. Unless the facts are ``complete``, more may have been sent.
    """
    outcomes = tuple(_outcomes(connected, fact, complete))
    return SignalOutcome(connected.record, fact is not None, outcomes)


def find_not_run(signals: Iterable[SignalOutcome]) -> Iterator[NotRun]:
    """
    Yield every receiver of ``signals`` that did not run.
    """
    for signal in signals:
        for receiver, _, reason, text in signal.outcomes:
            if reason is not None:
                yield NotRun(signal.record.name, receiver, reason, text)


def _outcomes(
    connected: Connected, fact: SignalFacts | None, complete: bool
) -> Iterator[Outcome]:
    for row, receiver in zip(connected.rows, connected.record.receivers, strict=True):
        if fact is not None and (count := _count(row, fact)):
            yield Outcome(receiver, count, None, "")
            continue
        reason, text = _reason(connected, row, receiver, fact)
        if not complete and reason != "outside_window":
            reason, text = "unknown", "may have run beyond the limit of nodes"
        yield Outcome(receiver, 0, reason, clip(text))
    for row in dead_rows(connected.signal):
        if fact is not None and _ran_once(row, fact):
            continue
        if row.receiver is DEAD:
            text = "garbage-collected: its connection was weak and nothing else held it"
            yield Outcome(None, 0, "receiver_gone", text)
        else:
            text = "its sender was garbage-collected"
            yield Outcome(describe_row(row), 0, "sender_gone", text)


def _count(row: Row, fact: SignalFacts) -> int:
    return sum(
        count
        for (sender, known), count in fact.ran.items()
        if known.is_of(row.receiver) and _is_sender(row, sender)
    )


def _ran_once(row: Row, fact: SignalFacts) -> bool:
    """
    Tell whether a connection that is dead by now ran while it was alive.
    """
    if row.receiver is DEAD:
        return any(known.was_at(row.dispatch_uid) for _, known in fact.ran)
    return any(
        known.is_of(row.receiver) and _may_be_gone(sender) for sender, known in fact.ran
    )


def _may_be_gone(sender: KnownSender) -> bool:
    if sender.kind is None:
        return False
    return sender.kind == "instance" or sender.reference() is None


def _reason(
    connected: Connected,
    row: Row,
    receiver: ReceiverRecord,
    fact: SignalFacts | None,
) -> tuple[Reason, str]:
    name = connected.record.name
    is_named = name != unnamed(connected.signal)
    bare = name.rpartition(".")[2] if is_named else "this signal"
    if fact is None:
        if name in _AROUND_REQUESTS:
            return "outside_window", "outside the recorded window"
        return "not_sent", f"{bare} was not sent"
    if not any(_is_sender(row, sender) for sender in fact.senders):
        return "other_sender", f"{bare} came from {_senders(fact, receiver)}"
    for error in fact.errors:
        if _is_sender(row, error.sender) and _missed(row, error, fact.signal.rows):
            return "earlier_error", f"not reached: {error.text}"
    if any(known.is_of(row.receiver) for known in fact.signal.muted.values()):
        return "muted", "muted by signaltools.testing"
    if row.id not in fact.signal.rows:
        return "connected_later", f"connected after {bare} had been sent"
    if connected.record.dispatches_itself:
        cls = connected.record.class_name
        return "own_dispatch", f"{cls} decides itself which receivers run"
    if not any(_is_surely_sender(row, sender) for sender in fact.senders):
        return "other_sender", f"{bare} came from {_senders(fact, receiver)}"
    return "unknown", f"{bare} was sent, but this receiver was not called"


def _missed(row: Row, error: _Error, known_rows: frozenset[int]) -> bool:
    if error.any_missed:
        return row.id in known_rows
    return any(known.is_of(row.receiver) for known in error.missed)


def _is_sender(row: Row, sender: KnownSender) -> bool:
    """
    Tell whether a send by ``sender`` is for this connection, as far as is known.
    """
    if sender.kind == "instance" and row.sender is not Sender.ANY:
        # Of an instance only the class was remembered.
        return row.sender is Sender.UNKNOWN or sender.reference() is type(row.sender)
    return _is_surely_sender(row, sender)


def _is_surely_sender(row: Row, sender: KnownSender) -> bool:
    if row.sender is Sender.ANY:
        return True
    if sender.kind is None or sender.kind == "instance":
        return False
    return sender.reference() is row.sender


def _senders(fact: SignalFacts, receiver: ReceiverRecord) -> str:
    """
    Return who sent a signal, as opposed to the sender that ``receiver`` waits for.
    """
    expected = receiver.sender_kind, receiver.sender
    labels: dict[str, None] = {}
    for sender in fact.senders:
        is_namesake = sender.kind and expected == (sender.kind, sender.label)
        labels[f"another {_label(sender)}" if is_namesake else _label(sender)] = None
    return _only(sorted(labels))


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
    if len(senders) > 4:
        senders = [*senders[:3], f"{len(senders) - 3} others"]
    return f"{', '.join(senders[:-1])} and {senders[-1]} only"
