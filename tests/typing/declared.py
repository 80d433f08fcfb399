"""
Events for the type checkers; see ``cases.py``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeVar

from signaltools import event


class Order:
    pass


class RushOrder(Order):
    pass


class Invoice:
    pass


AnyOrder = TypeVar("AnyOrder", bound=Order)


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


# Type checkers treat Any in a way of its own when they choose an overload.
@event
def order_seen(sender: Any, *, order: Order) -> None: ...


@event
def order_noted(sender: type[Order], *, order: Order, note: Any) -> None: ...


@event
def order_marked(sender: type[Order], *, mark: Any) -> None: ...


@event
def shop_opened(sender: object) -> None: ...


# The type of the sender and that of the order are the same.
@event
def order_sent(sender: type[AnyOrder], *, order: AnyOrder) -> None: ...
