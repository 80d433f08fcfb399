"""
Pay an order: a small command to try trace_signals with.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shop.models import Order
from shop.services import pay_order


class Command(BaseCommand):
    help = "Pay the oldest order that is neither paid nor cancelled."
    # The checks would print the deliberate mistakes above the result.
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        order = Order.objects.filter(status=Order.Status.PLACED).order_by("pk").first()
        if order is None:
            raise CommandError("There is no order to pay; run demo_data first.")
        pay_order(order)
        self.stdout.write(f"Order {order.pk} is paid.")
