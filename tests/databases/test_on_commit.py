from __future__ import annotations

import asyncio
from unittest import mock

import pytest
from asgiref.sync import async_to_sync
from django.db import connections, transaction
from django.db.transaction import TransactionManagementError, atomic
from django.test import TestCase

from signaltools import event
from signaltools.exceptions import EventWarning
from tests.testapp.models import GiftOrder, Order, RushOrder, Tag

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "second"])

METHODS = [
    "send_on_commit",
    "send_robust_on_commit",
    "asend_on_commit",
    "asend_robust_on_commit",
]


class Shop:
    pass


@event
def paid(sender: type[Order], *, order: Order) -> None: ...


@event
def noted(sender: object, *, what: object = None, other: object = None) -> None: ...


@event(check="warn")
def lost(sender: object, *, order: Order) -> None: ...


@pytest.fixture(autouse=True)
def got():
    """
    Return the arguments of each send, without those of no interest.
    """
    got = []

    def receive(sender, signal, **kwargs):
        got.append(next(iter(kwargs.values())))

    for signal in (paid, noted, lost):
        signal.connect(receive)
    yield got
    for signal in (paid, noted, lost):
        signal.receivers = []


def call(method, *args, **named):
    """
    Call a method in the transaction of this thread, also an asynchronous one.
    """
    if method.__name__.startswith("a"):
        async_to_sync(method)(*args, **named)
    else:
        method(*args, **named)


def save(alias, cls=Order):
    order = cls()
    order.save(using=alias)
    return order


# When it sends


@pytest.mark.parametrize("method", METHODS)
def test_an_event_is_sent_after_the_commit(method, got):
    with atomic():
        order = save("default")
        call(getattr(paid, method), Order, order=order)
        assert got == []
    assert got == [order]


@pytest.mark.parametrize("method", METHODS)
def test_an_event_is_not_sent_after_a_rollback(method, got):
    with atomic():
        call(getattr(paid, method), Order, order=save("default"))
        transaction.set_rollback(True)
    assert got == []


@pytest.mark.parametrize("method", METHODS)
def test_an_event_is_sent_at_once_outside_a_transaction(method, got):
    order = save("default")
    call(getattr(paid, method), Order, order=order)
    assert got == [order]


def test_events_are_sent_in_the_order_of_the_calls_among_other_callbacks(got):
    with atomic():
        noted.send_on_commit(None, what=1)
        transaction.on_commit(lambda: got.append(2))
        async_to_sync(noted.asend_on_commit)(None, what=3)
        with atomic():
            noted.send_robust_on_commit(None, what=4)
        noted.using("default").send_on_commit(None, what=5)
        assert got == []
    assert got == [1, 2, 3, 4, 5]


def test_an_event_of_a_savepoint_that_is_rolled_back_is_not_sent(got):
    with atomic():
        noted.send_on_commit(None, what=1)
        with atomic():
            noted.send_on_commit(None, what=2)
            transaction.set_rollback(True)
        noted.send_on_commit(None, what=3)
    assert got == [1, 3]


def test_an_event_of_a_savepoint_waits_for_the_outermost_block(got):
    with atomic():
        with atomic():
            noted.send_on_commit(None, what=1)
        assert got == []
        transaction.set_rollback(True)
    assert got == []


def test_an_event_that_a_receiver_sends_on_commit_is_sent_at_once(got):
    def send_another(sender, order, **kwargs):
        noted.send_on_commit(None, what="nested")
        got.append("after")

    paid.connect(send_another)
    with atomic():
        order = save("default")
        paid.send_on_commit(Order, order=order)
        noted.send_on_commit(None, what="last")
    assert got == [order, "nested", "after", "last"]


@pytest.mark.parametrize("method", ["send_on_commit", "asend_on_commit"])
def test_a_receiver_that_raises_stops_what_comes_later_but_not_the_commit(method, got):
    def fail(**kwargs):
        raise LookupError("no")

    paid.connect(fail)
    order = save("default")

    def send_both():
        with atomic():
            order.stamp = "new"
            order.save()
            call(getattr(paid, method), Order, order=order)
            noted.send_on_commit(None, what="later")

    with pytest.raises(LookupError):
        send_both()
    assert got == [order]
    assert Order.objects.filter(pk=order.pk, stamp="new").exists()


@pytest.mark.parametrize("method", ["send_robust_on_commit", "asend_robust_on_commit"])
def test_with_a_robust_method_a_receiver_that_raises_is_logged(method, got, caplog):
    def fail(**kwargs):
        raise LookupError("no")

    paid.connect(fail)
    with atomic():
        order = save("default")
        call(getattr(paid, method), Order, order=order)
        noted.send_on_commit(None, what="later")
    assert got == [order, "later"]
    assert [record.name for record in caplog.records] == ["django.dispatch"]


def test_on_commit_needs_autocommit_as_djangos_own_does():
    transaction.set_autocommit(False)
    try:
        with pytest.raises(TransactionManagementError):
            noted.send_on_commit(None, what=1)
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)


# Which database


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("sender", "cls"),
    [(Order, Order), (Order, RushOrder), (RushOrder, Order), (Order, GiftOrder)],
)
def test_an_event_waits_for_the_database_of_its_instance(method, sender, cls, got):
    with atomic(), atomic("second"):
        call(getattr(noted, method), sender, what=save("second", cls))
        transaction.set_rollback(True, using="second")
    assert got == []
    with atomic("second"):
        order = save("second", cls)
        call(getattr(noted, method), sender, what=order)
        assert got == []
    assert got == [order]


def test_the_instance_may_be_any_argument_or_the_sender(got):
    with atomic(), atomic("second"):
        order = save("second")
        noted.send_on_commit(Order, what="sender", other=order)
        noted.send_on_commit(order, what="instance")
        noted.send_on_commit(Shop, what="service", other=order)
    assert got == ["sender", "instance", "service"]


def test_other_instances_and_unsaved_ones_do_not_count(got):
    with atomic():
        with atomic("second"):
            noted.send_on_commit(Order, what="tag", other=save("second", Tag))
            noted.send_on_commit(Order, what="unsaved", other=Order())
        assert got == []
    assert got == ["tag", "unsaved"]


def test_a_router_is_asked_for_a_sender_without_an_instance(got, settings):
    write = mock.Mock(return_value="second")
    settings.DATABASE_ROUTERS = [mock.Mock(spec=["db_for_write"], db_for_write=write)]
    order = Order()
    with atomic(), atomic("second"):
        noted.send_on_commit(Order, what="class")
        noted.send_on_commit(Order, what="unsaved", other=order)
        noted.send_on_commit(None, what="default")
        with connections["second"].cursor():
            assert got == []
    assert got == ["class", "unsaved", "default"]
    assert write.mock_calls == [mock.call(Order), mock.call(Order, instance=order)]


def test_an_instance_of_a_replica_waits_for_the_database_it_is_written_to(
    got, settings
):
    order = save("default")
    order._state.db = "second"
    settings.DATABASE_ROUTERS = [
        mock.Mock(spec=["db_for_write"], db_for_write=lambda *a, **k: "default")
    ]
    with atomic():
        paid.send_on_commit(Order, order=order)
        assert got == []
    assert got == [order]


def test_each_event_waits_for_its_own_database(got):
    with atomic():
        with atomic("second"):
            noted.send_on_commit(Order, what=(first := save("default")))
            noted.send_on_commit(Order, what=(second := save("second")))
        assert got == [second]
    assert got == [second, first]


@pytest.mark.parametrize("method", METHODS)
def test_using_decides(method, got):
    with atomic():
        with atomic("second"):
            order = save("default")
            call(getattr(paid.using("second"), method), Order, order=order)
        assert got == [order]


# The check


MESSAGE = (
    "{}.{}() would send immediately, because the database 'default' isn't in a "
    "transaction, unlike 'second'. Choose the database with using()."
)


@pytest.mark.parametrize("method", METHODS)
def test_another_database_in_a_transaction_is_an_error(method, got):
    order = save("default")
    with atomic("second"), pytest.raises(TransactionManagementError) as caught:
        call(getattr(paid, method), Order, order=order)
    assert str(caught.value) == MESSAGE.format("paid", method)
    assert got == []


def test_another_database_in_a_transaction_is_no_error_without_checks(got, settings):
    settings.SIGNALTOOLS = {"CHECK_EVENTS": False}
    order = save("default")
    with atomic("second"):
        paid.send_on_commit(Order, order=order)
        assert got == [order]


@pytest.mark.parametrize("method", METHODS)
def test_a_lenient_event_warns_about_another_database(method, got):
    order = save("default")
    with atomic("second"), pytest.warns(EventWarning) as caught:
        call(getattr(lost, method), None, order=order)
    [warning] = caught
    assert str(warning.message) == MESSAGE.format("lost", method)
    assert got == [order]
    if not method.startswith("a"):
        assert warning.filename == __file__


def test_a_database_that_using_names_is_not_checked(got):
    order = save("default")
    with atomic("second"):
        paid.using("default").send_on_commit(Order, order=order)
        assert got == [order]


class OfADjangoTestCase(TestCase):
    databases = ("default", "second")

    def test_the_transactions_of_a_testcase_do_not_count(self):
        order = save("default")
        paid.send_on_commit(Order, order=order)
        with (
            atomic("second"),
            pytest.raises(TransactionManagementError),
        ):
            paid.send_on_commit(Order, order=order)
        with (
            self.captureOnCommitCallbacks(using="second") as callbacks,
            atomic("second"),
        ):
            noted.send_on_commit(Order, what=save("second"))
        assert len(callbacks) == 1


# In asynchronous code


@pytest.mark.parametrize("method", ["asend_on_commit", "asend_robust_on_commit"])
def test_asynchronous_code_sends_at_once_and_receivers_may_be_asynchronous(method, got):
    async def receive(sender, what, **kwargs):
        await asyncio.sleep(0)
        got.append(f"async {what}")

    noted.connect(receive)

    async def view():
        await getattr(noted, method)(Order, what=1)
        await getattr(noted.using("second"), method)(Order, what=2)

    async_to_sync(view)()
    assert got == [1, "async 1", 2, "async 2"]


@pytest.mark.parametrize("method", ["asend_on_commit", "asend_robust_on_commit"])
def test_a_wrong_argument_is_an_error_in_asynchronous_code(method):
    async def view(using, **named):
        await getattr(paid.using("default") if using else paid, method)(Order, **named)

    for using in (False, True):
        with pytest.raises(TypeError) as names:
            async_to_sync(view)(using, ordr=1)
        assert str(names.value).startswith(
            f"paid.{method}() got an unexpected keyword argument 'ordr'"
        )
        with pytest.raises(TypeError) as types:
            async_to_sync(view)(using, order=1)
        assert str(types.value) == (
            f"paid.{method}() argument 'order' must be Order, not int."
        )


def test_an_unknown_database_is_djangos_error(settings):
    settings.DATABASE_ROUTERS = [
        mock.Mock(spec=["db_for_write"], db_for_write=lambda *a, **k: "third")
    ]
    with pytest.raises(connections.exception_class) as caught:
        paid.send_on_commit(Order, order=Order())
    assert str(caught.value) == "The connection 'third' doesn't exist."
