"""
Place, pay, and cancel orders; views and commands only call these functions.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from .exceptions import NotAllowed
from .models import Order, Product, Tag
from .signals import order_cancelled, order_paid, order_placed


@transaction.atomic
def place_order(
    customer: str,
    email: str,
    items: Iterable[tuple[Product, int]],
    tags: Iterable[Tag] = (),
) -> Order:
    """
    Store an order, or raise the ``ShopError`` of the receiver that refused it.
    """
    order = Order.objects.create(customer=customer, email=email)
    for product, quantity in items:
        order.lines.create(product=product, quantity=quantity, unit_price=product.price)
    order.tags.set(tags)
    order_placed.send(sender=Order, order=order)
    return order


@transaction.atomic
def pay_order(order: Order) -> Order:
    """
    Take the payment for an order that is neither paid nor cancelled yet.
    """
    # Without the lock, two simultaneous payments would both find the order unpaid.
    order = _lock(order)
    if not order.can_be_paid:
        raise NotAllowed(f"Order {order.pk} is already {order.status}.")
    _set_status(order, Order.Status.PAID)
    # The money can't be taken back, so receivers run after the commit, and an exception
    # in one of them doesn't keep the next one from running.
    order_paid.send_robust_on_commit(sender=Order, order=order, amount=order.total)
    return order


@transaction.atomic
def cancel_order(order: Order) -> Order:
    """
    Cancel an order, paid or not.
    """
    order = _lock(order)
    if not order.can_be_cancelled:
        raise NotAllowed(f"Order {order.pk} is already {order.status}.")
    was_paid = order.status == Order.Status.PAID
    _set_status(order, Order.Status.CANCELLED)
    order_cancelled.send(sender=Order, order=order, was_paid=was_paid)
    return order


def _lock(order: Order) -> Order:
    return Order.objects.select_for_update().get(pk=order.pk)


def _set_status(order: Order, status: Order.Status) -> None:
    order.status = status
    order.save(update_fields=["status"])
