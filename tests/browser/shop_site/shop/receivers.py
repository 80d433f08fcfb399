import asyncio
import time

from django.core.signals import setting_changed
from django.db.models.signals import post_init, post_save
from parcels.receivers import print_label, weigh

from . import journal
from .models import Order, Stock, Tag
from .signals import crowded, order_paid, parcel_sent, stock_low, tag_made, visited


def reserve(sender, **kwargs):
    with journal.inside("shop.receivers.reserve"):
        Stock.objects.create(left=3)


def notify_sales(sender, **kwargs):
    journal.write("shop.receivers.notify_sales")
    raise KeyError("vip")


def watch_stock(sender, **kwargs):
    with journal.inside("shop.receivers.watch_stock"):
        for _ in range(5):
            stock_low.send(sender)


def order_more(sender, **kwargs):
    journal.write("shop.receivers.order_more")
    # Long enough to be among the slowest on any machine.
    time.sleep(0.001)


def record(sender, **kwargs):
    journal.write("shop.receivers.record")


def index_order(sender, **kwargs):
    journal.write("shop.receivers.index_order")


def count_tag(sender, **kwargs):
    with journal.inside("shop.receivers.count_tag"):
        tag_made.send(sender)


def note_tag(sender, **kwargs):
    journal.write("shop.receivers.note_tag")


async def tell_customer(sender, **kwargs):
    journal.write("shop.receivers.tell_customer")
    await asyncio.sleep(0.02)


async def tell_driver(sender, **kwargs):
    journal.write("shop.receivers.tell_driver")
    await asyncio.sleep(0.02)
    await visited.asend(sender=Order)


def greet(sender, **kwargs):
    journal.write("shop.receivers.greet")
    # Only what a visitor's own request has sent may show up with it.
    if wait := kwargs.get("wait"):
        wait()
        visited.send_robust(sender=sender)


def refuse_crowd(sender, **kwargs):
    raise PermissionError(f"{sender.__name__} is one too many")


def forget_settings(**kwargs):
    """Never runs: nobody changes a setting."""


def connect():
    order_paid.connect(reserve, dispatch_uid="reserve")
    order_paid.connect(print_label)
    order_paid.connect(notify_sales, sender=Order)
    crowded.connect(refuse_crowd)
    post_save.connect(watch_stock, sender=Stock)
    post_save.connect(record)
    post_save.connect(index_order, sender=Tag)
    post_save.connect(weigh, sender=Order)
    stock_low.connect(order_more)
    post_init.connect(count_tag, sender=Tag)
    tag_made.connect(note_tag)
    parcel_sent.connect(tell_customer)
    parcel_sent.connect(tell_driver)
    visited.connect(greet)
    setting_changed.connect(forget_settings)
