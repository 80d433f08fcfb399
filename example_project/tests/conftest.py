"""
Fixtures for the tests of the example project.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from shop.models import Product
from shop.services import place_order


@pytest.fixture
def product(db):
    """
    A product with ten pieces in stock.
    """
    product = Product.objects.create(name="Brass ruler", price=Decimal("18.50"))
    product.stock.available = 10
    product.stock.save()
    return product


@pytest.fixture
def order(product):
    """
    A placed order for two pieces of ``product``.
    """
    return place_order("Ada Lovelace", "ada@example.com", [(product, 2)])


@pytest.fixture
def available(product):
    """
    A function that returns how many pieces of ``product`` are left.
    """

    def read():
        product.stock.refresh_from_db()
        return product.stock.available

    return read
