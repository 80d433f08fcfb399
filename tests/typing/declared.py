"""
Events for the type checkers; see ``right.py`` and ``wrong.py``.
"""

from __future__ import annotations

from decimal import Decimal

from signaltools import event


class Order:
    pass


class RushOrder(Order):
    pass


class Invoice:
    pass


@event
def order_paid(
    sender: type[Order], *, order: Order, amount: Decimal, coupon: str | None = None
) -> None:
    """
    An order has been paid.
    """


@event(version=2, name="shop.cancelled", check="warn", use_caching=True)
def order_cancelled(sender: type[Order], *, order: Order) -> None:
    """
    An order has been cancelled.
    """


# With a keyword-only sender, a receiver may have its arguments in any order.
@event
def order_lost(*, sender: type[Order], order: Order) -> None: ...
