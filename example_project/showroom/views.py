"""
Four requests that show different features of the panel.
"""

from __future__ import annotations

from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from shop.models import Order, Product
from shop.services import pay_order, place_order
from stock.models import StockLevel

from .diary import diary
from .signals import checkout_finished, prices_changed

BULK = 5_000


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "showroom/index.html", {"bulk": BULK})


@require_safe
def quiet(request: HttpRequest) -> HttpResponse:
    text = "This page makes no queries and sends no signals of its own."
    return _answer(request, "A quiet request", text, [])


@require_POST
def checkout(request: HttpRequest) -> HttpResponse:
    with diary() as lines:
        order = place_order("Grace Hopper", "grace@example.com", [(_product(), 2)])
        order = pay_order(order)
        checkout_finished.send_robust(sender=Order, order=order)
    text = f"Order {order.pk} is placed and paid, although one receiver failed."
    return _answer(request, "A checkout", text, lines)


def _product() -> Product:
    product, _ = Product.objects.get_or_create(
        name="Postcard", defaults={"price": Decimal("1.50")}
    )
    # Restock the product, so every checkout succeeds.
    StockLevel.objects.filter(product=product).update(available=10)
    return product


@require_safe
def bulk(request: HttpRequest) -> HttpResponse:
    products = [Product(name=f"Paper {n}", price=Decimal(n)) for n in range(BULK)]
    total = sum(product.price for product in products)
    text = f"The total price of {BULK:,} products is € {total:,}."
    return _answer(request, "A bulk page", text, [])


async def prices(request: HttpRequest) -> HttpResponse:
    with diary() as lines:
        await prices_changed.asend(sender=Product, names=["Postcard"])
    text = "One receiver ran first, then three at the same time."
    return _answer(request, "An async view", text, lines)


def _answer(
    request: HttpRequest, title: str, text: str, lines: list[str]
) -> HttpResponse:
    context = {"title": title, "text": text, "lines": lines}
    return render(request, "showroom/answer.html", context)
