from __future__ import annotations

import functools
from unittest import mock

import pytest
from django.dispatch import Signal

from signaltools.events.fitting import Mismatch, find_mismatch
from tests.shapes import SHAPES
from tests.testapp.models import Order

from .declared import bill_paid, misspelt

SENT = {"signal", "sender", "order", "amount"}
MATCHES = Mismatch((), False)

pytestmark = pytest.mark.usefixtures("without_test_tools")


def matches(sender, order, note=None, *args, **kwargs): ...


def asks(sender, ordr, /, *, amuont, **kwargs): ...


def closed(sender, order, amount, signal): ...


class Signed:
    @property
    def __signature__(self):
        raise RuntimeError

    def __call__(self, **kwargs): ...


@pytest.mark.parametrize(
    ("receiver", "expected"),
    [
        (matches, MATCHES),
        (asks, Mismatch(("ordr", "amuont"), False)),
        (closed, Mismatch((), True)),
        (functools.partial(asks, 1, 2, amuont=1), MATCHES),
        (functools.wraps(closed)(lambda **kwargs: None), MATCHES),
        (Signed(), MATCHES),
        (1, MATCHES),
    ],
)
def test_only_a_required_argument_that_is_not_sent_is_a_mismatch(receiver, expected):
    assert find_mismatch(receiver, SENT) == expected


class Desk:
    def method(self, sender, order, **kwargs): ...

    @classmethod
    def class_method(cls, sender, order, **kwargs): ...

    @staticmethod
    def static_method(sender, order, **kwargs): ...

    def __call__(self, signal, **kwargs): ...


async def ship(*, amount, coupon, **kwargs): ...


@pytest.mark.usefixtures("checked")
@pytest.mark.parametrize(
    "receiver",
    [
        Desk().method,
        Desk.class_method,
        Desk.static_method,
        Desk(),
        ship,
        functools.partial(misspelt, ordr=1),
        functools.wraps(misspelt)(lambda *args, **kwargs: None),
        lambda sender, *args, note=None, **kwargs: None,
        mock.Mock(),
        dict,
    ],
)
def test_every_right_shape_of_receiver_connects(receiver):
    bill_paid.connect(receiver, sender=Order, weak=False)
    assert len(bill_paid.receivers) == 1


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.label)
def test_every_callable_connects_as_it_does_to_a_plain_signal(shape):
    def outcome(signal):
        try:
            signal.connect(shape.receiver, weak=False)
        except Exception as error:
            return repr(error)
        return len(signal.receivers)

    assert outcome(bill_paid) == outcome(Signal())
