"""
Receivers in the background on the engine of the settings, with a worker process.

The table of guarantees in ``docs/background.md`` is compared with what happens here.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import SynchronousOnlyOperation
from django.db import transaction

from .conftest import ENGINE, calls, only, wait_until
from .guarantees import code_with, guarantees
from .project import signals
from .project.models import Call, Finished, Order
from .project.signals import (
    awaited,
    backend,
    compare,
    failed,
    noted,
    packed,
    values_of,
    waited,
    written,
)

SENDS = 1000 if ENGINE in ("sqlite", "postgresql") else 200


@pytest.fixture
def row() -> dict[str, str]:
    """
    The row of the engine in the table of guarantees.
    """
    return guarantees(ENGINE)


def wait_for_tasks(number: int) -> None:
    wait_until(lambda: Finished.objects.count() >= number)


def test_each_committed_event_is_handled_once_with_equal_values(worker, row):
    worker.start()
    committed = []
    for number in range(SENDS):
        with transaction.atomic():
            order = Order.objects.create()
            packed.send(Order, **values_of(number, order))
            if number % 10 == 9:
                transaction.set_rollback(True)
            else:
                committed.append(number)

    wait_for_tasks(len(committed))
    assert sorted(calls("compare")) == committed
    assert {*Call.objects.values_list("text", flat=True)} == {""}
    assert {*Finished.objects.values_list("status", "error")} == {("SUCCESSFUL", "")}
    assert row["After a rollback"] == "not queued"


def test_without_on_commit_it_is_queued_before_the_end_of_the_transaction(worker, row):
    worker.start()
    signals.ran_here.clear()
    with transaction.atomic():
        written.send(None, number=1)
        transaction.set_rollback(True)
    # Tasks run in the order in which they are queued.
    written.send(None, number=2)

    wait_until(lambda: 2 in calls("write"))
    has_run = 1 in calls("write") or 1 in signals.ran_here
    expected = row["After a rollback, `on_commit=False`"]
    assert expected == ("runs" if has_run else "not queued")


def test_a_receiver_that_raises_fails_once_and_the_next_one_runs(worker, row):
    worker.start()
    failed.send(None, number=1)
    noted.send(None, number=2)

    wait_until(lambda: Finished.objects.count() >= 2 and calls("note"))
    error = Finished.objects.get(status="FAILED").error
    assert error == "LookupError: it always fails"
    assert calls("fail") == [1]
    assert row["The receiver raises"] == "fails, no retry"


def test_an_async_receiver_and_the_context_of_the_task(worker, row):
    worker.start()
    order = Order.objects.create()
    noted.send(Order, number=1)
    awaited.send(None, order=order)

    wait_for_tasks(1 + backend.supports_async_task)
    assert Call.objects.get(receiver="note").text
    assert calls("wait_for") == [order.pk][: backend.supports_async_task]
    expected = "yes" if backend.supports_async_task else "no"
    assert row["`async def` receivers"] == expected


def test_events_are_sent_in_asynchronous_code_with_asend(worker):
    async def view():
        await noted.asend(None, number=1)
        if ENGINE in ("sqlite", "postgresql"):
            with pytest.raises(SynchronousOnlyOperation):
                noted.send(None, number=2)

    worker.start()
    async_to_sync(view)()
    wait_for_tasks(1)
    assert calls("note") == [1]


# A worker that is killed

WAITING = [*range(1, 21)]


@only("sqlite", "postgresql", "celery", "celery_acks_late", "huey")
def test_a_killed_worker_loses_no_task_that_waits(worker, row):
    waited.send(None, number=0, seconds=60)
    for number in WAITING:
        waited.send(None, number=number)
    worker.start()
    wait_until(lambda: calls("wait") == [0])
    worker.kill()
    # Celery has taken some that wait: Redis returns them after this time.
    time.sleep(4 * ENGINE.startswith("celery"))
    worker.start()

    wait_until(lambda: {*WAITING} <= {*calls("wait")})
    assert row["Worker killed: tasks that wait"] == "run later"
    expected = row["Worker killed: the task it runs"]
    time.sleep(1)
    if ENGINE in ("sqlite", "postgresql"):
        assert calls("wait") == [0, *WAITING]
        assert expected == "stays `RUNNING`"
        exec(code_with("DBTaskResult"))
        wait_until(lambda: calls("wait") == [0, *WAITING, 0])
    else:
        assert calls("wait").count(0) == {"lost": 1, "runs again": 2}[expected]
        assert len(calls("wait")) == len(WAITING) + calls("wait").count(0)


# A queue that is down


@only("celery")
def test_a_broker_that_is_down_after_a_commit_drops_no_other_callback(
    worker, server, caplog
):
    server.stop()
    called = []
    try:
        with caplog.at_level(logging.ERROR, "signaltools"), transaction.atomic():
            noted.send(None, number=1)
            transaction.on_commit(lambda: called.append("project"))
            order = Order.objects.create()
            awaited.send(None, order=order)
        with pytest.raises(Exception, match="refused"):
            written.send(None, number=1)
    finally:
        server.start()

    assert called == ["project"]
    assert Order.objects.exists()
    records = [each for each in caplog.records if each.name == "signaltools"]
    assert [each.getMessage().split(" wasn't")[0] for each in records] == [
        "The receiver 'tests.engines.project.signals.note'",
        "The receiver 'tests.engines.project.signals.wait_for'",
    ]

    # What the docs do with the records.
    worker.start()
    for record in records:
        queue_again: dict[str, Any] = {}
        exec(code_with("def queue_again"), queue_again)
        queue_again["queue_again"](record.receiver, record.signal_message)
    wait_for_tasks(2)
    assert calls("note") == [1]
    assert calls("wait_for") == [order.pk]


# Hostile messages

EVENT = "tests.engines.project.signals.packed"
START = "'tests.engines.project.signals.compare' can't handle the message, because "
ORDER = "tests.engines.project.models.Order"
HOSTILE = [
    ({"event": "tests.engines.project.trap.packed"}, "no event is named 'tests.engi"),
    ({"event": "tests.engines.project.trap"}, "no event is named 'tests.engines.proj"),
    ({"event": "os.system"}, "no event is named 'os.system' in this worker."),
    ({"event": ["packed"]}, "no event is named list in this worker."),
    (
        {"event": "tests.engines.project.signals.noted", "arguments": {"number": 1}},
        "it lacks the argument 'sender' of 'tests.engines.project.signals.noted'.",
    ),
    (
        {
            "event": "tests.engines.project.signals.noted",
            "arguments": {"sender": None, "number": 1},
        },
        "it isn't connected to 'tests.engines.project.signals.noted' in this worker.",
    ),
    ({"version": 2}, f"it has version 2 of {EVENT!r}, but this worker has version 1. "),
    ({"version": "1"}, f"it has version '1' of {EVENT!r}, but this worker has version"),
    ({"arguments": ["number"]}, "its arguments aren't an object."),
    ({"color": "GREEN"}, f"of the argument 'color' of {EVENT!r}: it must be tests."),
    ({"paint": "red"}, f"{EVENT!r} has no argument 'paint' in this worker. Update "),
    (
        {"sender": "tests.engines.project.trap:A"},
        f"of the argument 'sender' of {EVENT!r}: ",
    ),
    ({"model": "project.Call"}, f"of the argument 'model' of {EVENT!r}: it must be "),
    (
        {"order": ["project.Call", 1, "default"]},
        f"of the argument 'order' of {EVENT!r}: it",
    ),
    (
        {"order": ["project.Order", 0, "default"]},
        f"of the argument 'order' of {EVENT!r}: its row has been deleted.",
    ),
    (
        {"order": ["project.Order", 1, "other"]},
        f"of the argument 'order' of {EVENT!r}: there is no such database.",
    ),
    ({"number": "1"}, f"of the argument 'number' of {EVENT!r}: it must be int, not a "),
    (
        {"number": True},
        f"of the argument 'number' of {EVENT!r}: it must be int, not Tr",
    ),
    (
        {"number": "x" * 10_000_000},
        f"of the argument 'number' of {EVENT!r}: it must be int, not a str.",
    ),
    (
        {"names": [[[["x"]]]]},
        f"of the argument 'names' of {EVENT!r}: it must be str, not a list.",
    ),
]


def messages(right: dict[str, Any]) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    for changes, _ in HOSTILE:
        if changes.keys() & right.keys():
            yield (), {**right, **changes}
        else:
            yield (), {**right, "arguments": {**right["arguments"], **changes}}
    yield (), {}
    yield (1, 2), right


@only("immediate", "sqlite", "postgresql", "celery", "huey")
def test_hostile_messages_fail_in_one_sentence_and_import_nothing(
    worker, monkeypatch, caplog
):
    order = Order.objects.create()
    right: dict[str, Any] = {}
    with monkeypatch.context() as patch:
        # Take what is sent, to change it.
        enqueue = lambda self, task, args, kwargs: right.update(kwargs)  # noqa: E731
        patch.setattr(type(backend), "enqueue", enqueue)
        packed.send(Order, **values_of(1, order))
    Call.objects.create(receiver="row")

    worker.start()
    hostile = [*messages(right)]
    for args, message in hostile:
        backend.enqueue(compare, args, message)
    wait_for_tasks(len(hostile))

    got = {*Finished.objects.values_list("status", "error", "trap_is_loaded")}
    assert {status for status, *_ in got} == {"FAILED"}
    assert not any(trap for *_, trap in got)
    errors = [error for _, error, _ in got]
    expected = [reason for _, reason in HOSTILE]
    expected += ["it has no 'arguments'.", "it has positional arguments."]
    prefix = f"signaltools.exceptions.BackgroundError: {START}"
    missing = [
        each
        for each in expected
        if not any(error.startswith(prefix + each) for error in errors)
    ]
    assert missing == []
    assert all(error.endswith(".") and len(error) < 400 for error in errors)
    assert not Call.objects.exclude(receiver="row").exists()
