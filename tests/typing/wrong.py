"""
Incorrect code: type checkers must report an error in each line that ignores one.

mypy and pyright are configured to report a comment that ignores nothing.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from signaltools import event, receiver

from .declared import Invoice, Order, order_cancelled, order_paid

order, amount = Order(), Decimal(1)


def sends() -> None:
    order_paid.send(sender=Order, order=order)  # type: ignore[call-arg]
    order_paid.send(sender=Order, order=order, amount=amount, note="")  # type: ignore[call-arg]
    order_paid.send(sender=Order, order=order, amount=1.5)  # type: ignore[arg-type]
    order_paid.send(sender=Order, order=Invoice(), amount=amount)  # type: ignore[arg-type]
    order_paid.send(sender=Invoice, order=order, amount=amount)  # type: ignore[arg-type]
    order_paid.send(sender=order, order=order, amount=amount)  # type: ignore[arg-type]
    order_paid.send(order=order, amount=amount)  # type: ignore[call-arg]
    order_paid.send(Order, order, amount)  # type: ignore[call-arg]


def sends_robust() -> None:
    order_paid.send_robust(sender=Order, order=order)  # type: ignore[call-arg]
    order_paid.send_robust(sender=Order, order=order, amount=amount, x=1)  # type: ignore[call-arg]
    order_paid.send_robust(sender=Order, order=order, amount=1.5)  # type: ignore[arg-type]
    order_paid.send_robust(sender=Order, order=Invoice(), amount=amount)  # type: ignore[arg-type]
    order_paid.send_robust(sender=Invoice, order=order, amount=amount)  # type: ignore[arg-type]


async def sends_async() -> None:
    await order_paid.asend(sender=Order, order=order)  # type: ignore[call-arg]
    await order_paid.asend(sender=Order, order=order, amount=amount, x=1)  # type: ignore[call-arg]
    await order_paid.asend(sender=Order, order=order, amount=1.5)  # type: ignore[arg-type]
    await order_paid.asend(sender=Order, order=Invoice(), amount=amount)  # type: ignore[arg-type]
    await order_paid.asend(sender=Invoice, order=order, amount=amount)  # type: ignore[arg-type]
    await order_paid.asend_robust(sender=Order, order=order)  # type: ignore[call-arg]


def sends_on_commit() -> None:
    order_paid.send_on_commit(sender=Order, order=order)  # type: ignore[call-arg]
    order_paid.send_robust_on_commit(sender=Order, order=order, amount=1.5)  # type: ignore[arg-type]
    order_paid.using("x").send_on_commit(sender=Order, order=1, amount=amount)  # type: ignore[arg-type]
    order_cancelled.send(sender=Order, order=order, amount=amount)  # type: ignore[call-arg]


@receiver(order_paid)  # type: ignore[arg-type]
def wrong_type(sender: type[Order], amount: int, **kwargs: Any) -> None: ...


@receiver(order_paid)  # type: ignore[arg-type]
def misspelt(sender: type[Order], ordr: Order, **kwargs: Any) -> None: ...


@receiver(order_paid)  # type: ignore[arg-type]
def without_kwargs(sender: type[Order], order: Order) -> None: ...


@receiver(order_paid)  # type: ignore[arg-type]
def wrong_model(sender: type[Order], order: Invoice, **kwargs: Any) -> None: ...


@receiver(order_paid)  # type: ignore[arg-type]
def wrong_sender(sender: type[Invoice], **kwargs: Any) -> None: ...


@receiver(order_paid)  # type: ignore[arg-type]
def typed_kwargs(sender: type[Order], order: Order, **kwargs: str) -> None: ...


@receiver(order_paid)  # type: ignore[arg-type]
def not_none(sender: type[Order], coupon: str, **kwargs: Any) -> None: ...


@receiver(order_paid)  # type: ignore[arg-type]
async def misspelt_async(sender: type[Order], ordr: Order, **kwargs: Any) -> None: ...


@receiver(order_paid)  # type: ignore[arg-type]
def only_misspelt(*, ordr: Order, **kwargs: Any) -> None: ...


class Desk:
    def misspelt(self, sender: type[Order], ordr: Order, **kwargs: Any) -> None: ...

    def wrong_model(
        self, sender: type[Order], order: Invoice, **kwargs: Any
    ) -> None: ...


order_paid.connect(Desk().misspelt)  # type: ignore[arg-type]
order_paid.connect(Desk().wrong_model)  # type: ignore[arg-type]


# This one is correct, as receivers get the defaults of the event. Type checkers assume
# that an argument that a sender may omit may be missing in the receiver as well.
@receiver(order_paid)  # type: ignore[arg-type]
def without_default(sender: type[Order], coupon: str | None, **kwargs: Any) -> None: ...


@event  # type: ignore[arg-type]
def returns(sender: type[Order]) -> int:
    return 1


event(check="maybe")  # type: ignore[call-overload]
