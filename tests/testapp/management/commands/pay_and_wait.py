from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand

from tests.testapp.signals import order_paid


class Command(BaseCommand):
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        order_paid.send(sender=None)
        self.stdout.write("ready")
        self.stdout.flush()
        time.sleep(60)
