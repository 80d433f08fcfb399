from __future__ import annotations

import asyncio
from decimal import Decimal
from importlib import import_module

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction
from django.test import TestCase

from signaltools.events.background import find_tasks
from signaltools.exceptions import BackgroundError
from signaltools.testing import assert_sent, capture, isolate, mute, run_queued
from tests.events import queued
from tests.events.queued import book, paid, seen
from tests.testapp.models import Order

backends = find_tasks().task_backends


class Redis:
    alias = "default"


@find_tasks().task
def other(): ...


@pytest.fixture(autouse=True)
def ran(monkeypatch):
    backends["default"].results.clear()
    monkeypatch.setattr(queued, "ran", [])
    yield queued.ran
    backends["default"].results.clear()


@pytest.fixture
def order(db):
    return Order.objects.create()


def test_what_waits_for_a_commit_runs_with_what_a_worker_gets(order, ran):
    paid.send(Order, order=order, amount=Decimal("1.50"))
    assert run_queued() == 2
    assert ran == [
        "mail",
        (Order, order, Decimal("1.50"), {"at": None, "signal": paid}),
    ]
    assert ran[1][1] is not order


def test_nothing_runs_twice(order, ran):
    with TestCase.captureOnCommitCallbacks(execute=True):
        paid.send(Order, order=order, amount=Decimal(1))
        assert run_queued() == 2
    assert run_queued() == 0
    with TestCase.captureOnCommitCallbacks(execute=True):
        paid.send(Order, order=order, amount=Decimal(1))
    assert run_queued() == 2
    assert run_queued() == 0
    assert len(ran) == 4


def test_other_callbacks_still_run(order):
    called = []
    paid.send(Order, order=order, amount=Decimal(1))
    with TestCase.captureOnCommitCallbacks(execute=True):
        run_queued()
        transaction.on_commit(lambda: called.append(1))
    assert called == [1]


def test_async_receivers_and_contexts(ran):
    seen.send(Order, count=3)
    assert run_queued() == 2
    # Another test may have connected them in another order.
    ran.sort(key=lambda arguments: arguments[0] is Order)
    context, *others = ran[0]
    assert others == [Order, 3]
    assert ran[1] == (Order, 3, seen)
    assert context.task_result.task is queued.note


@pytest.mark.django_db(transaction=True)
def test_a_coroutine_can_run_it(ran):
    async def send():
        await seen.asend(Order, count=3)
        return await sync_to_async(run_queued)()

    assert asyncio.run(send()) == 2
    assert len(ran) == 2


def test_an_exception_is_raised_and_the_others_stay_queued(order, ran):
    paid.send(Order, order=order, amount=Decimal(1))
    paid.send(Order, order=order, amount=Decimal(2))
    backends["default"].results.clear()
    order.delete()
    for _ in range(2):
        with pytest.raises(BackgroundError, match="its row has been deleted"):
            run_queued()
    assert run_queued() == 0


def test_other_tasks_are_left_alone(ran):
    other.enqueue()
    seen.send(None, count=1)
    assert run_queued() == 2
    assert [result.task for result in backends["default"].results] == [other]


def test_a_backend_that_runs_tasks_itself_does_not_hide_exceptions(order, monkeypatch):
    path = f"{find_tasks().__name__}.backends.immediate"
    immediate = import_module(path).ImmediateBackend("default", {})
    monkeypatch.setattr(backends, "all", lambda initialized_only: [immediate])
    assert run_queued() == 0
    paid.send(Order, order=order, amount=Decimal(1))
    order.delete()
    with pytest.raises(BackgroundError, match="its row has been deleted"):
        run_queued()


@pytest.mark.django_db(transaction=True)
def test_a_commit_does_not_queue_what_has_run(ran):
    with transaction.atomic():
        paid.send(Order, order=Order.objects.create(), amount=Decimal(1))
        assert run_queued() == 2
    assert backends["default"].results == []


def test_another_backend_is_named(monkeypatch, ran):
    monkeypatch.setattr(backends, "all", lambda initialized_only: [Redis()])
    with pytest.raises(RuntimeError) as caught:
        run_queued()
    assert str(caught.value) == (
        "run_queued() can't run what the backend 'default' "
        f"({__name__}.Redis) may have queued: use Django's DummyBackend in the "
        "settings of the tests."
    )


def test_muted_receivers_are_not_queued(order, ran):
    with mute(paid, receivers=[book]):
        paid.send(Order, order=order, amount=Decimal(1))
    assert run_queued() == 1
    assert ran == ["mail"]


def test_sends_are_asserted_and_captured(order):
    with assert_sent(paid, {"order": order}, times=1), capture(paid) as sent:
        paid.send(Order, order=order, amount=Decimal(1))
    assert [receiver for receiver, _ in sent[0].responses] == [book, queued.mail]


def test_a_connection_is_undone(order, ran):
    with isolate():
        seen.connect(queued.idle)
        seen.send(None, count=1)
        assert run_queued() == 3
    seen.send(None, count=1)
    assert run_queued() == 2
