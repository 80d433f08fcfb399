from __future__ import annotations

from functools import partial
from typing import Any

from django.apps import apps
from django.db.models.signals import m2m_changed, post_migrate, post_save, pre_save
from django.dispatch import receiver

from .models import Order
from .signals import order_paid


@receiver(post_save, sender=Order, dispatch_uid="testapp.index")
def index_order(**kwargs: Any) -> None:
    pass


@receiver(post_save)
def audit(**kwargs: Any) -> None:
    pass


@receiver(pre_save, sender="testapp.Tag")
def normalize_tag(**kwargs: Any) -> None:
    pass


@receiver(m2m_changed, sender=Order.tags.through)
def retag(**kwargs: Any) -> None:
    pass


@receiver(post_migrate, sender=apps.get_app_config("testapp"))
def create_defaults(**kwargs: Any) -> None:
    pass


@receiver(order_paid)
async def notify(**kwargs: Any) -> None:
    pass


def reserve(store: str, **kwargs: Any) -> None:
    pass


order_paid.connect(partial(reserve, "main"), weak=False)
order_paid.connect(lambda **kwargs: None, weak=False)


class Ledger:
    def book(self, **kwargs: Any) -> None:
        pass


ledger = Ledger()
order_paid.connect(ledger.book, sender=Order)
