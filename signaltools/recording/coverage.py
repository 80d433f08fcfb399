"""
Find out which connected receivers have run, and which signals were sent.

Connections are read when the tests have been collected and when they have ended,
because a test may import more of the project, or disconnect something.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from django.apps import apps

from ..introspect.callables import Unreadable
from ..introspect.objects import is_a
from ..inventory.records import (
    Connected,
    ReceiverRecord,
    SignalRecord,
    expected_sender,
    split_name,
)
from ..inventory.sent_by import is_test
from .counting import Count, SignalCount, count_of


class CoveredReceiver(NamedTuple):
    """
    A connected receiver, and how often it ran.

    ``own`` is whether it is part of the project, and not of its tests.
    """

    signal: str
    name: str
    sender: str
    dispatch_uid: str | None
    file: str | None
    line: int | None
    own: bool
    calls: int


class CoveredSignal(NamedTuple):
    """
    A signal, and whether it was sent.

    ``seen`` is false if its class calls receivers in a way that can't be counted.
    """

    name: str
    file: str | None
    line: int | None
    own: bool
    sent: bool
    seen: bool


class SignalCoverage(NamedTuple):
    """
    What the tests ran.

    ``receivers`` doesn't have those of ``unseen`` signals, whose classes call receivers
    in a way that can't be counted.
    """

    receivers: tuple[CoveredReceiver, ...]
    signals: tuple[CoveredSignal, ...]
    unseen: tuple[str, ...]

    @property
    def never_ran(self) -> list[CoveredReceiver]:
        return [receiver for receiver in self.receivers if not receiver.calls]

    @property
    def never_sent(self) -> list[CoveredSignal]:
        return [signal for signal in self.signals if not signal.sent]

    @property
    def ran(self) -> int:
        return len(self.receivers) - len(self.never_ran)

    @property
    def percent(self) -> float:
        total = len(self.receivers)
        return 100 * self.ran / total if total else 100.0


class Observed:
    """
    The connections that were read in this process.
    """

    def __init__(self) -> None:
        self._receivers: dict[int, tuple[CoveredReceiver, Count]] = {}
        self._signals: dict[int, tuple[CoveredSignal, SignalCount, bool]] = {}
        self._is_first = True

    def read(self, connected: Iterable[Connected], tests: Collection[str] = ()) -> None:
        """
        Read what is connected now. ``tests`` are modules that have tests.
        """
        installed = [config.name for config in apps.app_configs.copy().values()]

        def is_own(module: str) -> bool:
            return module not in tests and not is_test(module, installed)

        for each in connected:
            signal, module = each.record, split_name(each.record.name)[0]
            # A signal that a test has created, and that its traceback keeps alive.
            if not (module or self._is_first):
                continue
            count = count_of(each.signal)
            own = signal.component == "project" and is_own(module)
            covered = CoveredSignal(
                *(signal.name, signal.file, signal.line, own), sent=False, seen=True
            )
            known = covered, count, signal.dispatches_itself
            self._signals.setdefault(id(count), known)
            for row, receiver in zip(each.rows, signal.receivers, strict=True):
                if is_a(row.receiver, Unreadable):
                    continue
                calls = count.connection(row.entry[0])
                in_project = is_own(receiver.module)
                # A function inside a test is connected for that test.
                if self._is_first or in_project or "<locals>" not in receiver.qualname:
                    described = _covered(signal, receiver, in_project)
                    self._receivers.setdefault(id(calls), (described, calls))
        self._is_first = False

    def results(self) -> tuple[list[Any], list[Any]]:
        """
        Return receivers and signals as lists, which can be sent to another process.
        """
        return (
            [
                [*receiver._replace(calls=count.read())]
                for receiver, count in self._receivers.values()
            ],
            [
                [
                    *signal._replace(
                        sent=count.sent,
                        seen=count.asked or not (count.sent and dispatches_itself),
                    )
                ]
                for signal, count, dispatches_itself in self._signals.values()
            ],
        )


def _covered(
    signal: SignalRecord, receiver: ReceiverRecord, in_project: bool
) -> CoveredReceiver:
    return CoveredReceiver(
        signal.name,
        receiver.name,
        expected_sender(receiver),
        receiver.dispatch_uid,
        receiver.file,
        receiver.line,
        own=in_project and receiver.component == "project" and not receiver.storage,
        calls=0,
    )


def combined(
    results: Iterable[tuple[Sequence[Any], Sequence[Any]]], *, everything: bool = False
) -> SignalCoverage:
    """
    Add up the results of several processes.

    Connections that read the same are one: a process that imported less has fewer.
    """
    receivers: dict[tuple[Any, ...], CoveredReceiver] = {}
    signals: dict[str, CoveredSignal] = {}
    for some_receivers, some_signals in results:
        for receiver in (CoveredReceiver(*values) for values in some_receivers):
            key = receiver[:6]
            known = receivers.get(key)
            calls = receiver.calls + (known.calls if known else 0)
            receivers[key] = receiver._replace(calls=calls)
        for signal in (CoveredSignal(*values) for values in some_signals):
            known_signal = signals.get(signal.name, signal)
            signals[signal.name] = signal._replace(
                sent=signal.sent or known_signal.sent,
                seen=signal.seen and known_signal.seen,
            )
    chosen = [
        receivers[key]
        for key in sorted(receivers, key=repr)
        if everything or receivers[key].own
    ]
    unseen = {name for name, signal in signals.items() if not signal.seen}
    return SignalCoverage(
        tuple(receiver for receiver in chosen if receiver.signal not in unseen),
        tuple(
            signals[name] for name in sorted(signals) if everything or signals[name].own
        ),
        tuple(sorted(unseen & {receiver.signal for receiver in chosen})),
    )
