"""
An event with receivers in the background.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.dispatch import Signal, receiver

from signaltools import event, in_background
from tests.testapp.models import Order

ran: list[Any] = []


@event
def paid(
    sender: type[Order],
    *,
    order: Order,
    amount: Decimal,
    at: datetime.datetime | None = None,
) -> None: ...


@event(version=2)
def seen(sender: object, *, count: int) -> None: ...


@event
def pictured(sender: object, *, image: Any, count: int) -> None: ...


@receiver(paid)
@in_background
def book(sender, order, amount, **kwargs):
    """
    Book an order.
    """
    ran.append((sender, order, amount, kwargs))
    return order


@receiver(paid)
@in_background(queue_name="mail", priority=5, on_commit=False)
def mail(sender, order, **kwargs):
    ran.append("mail")


@receiver(seen)
@in_background(on_commit=False)
async def count_up(sender, count, **kwargs):
    ran.append((sender, count, kwargs["signal"]))


@receiver(seen)
@in_background(on_commit=False, takes_context=True)
def note(context, sender, count, **kwargs):
    ran.append((context, sender, count))


@receiver(pictured)
@in_background(on_commit=False)
def upload(sender, **kwargs):
    ran.append("upload")


@in_background
def idle(sender, **kwargs):
    ran.append("idle")


plain = Signal()
