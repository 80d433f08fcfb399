from __future__ import annotations

import gc

import pytest
from django.apps import apps
from django.db.models.signals import post_migrate, post_save, pre_save
from django.dispatch import Signal

from signaltools.testing import assert_connected, assert_not_connected
from tests.sending import make
from tests.testapp.models import Order, Tag
from tests.testapp.receivers import audit, create_defaults, index_order, ledger
from tests.testapp.signals import order_paid

INDEX = "'tests.testapp.receivers.index_order'"
POST_SAVE = "'django.db.models.signals.post_save'"


def receive(**kwargs):
    pass


def failure(function, *args, **named):
    with pytest.raises(AssertionError) as caught:
        function(*args, **named)
    return str(caught.value)


def test_connected_receivers_are_found():
    assert_connected(post_save, index_order)
    assert_connected(post_save, index_order, sender=Order)
    assert_connected("django.db.models.signals.post_save", audit, sender=Tag)
    assert_connected(order_paid, ledger.book, sender=Order)
    assert_connected(order_paid, "tests.testapp.receivers.notify")
    assert_not_connected(post_save, index_order, sender=Tag)
    assert_not_connected(pre_save, index_order)
    assert_not_connected(pre_save, "index_order")


def test_other_senders_are_shown():
    assert failure(assert_connected, post_save, index_order, sender=Tag) == (
        f"{INDEX} is connected to {POST_SAVE} only for testapp.Order, "
        "not for testapp.Tag."
    )
    config = apps.get_app_config("auth")
    assert failure(assert_connected, post_migrate, create_defaults, sender=config) == (
        "'tests.testapp.receivers.create_defaults' is connected to "
        "'django.db.models.signals.post_migrate' only for app testapp, "
        "not for app auth."
    )


def test_other_receivers_of_the_signal_are_shown():
    assert failure(assert_connected, post_save, "tests.testapp.receivers.audits") == (
        f"'tests.testapp.receivers.audits' isn't connected to {POST_SAVE}. "
        f"Connected receivers: {INDEX} and 'tests.testapp.receivers.audit'. "
        "Did you mean 'audit'?"
    )
    assert failure(assert_connected, pre_save, index_order) == (
        f"{INDEX} isn't connected to 'django.db.models.signals.pre_save'. "
        "Connected receivers: 'tests.testapp.receivers.normalize_tag'."
    )


def test_garbage_collected_receivers_are_mentioned():
    signal = Signal()
    signal.connect(lambda **kwargs: None)
    gc.collect()
    assert failure(assert_connected, signal, receive) == (
        f"'{__name__}.receive' isn't connected to "
        "'unnamed Signal (django.dispatch.dispatcher.Signal)'. "
        "1 receiver was connected weakly and garbage-collected."
    )

    # connect() removes receivers that are gone already.
    signal = Signal()
    receivers = [lambda **kwargs: None, lambda **kwargs: None]
    for each in receivers:
        signal.connect(each)
    del receivers, each
    gc.collect()
    assert failure(assert_connected, signal, receive).endswith(
        " 2 receivers were connected weakly and garbage-collected."
    )


def test_an_unexpected_connection_is_shown():
    signal = make(receive)
    signal.connect(receive, sender=Order)
    assert failure(assert_not_connected, signal, receive) == (
        f"'{__name__}.receive' is connected to "
        "'unnamed Signal (django.dispatch.dispatcher.Signal)' "
        "for any sender and testapp.Order."
    )
