"""
The cost of queueing a receiver, as a ratio measured in one run: see ``make bench``.

An event with a receiver in the background is compared with ``enqueue()`` of a task that
gets the same JSON ready-made, in processor time. The queue is a table in SQLite.
"""

from __future__ import annotations

import datetime
import time
import uuid
from collections.abc import Callable
from decimal import Decimal
from importlib import import_module
from statistics import median
from typing import Any

import django
from recording import setup, show

setup(
    ["django_tasks_db"],
    TASKS={"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}},
)

# They need settings.
from django.contrib.auth.models import User  # noqa: E402
from django.db import transaction  # noqa: E402
from django_tasks_db.models import DBTaskResult  # noqa: E402

from signaltools import event, in_background  # noqa: E402

tasks = import_module("django.tasks" if django.VERSION >= (6, 0) else "django_tasks")


@event
def order_paid(
    sender: type[User],
    *,
    customer: User,
    number: int,
    amount: Decimal,
    at: datetime.datetime,
    key: uuid.UUID,
    names: list[str],
    note: str | None,
    is_new: bool,
) -> None: ...


@in_background(on_commit=False)
def at_once(sender: Any, **kwargs: Any) -> None: ...


@in_background
def on_commit(sender: Any, **kwargs: Any) -> None: ...


@tasks.task
def by_hand(**kwargs: Any) -> None: ...


def main() -> None:
    named = {
        "customer": User.objects.create(),
        "number": 5,
        "amount": Decimal("18.50"),
        "at": datetime.datetime(2030, 1, 1),
        "key": uuid.uuid4(),
        "names": ["plum", "pear"],
        "note": None,
        "is_new": True,
    }
    order_paid.connect(at_once)
    order_paid.send(User, **named)
    message = DBTaskResult.objects.get().args_kwargs["kwargs"]

    def send() -> None:
        order_paid.send(User, **named)

    def enqueue() -> None:
        by_hand.enqueue(**message)

    def enqueue_on_commit() -> None:
        transaction.on_commit(enqueue)

    show("queue a receiver with 8 arguments", ratio(enqueue, send), 1.2)
    order_paid.disconnect(at_once)
    order_paid.connect(on_commit)
    show("queue it on commit", ratio(enqueue_on_commit, send), 1.2)


def ratio(plain: Callable[[], None], other: Callable[[], None]) -> float:
    # In turns, because each row makes the table larger.
    pairs = [(timed(plain), timed(other)) for _ in range(101)]
    return median(second / first for first, second in pairs)


def timed(action: Callable[[], None]) -> float:
    start = time.process_time()
    for _ in range(20):
        action()
    return time.process_time() - start


if __name__ == "__main__":
    main()
