from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import ipaddress
import pathlib
import re
import types
import uuid
import zoneinfo
from typing import ClassVar

import pytest
from django.db import models
from django.utils.translation import gettext_lazy

from signaltools.events.defaults import default_text
from tests.testapp.models import Order


class Never:
    def __repr__(self):
        raise AssertionError

    __str__ = __hash__ = __eq__ = __len__ = __iter__ = __bool__ = __repr__


class Meta(type):
    def __eq__(cls, other):
        raise AssertionError

    __hash__ = __repr__ = __eq__


class OfMeta(metaclass=Meta):
    pass


class Amount(decimal.Decimal, Never):
    __hash__ = __eq__ = Never.__eq__


class Text(str, Never):
    __hash__ = __eq__ = Never.__eq__


class Day(datetime.date, Never):
    __hash__ = __eq__ = Never.__eq__


class Zone(datetime.tzinfo):
    __repr__ = Never.__repr__


class Items(list):
    __repr__ = __iter__ = Never.__repr__


class Channel(enum.Enum):
    WEB = "web"
    SHOP = [1]

    __repr__ = __str__ = Never.__repr__


class Status(models.TextChoices):
    PAID = "paid", gettext_lazy("Paid")


class Level(enum.IntEnum):
    HIGH = 1


class Access(enum.Flag):
    READ = enum.auto()
    WRITE = enum.auto()


class Outer:
    class Inner(enum.Enum):
        ONE = 1


@dataclasses.dataclass(frozen=True)
class Money:
    amount: decimal.Decimal
    currency: str = "EUR"
    cache: dict = dataclasses.field(default_factory=dict, repr=False)
    known: ClassVar[dict] = {}

    __repr__ = __eq__ = __getattribute__ = Never.__repr__


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted:
    prices: list


class Odd(tuple):
    pass


Point = collections.namedtuple("Point", "x")
HERE = "tests.events.test_defaults"


def cases(*cases):
    # By default, pytest converts values to strings.
    return pytest.mark.parametrize(("value", "text"), cases, ids=[c[1] for c in cases])


@cases(
    (None, "None"),
    (..., "Ellipsis"),
    (True, "True"),
    (5_000_000, "5000000"),
    (-1.5, "-1.5"),
    (1j, "1j"),
    ("it's", '"it\'s"'),
    ("0123456789012345", "'0123456789012345'"),
    ("a\nb\u202e", r"'a\nb\u202e'"),
    (b"x", "b'x'"),
    (range(3), "range(0, 3)"),
    (decimal.Decimal("1.5"), "Decimal('1.5')"),
    (decimal.Decimal("NaN"), "Decimal('NaN')"),
    (fractions.Fraction(1, 3), "Fraction(1, 3)"),
    (datetime.date(2020, 1, 1), "datetime.date(2020, 1, 1)"),
    (datetime.datetime(2020, 1, 1), "datetime.datetime(2020, 1, 1, 0, 0)"),
    (
        datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
        "datetime.datetime(2020, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)",
    ),
    (
        datetime.time(8, tzinfo=zoneinfo.ZoneInfo("UTC")),
        "datetime.time(8, 0, tzinfo=zoneinfo.ZoneInfo(key='UTC'))",
    ),
    (datetime.timedelta(days=1), "datetime.timedelta(days=1)"),
    (uuid.UUID(int=1), "UUID('00000000-0000-0000-0000-000000000001')"),
    (pathlib.PurePosixPath("a/b"), "PurePosixPath('a/b')"),
    (pathlib.Path("a"), repr(pathlib.Path("a"))),
    (re.compile("a+"), "re.compile('a+')"),
    (ipaddress.ip_address("::1"), "IPv6Address('::1')"),
    (Channel.WEB, "Channel.WEB"),
    (Channel.SHOP, "Channel.SHOP"),
    (Status.PAID, "Status.PAID"),
    (Level.HIGH, "Level.HIGH"),
    (Outer.Inner.ONE, "Outer.Inner.ONE"),
    (Access.READ, "Access.READ"),
    (Access.READ | Access.WRITE, "Access.READ | Access.WRITE"),
    (Access(0), "Access(0)"),
    (Order, "Order"),
    (OfMeta, "OfMeta"),
    ((), "()"),
    ((1,), "(1,)"),
    ((1, Channel.WEB), "(1, Channel.WEB)"),
    ([decimal.Decimal(1)], "[Decimal('1')]"),
    ({"a": [1]}, "{'a': [1]}"),
    (set(), "set()"),
    ({"b", "a", "c"}, "{'a', 'b', 'c'}"),
    (frozenset(), "frozenset()"),
    (frozenset({Level.HIGH}), "frozenset({Level.HIGH})"),
    (Point(1), "Point(x=1)"),
    (Money(decimal.Decimal("1.5")), "Money(amount=Decimal('1.5'), currency='EUR')"),
    (Slotted([Money(1)]), "Slotted(prices=[Money(amount=1, currency='EUR')])"),
    (types.MappingProxyType({"a": 1}), "mappingproxy({'a': 1})"),
    (cases, "cases"),
    (len, "len"),
)
def test_values_of_the_standard_library_and_members_of_enums_are_shown_exactly(
    value, text
):
    assert default_text(value) == text


@cases(
    (Never(), f"{HERE}.Never"),
    (OfMeta(), f"{HERE}.OfMeta"),
    (Amount("1.5"), f"{HERE}.Amount"),
    (Text("x"), f"{HERE}.Text"),
    (Day(2020, 1, 1), f"{HERE}.Day"),
    (datetime.datetime(2020, 1, 1, tzinfo=Zone()), "datetime.datetime"),
    (datetime.time(8, tzinfo=Zone()), "datetime.time"),
    (Items(), f"{HERE}.Items"),
    (collections.OrderedDict(), "collections.OrderedDict"),
    (gettext_lazy("x"), "django.utils.functional.lazy.<locals>.__proxy__"),
    ([Never()], f"[{HERE}.Never]"),
    (
        types.MappingProxyType(collections.UserDict()),
        "mappingproxy(collections.UserDict)",
    ),
    (Odd([1]), f"{HERE}.Odd"),
    (10**5000, "int"),
    ([[[[[[[1]]]]]]], "[[[[[[list]]]]]]"),
)
def test_other_values_are_shown_as_their_type_without_running_their_code(value, text):
    assert default_text(value) == text


def test_a_list_that_contains_itself_has_an_end():
    value = []
    value.append(value)
    assert default_text(value) == "[[[[[[list]]]]]]"


def test_a_long_default_is_truncated_and_differs_from_others():
    text, other = default_text("x" * 1000), default_text("x" * 999 + "y")
    assert len(text) == len(other) == 400
    assert text.startswith("'xxx")
    assert text[:-9] == other[:-9]
    assert text != other
