"""
Explain for every connected receiver that did not run why it did not.

While recording, only facts are collected. Reasons are found when a trace is read, by
comparing these facts with the connections of that moment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import takewhile
from types import FunctionType
from typing import Literal, NamedTuple

from django.db.models.signals import ModelSignal
from django.dispatch import Signal

from ..events import Event
from ..introspect.objects import class_namespace
from ..introspect.text import clip, text_list
from ..inventory.names import NamedSignal, unnamed
from ..inventory.reading import describe_row, read_connected, with_unnamed
from ..inventory.receivers import DEAD, Row, Sender, dead_rows, entries
from ..inventory.records import Connected, ReceiverRecord, SignalRecord
from ..inventory.weak import ReceiverRef, SenderRef, SignalRef
from .recorder import Recorder, SendNode
from .totals import OTHER_SENDERS

Reason = Literal[
    "not_sent",
    "waiting",
    "outside_window",
    "other_sender",
    "connected_later",
    "not_connected",
    "taken_out",
    "earlier_error",
    "muted",
    "own_dispatch",
    "unseen",
    "receiver_gone",
    "sender_gone",
    "unknown",
]

# The debug toolbar starts to record after the first one, and stops before the last one.
_AROUND_REQUESTS = {
    "django.core.signals.request_started",
    "django.core.signals.request_finished",
}


class NotRun(NamedTuple):
    """
    A connected receiver that did not run, and why; ``text`` is a sentence about it.

    A receiver that is connected for two senders counts twice. ``receiver`` is None if
    it was garbage-collected, because Django keeps no record of it.
    """

    signal: str
    receiver: ReceiverRecord | None
    reason: Reason
    text: str


class Outcome(NamedTuple):
    """
    How often the receiver of one connection ran, or why it did not.

    ``reason`` is None if it ran. ``receiver`` is None if it was garbage-collected.
    """

    receiver: ReceiverRecord | None
    times: int
    reason: Reason | None
    text: str


class SignalOutcome(NamedTuple):
    """
    A signal, whether it was sent, and the outcome of each of its connections.
    """

    record: SignalRecord
    sent: bool
    outcomes: tuple[Outcome, ...]


class SignalFacts:
    """
    What was recorded of a signal, without the tree.
    """

    def __init__(self, signal: SignalRef) -> None:
        self.signal = signal
        #: The database whose commit an event waits for.
        self.database: str | None = None
        #: Senders, and the methods that may have called receivers unseen.
        self.unseen = {*signal.asked_by}
        self.senders: dict[SenderRef, None] = {}
        #: How often which receivers ran for which senders.
        self.ran: Counter[tuple[SenderRef, ReceiverRef]] = Counter()
        #: The sends that raised.
        self.errors: list[_Error] = []

    def add(self, send: SendNode) -> None:
        series = send.series
        self.senders[series.sender] = None
        if send.unseen:
            self.unseen.add((series.sender, series.method))
        for call in send.calls:
            if call.count:
                self.ran[series.sender, call.receiver] += call.count
        if not send.raised:
            return
        # Without calls, it raised before it had looked for receivers.
        rows = set() if send.calls else series.signal.rows
        not_reached = [call.receiver for call in send.calls if not call.count]
        raised = [call for call in send.calls if call.raised > call.swallowed]
        if raised:
            text = f"{raised[0].receiver.described.name} raised {raised[0].error}"
        elif send.wrong_loop:
            text = (
                f"{series.method}() can't run async receivers in a running event loop"
            )
        else:
            text = f"{series.method}() raised {send.error}"
        self.errors.append(_Error(series.sender, rows, not_reached, text))


class _Error(NamedTuple):
    """
    A send that raised, and the connections and receivers it did not reach.
    """

    sender: SenderRef
    rows: Collection[object]
    receivers: Sequence[ReceiverRef]
    text: str


class Facts(NamedTuple):
    """
    The facts of each signal that was sent.
    """

    signals: list[SignalFacts]

    def of_live_signals(self) -> tuple[list[Signal], dict[int, SignalFacts]]:
        """
        Return the signals that still exist, and the facts by the ``id()`` of a signal.
        As long as the signals are kept, no other object gets one of these ids.
        """
        found = [(fact.signal.reference(), fact) for fact in self.signals]
        by_id = {id(signal): fact for signal, fact in found}
        return [signal for signal, _ in found if signal is not None], by_id


def gather_facts(recorder: Recorder) -> Facts:
    """
    Return what ``find_outcomes()`` needs, which holds no part of the tree.
    """
    found: dict[int, SignalFacts] = {}
    for send in recorder.all_sends():
        ref = send.series.signal
        # A trace inside this one has a reference of its own. Its connections are those
        # of a later time, so the first reference counts.
        signal = ref.reference()
        if signal is not None:
            ref = recorder.refs.signal(signal)
        found.setdefault(id(ref), SignalFacts(ref)).add(send)
    for ref in recorder.refs.signals.copy().values():
        if ref.asked_by:
            found.setdefault(id(ref), SignalFacts(ref))
    for waiting in recorder.waiting:
        ref = waiting.signal
        found.setdefault(id(ref), SignalFacts(ref)).database = waiting.database
    return Facts([*found.values()])


def find_outcomes(facts: Facts, entries: Sequence[NamedSignal]) -> list[SignalOutcome]:
    """
    Return the signals of ``entries``, and others that were sent, as they are now.

    Receivers and senders are compared by identity; no code of the project is run.
    """
    signals, sent = facts.of_live_signals()
    return [
        signal_outcome(connected, sent.get(id(connected.signal)))
        for connected in read_connected(with_unnamed(entries, signals))
    ]


def signal_outcome(connected: Connected, fact: SignalFacts | None) -> SignalOutcome:
    """
    Return the outcome of each connection of a signal. Without a ``fact``, it wasn't
    sent.
    """
    outcomes: list[Outcome] = []
    ran = {} if fact is None else fact.ran
    is_named = connected.record.name != unnamed(connected.signal)
    name = connected.record.name.rpartition(".")[2] if is_named else "this signal"
    for row, receiver in zip(connected.rows, connected.record.receivers, strict=True):
        times = sum(
            count
            for (sender, ref), count in ran.items()
            if ref.is_of(row.receiver) and _may_be_sent_by(row, sender)
        )
        if times:
            outcomes.append(Outcome(receiver, times, None, ""))
            continue
        reason, text = _reason(name, connected, row, receiver, fact)
        outcomes.append(Outcome(receiver, 0, reason, clip(text)))
    # Django removes a dead connection when the signal is next used. Until then, the
    # receiver may have run while it was alive.
    is_complete = len(entries(connected.signal)) == len(connected.rows)
    for row in () if is_complete else dead_rows(connected.signal):
        if row.receiver is DEAD:
            if not any(ref.was_at(row.dispatch_uid) for _, ref in ran):
                text = "garbage-collected: it was connected by a weak reference only"
                outcomes.append(Outcome(None, 0, "receiver_gone", text))
        elif not any(
            ref.is_of(row.receiver) and _may_be_gone(sender) for sender, ref in ran
        ):
            text = "its sender was garbage-collected"
            outcomes.append(Outcome(describe_row(row), 0, "sender_gone", text))
    was_sent = fact is not None and bool(fact.senders or fact.unseen)
    return SignalOutcome(connected.record, was_sent, tuple(outcomes))


def find_not_run(signals: Iterable[SignalOutcome]) -> Iterator[NotRun]:
    """
    Yield every receiver of ``signals`` that did not run.
    """
    for signal in signals:
        for receiver, _, reason, text in signal.outcomes:
            if reason is not None:
                yield NotRun(signal.record.name, receiver, reason, text)


def _may_be_gone(sender: SenderRef) -> bool:
    return sender.kind == "instance" or (
        sender.kind is not None and sender.reference() is None
    )


def _reason(
    signal: str,
    connected: Connected,
    row: Row,
    receiver: ReceiverRecord,
    fact: SignalFacts | None,
) -> tuple[Reason, str]:
    """
    Return the first reason that applies, from certain to uncertain ones.
    """
    record = connected.record
    if fact is None:
        if record.name in _AROUND_REQUESTS:
            return "outside_window", "outside the recorded window"
        return "not_sent", _not_sent(signal, type(connected.signal))
    if any(ref.is_of(row.receiver) for ref in fact.signal.muted):
        return "muted", "muted by signaltools.testing"
    for sender, method in sorted(fact.unseen, key=lambda pair: pair[1]):
        if _may_be_sent_by(row, sender):
            text = f"{method}() may have called it, which can't be seen"
            return "unseen", text
    if fact.database and not fact.senders:
        return "waiting", f"{signal} waits for the commit of {fact.database!r}"

    if not fact.senders:
        return "not_sent", f"{signal} wasn't sent"
    by_others = f"{signal} was sent only by {_senders(fact, receiver)}"
    # Beyond the limit, senders without receivers aren't known.
    is_later = OTHER_SENDERS in fact.senders and row.id not in fact.signal.rows
    if not is_later and not any(
        _may_be_sent_by(row, sender) for sender in fact.senders
    ):
        return "other_sender", by_others
    for error in fact.errors:
        if _may_be_sent_by(row, error.sender) and (
            row.id in error.rows
            or any(ref.is_of(row.receiver) for ref in error.receivers)
        ):
            return "earlier_error", f"not reached: {error.text}"
    if row.id in fact.signal.put_back:
        return "taken_out", f"taken out while {signal} was sent"
    if row.id in fact.signal.added_rows:
        return "connected_later", f"connected after {signal} was sent"
    if row.id not in fact.signal.rows:
        # Since the end of the recording, it may have been connected or put back.
        return "not_connected", f"wasn't connected when {signal} was sent"
    if record.dispatches_itself:
        text = f"{record.class_name} chooses by itself which receivers run"
        return "own_dispatch", text
    # The senders that may match are instances of the same class: other ones, it seems.
    if not any(_is_sent_by(row, sender) for sender in fact.senders):
        return "other_sender", by_others
    return "unknown", f"{signal} was sent, but this receiver wasn't called"


def _not_sent(signal: str, cls: type[Signal]) -> str:
    """
    Return that a signal wasn't sent, except by methods that may do so unseen.
    """
    text = f"{signal} wasn't sent"
    loops = []
    # Events and Django's own classes have no such methods.
    for base in takewhile(_is_own, type.mro(cls)):
        for name, value in class_namespace(base).items():
            is_own = type(value) is FunctionType and not hasattr(Signal, name)
            if is_own and "receivers" in value.__code__.co_names:
                loops.append(f"{name}()")
    if not loops:
        return text
    return f"{text}, except perhaps by {text_list(loops)}, which can't be seen"


def _is_own(cls: type) -> bool:
    return cls is not Signal and cls is not ModelSignal and cls is not Event


def _is_sent_by(row: Row, sender: SenderRef) -> bool:
    if row.sender is Sender.ANY:
        return True
    # The reference of an instance is to its class, which isn't the sender.
    is_itself = sender.kind is not None and sender.kind != "instance"
    return is_itself and sender.reference() is row.sender


def _may_be_sent_by(row: Row, sender: SenderRef) -> bool:
    if sender.kind == "instance" and row.sender is not Sender.ANY:
        # Any instance of the same class. Django 5.2 doesn't keep senders, so the sender
        # of the connection may be unknown.
        return row.sender is Sender.UNKNOWN or sender.reference() is type(row.sender)
    return _is_sent_by(row, sender)


def _senders(fact: SignalFacts, receiver: ReceiverRecord) -> str:
    expected = receiver.sender_kind, receiver.sender
    names = set()
    for sender in fact.senders:
        name = f"app {sender.app}" if sender.app else str(sender.label)
        # Two classes, or two instances of a class, may have the same label.
        is_namesake = sender.kind and expected == (sender.kind, sender.label)
        if sender.kind == "instance":
            name = f"{'another' if is_namesake else 'an'} instance of {name}"
        elif is_namesake:
            name = f"another {name}"
        names.add(name)
    return text_list(sorted(names), limit=3)
