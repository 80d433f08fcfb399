"""
The stock: how many pieces of each product can still be ordered.
"""

from django.apps import AppConfig


class StockConfig(AppConfig):
    name = "stock"

    def ready(self) -> None:
        from . import receivers  # noqa: F401
