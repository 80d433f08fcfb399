"""
Pages of the shop.
"""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from audit.models import AuditEntry

from .exceptions import ShopError
from .forms import OrderForm
from .models import Order, Product
from .services import cancel_order, pay_order, place_order

RECENT_ORDERS = 10


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    context = {
        "products": Product.objects.select_related("stock"),
        "orders": Order.objects.prefetch_related("lines", "tags")[:RECENT_ORDERS],
    }
    return render(request, "shop/home.html", context)


@require_safe
def order(request: HttpRequest, pk: int) -> HttpResponse:
    order = get_object_or_404(Order, pk=pk)
    context = {
        "order": order,
        "lines": order.lines.select_related("product__stock"),
        "entries": AuditEntry.objects.filter(model="shop.Order", object_id=pk),
    }
    return render(request, "shop/order.html", context)


def place(request: HttpRequest, pk: int) -> HttpResponse:
    product = get_object_or_404(Product.objects.select_related("stock"), pk=pk)
    form = OrderForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        order = _place(form, product)
        if order:
            messages.success(request, "Thank you, your order has been placed.")
            return redirect(order)
    return render(request, "shop/place.html", {"form": form, "product": product})


def _place(form: OrderForm, product: Product) -> Order | None:
    data = form.cleaned_data
    items = [(product, data["quantity"])]
    try:
        return place_order(data["customer"], data["email"], items, data["tags"])
    except ShopError as error:
        form.add_error("quantity", str(error))
        return None


@require_POST
def pay(request: HttpRequest, pk: int) -> HttpResponse:
    return _change(request, pk, pay_order, "The order has been paid.")


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    return _change(request, pk, cancel_order, "The order has been cancelled.")


def _change(
    request: HttpRequest, pk: int, service: Callable[[Order], Order], success: str
) -> HttpResponse:
    order = get_object_or_404(Order, pk=pk)
    try:
        service(order)
    except ShopError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, success)
    return redirect(order)
