"""
Declared events, and receivers that don't match them.
"""

from __future__ import annotations

import inspect
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from asgiref.sync import async_to_sync

from signaltools import event
from tests.testapp.models import Order

if TYPE_CHECKING:
    from tests.testapp.models import Tag


@event
def bill_paid(
    sender: type[Order], *, order: Order, amount: Decimal, coupon: str | None = None
) -> None:
    """
    An order has been paid.
    """


@event
def bill_tagged(sender: type[Order], *, tag: Tag) -> None: ...


@event(check="warn", version=3, name="shop.bill_lost")
def bill_lost(sender: Any, *, order: Order, reason: str = "") -> None: ...


class Shop:
    @event
    def opened(sender: Any) -> None: ...  # noqa: N805


EVENTS = (bill_paid, bill_tagged, bill_lost, Shop.opened)
METHODS = ["send", "send_robust", "asend", "asend_robust"]
ON_COMMIT = [f"{method}_on_commit" for method in METHODS]


def no_kwargs(sender, order, amount, coupon): ...


def misspelt(sender, ordr, **kwargs): ...


def connect(signal=bill_paid):
    """
    Connect a receiver, and return a list that gets what it is called with.
    """
    got = []
    signal.connect(lambda **named: got.append(named), weak=False)
    return got


def send(signal, method, *args, **named):
    """
    Call a method of an event, in the transaction of this thread.
    """
    call = getattr(signal, method)
    if inspect.iscoroutinefunction(call):
        call = async_to_sync(call)
    return call(*args, **named)
