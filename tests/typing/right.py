"""
Correct code: type checkers must not report an error.
"""

from __future__ import annotations

import functools
from decimal import Decimal
from typing import Any

from django.db.models.signals import post_save
from django.dispatch import Signal

from signaltools import receiver

from .declared import Order, RushOrder, order_cancelled, order_lost, order_paid

plain = Signal()


@receiver(order_paid)
def function(sender: type[Order], order: Order, **kwargs: Any) -> int:
    return 1


@receiver(order_paid)
async def async_function(sender: type[Order], amount: Decimal, **kwargs: Any) -> None:
    pass


class Desk:
    def method(self, sender: type[Order], order: Order, **kwargs: Any) -> None:
        pass

    @classmethod
    def class_method(cls, sender: type[Order], order: Order, **kwargs: Any) -> None:
        pass

    @staticmethod
    @receiver(order_paid)
    def static_method(sender: type[Order], order: Order, **kwargs: Any) -> None:
        pass

    def __call__(self, sender: type[Order], order: Order, **kwargs: Any) -> None:
        pass


order_paid.connect(Desk().method)
order_paid.connect(Desk.class_method)
order_paid.connect(Desk.static_method)
order_paid.connect(Desk())
order_paid.connect(functools.partial(function, order=Order()))
order_paid.connect(lambda sender, **kwargs: None)
order_paid.connect(lambda **kwargs: None, weak=False, dispatch_uid="shop.paid")


@receiver(order_paid)
def only_kwargs(**kwargs: Any) -> None:
    pass


@receiver(order_paid, sender=Order, weak=False, dispatch_uid="once")
def sender_and_kwargs(sender: type[Order], **kwargs: Any) -> None:
    pass


@receiver(order_paid)
def objects(sender: object, order: object, **kwargs: object) -> None:
    pass


@receiver(order_paid)
def everything(*args: Any, **kwargs: Any) -> None:
    pass


@receiver(order_paid)
def every_argument(
    sender: type[Order],
    order: Order,
    amount: Decimal,
    coupon: str | None = None,
    **kwargs: Any,
) -> None:
    pass


@receiver(order_paid)
def signal_first(
    signal: Signal, sender: type[Order], order: Order, **kwargs: Any
) -> None:
    pass


@receiver(order_paid)
def signal_second(
    sender: type[Order], signal: Signal, order: Order, **kwargs: Any
) -> None:
    pass


@receiver(order_paid)
def signal_optional(
    sender: type[Order], order: Order, signal: Signal | None = None, **kwargs: Any
) -> None:
    pass


@receiver([order_paid, order_cancelled])
def several(sender: type[Order], order: Order, **kwargs: Any) -> None:
    pass


@receiver([order_paid, plain, post_save])
def mixed(sender: Any, **kwargs: Any) -> None:
    pass


@receiver(post_save, sender=Order)
def of_django(sender: Any, instance: Any, created: bool, **kwargs: Any) -> int:
    return 1


@receiver(order_lost)
def keywords_only(*, order: Order, sender: type[Order], **kwargs: Any) -> None:
    pass


def sends() -> None:
    order, amount = Order(), Decimal(1)
    order_paid.send(sender=Order, order=order, amount=amount)
    order_paid.send(Order, order=RushOrder(), amount=amount, coupon=None)
    for response_receiver, response in order_paid.send_robust(
        sender=RushOrder, order=order, amount=amount, coupon=""
    ):
        print(response_receiver, response)
    order_paid.send_on_commit(sender=Order, order=order, amount=amount)
    order_paid.send_robust_on_commit(sender=Order, order=order, amount=amount)
    order_paid.using("replica").send_on_commit(Order, order=order, amount=amount)
    order_cancelled.send(sender=Order, order=order)
    order_lost.send(sender=Order, order=order)
    print(order_paid.label, order_paid.version, order_paid.signature)


async def sends_async() -> None:
    order = Order()
    await order_paid.asend(sender=Order, order=order, amount=Decimal(1))
    await order_paid.asend_robust(sender=Order, order=order, amount=Decimal(1))


def calls() -> None:
    # A receiver can be called as a function, with fewer arguments than the event has.
    number: int = function(sender=Order, order=Order())
    print(number, of_django(Order, instance=Order(), created=True))
