from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from shop.models import Order

pytestmark = pytest.mark.django_db


@pytest.mark.mute_signals("django.db.models.signals.post_save")
def test_it_pays_the_oldest_open_order(capsys):
    for status in ("paid", "placed", "placed"):
        Order.objects.create(customer="Ada", email="ada@example.com", status=status)
    _, second, _ = Order.objects.order_by("pk")
    call_command("pay_order")
    assert capsys.readouterr().out == f"Order {second.pk} is paid.\n"
    statuses = Order.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == ["paid", "paid", "placed"]


def test_without_an_open_order_it_suggests_demo_data():
    with pytest.raises(CommandError) as caught:
        call_command("pay_order")
    expected = "There is no order to pay; run demo_data first."
    assert str(caught.value) == expected
