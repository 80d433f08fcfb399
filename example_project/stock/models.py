"""
Stock levels.
"""

from django.db import models


class StockLevel(models.Model):
    product = models.OneToOneField(
        "shop.Product", on_delete=models.CASCADE, related_name="stock"
    )
    available = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["product"]

    def __str__(self) -> str:
        return f"{self.product}: {self.available}"
