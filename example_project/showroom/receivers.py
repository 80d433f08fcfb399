"""
Receivers for the panel to show: nested signals, an error, and concurrency.
"""

from __future__ import annotations

import asyncio
from typing import Any

from django.dispatch import receiver

from shop.models import Order, Product, Tag

from .diary import write
from .signals import checkout_finished, prices_changed

# The salesperson for each customer.
SALES_CONTACTS = {"Ada Lovelace": "Annie", "Alan Turing": "Joan"}


@receiver(checkout_finished)
def tag_order(sender: type[Order], order: Order, **kwargs: Any) -> None:
    write("showroom.receivers.tag_order")
    tag, _ = Tag.objects.get_or_create(name="showroom")
    order.tags.add(tag)


@receiver(checkout_finished)
def tell_sales(sender: type[Order], order: Order, **kwargs: Any) -> None:
    write("showroom.receivers.tell_sales")
    # A mistake, for the panel to show: not every customer has a contact.
    write(f"{SALES_CONTACTS[order.customer]} calls {order.customer}")


@receiver(checkout_finished)
def suggest_gift(sender: type[Order], order: Order, **kwargs: Any) -> None:
    write("showroom.receivers.suggest_gift")
    Product.objects.exclude(lines__order=order).order_by("price").first()


@receiver(prices_changed)
def clear_price_list(sender: type[Product], **kwargs: Any) -> None:
    write("showroom.receivers.clear_price_list")


# These three imitate requests to other machines, which wait most of the time.
@receiver(prices_changed)
async def update_tills(sender: type[Product], **kwargs: Any) -> None:
    write("showroom.receivers.update_tills")
    await asyncio.sleep(0.03)


@receiver(prices_changed)
async def update_web_shop(sender: type[Product], **kwargs: Any) -> None:
    write("showroom.receivers.update_web_shop")
    await asyncio.sleep(0.02)


@receiver(prices_changed)
async def print_labels(sender: type[Product], **kwargs: Any) -> None:
    write("showroom.receivers.print_labels")
    await asyncio.sleep(0.01)
