from __future__ import annotations

import gc
import re
import uuid
import weakref
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Group
from django.dispatch import Signal
from django.utils.functional import SimpleLazyObject, lazy
from django.views.debug import (
    SafeExceptionReporterFilter,
    get_default_exception_reporter_filter,
)

import signaltools
from signaltools.introspect.objects import short_name
from signaltools.recording.arguments import ArgumentTypes
from tests import shapes
from tests.testapp.models import Tag

signal = Signal()


class Shop:
    pass


def record(send, **options):
    with signaltools.trace(**options) as trace:
        send()
    return trace.tree[0]


# Names and types


def test_arguments_are_names_only():
    node = record(lambda: signal.send(None, order=1, user=None))

    assert node.arguments == ("order", "user")


def test_arguments_without_names_of_their_own():
    assert record(lambda: signal.send(sender=None)).arguments == ()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "NoneType"),
        (1, "int"),
        (Decimal(1), "decimal.Decimal"),
        (Shop(), f"{__name__}.Shop"),
        (Tag(pk=7), "testapp.Tag pk=7"),
        (Tag(), "testapp.Tag pk=None"),
        (Tag(pk="slug"), "testapp.Tag pk=slug"),
        (Group(pk=uuid.UUID(int=1)), "auth.Group pk=uuid.UUID"),
        (Tag(pk=10**5_000), "testapp.Tag pk=int"),
    ],
    ids=lambda value: value if type(value) is str else "",
)
def test_argument_types_are_recorded_on_request(value, text):
    node = record(lambda: signal.send(None, order=value), argument_types=True)

    assert node.arguments == (f"order={text}",)


def test_deferred_primary_key_is_not_fetched():
    tag = Tag(stamp="a")
    del tag.__dict__["id"]
    node = record(lambda: signal.send(None, tag=tag), argument_types=True)

    [argument] = node.arguments
    assert argument.startswith("tag=testapp.Tag pk=")


def test_hostile_argument_is_not_asked():
    value = shapes.hostile("__getattribute__", "__eq__", "__hash__", "__repr__")
    node = record(lambda: signal.send(None, value=value), argument_types=True)

    assert node.arguments == ("value=tests.shapes.Hostile",)


def test_class_at_the_address_of_a_dead_one_has_its_own_name():
    types = ArgumentTypes()
    for number in range(300):
        kind = type(f"Passing{number}", (), {})
        assert types("value", kind()) == f"{__name__}.Passing{number}"
        assert types("value", kind()) == f"{__name__}.Passing{number}"
        del kind
        gc.collect(0)


def test_name_of_a_dead_class_at_the_same_address_is_not_taken():
    types, dead = ArgumentTypes(), type("Dead", (), {})
    types("value", Shop())
    types._names[id(Shop)] = weakref.ref(dead), "Dead"
    del dead
    gc.collect()

    assert types("value", Shop()) == f"{__name__}.Shop"


def test_argument_types_keep_no_class_alive():
    types, kind = ArgumentTypes(), type("Passing", (), {})
    types("value", kind())
    gone = weakref.ref(kind)
    del kind
    gc.collect()

    assert gone() is None


# Values


def argument(value, name="order"):
    node = record(lambda: signal.send(None, **{name: value}), argument_values=True)
    [text] = node.arguments
    return text.removeprefix(f"{name}=")


class Refusing(tzinfo):
    __repr__ = __str__ = utcoffset = dst = tzname = shapes.refuse


class Text(str):
    __slots__ = ()
    __repr__ = __str__ = __getitem__ = shapes.refuse


class Number(int):
    __repr__ = __str__ = bit_length = shapes.refuse


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("paid", "'paid'"),
        ("", "''"),
        ("it's", '"it\'s"'),
        ("\x1b[31m", "'\\x1b[31m'"),
        (7, "7"),
        (-7, "-7"),
        (True, "True"),
        (1.5, "1.5"),
        (None, "None"),
        (Decimal("1.50"), "Decimal('1.50')"),
        (date(2026, 1, 2), "datetime.date(2026, 1, 2)"),
        (datetime(2026, 1, 2, 3), "datetime.datetime(2026, 1, 2, 3, 0)"),
        (time(3, 4), "datetime.time(3, 4)"),
        (timedelta(1), "datetime.timedelta(days=1)"),
        (time(3, tzinfo=UTC), "datetime.time(3, 0, tzinfo=datetime.timezone.utc)"),
        (
            time(3, tzinfo=ZoneInfo("UTC")),
            "datetime.time(3, 0, tzinfo=zoneinfo.ZoneInfo(key='UTC'))",
        ),
        (uuid.UUID(int=1), "UUID('00000000-0000-0000-0000-000000000001')"),
    ],
)
def test_plain_values_are_shown_if_asked_for(value, text):
    assert argument(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (10**5_000, "int"),
        ([1], "list"),
        ({"a": 1}, "dict"),
        (b"paid", "bytes"),
        (Text("paid"), f"{__name__}.Text"),
        (Number(7), f"{__name__}.Number"),
        (Shop, "type"),
        (Tag(pk=7, stamp="secret"), "testapp.Tag pk=7"),
        (datetime(2026, 1, 2, tzinfo=Refusing()), "datetime.datetime"),
        (time(3, tzinfo=Refusing()), "datetime.time"),
    ],
    ids=lambda value: value if type(value) is str else "",
)
def test_other_values_have_their_type(value, text):
    assert argument(value) == text


@pytest.mark.parametrize(
    "make",
    [
        lambda: SimpleLazyObject(shapes.refuse),
        lazy(shapes.refuse, str),
        lambda: shapes.hostile("__getattribute__", "__eq__", "__hash__", "__repr__"),
    ],
    ids=["lazy object", "lazy text", "hostile"],
)
def test_values_are_not_evaluated(make):
    value = make()

    assert argument(value) == short_name(type(value))


def test_large_numbers_are_shown_to_a_limit():
    assert argument(2**998) == f"{str(2**998)[:99]}…"
    assert argument(Decimal(10**500)) == ("Decimal('1" + "0" * 500)[:99] + "…"


def test_texts_are_cut():
    assert argument("x" * 98) == repr("x" * 98)
    assert argument("x" * 10_000) == "'" + "x" * 98 + "…"


@pytest.mark.parametrize(
    "name", ["password", "api_key", "AUTH_HEADER", "session_token", "sessionid"]
)
def test_values_that_exception_reports_hide_are_hidden(name):
    assert argument("open sesame", name) == "********************"
    assert argument(Shop(), name) == "********************"


class HidesEverything(SafeExceptionReporterFilter):
    cleansed_substitute = "hidden by the project"
    hidden_settings = re.compile("")


class Raises(SafeExceptionReporterFilter):
    def cleanse_setting(self, key, value):
        raise LookupError(key)


class AnswersWithAnything(SafeExceptionReporterFilter):
    def cleanse_setting(self, key, value):
        return shapes.hostile("__str__", "__bool__")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (f"{__name__}.HidesEverything", "hidden by the project"),
        (f"{__name__}.Raises", "str"),
        (f"{__name__}.AnswersWithAnything", "str"),
        ("no_such.Filter", "str"),
    ],
)
def test_project_may_have_its_own_filter(settings, name, text):
    settings.DEFAULT_EXCEPTION_REPORTER_FILTER = name
    get_default_exception_reporter_filter.cache_clear()
    try:
        assert argument("paid") == text
    finally:
        get_default_exception_reporter_filter.cache_clear()


def test_values_are_shown_also_if_types_are_asked_for():
    node = record(
        lambda: signal.send(None, order=7, shop=Shop()),
        argument_types=True,
        argument_values=True,
    )

    assert node.arguments == ("order=7", f"shop={__name__}.Shop")
