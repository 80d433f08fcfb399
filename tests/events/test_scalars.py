from __future__ import annotations

import datetime
import enum
import json
import uuid
from decimal import Decimal
from types import NoneType

import pytest
from django.utils.translation import gettext_lazy, override

from signaltools.events.scalars import Scalar, WrongValue

UTC = datetime.UTC
BERLIN = datetime.timezone(datetime.timedelta(hours=1))


class Level(enum.IntEnum):
    HIGH = 3


class Code(str):
    __slots__ = ()


VALUES = {
    NoneType: [None],
    bool: [True, False],
    int: [0, -5, 10**30],
    float: [0.1, -1e300, 5e-324],
    str: ["", "\xe9t\xe9 \U0001f370", '\\ " \n'],
    bytes: [b"", bytes(range(256))],
    Decimal: [Decimal("1.50"), Decimal("-0"), Decimal("1E+30"), Decimal("NaN")],
    uuid.UUID: [uuid.UUID(int=7)],
    datetime.datetime: [
        datetime.datetime(2030, 1, 1),
        datetime.datetime(2030, 1, 1, 12, 30, 5, 1, tzinfo=UTC),
        datetime.datetime(2030, 1, 1, tzinfo=BERLIN),
    ],
    datetime.date: [datetime.date(1, 1, 1), datetime.date(9999, 12, 31)],
    datetime.time: [datetime.time(), datetime.time(23, 59, 59, 999999, tzinfo=UTC)],
    datetime.timedelta: [
        datetime.timedelta(),
        datetime.timedelta(microseconds=1),
        datetime.timedelta(days=-3, seconds=7, microseconds=999999),
        datetime.timedelta.max,
        datetime.timedelta.min,
    ],
}


@pytest.mark.parametrize(
    ("cls", "value"),
    [
        pytest.param(cls, value, id=f"{cls.__name__}-{number}")
        for cls, values in VALUES.items()
        for number, value in enumerate(values)
    ],
)
def test_a_value_is_read_as_it_was_written(cls, value):
    data = json.loads(json.dumps(Scalar(cls).write(value)))

    read = Scalar(cls).read(data)
    assert type(read) is cls
    assert repr(read) == repr(value)


@pytest.mark.parametrize(
    ("cls", "value", "data"),
    [
        (int, True, 1),
        (int, Level.HIGH, 3),
        (float, 3, 3.0),
        (str, Code("a"), "a"),
        (bytes, bytearray(b"a"), "YQ=="),
        (bytes, memoryview(b"a"), "YQ=="),
    ],
)
def test_values_that_a_type_checker_accepts_are_written(cls, value, data):
    written = Scalar(cls).write(value)

    assert written == data
    assert type(written) is type(data)


def test_a_lazy_string_is_written_in_the_language_of_the_sender():
    with override("de"):
        assert Scalar(str).write(gettext_lazy("Yes")) == "Ja"


@pytest.mark.parametrize(
    ("cls", "value", "reason"),
    [
        (NoneType, 0, "it must be NoneType, not 0"),
        (bool, 1, "it must be bool, not 1"),
        (int, 1.5, "it must be int, not 1.5"),
        (int, None, "it must be int, not None"),
        (str, 5, "it must be str, not 5"),
        (str, b"a", "it must be str, not a bytes"),
        (float, float("inf"), "it is inf, which isn't a number in JSON"),
        (float, float("nan"), "it is nan, which isn't a number in JSON"),
        (Decimal, 1, "it must be decimal.Decimal, not 1"),
        (int, int, "it must be int, not int"),
        (
            datetime.date,
            datetime.datetime(2030, 1, 1),
            "it must be datetime.date, not a datetime.datetime",
        ),
    ],
)
def test_values_of_other_types_are_not_written(cls, value, reason):
    with pytest.raises(WrongValue) as caught:
        Scalar(cls).write(value)
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    ("cls", "data"),
    [
        (NoneType, False),
        (bool, 1),
        (int, True),
        (int, 1.0),
        (int, "1"),
        (float, True),
        (str, None),
        (bytes, "?"),
        (bytes, "\xe9"),
        (Decimal, 1),
        (Decimal, "one"),
        (uuid.UUID, "7"),
        (datetime.datetime, "tomorrow"),
        (datetime.date, "2030-01-01T00:00:00"),
        (datetime.time, "25:00"),
        (datetime.timedelta, "soon"),
        (datetime.timedelta, "P9999999999D"),
    ],
)
def test_anything_else_is_not_read(cls, data):
    shown = data if data is None or type(data) in (bool, int, float) else "a str"
    name = cls.__name__
    if cls.__module__ != "builtins":
        name = f"{cls.__module__}.{name}"
    with pytest.raises(WrongValue) as caught:
        Scalar(cls).read(data)
    assert str(caught.value) == f"it must be {name}, not {shown}"


def test_schemas_are_not_shared():
    first, second = (Scalar(Decimal).schema for _ in range(2))

    first["title"] = "Amount"
    assert "title" not in second
    assert Scalar(datetime.date).schema == {"type": "string", "format": "date"}
