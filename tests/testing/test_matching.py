from __future__ import annotations

from decimal import Decimal
from unittest import mock

import pytest
from django.db.models.signals import post_save
from django.test import TestCase

from signaltools import event
from signaltools.testing import assert_not_sent, assert_sent
from tests.testapp.models import Order, Tag
from tests.testapp.signals import order_cancelled, order_paid, order_shipped

NAME = "'tests.testapp.signals.order_cancelled'"


class Hostile:
    def __eq__(self, other):
        raise RuntimeError

    __hash__ = None

    def __repr__(self):
        raise ValueError


def message(caught):
    return str(caught.value)


@pytest.fixture
def failing():
    return pytest.raises(AssertionError)


def test_a_part_of_the_arguments_is_enough():
    with assert_sent(order_cancelled, {"a": 1, "b": mock.ANY}, sender=Order) as sent:
        order_cancelled.send(Order, a=1, b=2, c=3)
    assert len(sent) == 1
    with assert_not_sent(order_cancelled, {"a": 2}), assert_not_sent(order_paid):
        order_cancelled.send(Order, a=1)
    sent.assert_not_sent(order_cancelled, sender=None)
    sent.assert_not_sent(order_cancelled, {"d": 1})
    sent.assert_sent(order_cancelled, times=1)
    sent.assert_sent(order_cancelled, {"a": 7}, times=0)


def test_signals_that_were_sent_instead_are_shown(failing):
    with failing as caught, assert_sent(order_cancelled):
        pass
    assert message(caught) == f"{NAME} wasn't sent. No other signals were sent either."

    with failing as caught, assert_sent(order_cancelled):
        order_paid.send(None)
        order_shipped.send(Order, order=Order.__new__(Order))
        for _ in range(3):
            post_save.send(Order)
    assert message(caught) == (
        f"{NAME} wasn't sent. Sent instead: 'tests.testapp.signals.order_paid' once, "
        "'tests.testapp.signals.order_shipped' once, and "
        "'django.db.models.signals.post_save' 3 times."
    )


def test_signals_of_the_project_are_named_before_others(failing, import_source):
    source = "from django.dispatch import Signal\nshipped = Signal()"
    vendor = import_source("site-packages.vendor", source)
    with failing as caught, assert_sent(order_cancelled):
        post_save.send(Order)
        vendor.shipped.send(None)
        order_paid.send(None)
    assert message(caught) == (
        f"{NAME} wasn't sent. Sent instead: 'tests.testapp.signals.order_paid' once"
        ", 'site-packages.vendor.shipped' once, and "
        "'django.db.models.signals.post_save' once."
    )


@pytest.mark.django_db
def test_pending_callbacks_are_mentioned(failing):
    order = Order()
    with failing as caught, assert_sent(order_shipped):
        order_shipped.send_on_commit(Order, order=order)
    expected = (
        "'tests.testapp.signals.order_shipped' wasn't sent. "
        "No other signals were sent either. 1 on_commit() callback is pending on "
        "'default'; run it with captureOnCommitCallbacks(execute=True)."
    )
    assert message(caught) == expected

    with failing as caught, assert_sent(order_shipped):
        order_shipped.send_on_commit(Order, order=order)
    assert message(caught).endswith(
        " 2 on_commit() callbacks are pending on 'default'; run them with "
        "captureOnCommitCallbacks(execute=True)."
    )
    with assert_sent(order_shipped), TestCase.captureOnCommitCallbacks(execute=True):
        order_shipped.send_on_commit(Order, order=Order())


def test_different_arguments_are_shown(failing):
    with failing as caught, assert_sent(order_cancelled, {"amount": Decimal(36)}):
        order_cancelled.send(None, amount=Decimal(37))
    assert message(caught) == (
        f"{NAME} was sent once, but 'amount' was Decimal('37'), not Decimal('36')."
    )

    with failing as caught, assert_sent(order_cancelled, {"amout": 1}, sender=Tag):
        order_cancelled.send(Order, amount=1)
    assert message(caught) == (
        f"{NAME} was sent once, but the sender was testapp.Order, not testapp.Tag and "
        "there was no argument 'amout' (Did you mean 'amount'?)."
    )


def test_the_closest_of_several_sends_is_compared(failing):
    with failing as caught, assert_sent(order_cancelled, {"a": 1, "b": 2, "z": 3}):
        order_cancelled.send(None, a=7, b=7)
        order_cancelled.send(None, a=1, b=2)
    assert message(caught) == (
        f"{NAME} was sent twice, but in the closest match, there was no argument 'z'."
    )


def test_a_different_number_of_times_is_shown(failing):
    with failing as caught, assert_sent(order_cancelled, times=1):
        order_cancelled.send(None)
        order_cancelled.send(Order, a=1)
    assert message(caught) == (
        f"{NAME} was sent twice, not once: "
        "by None with no arguments and by testapp.Order with a=1."
    )
    with failing as caught, assert_sent(order_cancelled, {"a": 1}, times=3):
        order_cancelled.send(Order, a=1)
    assert message(caught) == (
        f"{NAME} was sent once in this way, not 3 times: by testapp.Order with a=1."
    )


def test_a_signal_that_should_not_be_sent_is_shown_with_its_sends(failing):
    with failing as caught, assert_not_sent(order_cancelled):
        for number in range(8):
            order_cancelled.send("text", number=number)
    assert message(caught) == (
        f"{NAME} was sent 8 times, but should not have been sent: "
        "by 'text' with number=0, by 'text' with number=1, by 'text' with number=2, "
        "by 'text' with number=3, by 'text' with number=4, and 3 others."
    )


def test_a_send_with_some_arguments_that_should_not_be_sent_is_shown(failing):
    with failing as caught, assert_not_sent(order_cancelled, {"a": 1}):
        order_cancelled.send(Order, a=1)
        order_cancelled.send(Order, a=2)
    assert message(caught) == (
        f"{NAME} was sent once in this way, but should not have been sent: "
        "by testapp.Order with a=1."
    )


def test_an_argument_may_raise_when_it_is_compared_or_shown(failing):
    hostile = Hostile()
    with assert_sent(order_cancelled, {"a": hostile}):
        order_cancelled.send(None, a=hostile)
    with failing as caught, assert_sent(order_cancelled, {"a": hostile}):
        order_cancelled.send(None, a="x" * 500)
    assert message(caught) == (
        f"{NAME} was sent once, but 'a' was '{'x' * 198}…, "
        f"not <{__name__}.Hostile whose repr() raises ValueError>."
    )


def test_an_unnamed_signal_and_an_app_are_shown(failing):
    from django.apps import apps

    signal = event(lambda sender: None)
    with failing as caught, assert_not_sent(signal):
        signal.send(apps.get_app_config("testapp"))
    assert message(caught).endswith(
        " was sent once, but should not have been sent: "
        "by app testapp with no arguments."
    )
