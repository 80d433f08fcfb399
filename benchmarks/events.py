"""
The cost of sending an event, as ratios measured in one run: see ``make bench``.

Each line compares an event with all checks enabled to a plain signal with the same
arguments. Both are sent in turns, in one process; the result is the median of the
rounds. The limit is in brackets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from statistics import median
from typing import Any

from django.conf import settings
from django.dispatch import Signal
from recording import Action, ratio, show, timed

from signaltools import event

ROUNDS = 31


class Order:
    pass


class RushOrder(Order):
    pass


@event
def order_paid(
    sender: type[Order], *, order: Order, amount: Decimal, coupon: str | None = None
) -> None: ...


plain = Signal()
named = {"sender": Order, "order": Order(), "amount": Decimal(1), "coupon": "summer"}


def main() -> None:
    settings.configure(SIGNALTOOLS={"CHECK_EVENTS": True})
    for count, limit in ((0, 1.0), (1, 1.1), (10, 1.1)):
        connect(count)
        show(
            f"send to {count} receivers",
            ratio(sending(plain), sending(order_paid)),
            limit,
        )
    connect(1)
    figure = ratio(sending(plain), sending(order_paid, order=RushOrder()))
    print(f"send to 1 receiver, with an instance of a subclass: {figure:.2f}x")
    asynchronous()
    declarations()
    for name, send in others():
        figure = ratio(sending(plain), send)
        print(f"{name}, 1 receiver: {figure:.2f}x")


def receive(*args: Any, **kwargs: Any) -> None:
    pass


def connect(count: int) -> None:
    for signal in (plain, order_paid):
        signal.receivers = []
        for _ in range(count):
            signal.connect(lambda sender, **kwargs: None, weak=False)


def sending(signal: Any, **changes: Any) -> Action:
    arguments = {**named, **changes}
    order, amount, coupon = arguments["order"], arguments["amount"], "summer"
    return lambda: signal.send(sender=Order, order=order, amount=amount, coupon=coupon)


def asynchronous() -> None:
    async def sends(signal: Any) -> None:
        for _ in range(20):
            await signal.asend(**named)

    def action(signal: Any) -> Action:
        return lambda: runner.run(sends(signal))

    async def receive_async(sender: Any, **kwargs: Any) -> None:
        pass

    with asyncio.Runner() as runner:
        connect(1)
        figure = ratio(action(plain), action(order_paid))
        show("asend to 1 receiver", figure, 1.05)
        connect(0)
        for signal in (plain, order_paid):
            signal.connect(receive_async)
        figure = ratio(action(plain), action(order_paid))
        show("asend to 1 asynchronous receiver", figure, 1.05)


def declarations() -> None:
    def declare() -> Any:
        @event
        def order_lost(sender: type[Order], *, order: Order, why: str = "") -> None: ...

        return order_lost

    declared = seconds_of(declare)
    first = seconds_of(lambda: declare().send) - declared
    print(f"declaring: {declared * 1e6:.0f} µs, first use {first * 1e6:.0f} µs")


def others() -> Iterator[tuple[str, Action]]:
    """
    Yield the same send with other libraries, if they are installed.
    """
    connect(1)
    arguments = {name: named[name] for name in ("order", "amount", "coupon")}
    try:
        import blinker
    except ImportError:
        pass
    else:
        paid = blinker.Signal()
        paid.connect(receive_positional := lambda sender, **kwargs: None)
        yield (
            "blinker",
            lambda: (paid.send(Order, order=1, amount=2), receive_positional),
        )
    try:
        import psygnal
    except ImportError:
        pass
    else:
        signal = psygnal.SignalInstance((Order, Decimal, str))
        signal.connect(receive)
        values = tuple(arguments.values())
        yield "psygnal", lambda: signal.emit(*values)
        yield "psygnal, checked", lambda: signal.emit(*values, check_types=True)
    try:
        import attr
        from openedx_events.tooling import OpenEdxPublicSignal
    except ImportError:
        return

    @attr.s(frozen=True)
    class Paid:
        amount = attr.ib(type=int)

    signal = OpenEdxPublicSignal("org.shop.order.paid.v1", {"paid": Paid})
    signal.connect(receive)
    paid = Paid(1)
    yield "openedx-events", lambda: signal.send_event(paid=paid, send_robust=False)


def seconds_of(action: Action) -> float:
    return median(timed(action, 20) / 20 for _ in range(ROUNDS))


if __name__ == "__main__":
    main()
