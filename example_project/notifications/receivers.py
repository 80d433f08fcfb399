"""
Notify people of what happens in the shop.
"""

from __future__ import annotations

import asyncio
import logging
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import transaction

from shop.models import Order
from shop.signals import order_cancelled, order_paid
from signaltools import in_background, receiver

from .mail import send_mail

logger = logging.getLogger(__name__)


# Without a TASKS setting, Django runs it at once, in the same process.
@receiver(order_paid, dispatch_uid="notifications.order_paid")
@in_background
def send_receipt(
    sender: type[Order], order: Order, amount: Decimal, **kwargs: Any
) -> None:
    send_mail(
        to=order.email,
        subject=f"Your order {order.pk} is paid",
        body=f"Dear {order.customer},\n\nthank you, we have received € {amount}.\n",
    )


@receiver(order_paid)
async def update_dashboard(
    sender: type[Order], order: Order, amount: Decimal, **kwargs: Any
) -> None:
    # Imitates a push to the browsers that show the dashboard.
    await asyncio.sleep(0)
    logger.info("Dashboard: order %s is paid, € %s.", order.pk, amount)


class RefundDesk:
    """
    Ask for the refund of paid orders that are cancelled, at one email address.
    """

    def __init__(self, address: str) -> None:
        self.address = address

    def request_refund(
        self, sender: type[Order], order: Order, was_paid: bool, **kwargs: Any
    ) -> None:
        if was_paid:
            transaction.on_commit(partial(self._send_request, order))

    def _send_request(self, order: Order) -> None:
        send_mail(
            to=self.address,
            subject=f"Refund order {order.pk}",
            body=f"Please pay € {order.total} back to {order.customer}.\n",
        )


# Django keeps only a weak reference, so this module keeps the receiver alive.
refund_desk = RefundDesk("refunds@paper-shop.example")
order_cancelled.connect(refund_desk.request_refund)
