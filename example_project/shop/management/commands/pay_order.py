"""
Pay an order: something small to run under a recorder.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shop.models import Order
from shop.services import pay_order


class Command(BaseCommand):
    help = "Pay the oldest order that is neither paid nor cancelled."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        order = Order.objects.filter(status=Order.Status.PLACED).order_by("pk").first()
        if order is None:
            raise CommandError("No order waits for its payment: run demo_data first.")
        pay_order(order)
        self.stdout.write(f"Order {order.pk} is paid.")
