"""
Update the stock when products and orders change.
"""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.db.models.signals import post_save

from shop.exceptions import OutOfStock
from shop.models import Order, Product
from shop.signals import order_cancelled, order_placed
from signaltools import receiver

from .models import StockLevel


@receiver(post_save, sender="shop.Product")
def create_stock_level(
    sender: type[Product], instance: Product, created: bool, raw: bool, **kwargs: Any
) -> None:
    if created and not raw:
        StockLevel.objects.get_or_create(product=instance)


@receiver(order_placed)
def reserve_stock(sender: type[Order], order: Order, **kwargs: Any) -> None:
    for line in order.lines.select_related("product"):
        # One query checks and reserves, so two orders can't both take the last piece.
        reserved = StockLevel.objects.filter(
            product=line.product, available__gte=line.quantity
        ).update(available=F("available") - line.quantity)
        if not reserved:
            raise OutOfStock(f"Not enough in stock for {line}.")


@receiver(order_cancelled)
def release_stock(sender: type[Order], order: Order, **kwargs: Any) -> None:
    for line in order.lines.all():
        StockLevel.objects.filter(product=line.product_id).update(
            available=F("available") + line.quantity
        )
