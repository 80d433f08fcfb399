"""
Test what each app does when an order is placed, paid, or cancelled.
"""

from __future__ import annotations

import logging
from decimal import Decimal

import pytest
from django.core.mail import EmailMessage
from django.db import transaction

from audit.models import AuditEntry
from notifications.signals import notification_sent
from shop.exceptions import NotAllowed, OutOfStock
from shop.models import Order, Tag
from shop.services import cancel_order, pay_order, place_order
from shop.signals import order_cancelled, order_paid
from signaltools.testing import assert_not_sent, assert_sent

pytestmark = pytest.mark.django_db


def actions(order):
    entries = AuditEntry.objects.filter(model="shop.Order", object_id=order.pk)
    return list(entries.values_list("action", flat=True))


def pay(order, capture):
    with capture(execute=True):
        return pay_order(order)


def test_placing_reserves_stock(order, available):
    assert order.status == Order.Status.PLACED
    assert order.total == 37
    assert available() == 8


def test_placing_is_audited_with_its_lines_and_tags(product):
    tags = [Tag.objects.create(name=name) for name in ("express", "gift")]
    order = place_order("Ada", "ada@example.com", [(product, 1)], tags)
    assert actions(order) == ["created", "tags added"]
    assert AuditEntry.objects.get(action="tags added").detail == "express, gift"
    assert AuditEntry.objects.filter(model="shop.OrderLine").count() == 1


def test_placing_more_than_is_in_stock_leaves_nothing_behind(product, available):
    with pytest.raises(
        OutOfStock, match=r"^Not enough in stock for 11 x Brass ruler\.$"
    ):
        place_order("Ada", "ada@example.com", [(product, 11)])
    assert not Order.objects.exists()
    assert not AuditEntry.objects.filter(model="shop.Order").exists()
    assert available() == 10


def test_paying_sends_a_receipt_and_updates_the_dashboard(
    order,
    django_capture_on_commit_callbacks,
    mailoutbox,
    caplog,
):
    with (
        caplog.at_level(logging.INFO, logger="notifications"),
        assert_sent(order_paid, {"order": order, "amount": Decimal(37)}, times=1),
        assert_sent(notification_sent, sender=EmailMessage, times=1),
    ):
        paid = pay(order, django_capture_on_commit_callbacks)
    assert paid.status == Order.Status.PAID
    assert [(mail.to, mail.subject) for mail in mailoutbox] == [
        (["ada@example.com"], f"Your order {order.pk} is paid")
    ]
    assert caplog.messages == [f"Dashboard: order {order.pk} is paid, € 37.00."]


def test_paying_is_audited_and_kept_as_a_version(
    order, django_capture_on_commit_callbacks
):
    pay(order, django_capture_on_commit_callbacks)
    assert actions(order) == ["created", "changed"]
    statuses = order.history.values_list("status", flat=True)
    assert list(statuses) == ["paid", "placed"]


def test_paying_sends_no_signal_before_the_commit(order):
    with assert_not_sent(order_paid):
        pay_order(order)


@pytest.mark.usefixtures("signal_isolate")
def test_a_failing_receiver_does_not_undo_a_payment(
    order,
    django_capture_on_commit_callbacks,
    mailoutbox,
    caplog,
):
    def fail(**kwargs):
        raise RuntimeError("the printer is on fire")

    order_paid.connect(fail)
    pay(order, django_capture_on_commit_callbacks)
    order.refresh_from_db()
    assert order.status == Order.Status.PAID
    assert len(mailoutbox) == 1
    assert "the printer is on fire" in caplog.text


def test_an_order_is_paid_once(order):
    pay_order(order)
    with pytest.raises(NotAllowed, match=rf"^Order {order.pk} is already paid\.$"):
        pay_order(order)


def test_a_cancelled_order_is_not_paid(order):
    cancel_order(order)
    with pytest.raises(NotAllowed, match=rf"^Order {order.pk} is already cancelled\.$"):
        pay_order(order)


def test_cancelling_releases_the_stock_once(order, available):
    expected = {"order": order, "was_paid": False}
    with assert_sent(order_cancelled, expected, sender=Order, times=1):
        assert cancel_order(order).status == Order.Status.CANCELLED
    with pytest.raises(NotAllowed):
        cancel_order(order)
    assert available() == 10


def test_cancelling_a_paid_order_asks_for_a_refund(
    order,
    django_capture_on_commit_callbacks,
    mailoutbox,
):
    pay_order(order)
    with django_capture_on_commit_callbacks(execute=True):
        cancel_order(order)
    assert [(mail.to, mail.subject) for mail in mailoutbox] == [
        (["refunds@paper-shop.example"], f"Refund order {order.pk}")
    ]


def test_cancelling_an_unpaid_order_sends_no_mail(
    order,
    django_capture_on_commit_callbacks,
    mailoutbox,
):
    with django_capture_on_commit_callbacks(execute=True):
        cancel_order(order)
    assert mailoutbox == []


def test_a_rolled_back_payment_sends_no_signal(
    order,
    django_capture_on_commit_callbacks,
):
    with (
        assert_not_sent(order_paid),
        django_capture_on_commit_callbacks(execute=True),
        transaction.atomic(),
    ):
        pay_order(order)
        transaction.set_rollback(True)
    order.refresh_from_db()
    assert order.status == Order.Status.PLACED


def test_notification_sent_has_no_receivers():
    assert not notification_sent.has_listeners()
