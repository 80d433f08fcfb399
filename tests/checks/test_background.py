from __future__ import annotations

import functools
import sys
from typing import Any, BinaryIO

import pytest
from django.db.models.signals import post_save
from django.dispatch import Signal
from django.dispatch import receiver as djangos_receiver

from signaltools import event, in_background, receiver
from tests.events import queued
from tests.problems import facts
from tests.testapp.models import Order

NAME = "shop.signals.photographed"
HINT = (
    "Annotate it with one type that JSON can hold, such as str, Decimal, datetime, a "
    "model, or a dataclass of these, or remove @in_background."
)


@event
def photographed(
    sender: object, *, cake: int | str, image: BinaryIO, more: Any, minutes: int
) -> None: ...


@in_background
def upload(sender, **kwargs): ...


@in_background
def misspelt(sender, mnutes, **kwargs): ...


@in_background(takes_context=True)
def with_context(context, sender, **kwargs): ...


@in_background
def without_kwargs(sender, signal, cake, image, more, minutes): ...


def path(function):
    return f"{__name__}.{function.__qualname__}"


@pytest.fixture
def signal(alone):
    return alone(photographed)


@pytest.fixture
def plain():
    return Signal()


def test_W105_arguments_without_a_form_in_json(signal):
    signal.connect(upload)
    reasons = {
        "cake": "The types of int | str can't be told apart in JSON.",
        "image": "BinaryIO can't be written as JSON.",
        "more": "It allows every type.",
    }
    assert facts(signal, NAME) == [
        (
            "W105",
            f"The argument {name!r} of {NAME!r} can't be queued for {path(upload)!r}. "
            f"{reason}",
            HINT,
        )
        for name, reason in reasons.items()
    ]


def test_W105_is_not_one_of_an_ordinary_receiver(signal):
    def receive(sender, **kwargs): ...

    signal.connect(receive)
    assert facts(signal, NAME) == []


def test_W105_is_not_one_of_an_event_that_can_be_written():
    assert facts(queued.paid, queued.paid.name) == []


@pytest.mark.parametrize("connect", [Signal.connect, djangos_receiver])
def test_W106_a_signal_that_is_not_declared(connect, plain):
    if connect is djangos_receiver:
        connect(plain)(upload)
    else:
        connect(plain, upload)
    assert facts(plain, NAME) == [
        (
            "W106",
            f"{path(upload)!r} runs in the background, so it can only be connected to "
            f"a declared event, unlike {NAME!r}. Sending raises TypeError.",
            "Declare the signal with @event, or remove @in_background.",
        )
    ]


@pytest.mark.usefixtures("without_test_tools")
def test_W101_looks_at_the_function_in_the_background(signal):
    signal.connect(misspelt)
    [(check, message, hint)] = [
        each for each in facts(signal, NAME) if each[0] != "W105"
    ]
    assert (check, hint) == ("W101", "Did you mean 'minutes'?")
    assert message == (
        f"The receiver {path(misspelt)!r} requires the argument 'mnutes', but "
        f"{NAME!r} doesn't send it."
    )


@pytest.mark.usefixtures("without_test_tools")
def test_W102_looks_at_the_function_in_the_background(signal):
    signal.connect(without_kwargs)
    assert "W102" in [check for check, *_ in facts(signal, NAME)]


def test_W101_does_not_count_the_context_of_the_task(signal):
    signal.connect(with_context)
    assert {check for check, *_ in facts(signal, NAME)} == {"W105"}


def test_W013_looks_at_the_function_in_the_background(alone):
    name = "django.db.models.signals.post_save"
    signal = alone(post_save)
    signal.connect(misspelt)
    assert [check for check, *_ in facts(signal, name)] == ["W013", "W106"]


def test_W012_looks_at_the_function_in_the_background(plain):
    plain.receivers.append(row := connected_row(without_kwargs))
    assert row in plain.receivers
    assert [check for check, *_ in facts(plain, NAME)] == ["W012", "W106"]


def connected_row(function):
    # Django refuses it under DEBUG only.
    signal = Signal()
    signal.connect(function, weak=False)
    return signal.receivers[0]


@pytest.mark.usefixtures("without_test_tools")
def test_W014_in_background_above_receiver(signal):
    function = upload.__wrapped__
    djangos_receiver(signal)(function)
    [(check, message, hint)] = facts(signal, NAME)
    assert (check, hint) == ("W014", "Move @receiver to the top.")
    assert message == (
        f"@in_background above @receiver has no effect on {path(upload)!r}: Django "
        "connects the function without it, so the sender runs the receiver."
    )


@pytest.mark.parametrize("many", [False, True])
def test_our_receiver_refuses_it_for_a_signal_without_types(signal, plain, many):
    with pytest.raises(TypeError) as caught:
        receiver([signal, plain] if many else plain)(upload)
    assert str(caught.value) == (
        f"{path(upload)!r} runs in the background, so it can only be connected to a "
        "declared event: declare the signal with @event, or remove @in_background."
    )
    assert signal.receivers == plain.receivers == []


def test_our_receiver_connects_an_ordinary_one_without_it(plain, monkeypatch):
    monkeypatch.delitem(sys.modules, "signaltools.events.background")
    function = functools.partial(lambda sender, **kwargs: None)
    assert receiver(plain, sender=Order)(function) is function
    assert plain.has_listeners(Order)
