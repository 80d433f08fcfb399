from __future__ import annotations

import gc
import random
import weakref
from functools import partial

import django
import pytest
from django.dispatch import Signal

from signaltools.inventory.names import registry
from signaltools.reports import panel_cache
from signaltools.reports.panel_cache import SignalCache
from signaltools.reports.panel_options import PanelOptions
from tests.shapes import Stock, hostile, make_local, on_save, on_save_async
from tests.testapp import receivers as testapp_receivers
from tests.testapp.models import Order

from . import cached
from .cached import (
    NAME,
    Api,
    FirstOnly,
    Shop,
    Web,
    audit,
    new_module,
    receivers,
    record,
    sending,
    show,
    show_paid,
)

no_garbage = cached.no_garbage
shop = cached.shop
checked = cached.checked
is_described = cached.is_described


def test_signal_that_is_not_sent_is_described_once(shop, checked, is_described):
    cache = SignalCache()
    shop.paid.connect(on_save, sender=Order)
    shop.paid.connect(on_save_async, dispatch_uid="uid")
    first = show_paid(cache)
    assert len(first.stats["receivers"]) == 2
    checked.clear()

    assert not is_described(cache)
    assert checked == []
    assert show_paid(cache) == first


def test_signal_without_receivers_is_described_once(shop, is_described):
    cache = SignalCache()

    assert is_described(cache)
    assert not is_described(cache)


def test_signal_that_is_sent_is_described_for_this_request(shop, is_described):
    cache = SignalCache()
    shop.paid.connect(on_save)
    first = show_paid(cache)

    assert receivers(cache, record(sending(shop.paid, Web)))[0]["count"] == 1
    assert not is_described(cache)
    assert show_paid(cache) == first


@pytest.mark.parametrize(
    ("receiver", "options"),
    [
        (on_save, {"weak": False}),
        (partial(on_save), {"weak": False}),
        (Stock().reserve, {"weak": False}),
        (on_save, {"dispatch_uid": "uid"}),
        (on_save, {"dispatch_uid": 7}),
        (on_save, {"dispatch_uid": ("uid", 7)}),
    ],
    ids=["strong", "partial", "strong method", "text", "number", "pair"],
)
def test_connections_of_many_kinds_are_remembered(
    shop, receiver, options, is_described
):
    cache = SignalCache()
    shop.paid.connect(receiver, **options)

    assert is_described(cache)
    assert not is_described(cache)


class Slotted:
    __slots__ = ()

    def __call__(self, **kwargs):
        pass


@pytest.mark.parametrize(
    "uid",
    [1.5, True, (Order, 1), Order, Stock(), hostile("__eq__", "__hash__")],
    ids=["float", "bool", "pair", "class", "object", "hostile"],
)
def test_connection_with_an_odd_uid_is_described_each_time(shop, uid, is_described):
    cache = SignalCache()
    shop.paid.connect(on_save)
    (_, *rest) = shop.paid.receivers[0]
    shop.paid.receivers[0] = ((uid, id(None)), *rest)

    assert is_described(cache)
    assert is_described(cache)


def test_connection_with_a_subclass_of_str_is_described_each_time(shop, is_described):
    class Text(str):
        pass

    cache = SignalCache()
    shop.paid.connect(on_save, dispatch_uid=Text("uid"))

    assert is_described(cache)
    assert is_described(cache)


def test_receiver_that_takes_no_weak_reference_is_described_each_time(
    shop, is_described
):
    cache = SignalCache()
    shop.paid.connect(Slotted(), weak=False)

    assert is_described(cache)
    assert is_described(cache)


def test_unreadable_connection_is_described_each_time(shop, is_described):
    cache = SignalCache()
    shop.paid.receivers.append(None)

    assert is_described(cache)
    assert is_described(cache)


def test_checks_run_once_for_receivers_that_are_connected_anew(shop, checked):
    cache = SignalCache()
    for _ in range(3):
        receiver = make_local()
        shop.paid.connect(receiver)
        reading = record().read(registry.entries())
        cache.show(reading.facts, reading.entries, PanelOptions())
        shop.paid.disconnect(receiver)

    assert checked.count(NAME) == 1


# When it is described anew


def test_cache_keeps_nothing_alive(shop):
    def receive(**kwargs):
        pass

    class Uid:
        pass

    cache = SignalCache()
    stock, sender, uid = Stock(), type("Passing", (), {}), Uid()
    strong = partial(receive)
    shop.paid.connect(receive, sender=sender)
    shop.paid.connect(receive, sender=Web)
    shop.paid.connect(stock.reserve, sender=sender)
    shop.paid.connect(strong, weak=False)
    show(cache)
    show(cache, record(sending(shop.paid, sender)))
    shop.paid.disconnect(strong)
    shop.paid.connect(receive, dispatch_uid=(uid, 1))
    show(cache)
    shop.paid.disconnect(dispatch_uid=(uid, 1))
    show(cache)
    items = receive, stock, sender, uid, strong, shop.paid
    gone = [weakref.ref(item) for item in items]
    del receive, stock, sender, uid, strong, shop.paid, items
    gc.collect()

    assert [reference() for reference in gone] == [None] * 6


@pytest.mark.skipif(django.VERSION < (6, 1), reason="Django itself keeps it alive")
def test_cache_keeps_no_signal_alive_whose_receivers_live(shop):
    cache = SignalCache()
    shop.paid.connect(on_save, sender=Web)
    shop.paid.connect(testapp_receivers.ledger.book)
    show(cache)
    gone = weakref.ref(shop.paid)
    del shop.paid
    gc.collect()

    assert gone() is None


@pytest.fixture
def no_gc():
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_gc")
@pytest.mark.parametrize("seed", range(5))
def test_cache_changes_no_answer(monkeypatch, seed):
    choose = random.Random(seed)
    signals = [Signal(), Signal(), FirstOnly()]
    for number, signal in enumerate(signals):
        new_module(monkeypatch, signal, f"shop.signals{number}")
    cache = SignalCache()
    senders = [None, Web, Api, Shop()]
    local_receivers = [on_save, audit, Stock().reserve, make_local()]

    def connect():
        options = {"weak": choose.random() < 0.7, "sender": choose.choice(senders)}
        if choose.random() < 0.3:
            options["dispatch_uid"] = choose.choice(["uid", 7, 1.5])
        choose.choice(signals).connect(choose.choice(local_receivers), **options)

    def disconnect():
        signal = choose.choice(signals)
        if signal.receivers:
            signal.receivers.remove(choose.choice(signal.receivers))

    def replace():
        local_receivers[-1] = make_local()
        senders[-1] = choose.choice([Shop(), type("Passing", (), {})])

    def lose():
        choose.choice(signals).connect(make_local(), sender=choose.choice(senders))

    def send():
        sends.append(sending(choose.choice(signals), choose.choice(senders)))

    for _ in range(20):
        sends = []
        for _ in range(choose.randint(1, 3)):
            choose.choice([connect, connect, disconnect, replace, lose, send, send])()
        trace = record(*sends)
        sends.clear()
        # Otherwise it may happen between two readings.
        gc.collect(1)
        show(cache, trace)


def test_nothing_is_compressed_again_while_nothing_changes(shop, monkeypatch):
    cache, compressed = SignalCache(), []

    def compress(value):
        compressed.append(len(value))
        return original(value)

    original = panel_cache.compress
    monkeypatch.setattr(panel_cache, "compress", compress)
    shop.paid.connect(on_save)
    arguments = registry.entries(), PanelOptions()
    for _ in range(3):
        cache.show(record().read([]).facts, *arguments)
        cache.show(record(sending(shop.paid, Web)).read([]).facts, *arguments)
        # The toolbar connects such receivers in each request.
        receiver = make_local()
        shop.paid.connect(receiver)
        shop.paid.disconnect(receiver)
    assert len(compressed) == 1

    shop.paid.connect(on_save_async)
    cache.show(record().read([]).facts, *arguments)
    assert len(compressed) == 2
