"""
Test that each run of demo_data leaves complete demo data.
"""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import call_command

from shop.management.commands import demo_data
from shop.models import Order, Product, Tag
from stock.models import StockLevel

pytestmark = pytest.mark.django_db


def run():
    call_command("demo_data", verbosity=0)


def everything():
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in apps.get_models()
    }


def statuses():
    return dict(Order.objects.values_list("email", "status"))


def test_it_fills_the_shop():
    run()
    assert (Product.objects.count(), Tag.objects.count()) == (8, 3)
    assert statuses() == {
        "ada@example.com": "paid",
        "alan@example.com": "cancelled",
        "barbara@example.com": "cancelled",
        "edsger@example.com": "placed",
        "grace@example.com": "placed",
        "katherine@example.com": "paid",
    }


def test_a_second_run_changes_nothing(
    django_capture_on_commit_callbacks,
    mailoutbox,
):
    run()
    before = everything()
    with django_capture_on_commit_callbacks(execute=True):
        run()
    assert everything() == before
    assert mailoutbox == []


def test_a_run_that_fails_leaves_nothing(monkeypatch):
    def fail(order):
        raise KeyboardInterrupt

    broken = demo_data.ORDERS[3]._replace(steps=[fail])
    before = everything()
    monkeypatch.setattr(demo_data, "ORDERS", [*demo_data.ORDERS[:3], broken])
    with pytest.raises(KeyboardInterrupt):
        run()
    assert everything() == before


def test_it_restores_what_is_missing():
    run()
    Order.objects.filter(email="alan@example.com").delete()
    Product.objects.filter(name="Leather folder").delete()
    Tag.objects.filter(name="gift").delete()
    StockLevel.objects.filter(product__name="Wax seal kit").delete()
    StockLevel.objects.filter(product__name="Brass ruler").update(available=0)
    User.objects.update(password="", is_staff=False)
    run()
    assert (Product.objects.count(), Tag.objects.count()) == (8, 3)
    assert StockLevel.objects.get(product__name="Wax seal kit").available == 6
    assert StockLevel.objects.get(product__name="Brass ruler").available == 12
    assert statuses()["alan@example.com"] == "cancelled"


def test_it_finishes_an_order_that_was_only_placed():
    run()
    Order.objects.update(status="placed")
    run()
    assert statuses()["barbara@example.com"] == "cancelled"
    assert statuses()["grace@example.com"] == "placed"


def test_it_does_not_change_an_order_that_was_paid(client):
    run()
    order = Order.objects.get(email="grace@example.com")
    client.post(f"/orders/{order.pk}/pay/")
    run()
    assert statuses()["grace@example.com"] == "paid"


def test_the_staff_user_can_log_in(client):
    run()
    assert client.login(username="demo", password="demo")
    assert client.get("/admin/").status_code == 200
