from __future__ import annotations

import asyncio
import threading
from contextvars import copy_context

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import transaction
from django.dispatch import Signal

import signaltools
from tests import shapes
from tests.testapp.models import Tag

signal = Signal()


class Shop:
    pass


def record(send, **options):
    with signaltools.trace(**options) as trace:
        send()
    return trace.tree[0]


def line_of(function):
    return function.__code__.co_firstlineno


# Call sites


def test_site_is_the_line_that_sends():
    def send():
        signal.send(None)

    node = record(send)

    assert (node.file, node.line) == (__file__, line_of(send) + 1)


def test_site_is_the_caller_outside_of_django():
    def create():
        Tag(stamp="a")

    node = record(create)

    assert node.signal == "django.db.models.signals.pre_init"
    assert (node.file, node.line) == (__file__, line_of(create) + 1)


def test_collapsed_sends_have_the_site_of_the_first():
    def send():
        for number in range(50):
            if number == 20:
                signal.send(None)
            else:
                signal.send(None)

    with signaltools.trace() as trace:
        send()

    [node] = trace.tree
    assert node.line == line_of(send) + 5


def test_site_is_unknown_where_only_the_standard_library_calls():
    with signaltools.trace() as trace:
        run = copy_context().run
        thread = threading.Thread(target=run, args=(signal.send, None))
        thread.start()
        thread.join()

    [node] = trace.tree
    assert (node.file, node.line) == (None, None)
    assert node.thread != threading.get_ident()


# Transactions


def test_site_is_unknown_where_the_event_loop_calls():
    async def main():
        await asyncio.create_task(signal.asend(None))

    signal = Signal()
    with signaltools.trace() as trace:
        asyncio.run(main())

    assert [(send.file, send.line) for send in trace.tree] == [(None, None)]


def test_site_is_the_line_that_awaits():
    async def main():
        await signal.asend(None)

    signal = Signal()
    with signaltools.trace() as trace:
        asyncio.run(main())

    [send] = trace.tree
    assert (send.file, send.line) == (__file__, main.__code__.co_firstlineno + 1)


def test_transaction_is_unknown_without_a_connection():
    node = record(lambda: signal.send(None, using="nowhere"))

    assert (node.in_atomic, node.on_commit) == (None, 0)


@pytest.mark.django_db
def test_atomic_of_a_test_case_does_not_count():
    def send():
        signal.send(None)
        with transaction.atomic():
            signal.send(None)
        signal.send(None, using="default")

    with signaltools.trace() as trace:
        send()

    assert [node.in_atomic for node in trace.tree] == [False, True, False]


@pytest.mark.django_db(transaction=True)
def test_atomic_is_recorded_outside_a_test_case():
    with signaltools.trace() as trace:
        signal.send(None)
        with transaction.atomic():
            signal.send(None)
        with transaction.atomic():
            User.objects.create(username="ann")

    assert [node.in_atomic for node in trace.tree[:2]] == [False, True]
    saved = [node for node in trace.tree if node.signal.endswith("post_save")]
    assert [node.in_atomic for node in saved] == [True]


@pytest.mark.django_db
@pytest.mark.parametrize("using", [None, 7, Shop(), ["default"], "_storage", ""])
def test_using_may_be_anything(using):
    node = record(lambda: signal.send(None, using=using))

    assert node.in_atomic is (None if type(using) is str else False)


@pytest.mark.django_db
def test_functions_that_are_queued_for_the_commit_are_counted():
    def queue(**kwargs):
        transaction.on_commit(lambda: None)
        transaction.on_commit(lambda: None)

    queueing = Signal()
    queueing.connect(queue)
    with signaltools.trace() as trace, transaction.atomic():
        queueing.send(None)
        signal.send(None)

    assert [node.on_commit for node in trace.tree] == [2, 0]
    assert trace.totals.on_commit == 2


@pytest.mark.django_db
def test_functions_of_a_rolled_back_savepoint_are_not_counted():
    def queue(**kwargs):
        try:
            with transaction.atomic():
                transaction.on_commit(lambda: None)
                raise LookupError
        except LookupError:
            pass

    queueing = Signal()
    queueing.connect(queue)
    with signaltools.trace() as trace:
        queueing.send(None)

    assert trace.tree[0].on_commit == 0
    assert trace.calls[0].self_queries == 3


# Senders


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        (None, (None, None, None)),
        (User, ("auth.User", "model", None)),
        (Shop, (f"{__name__}.Shop", "class", None)),
        (Shop(), (f"{__name__}.Shop", "instance", None)),
        ("text", ("builtins.str", "instance", None)),
        (shapes, ("tests.shapes", "module", None)),
        (
            apps.get_app_config("testapp"),
            ("tests.testapp.apps.TestappConfig", "app_config", "testapp"),
        ),
    ],
    ids=["nobody", "model", "class", "instance", "text", "module", "app config"],
)
def test_sender_has_a_label(sender, expected):
    node = record(lambda: signal.send(sender))

    assert (node.sender, node.sender_kind, node.sender_app) == expected


def test_hostile_sender_is_not_asked():
    sender = shapes.hostile("__getattribute__", "__eq__", "__hash__", "__repr__")
    node = record(lambda: signal.send(sender))

    assert node.sender == "tests.shapes.Hostile"
