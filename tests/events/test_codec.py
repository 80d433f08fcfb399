# ruff: noqa: UP006, UP007, UP045

from __future__ import annotations

import dataclasses
import datetime
import enum
import sys
import typing
import uuid
from collections import namedtuple
from collections.abc import Callable, Sequence
from decimal import Decimal
from inspect import Parameter
from typing import Annotated, Any, BinaryIO, ForwardRef, Generic, Literal, NewType

import jsonschema
import pytest
from django.apps.registry import Apps
from django.db import models
from django.db.models import Model

from signaltools import event
from signaltools.events import model_forms
from signaltools.events.codec import NoForm, event_schema, find_form
from tests.testapp.models import Line, Order, RushOrder, Stamped, Tag

T = typing.TypeVar("T")
Bound = typing.TypeVar("Bound", bound="Order")
Limited = typing.TypeVar("Limited", str, int)
OrderId = NewType("OrderId", int)
Name = NewType("Name", str)


class Color(models.TextChoices):
    RED = "r"
    BLUE = "b"


class Size(enum.IntEnum):
    S = 1
    SMALL = 1
    L = 2


class Access(enum.Flag):
    READ = 1


class Plain:
    pass


class Code(str):
    __slots__ = ()


class Box(Generic[T]):
    pass


class Parts(typing.TypedDict):
    name: str


class Speaks(typing.Protocol):
    def speak(self) -> None: ...


class Point(typing.NamedTuple):
    x: int
    y: Decimal | None


Pair = namedtuple("Pair", "first second")


@dataclasses.dataclass
class Price:
    amount: Decimal
    currency: str = "EUR"
    shown: str = dataclasses.field(init=False, default="")


@dataclasses.dataclass
class Offer(Price):
    points: list[Point] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Tree:
    children: list[Tree]


@dataclasses.dataclass
class Basket:
    content: Any


class Hostile(type):
    def __eq__(cls, other):
        raise RuntimeError("code of the project was run")

    __hash__ = __eq__


class Odd(metaclass=Hostile):
    pass


def array(*items):
    first = {"prefixItems": list(items)} if items else {}
    return {"type": "array", **first, "items": False, "minItems": len(items)}


def fields(**properties):
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def nullable(schema):
    return {"anyOf": [schema, {"type": "null"}]}


ORDERS = {"enum": ["testapp.GiftOrder", "testapp.Order", "testapp.RushOrder"]}
STRING, INTEGER = {"type": "string"}, {"type": "integer"}
DECIMAL = {"type": "string", "format": "decimal"}
POINT = fields(x=INTEGER, y=nullable(DECIMAL))
PRICE = {"amount": DECIMAL, "currency": STRING}

# What other systems can read, with one value as it is sent.
FORMS = [
    (None, {"type": "null"}, None),
    (bool, {"type": "boolean"}, True),
    (int, INTEGER, 2**70),
    (float, {"type": "number"}, 0.5),
    (str, STRING, ""),
    (bytes, {"type": "string", "contentEncoding": "base64"}, "AA=="),
    (Decimal, DECIMAL, "1.50"),
    (uuid.UUID, {"type": "string", "format": "uuid"}, str(uuid.UUID(int=1))),
    (
        datetime.datetime,
        {"type": "string", "format": "date-time"},
        "2020-01-01T00:00:00Z",
    ),
    (datetime.date, {"type": "string", "format": "date"}, "2020-01-01"),
    (datetime.time, {"type": "string", "format": "time"}, "12:30:00"),
    (datetime.timedelta, {"type": "string", "format": "duration"}, "P1DT00H00M00S"),
    (Color, {"enum": ["RED", "BLUE"]}, "RED"),
    (Size, {"enum": ["S", "L"]}, "S"),
    (Literal["a", 1, True, None], {"enum": ["a", 1, True, None]}, "a"),
    (Literal[Color.BLUE, "x"], {"enum": ["BLUE", "x"]}, "BLUE"),
    (Order, array(ORDERS, INTEGER, STRING), ["testapp.Order", 1, "default"]),
    (RushOrder, array({"enum": ["testapp.RushOrder"]}, INTEGER, STRING), None),
    (type[Order], ORDERS, "testapp.RushOrder"),
    (type["Tag"], {"enum": ["testapp.Tag"]}, "testapp.Tag"),
    (int | None, nullable(INTEGER), None),
    (typing.Optional[int], nullable(INTEGER), 1),
    (typing.Union[None, Color], nullable({"enum": ["RED", "BLUE"]}), "RED"),
    (list[int], {"type": "array", "items": INTEGER}, [1, 1]),
    (typing.List[str], {"type": "array", "items": STRING}, []),
    (set[int], {"type": "array", "items": INTEGER, "uniqueItems": True}, [1, 2]),
    (frozenset[str], {"type": "array", "items": STRING, "uniqueItems": True}, []),
    (tuple[int, ...], {"type": "array", "items": INTEGER}, [1, 2, 3]),
    (tuple[int, str], array(INTEGER, STRING), [1, ""]),
    (tuple[()], array(), []),
    (typing.Tuple[()], array(), []),
    (dict[str, int], {"type": "object", "additionalProperties": INTEGER}, {"a": 1}),
    (dict[Name, int], {"type": "object", "additionalProperties": INTEGER}, {}),
    (
        dict["str", list[Decimal | None]],
        {
            "type": "object",
            "additionalProperties": {"type": "array", "items": nullable(DECIMAL)},
        },
        {"a": ["1", None]},
    ),
    (Point, POINT, {"x": 1, "y": None}),
    (Price, fields(**PRICE), {"amount": "1", "currency": "EUR"}),
    (Offer, fields(**PRICE, points={"type": "array", "items": POINT}), None),
    (Annotated[int, "pence"], INTEGER, 1),
    (OrderId, INTEGER, 1),
    (Bound, array(ORDERS, INTEGER, STRING), None),
    ("int", INTEGER, 1),
    ("list[Color]", {"type": "array", "items": {"enum": ["RED", "BLUE"]}}, ["RED"]),
    (ForwardRef("int | None"), nullable(INTEGER), None),
    (list["Order"], {"type": "array", "items": array(ORDERS, INTEGER, STRING)}, []),
]


@pytest.mark.parametrize(
    ("annotation", "schema", "value"), FORMS, ids=[str(each[0]) for each in FORMS]
)
def test_type_has_a_form(annotation, schema, value):
    found = find_form(annotation, globals()).schema

    assert found == schema
    jsonschema.Draft202012Validator.check_schema(found)
    if value is not None:
        jsonschema.Draft202012Validator(found).validate(value)


UNION = str(typing.Union[int, str, None]).replace("typing.", "")
ANY_TYPE = "It allows every type."
NO_FORM = [
    (Parameter.empty, ANY_TYPE),
    (Any, ANY_TYPE),
    (object, ANY_TYPE),
    (T, ANY_TYPE),
    (Limited, ANY_TYPE),
    (list[Any], ANY_TYPE),
    (Basket, ANY_TYPE),
    (Pair, ANY_TYPE),
    (Any | None, ANY_TYPE),
    (int | str, "The types of int | str can't be told apart in JSON."),
    (
        typing.Union[int, str, None],
        # Python 3.14 has only one kind of unions.
        f"The types of {UNION} can't be told apart in JSON.",
    ),
    (dict[str, int | str], "The types of int | str can't be told apart in JSON."),
    (list, "It doesn't declare the types in a list."),
    (typing.List, "It doesn't declare the types in a list."),
    (tuple, "It doesn't declare the types in a tuple."),
    (typing.Tuple, "It doesn't declare the types in a tuple."),
    (dict, "It doesn't declare the types in a dict."),
    (typing.Dict, "It doesn't declare the types in a dict."),
    (dict[int, str], "The keys of an object in JSON are strings."),
    (dict[str | None, str], "The keys of an object in JSON are strings."),
    (type[Plain], "Plain can't be written as JSON."),
    (type[int], "Only the classes of models can be written as JSON."),
    (type, "type can't be written as JSON."),
    (Plain, "Plain can't be written as JSON."),
    (Code, "Code can't be written as JSON."),
    (Access, "Access can't be written as JSON."),
    (BinaryIO, "BinaryIO can't be written as JSON."),
    (complex, "complex can't be written as JSON."),
    (Parts, "Parts can't be written as JSON."),
    (Speaks, "Speaks can't be written as JSON."),
    (Odd, "Odd can't be written as JSON."),
    (Box[int], "Box can't be written as JSON."),
    (Sequence[int], "Sequence can't be written as JSON."),
    (Callable[[], None], "Callable can't be written as JSON."),
    (Literal["a", b"b"], "b'b' can't be written as JSON."),
    (typing.Self, "Self can't be written as JSON."),
    (Tree, "Tree contains itself."),
    ("Missing", "Its type can't be resolved."),
    ("1 / 0", "Its type can't be resolved."),
    ("list[", "Its type can't be resolved."),
]


@pytest.mark.parametrize(
    ("annotation", "reason"), NO_FORM, ids=[str(each[0]) for each in NO_FORM]
)
def test_type_without_a_form_has_a_reason(annotation, reason):
    with pytest.raises(NoForm) as raised:
        find_form(annotation, globals())

    assert str(raised.value) == reason


@pytest.mark.skipif(sys.version_info < (3, 12), reason="needs the type statement")
def test_alias_has_the_form_of_its_value():
    namespace = {}
    exec("type Price = int | None\ntype Odd = list[Odd]", namespace)

    assert find_form(namespace["Price"], {}).schema == nullable(INTEGER)
    with pytest.raises(NoForm, match=r"^Its type can't be resolved\.$"):
        find_form(namespace["Odd"], {})


def test_module_that_is_not_imported_stays_so(write_module):
    write_module("codec_absent", "class Thing: pass")
    write_module(
        "codec_declares",
        """
        from __future__ import annotations
        from typing import TYPE_CHECKING
        from signaltools import event
        if TYPE_CHECKING:
            from codec_absent import Thing

        @event
        def done(sender, *, thing: Thing):
            pass
        """,
    )
    import codec_declares

    assert event_schema(codec_declares.done) == (
        None,
        {"thing": "Its type is in a module that hasn't been imported."},
    )
    assert "codec_absent" not in sys.modules


def test_fields_are_resolved_where_they_are_declared(import_source):
    base = import_source(
        "codec_base",
        """
        from __future__ import annotations
        import dataclasses
        from decimal import Decimal as Amount

        @dataclasses.dataclass
        class Base:
            amount: Amount
        """,
    )

    @dataclasses.dataclass
    class Derived(base.Base):
        name: str

    assert find_form(Derived, {}).schema == fields(amount=DECIMAL, name=STRING)


# --- models ---------------------------------------------------------------------------


def test_abstract_model_stands_for_the_models_that_inherit_from_it():
    labels = ["Order", "Tag", "Line", "RushOrder", "GiftOrder"]

    schema = find_form(type[Stamped], {}).schema

    assert schema == {"enum": sorted(f"testapp.{label}" for label in labels)}


def test_any_model_is_any_installed_one():
    schema = find_form(Model, {}).schema

    labels = find_form(type[Model], {}).schema
    assert {"testapp.Order", "auth.Group"} <= set(labels["enum"])
    assert schema["prefixItems"][0] == labels


# --- events ---------------------------------------------------------------------------


def test_schema_describes_what_is_sent():
    @event(version=3, name="shop.paid")
    def paid(
        sender: type[Order],
        *,
        order: Order,
        amount: Decimal,
        coupon: str | None = None,
        lines: list[Line] = (),  # type: ignore[assignment]
    ) -> None:
        """An order has been paid."""

    schema, problems = event_schema(paid)

    jsonschema.Draft202012Validator.check_schema(schema)
    line = array({"enum": ["testapp.Line"]}, INTEGER, STRING)
    assert problems == {}
    assert schema == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "shop.paid, version 3",
        "description": "An order has been paid.",
        "type": "object",
        "properties": {
            "order": array(ORDERS, INTEGER, STRING),
            "amount": DECIMAL,
            "coupon": nullable(STRING),
            "lines": {"type": "array", "items": line},
        },
        "required": ["order", "amount"],
        "additionalProperties": False,
    }
    validator = jsonschema.Draft202012Validator(schema)
    sent = {"order": ["testapp.Order", 1, "default"], "amount": "1.5"}
    assert validator.is_valid(sent)
    assert validator.is_valid({**sent, "coupon": None, "lines": []})
    assert not validator.is_valid({**sent, "amount": 1.5})
    assert not validator.is_valid({**sent, "order": ["testapp.Tag", 1, "default"]})
    assert not validator.is_valid({**sent, "more": 1})
    assert not validator.is_valid({"order": sent["order"]})


def test_schema_of_an_event_without_arguments_allows_none():
    @event
    def opened(sender: object) -> None:
        pass

    schema, problems = event_schema(opened)

    assert problems == {}
    assert (schema["properties"], schema["required"]) == ({}, [])
    assert "description" not in schema
    assert not jsonschema.Draft202012Validator(schema).is_valid({"a": 1})


@pytest.mark.parametrize("target", ["missing.Model", "self"])
def test_event_names_a_model_whose_key_can_not_be_resolved(monkeypatch, target):
    registry = Apps(["tests.testapp"])
    monkeypatch.setattr(model_forms, "installed_models", registry.get_models)

    class Broken(models.Model):
        other = models.OneToOneField(target, models.CASCADE, primary_key=True)

        class Meta:
            apps = registry
            app_label = "testapp"

    monkeypatch.setitem(globals(), "Broken", Broken)

    @event
    def broken(sender: object, *, row: Broken, rows: list[Broken], number: int) -> None:
        pass

    assert event_schema(broken) == (
        None,
        dict.fromkeys(("row", "rows"), "Its primary key can't be resolved."),
    )


def test_event_names_each_argument_without_a_form():
    @event
    def photographed(
        sender: object, *, cake: int | str, image: BinaryIO, more: Any, minutes: int
    ) -> None:
        pass

    assert event_schema(photographed) == (
        None,
        {
            "cake": "The types of int | str can't be told apart in JSON.",
            "image": "BinaryIO can't be written as JSON.",
            "more": "It allows every type.",
        },
    )
