"""
The events of the shop, for other apps to connect to.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from signaltools import event

if TYPE_CHECKING:
    from .models import Order


@event
def order_placed(sender: type[Order], *, order: Order) -> None:
    """
    Sent in the transaction that stores an order; raise a ShopError to refuse it.
    """


@event
def order_paid(sender: type[Order], *, order: Order, amount: Decimal) -> None:
    """
    Sent after the payment of an order is committed; no receiver can undo it.
    """


@event
def order_cancelled(sender: type[Order], *, order: Order, was_paid: bool) -> None:
    """
    Sent in the transaction that cancels an order.
    """
