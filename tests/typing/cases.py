"""
Cases for the type checkers: each one is the code below a comment.

``Right`` is correct, and mypy and pyright must not report it. ``Wrong`` is a mistake
that they must report. ``Limit`` is correct but reported: types can't express it.
``Missed`` is a mistake that no checker has to report. ``run.py`` compares what each one
reports with the tables in ``docs/events.md``.
"""

from __future__ import annotations

import functools
from decimal import Decimal
from typing import Any

from django.db.models.signals import post_save
from django.dispatch import Signal

from signaltools import event, in_background, receiver
from tests.typing.declared import (
    Invoice,
    Order,
    RushOrder,
    order_cancelled,
    order_lost,
    order_marked,
    order_noted,
    order_paid,
    order_seen,
    order_sent,
    shop_opened,
)

plain = Signal()
order, amount = Order(), Decimal(1)


# Right: functions, and what they return
@receiver(order_paid)
def function(sender: type[Order], order: Order, **kwargs: Any) -> int:
    return 1


# A receiver can be called as a function, with fewer arguments than the event has.
number: int = function(sender=Order, order=Order())


# Right: asynchronous functions
@receiver(order_paid)
async def asynchronous(sender: type[Order], order: Order, **kwargs: Any) -> None: ...


# Right: a receiver that names an argument but not the one before it
@receiver(order_paid)
def second_argument(sender: type[Order], amount: Decimal, **kwargs: Any) -> None: ...


# Right: methods, callable objects, partial functions, and lambdas
class Desk:
    def method(self, sender: type[Order], order: Order, **kwargs: Any) -> None: ...

    @classmethod
    def of_class(cls, sender: type[Order], order: Order, **kwargs: Any) -> None: ...

    @staticmethod
    @receiver(order_paid)
    def static(sender: type[Order], order: Order, **kwargs: Any) -> None: ...

    def __call__(self, sender: type[Order], order: Order, **kwargs: Any) -> None: ...


order_paid.connect(Desk().method)
order_paid.connect(Desk.of_class)
order_paid.connect(Desk.static)
order_paid.connect(Desk())
order_paid.connect(functools.partial(function, order=Order()))
order_paid.connect(lambda sender, **kwargs: None)
order_paid.connect(lambda **kwargs: None, weak=False, dispatch_uid="shop.paid")


# Right: only keywords
@receiver(order_paid)
def only_kwargs(**kwargs: Any) -> None: ...
@receiver(order_marked)
def only_kwargs_of_any(**kwargs: Any) -> None: ...


# Right: everything by position or keyword
@receiver(order_paid)
def everything(*args: Any, **kwargs: Any) -> None: ...
@receiver(order_paid, sender=Order, weak=False, dispatch_uid="once")
def sender_and_kwargs(sender: type[Order], **kwargs: Any) -> None: ...


# Right: a type that allows more
@receiver(order_paid)
def objects(sender: object, order: object, **kwargs: object) -> None: ...
@receiver(order_paid)
def anything(sender: Any, order: Any, **kwargs: Any) -> None: ...


# Right: every argument, with the default of the event
@receiver(order_paid)
def every_argument(
    sender: type[Order],
    order: Order,
    amount: Decimal,
    coupon: str | None = None,
    **kwargs: Any,
) -> None: ...


# Right: the event as `signal`, first or second
@receiver(order_paid)
def signal_first(
    signal: Signal, sender: type[Order], order: Order, **kwargs: Any
) -> None: ...
@receiver(order_paid)
def signal_second(
    sender: type[Order], signal: Signal, order: Order, **kwargs: Any
) -> None: ...
@receiver(order_marked)
def signal_of_any(sender: Any, signal: Any, mark: Any, **kwargs: Any) -> None: ...


# Right: a receiver with the event as `signal` in the third place, with a default
@receiver(order_paid)
def signal_optional(
    sender: type[Order], order: Order, signal: Signal | None = None, **kwargs: Any
) -> None: ...


# Right: several signals
@receiver([order_paid, order_cancelled])
def several(sender: type[Order], order: Order, **kwargs: Any) -> None: ...
@receiver([order_paid, plain, post_save])
def mixed(sender: Any, **kwargs: Any) -> None: ...
@receiver((order_paid, order_seen))
def pair(sender: Any, order: Order, **kwargs: Any) -> None: ...


# Right: signals that aren't events
@receiver(post_save, sender=Order)
def of_django(sender: Any, instance: Any, created: bool, **kwargs: Any) -> int:
    return 1


plain_number: int = of_django(Order, instance=Order(), created=True)


# Right: a receiver with keywords in another order, if the sender is one as well
@receiver(order_lost)
def keywords(*, order: Order, sender: type[Order], **kwargs: Any) -> None: ...
@receiver(order_lost)
def reordered_keywords(order: Order, sender: type[Order], **kwargs: Any) -> None: ...


# Right: an event with an argument of Any
@receiver(order_seen)
def seen(sender: Any, order: Order, **kwargs: Any) -> str:
    return ""


@receiver(order_noted)
def noted(sender: type[Order], order: Order, note: str, **kwargs: Any) -> None: ...


@receiver(order_marked)
def marked(sender: type[Order], mark: int, **kwargs: Any) -> None: ...


text: str = seen(Order, order=order)


# Right: an event without arguments
@receiver(shop_opened)
def opened(sender: object, **kwargs: Any) -> None: ...


shop_opened.send(None)


# Right: a sender that narrows the types, by a type variable
@receiver(order_sent)
def sent(sender: type[Order], order: Order, **kwargs: Any) -> None: ...


order_sent.send(RushOrder, order=RushOrder())


# Right: a receiver in the background
@receiver(order_paid)
@in_background
def paid_later(sender: type[Order], order: Order, **kwargs: Any) -> int:
    return 1


@receiver(order_paid)
@in_background(queue_name="mail")
async def paid_later_async(
    sender: type[Order], order: Order, **kwargs: Any
) -> None: ...


@in_background
def not_yet_connected(sender: type[Order], order: Order, **kwargs: Any) -> int:
    return paid_later(Order, order=order)


receiver(order_paid)(not_yet_connected.using(queue_name="mail"))


# Right: a receiver in the background that takes the context of its task
@receiver(order_paid)
@in_background(takes_context=True)
def paid_in_task(
    context: Any, sender: type[Order], order: Order, **kwargs: Any
) -> None: ...


paid_in_task(Order, order=order)


# Right: sends
order_paid.send(sender=Order, order=order, amount=amount)
order_paid.send(Order, order=RushOrder(), amount=amount, coupon=None)
for response_receiver, response in order_paid.send_robust(
    sender=RushOrder, order=order, amount=amount, coupon=""
):
    print(response_receiver, response)
order_cancelled.send(sender=Order, order=order)
order_lost.send(sender=Order, order=order)
order_seen.send(None, order=order)
print(order_paid.label, order_paid.version, order_paid.signature)

# Right: sends on commit
order_paid.send_on_commit(sender=Order, order=order, amount=amount)
order_paid.send_robust_on_commit(sender=Order, order=order, amount=amount)
order_paid.using("replica").send_on_commit(Order, order=order, amount=amount)
order_paid.using("replica").send_robust_on_commit(Order, order=order, amount=amount)


# Right: asynchronous sends, also on commit
async def right_async() -> None:
    await order_paid.asend(sender=Order, order=order, amount=amount)
    await order_paid.asend_robust(sender=Order, order=order, amount=amount)
    await order_paid.asend_on_commit(sender=Order, order=order, amount=amount)
    await order_paid.asend_robust_on_commit(Order, order=order, amount=amount)
    using = order_paid.using("replica")
    await using.asend_on_commit(Order, order=order, amount=amount)
    await using.asend_robust_on_commit(Order, order=order, amount=amount)


# Wrong: `send()` without an argument
order_paid.send(sender=Order, order=order)
# Wrong: `send()` without an argument
order_paid.send(order=order, amount=amount)
# Wrong: `send()` without an argument
order_paid.send_robust(sender=Order, order=order)
# Wrong: `send()` without an argument
order_seen.send(None)
# Wrong: `send()` with a misspelt or unknown argument
order_paid.send(sender=Order, order=order, amount=amount, note="")
# Wrong: `send()` with a misspelt or unknown argument
order_paid.send_robust(sender=Order, order=order, amount=amount, x=1)
# Wrong: `send()` with a misspelt or unknown argument
order_cancelled.send(sender=Order, order=order, amount=amount)
# Wrong: `send()` with a value of another type
order_paid.send(sender=Order, order=order, amount=1.5)
# Wrong: `send()` with a value of another type
order_paid.send(sender=Order, order=Invoice(), amount=amount)
# Wrong: `send()` with a value of another type
order_paid.send_robust(sender=Order, order=order, amount=1.5)
# Wrong: `send()` with a value of another type
order_noted.send(Order, order=Invoice(), note=1)
# Wrong: `send()` with another sender
order_paid.send(sender=Invoice, order=order, amount=amount)
# Wrong: `send()` with another sender
order_paid.send(sender=order, order=order, amount=amount)
# Wrong: `send()` with another sender
order_paid.send_robust(sender=Invoice, order=order, amount=amount)
# Wrong: `send()` by position
order_paid.send(Order, order, amount)
# Wrong: `send()` with an argument of another type than the sender's, by a type variable
order_sent.send(RushOrder, order=Invoice())

# Wrong: `send_on_commit()`, `using()`, and robust variants
order_paid.send_on_commit(sender=Order, order=order)
# Wrong: `send_on_commit()`, `using()`, and robust variants
order_paid.send_robust_on_commit(sender=Order, order=order, amount=1.5)
# Wrong: `send_on_commit()`, `using()`, and robust variants
order_paid.using("x").send_on_commit(sender=Order, order=1, amount=amount)
# Wrong: `send_on_commit()`, `using()`, and robust variants
order_paid.using("x").send_robust_on_commit(Order, order=order, amuont=amount)


async def wrong_async() -> None:
    # Wrong: asynchronous sends
    await order_paid.asend(sender=Order, order=order)
    # Wrong: asynchronous sends
    await order_paid.asend(sender=Order, order=order, amount=amount, x=1)
    # Wrong: asynchronous sends
    await order_paid.asend(sender=Order, order=order, amount=1.5)
    # Wrong: asynchronous sends
    await order_paid.asend(sender=Invoice, order=order, amount=amount)
    # Wrong: asynchronous sends
    await order_paid.asend_robust(sender=Order, order=order)
    # Wrong: asynchronous sends on commit
    await order_paid.asend_on_commit(sender=Order, order=order)
    # Wrong: asynchronous sends on commit
    await order_paid.asend_robust_on_commit(Order, order=order, amount=1.5)
    # Wrong: asynchronous sends on commit
    await order_paid.using("x").asend_on_commit(Order, order=1, amount=amount)
    # Wrong: asynchronous sends on commit
    await order_paid.using("x").asend_robust_on_commit(Order, ordr=order, amount=amount)


# Wrong: a receiver of another type
@receiver(order_paid)
def wrong_type(sender: type[Order], amount: int, **kwargs: Any) -> None: ...
# Wrong: a receiver of another type
@receiver(order_paid)
def wrong_model(sender: type[Order], order: Invoice, **kwargs: Any) -> None: ...
# Wrong: a receiver of another type
@receiver(order_paid)
def typed_kwargs(sender: type[Order], order: Order, **kwargs: str) -> None: ...
# Wrong: a receiver of another type
@receiver(order_paid)
def not_none(sender: type[Order], coupon: str = "", **kwargs: Any) -> None: ...
# Wrong: a receiver of another type
@receiver(order_seen)
def wrong_beside_any(sender: Any, order: Invoice, **kwargs: Any) -> None: ...
# Wrong: a receiver of another type
@receiver(order_noted)
def wrong_beside_note(sender: Any, order: Invoice, **kwargs: Any) -> None: ...
# Wrong: a receiver of another sender
@receiver(order_paid)
def wrong_sender(sender: type[Invoice], **kwargs: Any) -> None: ...
# Wrong: a receiver of another sender
@receiver(order_noted)
def wrong_sender_of_any(sender: type[Invoice], **kwargs: Any) -> None: ...
# Wrong: a receiver of an argument that isn't sent
@receiver(order_paid)
def misspelt(sender: type[Order], ordr: Order, **kwargs: Any) -> None: ...
# Wrong: a receiver of an argument that isn't sent
@receiver(order_paid)
async def misspelt_async(sender: type[Order], ordr: Order, **kwargs: Any) -> None: ...
# Wrong: a receiver of an argument that isn't sent
@receiver(order_paid)
def only_misspelt(*, ordr: Order, **kwargs: Any) -> None: ...
# Wrong: a receiver of an argument that isn't sent
@receiver(order_seen)
def misspelt_beside_any(sender: Any, ordr: Order, **kwargs: Any) -> None: ...
# Wrong: a receiver of an argument that isn't sent
@receiver(order_marked)
def misspelt_any(sender: type[Order], mrak: Any, **kwargs: Any) -> None: ...
# Wrong: a receiver of an argument that isn't sent
@receiver(order_marked)
def misspelt_object(sender: type[Order], mrak: object, **kwargs: Any) -> None: ...
# Wrong: a receiver of an argument that isn't sent
@receiver(order_marked)
def one_too_many(sender: Any, mark: Any, pen: str, **kwargs: Any) -> None: ...
# Wrong: a receiver of an argument that isn't sent
@receiver(order_paid)
def not_the_signal(event: Signal, sender: Any, **kwargs: Any) -> None: ...
# Wrong: a receiver of an argument that isn't sent
@receiver(order_paid)
def not_the_second(sender: type[Order], event: Signal, **kwargs: Any) -> None: ...
# Wrong: a receiver without `**kwargs`
@receiver(order_paid)
def without_kwargs(sender: type[Order], order: Order) -> None: ...


class WrongDesk:
    def misspelt(self, sender: type[Order], ordr: Order, **kwargs: Any) -> None: ...

    def wrong_model(
        self, sender: type[Order], order: Invoice, **kwargs: Any
    ) -> None: ...

    def any_misspelt(self, sender: type[Order], mrak: Any, **kwargs: Any) -> None: ...


# Wrong: a receiver in the background that doesn't fit
@receiver(order_paid)
@in_background
def later_of_another_type(sender: type[Order], order: int, **kwargs: Any) -> None: ...
# Wrong: a receiver in the background that doesn't fit
@receiver(order_paid)
@in_background(queue_name="mail")
def later_misspelt(sender: type[Order], ordr: Order, **kwargs: Any) -> None: ...
# Wrong: a receiver in the background that doesn't fit
@receiver(order_paid)
@in_background(takes_context=True)
def in_task_misspelt(
    context: Any, sender: type[Order], ordr: Order, **kwargs: Any
) -> None: ...


# Wrong: `connect()` of a receiver that doesn't fit
order_paid.connect(WrongDesk().misspelt)
# Wrong: `connect()` of a receiver that doesn't fit
order_paid.connect(WrongDesk().wrong_model)
# Wrong: `connect()` of a receiver that doesn't fit
order_marked.connect(WrongDesk().any_misspelt)


# Wrong: a declaration that returns something, or an unknown `check`
@event
def returns(sender: type[Order]) -> int:
    return 1


# Wrong: a declaration that returns something, or an unknown `check`
event(check="maybe")


# Limit: a receiver without a default for an argument that has one
@receiver(order_paid)
def without_default(sender: type[Order], coupon: str | None, **kwargs: Any) -> None: ...
# Limit: a receiver with the event as `signal` in the third place, without a default
@receiver(order_paid)
def signal_third(
    sender: type[Order], order: Order, signal: Signal, **kwargs: Any
) -> None: ...
# Limit: a receiver with arguments in another order
@receiver(order_paid)
def reordered(order: Order, sender: type[Order], **kwargs: Any) -> None: ...


# Missed: a receiver of several signals that one of them doesn't fit
@receiver([order_paid, order_cancelled])
def not_both(sender: type[Order], amount: Decimal, **kwargs: Any) -> None: ...
# Missed: what follows `signal` in the second place
@receiver(order_paid)
def after_signal(sender: Any, signal: Signal, ordr: Order, **kwargs: Any) -> None: ...
# Missed: a receiver that is connected with `sender=Order`, of another sender's type
@receiver(order_seen, sender=Order)
def of_order(sender: type[Invoice], **kwargs: Any) -> None: ...
# Missed: a receiver that names every argument, without `**kwargs`
@receiver(order_marked)
def without_kwargs_of_any(sender: Any, *, mark: Any) -> None: ...
# Missed: a receiver whose arguments are all of type `Any`, one of them misspelt
@receiver(order_marked)
def misspelt_sender(sendr: Any, mark: Any, **kwargs: Any) -> None: ...
