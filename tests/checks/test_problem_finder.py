from __future__ import annotations

from typing import Any

import pytest
from django.dispatch import Signal

from signaltools.checks import run as problems
from signaltools.checks.run import ProblemFinder
from signaltools.inventory.names import NamedSignal
from signaltools.inventory.reading import read_connected
from signaltools.inventory.records import Connected


def connected(signal: Signal, name: str = "shop.signals.paid") -> Connected:
    entry = NamedSignal(name, signal, (), "shop.signals", None, None, "")
    return read_connected([entry])[0]


def without_kwargs(sender: Any) -> None: ...


def connect(signal: Signal) -> None:
    signal.connect(without_kwargs)


def test_record_is_returned_with_ids_and_texts() -> None:
    signal, finder = Signal(), ProblemFinder()
    connect(signal)
    [receiver] = finder(connected(signal)).receivers
    assert receiver.problems == ("W012",)
    assert finder.texts == {
        ("shop.signals.paid", receiver.name, "W012"): (
            f"The receiver {receiver.name!r} of 'shop.signals.paid' doesn't accept "
            "**kwargs. Add **kwargs, or the receiver will break as soon as the signal "
            "sends another argument."
        )
    }


def test_same_record_is_looked_at_once(monkeypatch: Any) -> None:
    signal, finder = Signal(), ProblemFinder()
    connect(signal)
    first = finder(connected(signal))
    monkeypatch.delattr(problems, "find_problems")
    assert finder(connected(signal)) is first


def test_number_of_records_that_are_remembered_has_a_limit(monkeypatch: Any) -> None:
    monkeypatch.setattr(problems, "_MAX_KNOWN", 2)
    signal, finder = Signal(), ProblemFinder()
    for number in range(5):
        finder(connected(signal, f"shop.signals.paid_{number}"))
    assert len(finder._known) <= 3


@pytest.mark.usefixtures("watching")
def test_receiver_that_has_the_uid_of_another_tells_of_it() -> None:
    signal, finder = Signal(), ProblemFinder()
    signal.connect(keep, dispatch_uid="pay")
    signal.connect(keep_as_well, dispatch_uid="pay")
    [receiver] = finder(connected(signal)).receivers
    assert receiver.problems == ("W003",)
    text = finder.texts["shop.signals.paid", receiver.name, "W003"]
    assert text.startswith(f"The receiver '{__name__}.keep_as_well' wasn't connected")


def keep(**kwargs: Any) -> None: ...


def keep_as_well(**kwargs: Any) -> None: ...
