"""
Fill the shop with demo data.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand
from django.db import transaction

from shop.models import Order, Product, Tag
from shop.services import cancel_order, pay_order, place_order
from stock.models import StockLevel

# Name, price, pieces in stock.
PRODUCTS = [
    ("Bottle of ink", "12.00", 30),
    ("Brass ruler", "18.50", 12),
    ("Desk calendar", "15.00", 25),
    ("Dot-grid notebook", "9.50", 40),
    ("Fountain pen", "34.00", 8),
    ("Leather folder", "59.00", 0),
    ("Letter paper, 50 sheets", "8.00", 60),
    ("Wax seal kit", "27.00", 6),
]

TAGS = ["express", "gift", "wholesale"]


class DemoOrder(NamedTuple):
    customer: str
    email: str
    items: dict[str, int]
    tags: list[str]
    steps: list[Callable[[Order], Order]]


ORDERS = [
    DemoOrder(
        "Ada Lovelace",
        "ada@example.com",
        {"Dot-grid notebook": 2, "Fountain pen": 1},
        ["gift"],
        [pay_order],
    ),
    DemoOrder(
        "Alan Turing",
        "alan@example.com",
        {"Brass ruler": 1},
        [],
        [cancel_order],
    ),
    DemoOrder(
        "Katherine Johnson",
        "katherine@example.com",
        {"Desk calendar": 10, "Letter paper, 50 sheets": 20},
        ["wholesale"],
        [pay_order],
    ),
    DemoOrder(
        "Barbara Liskov",
        "barbara@example.com",
        {"Wax seal kit": 1},
        ["express", "gift"],
        [pay_order, cancel_order],
    ),
    DemoOrder(
        "Grace Hopper",
        "grace@example.com",
        {"Bottle of ink": 3},
        ["express"],
        [],
    ),
    DemoOrder(
        "Edsger Dijkstra",
        "edsger@example.com",
        {"Fountain pen": 1, "Bottle of ink": 1},
        [],
        [],
    ),
]


class Command(BaseCommand):
    help = "Fill the shop with demo data; run it again to restore what is missing."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        create_staff_user()
        for name, price, available in PRODUCTS:
            create_product(name, Decimal(price), available)
        for name in TAGS:
            Tag.objects.get_or_create(name=name)
        for demo_order in ORDERS:
            create_order(demo_order)
        self.stdout.write(
            "The demo data is complete. Log in at /admin/ as demo, with password demo."
        )


def create_staff_user() -> None:
    user, _ = User.objects.get_or_create(username="demo")
    if not (user.is_staff and user.is_superuser and user.check_password("demo")):
        user.is_staff = user.is_superuser = True
        user.set_password("demo")
        user.save()


def create_product(name: str, price: Decimal, available: int) -> None:
    product, _ = Product.objects.get_or_create(name=name, defaults={"price": price})
    # The receiver of post_save creates an empty level for a new product.
    level, is_new = StockLevel.objects.get_or_create(product=product)
    was_never_sold = level.available == 0 and not product.lines.exists()
    if is_new or was_never_sold:
        level.available = available
        level.save()


def create_order(demo: DemoOrder) -> None:
    order = Order.objects.filter(email=demo.email).first()
    if order is None:
        products = Product.objects.in_bulk(list(demo.items), field_name="name")
        items = [(products[name], quantity) for name, quantity in demo.items.items()]
        tags = Tag.objects.filter(name__in=demo.tags)
        order = place_order(demo.customer, demo.email, items, tags)
    # Another status means that you have already tried something with this order.
    if order.can_be_paid:
        for step in demo.steps:
            step(order)
