from __future__ import annotations

import enum
import sys
import typing
from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter
from typing import Annotated, Any, ForwardRef, Generic, Literal, NewType, Optional
from unittest import mock

import pytest
from django.db import models
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy

from signaltools.events.annotations import (
    ANYTHING,
    ModuleNotLoaded,
    UnresolvedAnnotation,
    allowed_types,
    is_allowed,
)
from tests.testapp.models import Order, RushOrder, Tag

T = typing.TypeVar("T")
Bound = typing.TypeVar("Bound", bound="Order")
Limited = typing.TypeVar("Limited", str, int)
P = typing.ParamSpec("P")
OrderId = NewType("OrderId", int)


class Color(models.TextChoices):
    RED = "red"


class Plain(enum.Enum):
    ONE = 1


class Speaks(typing.Protocol):
    def speak(self) -> None: ...


class Row(typing.TypedDict):
    name: str


class Box(Generic[T]):
    pass


class Undecided(type):
    def __instancecheck__(cls, value):
        raise LookupError


class Odd(metaclass=Undecided):
    pass


def allows(annotation, value):
    return is_allowed(value, allowed_types(annotation, globals()))


@pytest.mark.parametrize(
    "annotation",
    [
        Parameter.empty,
        Any,
        object,
        Any | None,
        T,
        Limited,
        P.args,
        Speaks,
        Speaks | None,
        typing.SupportsInt,
        # No file is an instance of these.
        typing.IO,
        typing.TextIO,
        typing.BinaryIO,
        typing.IO[str],
        typing.TextIO | None,
        Annotated[typing.TextIO, 1],
        typing.Self,
        typing.Never,
        "Any",
        Annotated[Any, 1],
        3,
    ],
)
def test_every_value_is_allowed_if_types_are_not_enough(annotation):
    assert allowed_types(annotation, globals()) is ANYTHING
    assert allows(annotation, mock.sentinel.value)


@pytest.mark.parametrize(
    ("annotation", "right", "wrong"),
    [
        (int, [1, True], ["1", 1.0, None]),
        (float, [1.5, 1], ["1", 1j]),
        (complex, [1j, 1.0, 1], ["1"]),
        (bytes, [b"", bytearray(), memoryview(b"")], [""]),
        (None, [None], [0]),
        (str | None, ["", None], [0, b""]),
        (Optional["Order"], [Order(), RushOrder(), None], [Tag()]),
        (typing.Union[int, str], [1, ""], [None]),  # noqa: UP007
        ("Order", [Order()], [Tag(), Order]),
        ("'Order'", [Order()], [Tag(), Order]),
        (ForwardRef("Order"), [Order()], [Tag()]),
        (Bound, [Order()], [Tag()]),
        (OrderId, [1], ["1"]),
        (Annotated[int, "more"], [1], ["1"]),
        (list[int], [[1], ["any"]], [(), None]),
        (typing.List, [[]], [()]),  # noqa: UP006
        (tuple[int, ...], [()], [[]]),
        (Sequence[int], [[], ()], [1]),
        (Mapping[str, Any], [{}], [[]]),
        (Callable[..., None], [len], [1]),
        (Box[int], [Box()], [1]),
        (models.QuerySet[Order], [Order.objects.all()], [[]]),
        (Row, [{}], [[]]),
        (type, [int, Order], [1]),
        (type[Any], [int], [1]),
        (type[Order], [Order, RushOrder], [Tag, Order(), None]),
        (type["Order"], [Order, RushOrder], [Tag, None]),
        (type[Order | Tag], [Order, Tag], [int]),
        (type[Order] | None, [Order, None], [Tag]),
        (type[T], [int], [1]),
        (type[Bound], [Order], [Tag]),
        (type[Speaks], [int], [1]),
        (Literal["red", 1], ["red", 1, Color.RED], ["blue", 2, True, None]),
        (Literal[Plain.ONE], [Plain.ONE], [1]),
        (Literal[True], [True], [1, False]),
        (Color, [Color.RED], ["red"]),
        (Odd, [1, None], []),
    ],
)
def test_the_same_values_are_allowed_as_by_type_checkers(annotation, right, wrong):
    assert [value for value in right if not allows(annotation, value)] == []
    assert [value for value in wrong if allows(annotation, value)] == []


@pytest.mark.skipif(sys.version_info < (3, 12), reason="syntax of Python 3.12")
def test_a_type_alias_allows_what_its_value_allows():
    scope = dict(globals())
    exec("type Goods = Order | Tag", scope)
    assert is_allowed(Order(), allowed_types("Goods", scope))
    assert not is_allowed(1, allowed_types("Goods", scope))


@pytest.mark.parametrize(
    "make",
    [
        lambda: SimpleLazyObject(lambda: 1 / 0),
        lambda: gettext_lazy("paid"),
        mock.Mock,
        lambda: mock.Mock(spec=Tag),
    ],
)
def test_lazy_objects_and_mocks_are_allowed_without_evaluating_them(make):
    value = make()
    assert allows(Order, value)
    assert allows(type[Order], value)


def test_models_of_migrations_are_allowed():
    old = type("Order", (), {"__module__": "__fake__"})
    assert allows(Order, old())
    assert allows(type[Order], old)


@pytest.mark.parametrize(
    "annotation",
    [
        "Missing",
        "Order.Missing",
        "Order +",
        "Missing | None",
        "1 / 0",
        "type['Missing']",
    ],
)
def test_an_annotation_that_cannot_be_resolved_is_an_error(annotation):
    with pytest.raises(UnresolvedAnnotation):
        allowed_types(annotation, globals())


GUARDED = """
    import typing
    from typing import TYPE_CHECKING

    if TYPE_CHECKING:
        import tests.testapp.models
        import tests.testapp.models as goods
        import never_loaded
        from decimal import Decimal as D
        from tests.testapp import models
        from tests.testapp.models import Missing, Order
        from never_loaded import Thing
        print()

    if len("x"):
        Other = int
"""


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        ("Order", Order(), Tag()),
        ("Order | None", None, Tag()),
        ("models.Order", Order(), Tag()),
        ("goods.Order", Order(), Tag()),
        ("tests.testapp.models.Order", Order(), Tag()),
        ("D", __import__("decimal").Decimal(1), 1.5),
        ("Other", 1, "1"),
    ],
)
def test_names_imported_for_type_checkers_are_found(import_source, text, right, wrong):
    scope = vars(import_source("guarded", GUARDED))
    assert is_allowed(right, allowed_types(text, scope))
    assert not is_allowed(wrong, allowed_types(text, scope))


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("Thing", ModuleNotLoaded),
        ("never_loaded.Thing", ModuleNotLoaded),
        ("Missing", UnresolvedAnnotation),
        ("Nothing", UnresolvedAnnotation),
        ("(lambda: Order)()", UnresolvedAnnotation),
    ],
)
def test_nothing_is_imported_to_find_a_name(import_source, text, error):
    scope = vars(import_source("guarded", GUARDED))
    with pytest.raises(UnresolvedAnnotation) as caught:
        allowed_types(text, scope)
    assert caught.type is error


def test_relative_imports_for_type_checkers_are_found(monkeypatch, import_source):
    module = import_source(
        "guarded",
        """
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from . import models
            from .models import Order
        """,
    )
    module.__package__ = "tests.testapp"
    for text in ("Order", "models.Order"):
        assert not is_allowed(1, allowed_types(text, vars(module)))


def test_without_a_module_only_names_in_scope_are_found():
    assert allowed_types("int", {}) == (int,)
    with pytest.raises(UnresolvedAnnotation):
        allowed_types("Order", {})
