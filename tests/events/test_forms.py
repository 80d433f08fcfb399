from __future__ import annotations

import dataclasses
import enum
import json
from decimal import Decimal
from typing import Literal, NamedTuple

import pytest

from signaltools.events.codec import find_form
from signaltools.events.scalars import WrongValue


class Size(enum.Enum):
    S = "s"
    SMALL = S
    L = "l"


class Point(NamedTuple):
    x: int
    y: Decimal | None


@dataclasses.dataclass
class Price:
    amount: Decimal
    currency: str = "EUR"
    shown: str = dataclasses.field(init=False, default="")

    def __post_init__(self):
        if self.amount < 0:
            raise RuntimeError("below zero")


@dataclasses.dataclass
class Offer(Price):
    points: list[Point] = dataclasses.field(default_factory=list)


def form(annotation):
    return find_form(annotation, globals())


def refused(call, value):
    with pytest.raises(WrongValue) as caught:
        call(value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("annotation", "value", "data"),
    [
        (int | None, None, None),
        (int | None, 3, 3),
        (Literal["a", 1, True, Size.L, None], "a", "a"),
        (Literal["a", 1, True, Size.L, None], 1, 1),
        (Literal["a", 1, True, Size.L, None], True, True),
        (Literal["a", 1, True, Size.L, None], Size.L, "L"),
        (Literal["a", 1, True, Size.L, None], None, None),
        (Size, Size.SMALL, "S"),
        (list[int], [1, 2], [1, 2]),
        (set[str], {"a"}, ["a"]),
        (frozenset[Size], frozenset({Size.L}), ["L"]),
        (tuple[int, ...], (1, 2), [1, 2]),
        (tuple[int, str], (1, "a"), [1, "a"]),
        (tuple[()], (), []),
        (dict[str, list[int]], {"a": [1]}, {"a": [1]}),
        (Point, Point(1, Decimal("2.5")), {"x": 1, "y": "2.5"}),
        (Price, Price(Decimal(1)), {"amount": "1", "currency": "EUR"}),
        (
            Offer,
            Offer(Decimal(1), "USD", [Point(1, None)]),
            {"amount": "1", "currency": "USD", "points": [{"x": 1, "y": None}]},
        ),
    ],
)
def test_a_value_is_read_as_it_was_written(annotation, value, data):
    written = json.loads(json.dumps(form(annotation).write(value)))

    assert written == data
    read = form(annotation).read(written)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("annotation", "value", "reason"),
    [
        (Literal["a", 1], True, "it must be one of 'a', 1, not True"),
        (Literal["a", 1], "b", "it must be one of 'a', 1, not a str"),
        (Size, "S", f"it must be {__name__}.Size, not a str"),
        (list[int], (1,), "it must be list, not a tuple"),
        (list[int], ["a"], "it must be int, not a str"),
        (tuple[int, str], (1,), "it must be a tuple of 2, not a tuple"),
        (dict[str, int], [1], "it must be dict, not a list"),
        (dict[str, int], {1: 1}, "one of its keys isn't a string"),
        (
            Price,
            Offer(Decimal(1)),
            f"it must be {__name__}.Price, not a {__name__}.Offer",
        ),
    ],
)
def test_values_of_other_types_are_not_written(annotation, value, reason):
    assert refused(form(annotation).write, value) == reason


@pytest.mark.parametrize(
    ("annotation", "data", "reason"),
    [
        (Literal["a", 1], True, "it must be one of 'a', 1, not True"),
        (Literal["a", 1], 1.0, "it must be one of 'a', 1, not 1.0"),
        (Literal["a", 1], [], "it must be one of 'a', 1, not a list"),
        (Size, "__class__", f"it must be {__name__}.Size, not a str"),
        (Size, ["S"], f"it must be {__name__}.Size, not a list"),
        (list[int], {}, "it must be list, not a dict"),
        (list[int], [None], "it must be int, not None"),
        (tuple[int, str], [1], "it must be a tuple of 2, not a list"),
        (tuple[int, str], "ab", "it must be a tuple of 2, not a str"),
        (dict[str, int], [], "it must be dict, not a list"),
        (dict[str, int], {"a": "b"}, "it must be int, not a str"),
        (Point, {"x": 1}, f"it must be {__name__}.Point, not a dict"),
        (Point, [1, None], f"it must be {__name__}.Point, not a list"),
        (
            Price,
            {"amount": "1", "currency": "EUR", "shown": ""},
            f"it must be {__name__}.Price, not a dict",
        ),
        # A class may refuse its values.
        (
            Price,
            {"amount": "-1", "currency": "EUR"},
            f"it must be {__name__}.Price, not a dict",
        ),
    ],
)
def test_anything_else_is_not_read(annotation, data, reason):
    assert refused(form(annotation).read, data) == reason
