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


def test_what_is_connected_is_found():
    assert_connected(post_save, index_order)
    assert_connected(post_save, index_order, sender=Order)
    assert_connected("django.db.models.signals.post_save", audit, sender=Tag)
    assert_connected(order_paid, ledger.book, sender=Order)
    assert_connected(order_paid, "tests.testapp.receivers.notify")
    assert_not_connected(post_save, index_order, sender=Tag)
    assert_not_connected(pre_save, index_order)
    assert_not_connected(pre_save, "index_order")


def test_another_sender_is_told():
    assert failure(assert_connected, post_save, index_order, sender=Tag) == (
        f"{INDEX} is connected to {POST_SAVE} for testapp.Order only, "
        "not for testapp.Tag."
    )
    config = apps.get_app_config("auth")
    assert failure(assert_connected, post_migrate, create_defaults, sender=config) == (
        "'tests.testapp.receivers.create_defaults' is connected to "
        "'django.db.models.signals.post_migrate' for app testapp only, "
        "not for app auth."
    )


def test_what_is_connected_instead_is_told():
    assert failure(assert_connected, post_save, "tests.testapp.receivers.audits") == (
        f"'tests.testapp.receivers.audits' is not connected to {POST_SAVE}. Connected "
        f"are {INDEX} and 'tests.testapp.receivers.audit'. "
        "Did you mean 'audit'?"
    )
    assert failure(assert_connected, pre_save, index_order) == (
        f"{INDEX} is not connected to 'django.db.models.signals.pre_save'. "
        "Connected are 'tests.testapp.receivers.normalize_tag'. "
        f"It is connected to {POST_SAVE}."
    )


def test_what_was_collected_is_told():
    signal = Signal()
    signal.connect(lambda **kwargs: None)
    gc.collect()
    assert failure(assert_connected, signal, receive) == (
        f"'{__name__}.receive' is not connected to "
        "'unnamed Signal (django.dispatch.dispatcher.Signal)'. "
        "1 weak connection is gone: its receiver was garbage-collected."
    )


def test_what_should_not_be_connected_is_told():
    signal = make(receive)
    signal.connect(receive, sender=Order)
    assert failure(assert_not_connected, signal, receive) == (
        f"'{__name__}.receive' is connected to "
        "'unnamed Signal (django.dispatch.dispatcher.Signal)' "
        "for any sender and testapp.Order."
    )
