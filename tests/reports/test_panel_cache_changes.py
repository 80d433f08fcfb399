from __future__ import annotations

import gc

import pytest
from django.db.models.signals import ModelSignal
from django.dispatch import Signal

from signaltools.inventory import receivers as receivers_module
from signaltools.inventory.names import registry
from signaltools.reports import panel_cache
from signaltools.reports.editor import Editor
from signaltools.reports.panel_cache import SignalCache
from signaltools.reports.panel_options import PanelOptions
from tests.shapes import Stock, make_local, on_save, on_save_async

from . import cached
from .cached import NAME, Web, receivers, record, sending, show, show_paid

no_garbage = cached.no_garbage
shop = cached.shop
is_described = cached.is_described


def test_new_connection_is_shown(shop):
    cache = SignalCache()
    shop.paid.connect(on_save)
    show_paid(cache)
    shop.paid.connect(on_save_async)

    assert len(receivers(cache)) == 2


def test_receiver_that_another_thread_connects_meanwhile_is_shown_next(
    shop, monkeypatch
):
    def entries(signal):
        if signal is shop.paid:
            shop.paid.connect(on_save_async)
        return receivers_module.entries(signal)

    cache = SignalCache()
    shop.paid.connect(on_save)
    reading = record().read(registry.entries())
    with monkeypatch.context() as patch:
        patch.setattr(panel_cache, "entries", entries)
        cache.show(reading.facts, reading.entries, PanelOptions())

    assert len(receivers(cache)) == 2


def test_receiver_that_is_connected_while_others_are_compared_is_shown(
    shop, monkeypatch
):
    def are_still_those_of(self, signal):
        if signal is shop.paid:
            shop.paid.connect(on_save_async)
        return True

    cache = SignalCache()
    shop.paid.connect(on_save)
    show_paid(cache)
    reading = record(sending(shop.paid, Web)).read(registry.entries())
    name = "are_still_those_of"
    monkeypatch.setattr(panel_cache._Connections, name, are_still_those_of)
    _, sent, _ = cache.show(reading.facts, reading.entries, PanelOptions())

    [shown] = [each for each in sent.values() if each.name == NAME]
    assert len(shown.stats["receivers"]) == 2


def test_disconnected_receiver_is_not_shown(shop):
    cache = SignalCache()
    shop.paid.connect(on_save)
    show_paid(cache)
    shop.paid.disconnect(on_save)

    assert receivers(cache) == []


@pytest.mark.parametrize("entry", [None, (), ("key",)])
def test_what_a_package_puts_into_the_list_is_shown_as_unreadable(
    shop, entry, is_described
):
    cache = SignalCache()
    shop.paid.connect(on_save)
    show_paid(cache)
    shop.paid.receivers[0] = entry

    for _ in range(2):
        assert is_described(cache)
        [found] = receivers(cache)
        assert found["name"].startswith("unreadable")


@pytest.mark.parametrize(
    "options",
    [{"weak": False}, {"sender": Web}, {"dispatch_uid": "uid"}],
    ids=["strong", "sender", "uid"],
)
def test_receiver_that_is_connected_in_another_way_is_shown_so(shop, options):
    cache = SignalCache()
    shop.paid.connect(on_save)
    first = show_paid(cache)
    shop.paid.disconnect(on_save)
    shop.paid.connect(on_save, **options)

    assert show_paid(cache) != first


def test_method_of_another_object_is_another_receiver(shop, is_described):
    cache, one, other = SignalCache(), Stock(), Stock()
    shop.paid.connect(one.reserve)
    show_paid(cache)
    assert not is_described(cache)
    shop.paid.disconnect(one.reserve)
    shop.paid.connect(other.reserve)

    assert is_described(cache)


def test_method_is_another_receiver_than_a_function(shop):
    cache, stock = SignalCache(), Stock()
    shop.paid.connect(stock.reserve)
    first = show_paid(cache)
    shop.paid.disconnect(stock.reserve)
    shop.paid.connect(on_save)

    assert show_paid(cache) != first


def test_order_of_connections_is_that_of_now(shop):
    cache = SignalCache()
    shop.paid.connect(on_save)
    shop.paid.connect(print)
    show_paid(cache)
    shop.paid.receivers.reverse()

    assert [one["name"] for one in receivers(cache)] == [
        "builtins.print",
        "tests.shapes.on_save",
    ]


def test_receiver_that_is_gone_is_shown_as_gone(shop):
    cache = SignalCache()
    receiver = make_local()
    shop.paid.connect(receiver)
    assert receivers(cache)[0]["name"]
    del receiver
    gc.collect()

    for _ in range(2):
        found = show_paid(cache).stats
        assert "garbage-collected" in found["reason"]
        assert found["receivers"] == [{}]
    shop.paid.receivers.clear()
    assert receivers(cache) == []


def test_sender_that_is_gone_is_shown_as_gone(shop):
    cache = SignalCache()
    sender = type("Passing", (), {})
    shop.paid.connect(on_save, sender=sender)
    assert receivers(cache)[0]["sender"] == f"{__name__}.Passing"
    del sender
    gc.collect()

    [found] = receivers(cache)
    assert found["sender"] == "unknown sender"


def test_sender_at_the_address_of_a_dead_one_is_another(shop):
    cache = SignalCache()
    for number in range(20):
        sender = type(f"Passing{number}", (), {})
        shop.paid.connect(on_save, sender=sender)

        [found] = receivers(cache)
        assert found["sender"] == f"{__name__}.Passing{number}"
        shop.paid.disconnect(on_save, sender=sender)
        del sender
        gc.collect()


def test_signal_that_has_the_name_now_is_shown(shop):
    cache = SignalCache()
    held = shop.paid
    held.connect(on_save)
    show_paid(cache)
    shop.paid = ModelSignal()

    assert receivers(cache) == []
    del held


def test_signal_with_another_alias_is_described_anew(shop, is_described):
    cache = SignalCache()
    show_paid(cache)
    shop.other = shop.paid

    assert is_described(cache)


def test_another_look_is_described_anew(shop):
    cache = SignalCache()
    shop.paid.connect(on_save)
    first = show_paid(cache)

    assert receivers(cache, editor=Editor("{file}"))[0]["href"]
    assert receivers(cache, always_show=["tests.shapes"])[0]["component"] == ""
    assert show_paid(cache) == first


def test_hidden_receivers_are_counted_each_time(shop):
    cache = SignalCache()
    shop.paid.connect(on_save)
    for _ in range(2):
        assert show_paid(cache, hide=["tests.shapes"]).hidden == 1


def test_signals_without_a_name_are_not_taken_for_each_other():
    cache, first, second = SignalCache(), Signal(), Signal()
    first.connect(on_save)
    for _ in range(2):
        shown = show(cache, record(sending(first, Web), sending(second, Web)))
        assert [signal.stats and signal.stats["ran"] for signal in shown[-2:]] == [1, 0]


# Problems
