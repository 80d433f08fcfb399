from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import transaction
from django.dispatch import Signal

import signaltools
from tests import shapes

signal = Signal()


class Shop:
    pass


def record(send, **options):
    with signaltools.trace(**options) as trace:
        send()
    return trace.tree[0]


def line_of(function):
    return function.__code__.co_firstlineno


# Transactions


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
