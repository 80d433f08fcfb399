"""
Placing, paying and cancelling does what it says, in every app.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.core.mail import EmailMessage
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from audit.models import AuditEntry
from notifications.signals import notification_sent
from shop.exceptions import NotAllowed, OutOfStock
from shop.models import Order, Product, Tag
from shop.services import cancel_order, pay_order, place_order
from shop.signals import order_cancelled, order_paid
from signaltools.testing import assert_not_sent, assert_sent

pytestmark = pytest.mark.django_db


def actions(order: Order) -> list[str]:
    entries = AuditEntry.objects.filter(model="shop.Order", object_id=order.pk)
    return list(entries.values_list("action", flat=True))


def pay(order: Order, capture: DjangoCaptureOnCommitCallbacks) -> Order:
    with capture(execute=True):
        return pay_order(order)


def test_placing_reserves_stock(order: Order, available: Callable[[], int]) -> None:
    assert order.status == Order.Status.PLACED
    assert order.total == 37
    assert available() == 8


def test_placing_is_audited_with_its_lines_and_tags(product: Product) -> None:
    tags = [Tag.objects.create(name=name) for name in ("express", "gift")]
    order = place_order("Ada", "ada@example.com", [(product, 1)], tags)
    assert actions(order) == ["created", "tags added"]
    assert AuditEntry.objects.get(action="tags added").detail == "express, gift"
    assert AuditEntry.objects.filter(model="shop.OrderLine").count() == 1


def test_placing_more_than_there_is_leaves_nothing_behind(
    product: Product, available: Callable[[], int]
) -> None:
    with pytest.raises(
        OutOfStock, match=r"^Not enough in stock for 11 x Brass ruler\.$"
    ):
        place_order("Ada", "ada@example.com", [(product, 11)])
    assert not Order.objects.exists()
    assert not AuditEntry.objects.filter(model="shop.Order").exists()
    assert available() == 10


def test_paying_sends_a_receipt_and_updates_the_dashboard(
    order: Order,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    mailoutbox: list[EmailMessage],
    caplog: pytest.LogCaptureFixture,
) -> None:
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
    order: Order, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    pay(order, django_capture_on_commit_callbacks)
    assert actions(order) == ["created", "changed"]
    statuses = order.history.values_list("status", flat=True)
    assert list(statuses) == ["paid", "placed"]


def test_paying_tells_nobody_before_the_commit(order: Order) -> None:
    with assert_not_sent(order_paid):
        pay_order(order)


@pytest.mark.usefixtures("signal_isolate")
def test_a_failing_receiver_does_not_undo_a_payment(
    order: Order,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    mailoutbox: list[EmailMessage],
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(**kwargs: object) -> None:
        raise RuntimeError("the printer is on fire")

    order_paid.connect(fail)
    pay(order, django_capture_on_commit_callbacks)
    order.refresh_from_db()
    assert order.status == Order.Status.PAID
    assert len(mailoutbox) == 1
    assert "the printer is on fire" in caplog.text


def test_an_order_is_paid_once(order: Order) -> None:
    pay_order(order)
    with pytest.raises(NotAllowed, match=rf"^Order {order.pk} is already paid\.$"):
        pay_order(order)


def test_a_cancelled_order_is_not_paid(order: Order) -> None:
    cancel_order(order)
    with pytest.raises(NotAllowed, match=rf"^Order {order.pk} is already cancelled\.$"):
        pay_order(order)


def test_cancelling_releases_the_stock_once(
    order: Order, available: Callable[[], int]
) -> None:
    expected = {"order": order, "was_paid": False}
    with assert_sent(order_cancelled, expected, sender=Order, times=1):
        assert cancel_order(order).status == Order.Status.CANCELLED
    with pytest.raises(NotAllowed):
        cancel_order(order)
    assert available() == 10


def test_cancelling_a_paid_order_asks_for_a_refund(
    order: Order,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    mailoutbox: list[EmailMessage],
) -> None:
    pay_order(order)
    with django_capture_on_commit_callbacks(execute=True):
        cancel_order(order)
    assert [(mail.to, mail.subject) for mail in mailoutbox] == [
        (["refunds@paper-shop.example"], f"Refund order {order.pk}")
    ]


def test_cancelling_an_unpaid_order_sends_no_mail(
    order: Order,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    mailoutbox: list[EmailMessage],
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        cancel_order(order)
    assert mailoutbox == []


def test_a_rolled_back_payment_tells_nobody(
    order: Order,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with (
        assert_not_sent(order_paid),
        django_capture_on_commit_callbacks(execute=True),
        transaction.atomic(),
    ):
        pay_order(order)
        transaction.set_rollback(True)
    order.refresh_from_db()
    assert order.status == Order.Status.PLACED


def test_nobody_receives_notification_sent() -> None:
    assert not notification_sent.has_listeners()
