"""
Events, and their receivers in the background.
"""

from __future__ import annotations

import datetime
import enum
import sys
import time
import uuid
from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from typing import Any, Literal, NamedTuple, NewType

import django
from django.dispatch import receiver

from signaltools import event, in_background

from .models import Call, Finished, Order

_tasks = import_module("django.tasks" if django.VERSION >= (6, 0) else "django_tasks")
backend = _tasks.task_backends["default"]
finished = import_module(f"{_tasks.__name__}.signals").task_finished

# What has run in this process, which no rollback removes.
ran_here: list[int] = []

Code = NewType("Code", str)


class Color(enum.Enum):
    RED = object()
    BLUE = {"hex": "00f"}


@dataclass
class Parcel:
    weight: Decimal
    labels: list[str]


class Point(NamedTuple):
    x: int
    y: float


@event
def packed(
    sender: type[Order],
    *,
    number: int,
    order: Order,
    flag: bool,
    share: float,
    text: str,
    data: bytes,
    price: Decimal,
    key: uuid.UUID,
    at: datetime.datetime,
    naive: datetime.datetime,
    day: datetime.date,
    hour: datetime.time,
    lasts: datetime.timedelta,
    color: Color,
    size: Literal["S", 1, None],
    parcel: Parcel,
    point: Point,
    names: list[str],
    digits: set[int],
    letters: frozenset[str],
    pair: tuple[int, Color],
    row: tuple[Decimal, ...],
    prices: dict[str, Decimal],
    code: Code,
    model: type[Order],
    nothing: None,
    note: str | None = None,
    other: Order | None = None,
) -> None:
    """
    Sent with a value of every type that a message can hold.
    """


def values_of(number: int, order: Order) -> dict[str, Any]:
    """
    Return what ``packed`` is sent with, which depends on a number.
    """
    zone = datetime.timezone(datetime.timedelta(hours=number % 24 - 12))
    at = datetime.datetime(2030, 1, 1, 12, 30, 15, number)
    return {
        "number": number,
        "order": order,
        "flag": number % 2 == 0,
        "share": number / 7,
        "text": f"é\n\N{GRINNING FACE}{number}\x7f",
        "data": bytes([number % 256, 0, 255]),
        "price": Decimal(number).scaleb(-3),
        "key": uuid.UUID(int=number),
        "at": at.replace(tzinfo=zone),
        "naive": at,
        "day": at.date() + datetime.timedelta(days=number),
        "hour": at.time(),
        "lasts": datetime.timedelta(days=-number, microseconds=number),
        "color": list(Color)[number % 2],
        "size": ("S", 1, None)[number % 3],
        "parcel": Parcel(Decimal(number), ["fragile"] * (number % 3)),
        "point": Point(number, number / 3),
        "names": [str(number)] * (number % 4),
        "digits": set(map(int, str(number))),
        "letters": frozenset(str(number)),
        "pair": (number, Color.RED),
        "row": tuple(map(Decimal, range(number % 5))),
        "prices": {"": Decimal(number), "é": Decimal("1E+3")},
        "code": Code(f"{number}"),
        "model": Order,
        "nothing": None,
        "note": None if number % 2 else f"{number}",
        "other": order if number % 3 else None,
    }


def differences(arguments: dict[str, Any]) -> str:
    expected = values_of(arguments["number"], arguments["order"])
    expected |= {"signal": packed, "sender": Order}
    names = sorted(arguments.keys() ^ expected.keys())
    names += [
        name
        for name, value in arguments.items()
        if type(value) is not type(expected[name]) or value != expected[name]
    ]
    return ", ".join(names)


@receiver(packed)
@in_background
def compare(sender, number, **kwargs):
    wrong = differences({"sender": sender, "number": number, **kwargs})
    Call.objects.create(receiver="compare", number=number, text=wrong)


@event
def noted(sender: object, *, number: int) -> None: ...


@receiver(noted)
@in_background(takes_context=True)
def note(context, sender, number, **kwargs):
    text = context.task_result.id
    Call.objects.create(receiver="note", number=number, text=text)


@event
def waited(sender: object, *, number: int, seconds: float = 0) -> None: ...


@receiver(waited)
@in_background
def wait(sender, number, seconds, **kwargs):
    is_first = not Call.objects.filter(receiver="wait", number=number).exists()
    Call.objects.create(receiver="wait", number=number)
    if is_first:
        time.sleep(seconds)


@event
def written(sender: object, *, number: int) -> None: ...


@receiver(written)
@in_background(on_commit=False)
def write(sender, number, **kwargs):
    ran_here.append(number)
    Call.objects.create(receiver="write", number=number)


@event
def failed(sender: object, *, number: int) -> None: ...


@receiver(failed)
@in_background
def fail(sender, number, **kwargs):
    Call.objects.create(receiver="fail", number=number)
    raise LookupError("it always fails")


@event
def awaited(sender: object, *, order: Order) -> None: ...


if backend.supports_async_task:

    @receiver(awaited)
    @in_background
    async def wait_for(sender, order, **kwargs):
        await Call.objects.acreate(receiver="wait_for", number=order.pk)


@receiver(finished)
def log(sender, task_result, **kwargs):
    lines = "".join(each.traceback for each in task_result.errors).splitlines()
    Finished.objects.create(
        status=task_result.status,
        error=lines[-1] if lines else "",
        trap_is_loaded=f"{__package__}.trap" in sys.modules,
    )
