from __future__ import annotations

from decimal import Decimal
from functools import partial
from pathlib import Path
from unittest import mock

import pytest
from django.apps.registry import Apps
from django.db import models
from django.utils.functional import SimpleLazyObject

from signaltools.testing import assert_not_sent, assert_sent, where
from signaltools.testing.comparing import explain, is_equal, is_unevaluated
from tests.testapp.models import Order, Tag
from tests.testapp.signals import order_cancelled

NAME = "'tests.testapp.signals.order_cancelled'"


class Plain:
    def __init__(self, **attributes):
        vars(self).update(attributes)

    def __repr__(self):
        return "<Plain>"


class Comparable(Plain):
    def __eq__(self, other):
        return vars(self) == vars(other)

    __hash__ = None


class Slotted:
    __slots__ = ("a", "b")

    def __eq__(self, other):
        return self.a == other.a

    __hash__ = None

    def __repr__(self):
        return "<Slotted>"


class Never(Comparable):
    def __eq__(self, other):
        return False

    __hash__ = None


class Array:
    def __eq__(self, other):
        return self

    __hash__ = None

    def __bool__(self):
        raise ValueError("ambiguous")


class Text(str):
    __slots__ = ()

    def __eq__(self, other):
        return type(other) is Text and str(self) == str(other)

    __hash__ = None


class Hostile(Comparable):
    @property
    def __dict__(self):
        raise RuntimeError

    def __init__(self):
        pass

    def __eq__(self, other):
        return False

    __hash__ = None


def is_long(minutes):
    return minutes > 20


def slotted(**attributes):
    value = Slotted()
    for name, each in attributes.items():
        setattr(value, name, each)
    return value


def class_named(name):
    return type(name, (Plain,), {"__module__": "shop.models", "__qualname__": name})


@pytest.fixture
def failing():
    return pytest.raises(AssertionError)


def message(caught):
    return str(caught.value)


# where()


def test_a_value_may_have_to_satisfy_a_condition(failing):
    with assert_sent(order_cancelled, {"minutes": where(is_long)}, times=1) as sent:
        order_cancelled.send(None, minutes=45)
        order_cancelled.send(None, minutes=10)
    sent.assert_sent(order_cancelled, {"minutes": where(lambda value: value < 20)})
    sent.assert_not_sent(order_cancelled, {"minutes": where(lambda value: value > 90)})

    with failing as caught, assert_sent(order_cancelled, {"minutes": where(is_long)}):
        order_cancelled.send(None, minutes=10)
    assert message(caught) == (
        f"{NAME} was sent once, but 'minutes' was 10, not where(is_long)."
    )


def test_a_lambda_is_shown_with_its_line(failing):
    condition = where(lambda minutes: minutes > 20)
    line = Path(__file__).read_text("utf-8").splitlines()
    number = line.index("    condition = where(lambda minutes: minutes > 20)") + 1
    expected = f"where(<lambda> at test_comparing.py:{number})"
    assert repr(condition) == expected
    with failing as caught, assert_sent(order_cancelled, {"minutes": condition}):
        order_cancelled.send(None, minutes=10)
    assert message(caught).endswith(f"'minutes' was 10, not {expected}.")


def test_a_condition_that_raises_is_shown(failing):
    with failing as caught, assert_sent(order_cancelled, {"minutes": where(is_long)}):
        order_cancelled.send(None, minutes=None)
    assert message(caught) == (
        f"{NAME} was sent once, but 'minutes' was None, not where(is_long) (the "
        "condition raises TypeError: '>' not supported between instances of "
        "'NoneType' and 'int')."
    )


def test_a_condition_that_returns_a_coroutine_is_refused(failing):
    async def is_paid(order):
        return True

    with failing as caught, assert_sent(order_cancelled, {"order": where(is_paid)}):
        order_cancelled.send(None, order=3)
    assert message(caught).endswith(
        "'order' was 3, not where(is_paid) "
        "(the condition raises TypeError: it returns a coroutine)."
    )


def test_a_condition_may_be_inside_a_container_and_for_the_sender():
    expected = {"rows": [1, where(is_long)]}
    with assert_sent(order_cancelled, expected, sender=where(callable)):
        order_cancelled.send(Order, rows=[1, 21])
    with assert_not_sent(order_cancelled, expected):
        order_cancelled.send(Order, rows=[1, 2])


def test_a_condition_must_be_callable():
    with pytest.raises(TypeError) as caught:
        where(3)
    assert message(caught) == "where() requires a function, not 3."


def test_an_argument_that_is_a_function_is_compared_as_a_value(failing):
    with assert_sent(order_cancelled, {"callback": is_long}):
        order_cancelled.send(None, callback=is_long)
    with assert_not_sent(order_cancelled, {"callback": bool}):
        order_cancelled.send(None, callback=is_long)
    with failing as caught, assert_sent(order_cancelled, {"callback": is_long}):
        order_cancelled.send(None, callback=print)
    assert message(caught).endswith(f"was {print!r}, not {is_long!r}.")


@pytest.mark.parametrize("function", [is_long, partial(is_long), print, [].append])
def test_a_function_that_was_probably_meant_as_a_condition_has_a_hint(
    failing, function
):
    with failing as caught, assert_sent(order_cancelled, {"minutes": function}):
        order_cancelled.send(None, minutes=45)
    assert message(caught) == (
        f"{NAME} was sent once, but 'minutes' was 45, not {function!r} "
        "(use where() to check a condition)."
    )


# Comparing


def test_an_array_is_not_equal(failing):
    assert is_equal(array := Array(), array)
    with failing as caught, assert_sent(order_cancelled, {"a": Array()}):
        order_cancelled.send(None, a=1)
    assert message(caught).endswith("(comparing them raises ValueError: ambiguous).")


def test_nan_and_any_are_equal():
    nan = float("nan")
    assert is_equal(nan, nan)
    assert is_equal(object(), mock.ANY)


def test_lazy_objects_are_not_evaluated_in_the_block():
    def load():
        loaded.append(in_block)
        return Tag(pk=1)

    loaded, in_block = [], True
    with (
        assert_sent(order_cancelled, {"tag": Tag(pk=1)}),
        assert_sent(order_cancelled, {"tag": SimpleLazyObject(load)}),
    ):
        order_cancelled.send(None, tag=SimpleLazyObject(load))
        in_block = False
    assert loaded == [False, False]


@pytest.mark.parametrize("contain", [lambda x: [x], lambda x: ({1: x},)])
def test_lazy_objects_in_containers_are_not_evaluated_in_the_block(contain):
    loaded = []
    tag = SimpleLazyObject(lambda: loaded.append(1) or Tag(pk=1))
    with assert_sent(order_cancelled, {"tags": contain(Tag(pk=1))}):
        order_cancelled.send(None, tags=contain(tag))
        assert loaded == []
    assert loaded == [1]


def test_a_lazy_object_without_state_is_not_evaluated():
    assert not is_unevaluated(SimpleLazyObject.__new__(SimpleLazyObject))


# Equal strings


@pytest.mark.parametrize(
    ("value", "expected", "reason"),
    [
        (1, 2, ""),
        (Text("a"), "a", "of {here}.Text, not builtins.str"),
        (Plain(), Plain(), "different objects: {here}.Plain doesn't define __eq__()"),
        (Comparable(a=1), Comparable(a=2), ".a is 1, not 2"),
        (Comparable(a=1), Comparable(b=2), "not equal, although they look the same"),
        (
            Comparable(a=Comparable(b=1)),
            Comparable(a=Comparable(b=2)),
            ".a.b is 1, not 2",
        ),
        (slotted(a=1), slotted(a=2), "not equal, although they look the same"),
        (Never(a=1), Never(a=1), "not equal, although they look the same"),
        (
            [1, Plain()],
            [1, Plain()],
            "[1] different objects: {here}.Plain doesn't define __eq__()",
        ),
        ({"k": Comparable(a=1)}, {"k": Comparable(a=2)}, "['k'].a is 1, not 2"),
        (
            (Tag(stamp="gift"),),
            (Tag(stamp="gift"),),
            "[0] neither is saved, and they are different objects",
        ),
        (Tag(pk=1, stamp="gift"), Tag(pk=2, stamp="gift"), "pk 1, not 2"),
        (Tag(pk=1, stamp="gift"), Tag(stamp="gift"), "pk 1, not None"),
        (Tag(pk=1, stamp="gift"), Tag(pk="1", stamp="gift"), "pk 1, not '1'"),
        (
            "a" * 250 + "b" + "c" * 100,
            "a" * 250 + "d",
            f"from character 252 on, it is …{'a' * 20}b{'c' * 19}, not …{'a' * 20}d'",
        ),
        (Decimal("NaN"), Decimal("NaN"), "not equal, although they look the same"),
    ],
)
def test_values_that_look_the_same_are_explained(value, expected, reason):
    reason = reason.format(here=__name__)
    assert explain(value, expected) == (f" ({reason})" if reason else "")


def test_models_with_an_eq_of_their_own_are_explained():
    tags = Tag(pk=1, stamp="gift"), Tag(pk=1, stamp="gift")
    with mock.patch.object(Tag, "__eq__", return_value=False):
        assert explain(*tags) == " (not equal, although they look the same)"


def test_a_value_whose_attributes_raise_is_not_explained():
    assert explain(Hostile(), Hostile()) == ""


def test_classes_that_look_the_same_are_explained():
    here, there = class_named("Order"), class_named("Order")
    value, expected = here(), there()
    assert explain(value, expected) == (
        " (of different classes, both named shop.models.Order)"
    )
    there.__module__ = "legacy.models"
    assert explain(value, expected) == (
        " (of shop.models.Order, not legacy.models.Order)"
    )


def test_senders_that_look_the_same_are_explained(failing):
    class Historical(models.Model):
        class Meta:
            app_label = "testapp"
            apps = Apps()

    # This is what models of a migration are called.
    Historical.__module__ = "__fake__"
    Historical.__qualname__ = Historical._meta.object_name = "Order"
    with failing as caught, assert_sent(order_cancelled, sender=Order):
        order_cancelled.send(Historical)
    assert message(caught) == (
        f"{NAME} was sent once, but the sender was testapp.Order, not testapp.Order "
        "(__fake__.Order, not tests.testapp.models.Order)."
    )


def test_a_difference_that_is_hidden_deeply_is_not_looked_for():
    value, expected = Comparable(a=1), Comparable(a=2)
    for _ in range(9):
        value, expected = [value], [expected]
    assert explain(value, expected) == (
        f" ({'[0]' * 5} not equal, although they look the same)"
    )


def test_equal_strings_are_explained_in_the_failure(failing):
    tag, other = Tag(pk=1, stamp="gift"), Tag(pk=2, stamp="gift")
    with failing as caught, assert_sent(order_cancelled, {"tag": other}):
        order_cancelled.send(None, tag=tag)
    assert message(caught) == (
        f"{NAME} was sent once, but 'tag' was <Tag: gift>, not <Tag: gift> "
        "(pk 1, not 2)."
    )
