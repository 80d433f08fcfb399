"""
Test the receivers of Django's own signals.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, User
from django.core import serializers
from django.core.management import call_command

from audit.models import AuditEntry
from shop.models import Product, Tag
from stock.models import StockLevel

pytestmark = pytest.mark.django_db


def audited():
    return list(AuditEntry.objects.values_list("model", "action", "detail"))


def test_a_new_product_gets_an_empty_stock_level():
    product = Product.objects.create(name="Brass ruler", price=Decimal(18))
    product.save()
    assert StockLevel.objects.get(product=product).available == 0


def test_a_fixture_is_loaded_without_stock_levels_and_audit(tmp_path):
    product = Product(pk=1, name="Brass ruler", price=Decimal(18))
    fixture = tmp_path / "products.json"
    fixture.write_text(serializers.serialize("json", [product]))
    call_command("loaddata", fixture, verbosity=0)
    assert Product.objects.get() == product
    assert not StockLevel.objects.exists()
    assert audited() == []


def test_saving_and_deleting_in_the_shop_is_audited():
    tag = Tag.objects.create(name="gift")
    tag.name = "present"
    tag.save()
    tag.delete()
    assert audited() == [
        ("shop.Tag", "created", "gift"),
        ("shop.Tag", "changed", "present"),
        ("shop.Tag", "deleted", "present"),
    ]


def test_other_apps_and_history_are_not_audited():
    User.objects.create(username="ada")
    product = Product.objects.create(name="Brass ruler", price=Decimal(18))
    assert product.history.count() == 1
    assert audited() == [("shop.Product", "created", "Brass ruler")]


def test_tags_are_audited_from_both_sides(order):
    tag = Tag.objects.create(name="gift")
    AuditEntry.objects.all().delete()
    order.tags.add(tag)
    order.tags.add(tag)
    tag.orders.remove(order)
    order.tags.clear()
    assert audited() == [
        ("shop.Order", "tags added", "gift"),
        ("shop.Tag", "tags removed", f"Order {order.pk} (placed)"),
        ("shop.Order", "tags cleared", ""),
    ]


def test_migrate_creates_the_auditors():
    permissions = Group.objects.get(name="Auditors").permissions
    assert list(permissions.values_list("codename", flat=True)) == ["view_auditentry"]
