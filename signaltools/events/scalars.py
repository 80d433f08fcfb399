"""
The types whose values are one value in JSON: how they are written, read, and described.

What is read comes from a queue, which anything may have been written to. Therefore a
form reads only what the declared type allows.
"""

from __future__ import annotations

import base64
import datetime
import decimal
import math
import uuid
from collections.abc import Callable
from types import NoneType
from typing import Any, NamedTuple, Protocol

from django.utils.dateparse import parse_duration
from django.utils.duration import duration_iso_string
from django.utils.functional import Promise

from ..introspect.objects import is_a, short_name
from ..introspect.text import stable_repr

Schema = dict[str, Any]


class WrongValue(ValueError):
    """
    A value can't be written as JSON, or read from it; the message gives the reason.
    """


def wrong(value: Any, expected: str) -> WrongValue:
    return WrongValue(f"it must be {expected}, not {shown(value)}")


def shown(value: Any) -> str:
    # Other values may be long, personal, or run a query to be printed.
    if type(value) in (bool, int, float, NoneType):
        return stable_repr(value)
    return short_name(value) if is_a(value, type) else f"a {short_name(type(value))}"


class Form(Protocol):
    """
    How the values of one type are written as JSON. Both methods raise ``WrongValue``.
    """

    @property
    def schema(self) -> Schema: ...

    def write(self, value: Any) -> Any: ...

    def read(self, data: Any) -> Any: ...


class ScalarType(NamedTuple):
    """
    A type whose values are one value in JSON, of one of the types ``json``.
    """

    cls: type
    schema: Schema
    json: tuple[type, ...]
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def _finite(value: float) -> float:
    # JSON has no other numbers. Python's own parser accepts them, databases don't.
    if not math.isfinite(value):
        raise WrongValue(f"it is {value}, which isn't a number in JSON")
    return float(value)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _from_base64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _duration(text: str) -> datetime.timedelta:
    value = parse_duration(text)
    if value is None:
        raise ValueError
    return value


def _iso(value: Any) -> str:
    return value.isoformat()  # type: ignore[no-any-return]


# A date and time without a time zone has no offset.
SCALARS = (
    ScalarType(NoneType, {"type": "null"}, (NoneType,), lambda _: None, lambda _: None),
    ScalarType(bool, {"type": "boolean"}, (bool,), bool, bool),
    ScalarType(int, {"type": "integer"}, (int,), int, int),
    ScalarType(float, {"type": "number"}, (float, int), _finite, _finite),
    ScalarType(str, {"type": "string"}, (str,), str, str),
    ScalarType(
        bytes,
        {"type": "string", "contentEncoding": "base64"},
        (str,),
        _base64,
        _from_base64,
    ),
    ScalarType(
        decimal.Decimal,
        {"type": "string", "format": "decimal"},
        (str,),
        str,
        decimal.Decimal,
    ),
    ScalarType(uuid.UUID, {"type": "string", "format": "uuid"}, (str,), str, uuid.UUID),
    ScalarType(
        datetime.datetime,
        {"type": "string", "format": "date-time"},
        (str,),
        _iso,
        datetime.datetime.fromisoformat,
    ),
    ScalarType(
        datetime.date,
        {"type": "string", "format": "date"},
        (str,),
        _iso,
        datetime.date.fromisoformat,
    ),
    ScalarType(
        datetime.time,
        {"type": "string", "format": "time"},
        (str,),
        _iso,
        datetime.time.fromisoformat,
    ),
    ScalarType(
        datetime.timedelta,
        {"type": "string", "format": "duration"},
        (str,),
        duration_iso_string,
        _duration,
    ),
)
_TYPES = {each.cls: each for each in SCALARS}
# What a type allows besides its subclasses, as type checkers do.
_PROMOTIONS: dict[type, tuple[type, ...]] = {
    float: (int,),
    bytes: (bytearray, memoryview),
}


class Scalar(NamedTuple):
    """
    A value that is one value in JSON as well.
    """

    cls: type

    @property
    def _type(self) -> ScalarType:
        return _TYPES[self.cls]

    @property
    def schema(self) -> Schema:
        return dict(self._type.schema)

    def write(self, value: Any) -> Any:
        # A string of gettext_lazy() gets the language of the sender.
        if self.cls is str and is_a(value, Promise):
            return str(value)
        allowed = (self.cls, *_PROMOTIONS.get(self.cls, ()))
        # A datetime is a date, but it can't be read as one.
        iswrong = self.cls is datetime.date and is_a(value, datetime.datetime)
        if iswrong or not isinstance(value, allowed):
            raise wrong(value, short_name(self.cls))
        return self._type.write(value)

    def read(self, data: Any) -> Any:
        # With "is", because True is an int.
        if any(type(data) is each for each in self._type.json):
            try:
                return self._type.read(data)
            except (ValueError, ArithmeticError):
                pass
        raise wrong(data, short_name(self.cls))
