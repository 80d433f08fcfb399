from __future__ import annotations

from typing import TYPE_CHECKING

from django.dispatch import Signal

from signaltools import event

if TYPE_CHECKING:
    from .models import Order

# Sent once, after commit, when an order is paid.
# The sender is the class of the order.
order_paid = Signal()

# Sent when an order is cancelled. It has no receivers.
order_cancelled = Signal()


@event(version=2)
def order_shipped(
    sender: type[Order], *, order: Order, parcels: int = 1, note: str | None = None
) -> None:
    """
    An order has left the house.

    It has no receivers.
    """
