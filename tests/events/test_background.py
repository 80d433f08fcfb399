from __future__ import annotations

import asyncio
import inspect
import json
import logging
import pickle
import subprocess
import sys
from decimal import Decimal
from importlib import import_module

import django
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import Signal

from signaltools import event, in_background
from signaltools.exceptions import BackgroundError
from signaltools.inventory.receivers import save_connections
from tests.events import queued
from tests.events.queued import book, count_up, idle, mail, note, paid, pictured, seen
from tests.testapp.models import Order

tasks = import_module("django.tasks" if django.VERSION >= (6, 0) else "django_tasks")
exceptions = import_module(f"{tasks.__name__}.exceptions")
InvalidTask = getattr(exceptions, "InvalidTask", None) or exceptions.InvalidTaskError
BOOK, MAIL = f"{queued.__name__}.book", f"{queued.__name__}.mail"
PAID, SEEN = paid.name, seen.name


@pytest.fixture(autouse=True)
def ran(monkeypatch):
    """
    The list that gets what the receivers are called with; nothing is queued yet.
    """
    tasks.task_backends["default"].results.clear()
    monkeypatch.setattr(queued, "ran", [])
    # Whatever a test connects, in the same order again.
    saved = [save_connections(signal) for signal in (paid, seen, pictured)]
    yield queued.ran
    for restore in saved:
        restore()


@pytest.fixture
def order(db):
    return Order.objects.create()


def results():
    """
    What has been queued, by the name of the receiver.
    """
    return [
        (result.task.name, result.args, result.kwargs)
        for result in tasks.task_backends["default"].results
    ]


def work():
    """
    Run what has been queued, as a worker does.
    """
    for result in tasks.task_backends["default"].results:
        context = ("context",) if result.task.takes_context else ()
        result.task.call(*context, *result.args, **result.kwargs)


def refused(receiver, **message):
    with pytest.raises(BackgroundError) as caught:
        receiver.func(**message)
    return str(caught.value)


# Sending


def test_a_receiver_is_queued_when_the_transaction_is_committed(
    order, ran, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        responses = paid.send(Order, order=order, amount=Decimal("1.50"))
        assert responses == [(book, None), (mail, None)]
        assert [name for name, *_ in results()] == ["mail"]

    assert results()[1:] == [
        (
            "book",
            [],
            {
                "event": PAID,
                "version": 1,
                "arguments": {
                    "sender": "testapp.Order",
                    "order": ["testapp.Order", order.pk, "default"],
                    "amount": "1.50",
                    "at": None,
                },
            },
        )
    ]
    assert ran == []


def test_a_worker_calls_it_with_equal_values(
    order, ran, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        paid.send(Order, order=order, amount=Decimal("1.50"))
    work()

    assert ran == [
        "mail",
        (Order, order, Decimal("1.50"), {"at": None, "signal": paid}),
    ]
    assert ran[1][1] is not order


@pytest.mark.django_db(transaction=True)
def test_nothing_is_queued_after_a_rollback():
    with transaction.atomic():
        paid.send(Order, order=Order.objects.create(), amount=Decimal(1))
        transaction.set_rollback(True)

    assert [name for name, *_ in results()] == ["mail"]


@pytest.mark.django_db(transaction=True)
def test_without_a_transaction_it_is_queued_immediately():
    paid.send(Order, order=Order.objects.create(), amount=Decimal(1))

    assert [name for name, *_ in results()] == ["book", "mail"]


def test_a_direct_call_runs_it(ran):
    assert book(Order, "order", 5, extra=1) == "order"
    assert ran == [(Order, "order", 5, {"extra": 1})]


def test_it_keeps_queue_and_priority():
    assert (mail.queue_name, mail.priority, mail.on_commit) == ("mail", 5, False)
    assert (book.queue_name, book.priority, book.on_commit) == ("default", 0, True)


def test_async_receivers_run_in_the_worker(ran):
    seen.send(Order, count=3)
    work()

    assert ran == [(Order, 3, seen), ("context", Order, 3)]


def test_a_receiver_may_take_the_context_of_its_task(ran):
    note(None, 1)

    assert ran == [(None, None, 1)]
    assert str(inspect.signature(note, follow_wrapped=False)) == (
        "(sender, count, **kwargs)"
    )


def test_events_may_be_sent_in_asynchronous_code(ran):
    asyncio.run(seen.asend(None, count=1))
    work()

    assert ran == [(None, 1, seen), ("context", None, 1)]


def test_it_is_the_function_that_it_decorates():
    assert (book.__module__, book.__qualname__) == (queued.__name__, "book")
    assert book.__doc__.strip() == "Book an order."
    assert inspect.signature(book) == inspect.signature(book.__wrapped__)
    assert book.module_path == BOOK
    assert isinstance(book, tasks.base.Task)


def test_a_copy_with_other_options_is_a_receiver(ran):
    copy = note.using(queue_name="mail")
    seen.connect(copy, sender=Order)
    seen.send(Order, count=1)

    assert (copy.queue_name, copy.on_commit, copy.__qualname__) == (
        "mail",
        False,
        "note",
    )
    assert [result.task for result in tasks.task_backends["default"].results] == [
        count_up,
        note,
        copy,
    ]
    work()
    assert ran[1:] == [("context", Order, 1)] * 2


@pytest.mark.parametrize("receiver", [book, mail, count_up, mail.using(priority=9)])
def test_it_can_be_pickled(receiver):
    copy = pickle.loads(pickle.dumps(receiver))

    assert copy == receiver
    assert copy.func is receiver.func
    assert copy.on_commit == receiver.on_commit


def test_it_cannot_be_queued_by_hand():
    for enqueue in (book.enqueue, book.aenqueue):
        with pytest.raises(TypeError) as caught:
            enqueue(Order)
        assert str(caught.value) == (
            f"{BOOK!r} is a receiver in the background: send its event instead of "
            "calling enqueue(), or call it to run it now."
        )


# What can't be queued


def refuse(backend, *args, **kwargs):
    raise ConnectionError("the broker is down")


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_down_after_a_commit_drops_no_other_callback(
    monkeypatch, caplog
):
    backend = type(tasks.task_backends["default"])
    monkeypatch.setattr(backend, "enqueue", refuse)
    called = []
    with caplog.at_level(logging.ERROR, "signaltools"), transaction.atomic():
        order = Order.objects.create()
        book(signal=paid, sender=Order, order=order, amount=Decimal(1), at=None)
        transaction.on_commit(lambda: called.append("project"))
        book(signal=paid, sender=Order, order=order, amount=Decimal(2), at=None)

    assert called == ["project"]
    assert [record.getMessage() for record in caplog.records] == [
        f"The receiver {BOOK!r} wasn't queued for {PAID!r} after the commit."
    ] * 2
    assert "the broker is down" in caplog.text
    assert [r.signal_message["arguments"]["amount"] for r in caplog.records] == [
        "1",
        "2",
    ]
    assert caplog.records[0].receiver == BOOK


def test_an_argument_without_a_form_is_an_error_of_the_send(order):
    with pytest.raises(BackgroundError) as caught:
        pictured.send(None, image=b"", count=1)
    assert str(caught.value) == (
        f"The argument 'image' of {pictured.name!r} can't be queued for "
        f"'{queued.__name__}.upload'. It allows every type."
    )


@pytest.mark.django_db
def test_an_instance_that_is_not_saved_is_an_error_of_the_send():
    with pytest.raises(BackgroundError) as caught:
        paid.send(Order, order=Order(), amount=Decimal(1))
    assert str(caught.value) == (
        f"The argument 'order' of {PAID!r} can't be queued for {BOOK!r}, because it "
        "isn't saved."
    )


def test_a_sender_that_no_worker_finds_is_an_error_of_the_send():
    class Local:
        pass

    for sender in (Local, "shop", queued):
        with pytest.raises(BackgroundError) as caught:
            seen.send(sender, count=1)
        assert str(caught.value).startswith(
            f"The argument 'sender' of {SEEN!r} can't be queued for "
            f"'{queued.__name__}.count_up', because it must be None or a class that "
            "its module contains, not "
        )


@pytest.mark.parametrize("signal", [Signal(), post_save])
def test_only_events_have_receivers_in_the_background(signal):
    message = (
        f"'{queued.__name__}.idle' runs in the background, so it can only be connected "
        "to a declared event: declare the signal with @event, or remove "
        "@in_background."
    )
    with pytest.raises(TypeError) as caught:
        idle(signal=signal, sender=Order)
    assert str(caught.value) == message


def test_an_event_that_no_worker_finds_is_an_error_of_the_send():
    @event
    def local(sender: object) -> None: ...

    local.connect(idle)
    with pytest.raises(BackgroundError) as caught:
        local.send(None)
    assert str(caught.value) == (
        f"{local.name!r} can't be queued for '{queued.__name__}.idle', because a "
        "worker can't find it: it isn't in the module that declares it."
    )


# What can't be decorated


@pytest.mark.parametrize("value", [Order, len, 3])
def test_only_functions_can_be_decorated(value):
    with pytest.raises(
        TypeError, match=r"^@in_background can only decorate a function"
    ):
        in_background(value)


def test_what_the_backend_refuses_names_the_receiver():
    def local(sender, **kwargs): ...

    with pytest.raises(InvalidTask) as caught:
        in_background(local)
    assert str(caught.value) == (
        f"'{__name__}.{local.__qualname__}' can't run in the background. Task function "
        "must be defined at a module level."
    )
    with pytest.raises(InvalidTask) as caught:
        in_background(queue_name="post")(queued.mail.__wrapped__)
    assert str(caught.value) == (
        f"{MAIL!r} can't run in the background. Queue 'post' is not valid for backend."
    )


def test_a_receiver_that_cannot_take_the_context_is_refused():
    with pytest.raises(InvalidTask) as caught:
        in_background(takes_context=True)(takes_nothing)
    assert str(caught.value).startswith(
        f"'{__name__}.takes_nothing' can't run in the background. Task takes context "
        "but does not have a first argument of 'context'"
    )


def takes_nothing(): ...


def test_without_tasks_it_says_what_is_missing(monkeypatch):
    for name in ("django.tasks", "django_tasks"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImproperlyConfigured) as caught:
        in_background(queued.mail.__wrapped__)
    assert str(caught.value) == (
        "@in_background requires Django 6.0 or the package 'django-tasks'."
    )


def test_a_package_that_lacks_something_else_is_not_hidden(monkeypatch):
    monkeypatch.setitem(sys.modules, "django.tasks", None)
    monkeypatch.setitem(sys.modules, "django_tasks", None)
    error = ModuleNotFoundError("No module named 'redis'", name="redis")

    def fail(name):
        raise error

    monkeypatch.setattr("signaltools.events.background.import_module", fail)
    with pytest.raises(ModuleNotFoundError) as caught:
        in_background(queued.mail.__wrapped__)
    assert caught.value is error


def test_a_project_that_does_not_use_it_imports_nothing_of_it():
    code = "import sys, signaltools.events; print('django.tasks' in sys.modules)"
    code += "; print('signaltools.events.background' in sys.modules)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


# Messages of a worker

MESSAGE = {"event": SEEN, "version": 2, "arguments": {"sender": None, "count": 1}}
START = f"'{queued.__name__}.upload' can't handle the message"


def changed(**changes):
    return {**MESSAGE, **changes}


def arguments(**named):
    return changed(arguments={"sender": None, "count": 1, **named})


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({}, ", because it has no 'arguments'."),
        ({"event": SEEN, "arguments": {}}, ", because it has no 'version'."),
        (
            changed(event="os.system"),
            ", because no event is named 'os.system' in this worker.",
        ),
        (changed(event=["a"]), ", because no event is named list in this worker."),
        (changed(event=""), ", because no event is named '' in this worker."),
        (
            changed(version=1),
            f", because it has version 1 of {SEEN!r}, but this worker has version 2. "
            "Let the workers empty the queue before you deploy a new version.",
        ),
        (
            changed(version=2.0),
            f", because it has version 2.0 of {SEEN!r}, but this worker has version 2. "
            "Let the workers empty the queue before you deploy a new version.",
        ),
        (changed(arguments=[]), ", because its arguments aren't an object."),
        (
            arguments(color="red"),
            f", because {SEEN!r} has no argument 'color' in this worker. Update the "
            "workers first when you add an argument.",
        ),
        (
            changed(arguments={"sender": None}),
            f", because it lacks the argument 'count' of {SEEN!r}.",
        ),
        (
            arguments(count="x" * 10_000_000),
            f", because of the argument 'count' of {SEEN!r}: it must be int, not a "
            "str.",
        ),
        (
            arguments(sender="os:system"),
            f", because of the argument 'sender' of {SEEN!r}: it must be None or the "
            "name of a loaded class, not a str.",
        ),
        (
            arguments(sender=5),
            f", because of the argument 'sender' of {SEEN!r}: it must be None or the "
            "name of a loaded class, not 5.",
        ),
        (MESSAGE, f", because it isn't connected to {SEEN!r} in this worker."),
    ],
)
def test_a_message_that_does_not_fit_is_refused_in_one_sentence(message, reason, ran):
    assert refused(queued.upload, **message) == START + reason
    assert ran == []


def test_a_message_has_no_positional_arguments(ran):
    with pytest.raises(BackgroundError) as caught:
        queued.upload.func("context", **MESSAGE)
    assert str(caught.value) == f"{START}, because it has positional arguments."


@pytest.mark.django_db
def test_a_row_that_is_gone_fails_the_task(order, ran):
    data = {"sender": "testapp.Order", "order": ["testapp.Order", 0, "default"]}
    data |= {"amount": "1"}
    message = refused(book, event=PAID, version=1, arguments=data)

    assert message == (
        f"{BOOK!r} can't handle the message, because of the argument 'order' of "
        f"{PAID!r}: its row has been deleted."
    )


def test_an_argument_that_is_missing_has_the_default_of_the_event(order, ran):
    data = {"sender": "testapp.Order", "amount": "1"}
    data["order"] = ["testapp.Order", order.pk, "default"]
    book.func(event=PAID, version=1, arguments=json.loads(json.dumps(data)))

    assert ran == [(Order, order, Decimal(1), {"at": None, "signal": paid})]


def test_a_receiver_may_be_connected_strongly_and_among_others(ran):
    def other(**kwargs): ...

    seen.disconnect(count_up)
    seen.connect(other)
    seen.connect(count_up, weak=False)
    try:
        asyncio.run(count_up.func(**MESSAGE))
    finally:
        seen.disconnect(other)
        seen.disconnect(count_up)
        seen.connect(count_up)
    assert ran == [(None, 1, seen)]


def test_a_receiver_that_was_disconnected_refuses_messages(ran):
    seen.disconnect(count_up)
    try:
        with pytest.raises(BackgroundError, match="isn't connected to"):
            asyncio.run(count_up.func(**MESSAGE))
    finally:
        seen.connect(count_up)
    assert ran == []
