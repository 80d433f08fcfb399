from __future__ import annotations

import asyncio
import gc

import pytest
from django.db.models.signals import ModelSignal, post_save
from django.dispatch import Signal

from signaltools.recording import patches
from signaltools.testing import isolate
from tests.sending import make
from tests.testapp.models import Order, Tag
from tests.testapp.receivers import audit
from tests.testapp.signals import order_shipped


def first(**kwargs):
    return 1


def second(**kwargs):
    return 2


def third(order, **kwargs):
    return 3


def test_connections_are_those_of_before_in_the_same_order():
    signal = make(first, second)
    rows, entries = signal.receivers, [*signal.receivers]
    with isolate():
        signal.disconnect(first)
        signal.connect(third)
        signal.connect(first, sender=Order)
        with isolate():
            signal.disconnect(second)
            signal.connect(second)
        assert signal.send(None, order=1) == [(second, 2), (third, 3)]
    assert signal.receivers is rows
    assert all(new is old for new, old in zip(rows, entries, strict=True))
    assert signal.send(None) == [(first, 1), (second, 2)]
    assert vars(Signal)["connect"].__module__ == Signal.__module__
    assert patches._tools == []


def test_caches_are_those_of_before():
    signal = ModelSignal(use_caching=True)
    signal.connect(first, sender=Order)
    signal.send(Order)
    signal.send(Tag)
    cache = dict(signal.sender_receivers_cache)
    assert set(cache) == {Order, Tag}
    with isolate():
        signal.connect(second)
        assert signal.send(Tag) == [(second, 2)]
    assert dict(signal.sender_receivers_cache) == cache
    assert signal.send(Tag) == []
    assert signal.send(Order) == [(first, 1)]


def test_a_connection_that_died_meanwhile_is_cleared_away():
    def local(**kwargs):
        pass

    signal = Signal()
    signal.connect(local)
    with isolate():
        del local
        gc.collect()
        signal.connect(first)
        assert len(signal.receivers) == 1
    assert signal.send(None) == []
    signal.connect(second)
    assert len(signal.receivers) == 1


def test_events_and_models_are_isolated():
    with isolate():
        order_shipped.connect(third)
        assert post_save.disconnect(audit)
        post_save.connect(second, sender="testapp.Tag")
        assert (second, 2) in post_save.send(Tag)
    assert order_shipped.send(Order, order=Order()) == []
    assert [receiver for receiver, _ in post_save.send(Tag)] == [audit]


def test_a_failing_block_is_undone():
    signal = Signal()
    with pytest.raises(ZeroDivisionError), isolate():
        1 / len(signal.connect(first) or "")
    assert signal.send(None) == []


def test_functions_may_be_decorated():
    signal = Signal()

    @isolate()
    def connect():
        signal.connect(first)
        return signal.send(None)

    @isolate()
    async def connect_later():
        await asyncio.sleep(0)
        return connect()

    assert connect() == asyncio.run(connect_later()) == [(first, 1)]
    assert signal.send(None) == []
