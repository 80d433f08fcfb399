from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
import weakref
from functools import partial
from unittest import mock

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.signals import user_logged_out
from django.db import connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import Signal
from django.test import TestCase

from signaltools.testing import assert_not_sent, assert_sent, capture
from tests.stress import frequent_switches
from tests.testapp.models import Order
from tests.testapp.signals import order_cancelled, order_paid, order_shipped

NAME = "'tests.testapp.signals.order_cancelled'"
NOT_SENT = f"{NAME} wasn't sent. No other signals were sent either."
SHIPPED = "'tests.testapp.signals.order_shipped'"
OUTER = "assert_sent() must be the outer block, around"
CAPTURE = "captureOnCommitCallbacks(execute=True)"


def message(caught):
    return str(caught.value)


@pytest.fixture
def failing():
    return pytest.raises(AssertionError)


# Other signals


def test_signals_that_were_sent_instead_are_shown(failing):
    with failing as caught, assert_sent(order_cancelled):
        pass
    assert message(caught) == NOT_SENT

    with failing as caught, assert_sent(order_cancelled):
        order_paid.send(None)
        order_shipped.send(Order, order=Order.__new__(Order))
        for _ in range(3):
            user_logged_out.send(Order)
    assert message(caught) == (
        f"{NAME} wasn't sent. Sent instead: 'tests.testapp.signals.order_paid' once, "
        f"{SHIPPED} once, and 'django.contrib.auth.signals.user_logged_out' 3 times."
    )


def test_signals_without_a_name_are_counted_together(failing):
    with failing as caught, assert_sent(order_cancelled):
        Signal().send(None)
        Signal().send(None)
    assert message(caught) == (
        f"{NAME} wasn't sent. Sent instead: "
        "'unnamed Signal (django.dispatch.dispatcher.Signal)' twice."
    )


def test_signals_that_every_use_of_a_model_sends_are_not_shown(failing):
    with failing as caught, assert_sent(order_cancelled):
        post_save.send(Order, instance=Order())
        order_paid.send(None)
    assert message(caught) == (
        f"{NAME} wasn't sent. Sent instead: 'tests.testapp.signals.order_paid' once."
    )
    with failing as caught, assert_sent(order_cancelled):
        Order()
    assert message(caught) == (
        f"{NAME} wasn't sent. Only Django's own signals were sent."
    )


def test_they_are_shown_if_one_of_them_is_expected(failing):
    with failing as caught, assert_sent(post_save):
        pre_save.send(Order)
        order_paid.send(None)
    assert message(caught) == (
        "'django.db.models.signals.post_save' wasn't sent. "
        "Sent instead: 'django.db.models.signals.pre_save' once and "
        "'tests.testapp.signals.order_paid' once."
    )


# Callbacks


@pytest.mark.django_db
@pytest.mark.parametrize("inside", [True, False])
def test_an_event_that_waits_for_the_commit_is_named(failing, inside):
    order = Order()
    with (
        failing as caught,
        TestCase.captureOnCommitCallbacks(execute=inside),
        assert_sent(order_shipped),
    ):
        order_shipped.send_on_commit(Order, order=order)
    assert message(caught) == (
        f"{SHIPPED} wasn't sent. No other signals were sent either. "
        f"{SHIPPED} waits for the commit of 'default', so {OUTER} {CAPTURE}."
    )
    with assert_sent(order_shipped), TestCase.captureOnCommitCallbacks(execute=True):
        order_shipped.send_on_commit(Order, order=order)


@pytest.mark.django_db
def test_what_waits_for_a_capture_is_named(failing):
    with capture(order_shipped) as sent:
        order_shipped.send_on_commit(Order, order=Order())
    with failing as caught:
        sent.assert_sent(order_shipped)
    assert message(caught).endswith(
        f" {SHIPPED} waits for the commit of 'default', so "
        f"capture() must be the outer block, around {CAPTURE}."
    )


@pytest.mark.django_db(transaction=True)
def test_an_event_that_waits_for_a_transaction_inside_is_named(failing):
    with failing as caught, transaction.atomic(), assert_sent(order_shipped):
        order_shipped.send_on_commit(Order, order=Order())
    assert message(caught).endswith(
        f" {SHIPPED} waits for the commit of 'default', so {OUTER} {CAPTURE}."
    )
    with assert_sent(order_shipped, times=1), transaction.atomic():
        order_shipped.send_on_commit(Order, order=Order())


@pytest.mark.django_db
def test_callbacks_that_may_send_it_are_counted(failing):
    for callback in (partial(order_cancelled.send, None), lambda: None):
        with failing as caught, assert_sent(order_cancelled):
            transaction.on_commit(callback)
        assert message(caught) == (
            f"{NOT_SENT} 1 on_commit() callback was registered on 'default'. "
            f"If it sends the signal, {OUTER} {CAPTURE}."
        )
    # A receiver of another event may send it.
    order = Order()
    with failing as caught, assert_sent(order_cancelled):
        transaction.on_commit(print)
        order_shipped.send_on_commit(Order, order=order)
    assert message(caught) == (
        f"{NOT_SENT} 2 on_commit() callbacks were registered on 'default'. "
        f"If they send the signal, {OUTER} {CAPTURE}."
    )
    with failing as caught, assert_sent(order_cancelled, times=2):
        order_cancelled.send(None)
        transaction.on_commit(print)
    assert message(caught) == (
        f"{NAME} was sent once, not twice: by None with no arguments."
    )


@pytest.fixture
def replica():
    settings = {"replica": connection.settings_dict.copy()}
    with mock.patch.dict(connections.settings, settings):
        # As if it was in a transaction, without connecting.
        connections["replica"].in_atomic_block = True
        yield "replica"
        del connections["replica"]


@pytest.mark.django_db
def test_each_database_is_named(failing, replica):
    order = Order()
    with failing as caught, assert_sent(order_shipped):
        order_shipped.using(replica).send_on_commit(Order, order=order)
        transaction.on_commit(print)
    assert message(caught) == (
        f"{SHIPPED} wasn't sent. No other signals were sent either. "
        "1 on_commit() callback was registered on 'default'. "
        f"If it sends the signal, {OUTER} {CAPTURE}. {SHIPPED} waits for the commit "
        f"of 'replica', so {OUTER} {CAPTURE}."
    )


@pytest.mark.django_db
def test_what_waits_in_another_thread_is_not_seen(failing):
    async def main():
        with assert_sent(order_shipped):
            await order_shipped.asend_on_commit(Order, order=order)

    order = Order()
    with failing as caught:
        async_to_sync(main)()
    assert message(caught) == (
        f"{SHIPPED} wasn't sent. No other signals were sent either."
    )
    with failing as caught, assert_sent(order_shipped):
        async_to_sync(order_shipped.asend_on_commit)(Order, order=order)
    assert message(caught).endswith(
        f" {SHIPPED} waits for the commit of 'default', so {OUTER} {CAPTURE}."
    )
    with assert_sent(order_shipped), TestCase.captureOnCommitCallbacks(execute=True):
        async_to_sync(order_shipped.asend_on_commit)(Order, order=order)


@pytest.mark.django_db
def test_an_event_that_was_rolled_back_is_not_mentioned(failing):
    order = Order()
    with failing as caught, assert_sent(order_shipped), transaction.atomic():
        order_shipped.send_on_commit(Order, order=order)
        transaction.set_rollback(True)
    assert message(caught) == (
        f"{SHIPPED} wasn't sent. No other signals were sent either."
    )


@pytest.mark.django_db
def test_on_commit_is_not_patched():
    original = BaseDatabaseWrapper.__dict__["on_commit"]
    with capture(order_shipped):
        assert BaseDatabaseWrapper.__dict__["on_commit"] is original


@pytest.mark.django_db
def test_callbacks_are_not_kept(failing):
    class Callback:
        def __call__(self):
            pass

    callback = Callback()
    reference = weakref.ref(callback)
    with failing as caught, assert_sent(order_cancelled):
        with transaction.atomic():
            transaction.on_commit(callback)
            transaction.set_rollback(True)
        del callback
        gc.collect()
        assert reference() is None
    assert message(caught) == NOT_SENT


@pytest.mark.django_db
def test_callbacks_of_before_and_those_that_have_run_are_not_mentioned(failing):
    transaction.on_commit(print)
    order_shipped.send_on_commit(Order, order=Order())
    with failing as caught, assert_sent(order_shipped):
        pass
    assert message(caught) == (
        f"{SHIPPED} wasn't sent. No other signals were sent either."
    )
    with (
        failing as caught,
        assert_sent(order_shipped, times=2),
        TestCase.captureOnCommitCallbacks(execute=True),
    ):
        order = Order()
        order_shipped.send_on_commit(Order, order=order)
    assert message(caught) == (
        f"{SHIPPED} was sent once, not twice: by testapp.Order with "
        f"order={order!r}, parcels=1, note=None."
    )


@pytest.mark.django_db
def test_one_of_several_sends_that_waits_is_mentioned(failing):
    order = Order()
    with failing as caught, assert_sent(order_shipped, times=3):
        order_shipped.send(Order, order=order)
        order_shipped.send_on_commit(Order, order=order)
        order_shipped.send_on_commit(Order, order=order)
    assert message(caught) == (
        f"{SHIPPED} was sent once, not 3 times: by testapp.Order with "
        f"order={order!r}, parcels=1, note=None. "
        f"{SHIPPED} waits for the commit of 'default', so {OUTER} {CAPTURE}."
    )


@pytest.mark.django_db
def test_too_many_sends_have_no_hints(failing):
    order = Order()
    with failing as caught, assert_not_sent(order_shipped):
        order_shipped.send(Order, order=order)
        order_shipped.send_on_commit(Order, order=order)
    assert message(caught) == (
        f"{SHIPPED} was sent once, but should not have been sent: by testapp.Order "
        f"with order={order!r}, parcels=1, note=None."
    )


@pytest.mark.django_db
def test_an_event_that_only_waits_was_not_sent():
    with assert_not_sent(order_shipped):
        order_shipped.send_on_commit(Order, order=Order())


def test_a_failure_without_settings_is_an_assertion_error():
    code = """
from django.dispatch import Signal
from signaltools.testing import assert_sent

paid = Signal()
try:
    with assert_sent(paid):
        pass
except AssertionError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.stdout.rstrip().endswith(
        ".paid' wasn't sent. No other signals were sent either."
    ), done.stderr


# Other threads and tasks


def in_thread(function):
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


def test_a_send_of_another_thread_is_mentioned(failing):
    with failing as caught, assert_sent(order_cancelled):
        in_thread(partial(order_cancelled.send, None))
    assert message(caught) == (
        f"{NOT_SENT} {NAME} was sent once in another thread; "
        "pass everywhere=True to include it."
    )
    with assert_sent(order_cancelled, everywhere=True):
        in_thread(partial(order_cancelled.send, None))


def test_a_send_of_another_thread_is_mentioned_if_too_few_match(failing):
    def send_twice():
        order_cancelled.send(None, a=1)
        order_cancelled.send(None, a=1)

    hint = (
        f" {NAME} was sent twice in another thread; pass everywhere=True to include it."
    )
    with failing as caught, assert_sent(order_cancelled, {"a": 1}):
        order_cancelled.send(None, a=2)
        in_thread(send_twice)
    assert message(caught) == f"{NAME} was sent once, but 'a' was 2, not 1.{hint}"

    with failing as caught, assert_sent(order_cancelled, times=2):
        order_cancelled.send(None)
        in_thread(send_twice)
    assert message(caught) == (
        f"{NAME} was sent once, not twice: by None with no arguments.{hint}"
    )


def test_other_signals_of_another_thread_are_not_mentioned(failing):
    with failing as caught, assert_sent(order_cancelled):
        in_thread(partial(order_paid.send, None))
    assert message(caught) == NOT_SENT
    in_thread(partial(order_cancelled.send, None))
    with failing as caught, assert_sent(order_cancelled):
        pass
    assert message(caught) == NOT_SENT


def test_a_send_of_another_task_is_mentioned(failing):
    async def main():
        begun = asyncio.Event()

        async def send_later():
            await begun.wait()
            await order_cancelled.asend(None)

        task = asyncio.create_task(send_later())
        with assert_sent(order_cancelled):
            begun.set()
            await task

    with failing as caught:
        asyncio.run(main())
    assert message(caught) == (
        f"{NOT_SENT} {NAME} was sent once in another task; "
        "pass everywhere=True to include it."
    )


def test_nothing_that_another_thread_sends_is_kept():
    class Thing:
        pass

    references = []

    def send():
        thing = Thing()
        references.append(weakref.ref(thing))
        order_cancelled.send(thing, thing=thing)

    with capture(order_cancelled) as sent:
        in_thread(send)
        gc.collect()
        assert references[0]() is None
    assert len(sent) == 0


def test_sends_of_many_threads_are_counted_exactly(failing):
    def send_many():
        for _ in range(200):
            order_cancelled.send(None)
            order_paid.send(None)

    with (
        frequent_switches(),
        failing as caught,
        assert_sent(post_delete, everywhere=True),
        capture(order_cancelled) as sent,
    ):
        threads = [threading.Thread(target=send_many) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert message(caught).endswith(
        " Sent instead: 'tests.testapp.signals.order_cancelled' 800 times and "
        "'tests.testapp.signals.order_paid' 800 times."
    )
    with failing as caught:
        sent.assert_sent(order_cancelled)
    assert f"{NAME} was sent 800 times in another thread;" in message(caught)
