from __future__ import annotations

from typing import Any

from django.dispatch import Signal
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.generic import CreateView

from tests.testapp.models import Order
from tests.testapp.signals import order_cancelled, order_paid

NAME = "<script>alert('1')</script>\N{RIGHT-TO-LEFT OVERRIDE}\x1b"
PAGE = "<html><body>shop</body></html>"

asked, failing = Signal(), Signal()
sender = type(NAME, (), {})


def always(request: HttpRequest) -> bool:
    return True


def answer(order: int, **kwargs: Any) -> int:
    return order


def fail(**kwargs: Any) -> None:
    raise ValueError(NAME)


fail.__qualname__ = NAME
asked.connect(answer)
failing.connect(fail)


def quiet(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE)


def pay(request: HttpRequest) -> HttpResponse:
    asked.send(Order, order=7, password="open sesame", note="to be kept secret")
    order_cancelled.send(Order)
    return HttpResponse(PAGE)


async def pay_async(request: HttpRequest) -> HttpResponse:
    await order_paid.asend(Order, order=7)
    return HttpResponse(PAGE)


def swallow(request: HttpRequest) -> HttpResponse:
    for _ in range(int(request.GET.get("times", 1))):
        failing.send_robust(sender, **{NAME: 1})
    return HttpResponse(PAGE)


def crash(request: HttpRequest) -> HttpResponse:
    asked.send(Order, order=7)
    failing.send(Order)
    return HttpResponse(PAGE)


urlpatterns = [
    path("quiet/", quiet),
    path("pay/", pay),
    path("pay-async/", pay_async),
    path("swallow/", swallow),
    path("crash/", crash),
    # A view of Django, so no line of the project saves.
    path("save/", CreateView.as_view(model=Order, fields=[], success_url="/quiet/")),
    path("__debug__/", include("debug_toolbar.urls")),
]
