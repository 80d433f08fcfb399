"""
What the tests of the example project share.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from shop.models import Order, Product
from shop.services import place_order


@pytest.fixture
def product(db: None) -> Product:
    """
    A product with ten pieces in stock.
    """
    product = Product.objects.create(name="Brass ruler", price=Decimal("18.50"))
    product.stock.available = 10
    product.stock.save()
    return product


@pytest.fixture
def order(product: Product) -> Order:
    """
    A placed order for two of them.
    """
    return place_order("Ada Lovelace", "ada@example.com", [(product, 2)])


@pytest.fixture
def available(product: Product) -> Callable[[], int]:
    """
    A function that reads how many of them are left.
    """

    def read() -> int:
        product.stock.refresh_from_db()
        return product.stock.available

    return read
