from __future__ import annotations

import decimal
import enum
import inspect
import sys
from typing import Any, Literal, Optional

import pytest

from signaltools import event
from signaltools.events.declaration import annotation_text, declare
from tests.testapp.models import Order, Tag


def returns_text(sender):
    return "x"


def returns_zero(sender):
    return 0


def has_body(sender):
    """
    Has docs.
    """
    print(sender)


def only_docs(sender):
    """
    Has docs.
    """


def only_dots(sender): ...


def docs_and_dots(sender):
    """
    Has docs.
    """


def only_pass(sender):
    pass


def returns_none(sender):
    return None


async def is_async(sender): ...


def yields(sender):
    yield


def takes_kwargs(sender, **kwargs: Any): ...


def takes_args(sender, *args): ...


def positional(sender, order): ...


def positional_only(sender, /): ...


def keyword_sender(*, sender, order): ...


def no_sender(*, order): ...


def sender_late(order, sender): ...


def nothing(): ...


def names_signal(sender, *, signal): ...


def names_self(sender, *, self): ...


def dunder(sender, *, __order): ...


class Hostile:
    def __repr__(self):
        raise RuntimeError


class Quiet(enum.Enum):
    ONE = 1

    def __repr__(self):
        raise RuntimeError


NAME = "tests.events.test_declaration"


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (returns_text, "must contain only a docstring: its body is never run"),
        (
            returns_zero,
            "must contain only a docstring: its body is never run",
        ),
        (has_body, "must contain only a docstring: its body is never run"),
        (yields, "must contain only a docstring: its body is never run"),
        (is_async, "must not be async: its body is never run"),
        (takes_kwargs, "must name each argument instead of taking '**kwargs'"),
        (takes_args, "must name each argument instead of taking '*args'"),
        (
            positional,
            "must declare 'order' as keyword-only: add a '*' after 'sender'",
        ),
        (positional_only, "must have 'sender' as its first argument"),
        (no_sender, "must have 'sender' as its first argument"),
        (sender_late, "must have 'sender' as its first argument"),
        (nothing, "must have 'sender' as its first argument"),
        (
            names_signal,
            "must not declare 'signal': every receiver gets the event itself "
            "under this name",
        ),
        (
            names_self,
            "must not declare 'self': a method can't have two arguments of this name",
        ),
        (dunder, "must not declare '__order': names that begin with '__' are reserved"),
    ],
)
def test_an_invalid_declaration_raises_one_sentence(function, problem):
    with pytest.raises(TypeError) as caught:
        event(function)
    assert str(caught.value) == f"Event '{NAME}.{function.__name__}' {problem}."


@pytest.mark.parametrize("thing", [1, "shop", int, len, None])
def test_only_functions_can_be_decorated(thing):
    with pytest.raises(TypeError) as caught:
        event(version=1)(thing) if thing is not None else declare(thing, 1)
    assert str(caught.value) == f"@event can only decorate a function, not {thing!r}."


@pytest.mark.parametrize("version", [0, -1, "1", True, None, 1.5])
def test_the_version_must_be_a_positive_integer(version):
    with pytest.raises(TypeError) as caught:
        event(version=version)(only_docs)
    assert str(caught.value) == (
        f"The version of event '{NAME}.only_docs' must be a positive integer, "
        f"not {version!r}."
    )


@pytest.mark.parametrize(
    "function",
    [only_docs, only_dots, docs_and_dots, only_pass, returns_none, keyword_sender],
)
def test_an_empty_function_declares_an_event(function):
    assert event(function).name == f"{NAME}.{function.__name__}"


def declare_body(body):
    scope = {}
    exec(f"def done(sender, *, order):\n    {body}", scope)
    return declare(scope["done"], 1)


# Each Python version compiles these in a way of its own.
@pytest.mark.parametrize(
    "body", ["...", "'docs'", "'docs'; ...", "pass", "return", "return None", "1"]
)
def test_a_body_that_does_nothing_is_accepted(body):
    assert [argument.name for argument in declare_body(body).arguments] == ["order"]


@pytest.mark.parametrize(
    "body",
    [
        "return True",
        "return False",
        "return 0",
        "return ''",
        "return ()",
        "return ...",
        "return AssertionError",
        "return all",
        "return sender",
        "raise NotImplementedError",
        "assert sender",
        "sender",
        "order = 1",
        "import os",
        "while True: pass",
        "f'{sender}'",
    ],
)
def test_a_body_that_does_something_is_refused(body):
    with pytest.raises(TypeError) as caught:
        declare_body(body)
    assert str(caught.value).endswith(
        "done' must contain only a docstring: its body is never run."
    )


def test_the_sender_may_always_be_sent_by_position():
    signal = event(keyword_sender)
    assert str(inspect.signature(signal.send)) == "(sender, *, order)"
    assert signal.send(1, order=2) == []


def test_the_signature_is_shown_as_it_was_declared():
    scope = {}
    source = """
def order_paid(
    sender, *, a: int, b: "Order", c=1, d: "str" = "x", e=(1, None), f=object(), g: None
): ...
"""
    exec(compile(source, "x", "exec", dont_inherit=True), scope)
    assert declare(scope["order_paid"], 1).signature == (
        "(sender, *, a: int, b: Order, c=1, d: str = 'x', e=(1, None), f=object, "
        "g: None)"
    )
    assert declare(only_docs, 1).signature == "(sender)"


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (inspect.Parameter.empty, ""),
        ("Order | None", "Order | None"),
        (None, "None"),
        (int, "int"),
        (decimal.Decimal, "Decimal"),
        # From Python 3.14, typing.Optional makes the same object as "|".
        (
            Optional[int],  # noqa: UP045
            "Optional[int]" if sys.version_info < (3, 14) else "int | None",
        ),
        (list[int], "list[int]"),
        (Order, "Order"),
        (type[Order] | None, "type[Order] | None"),
        (Literal["a.b"], "Literal['a.b']"),
        (Literal[Quiet.ONE, 2, b"x"], "Literal[Quiet.ONE, 2, b'x']"),
        (Hostile(), f"{NAME}.Hostile"),
    ],
)
def test_annotations_are_shown_as_in_source_code(annotation, text):
    assert annotation_text(annotation) == text


def test_an_annotation_whose_repr_raises_is_shown_by_its_type():
    shown = "Union" if sys.version_info >= (3, 14) else "_UnionGenericAlias"
    assert annotation_text(Literal[Quiet.ONE] | None) == f"typing.{shown}"


def test_a_forward_reference_is_shown_by_its_name():
    scope = {"Optional": Optional}
    source = "def done(sender, *, a: Optional['Order'], b: 'Order'): ..."
    exec(compile(source, "x", "exec", dont_inherit=True), scope)
    # From Python 3.14, the source of an annotation is at hand.
    shown = "Optional[Order]" if sys.version_info < (3, 14) else "Optional['Order']"
    signature = declare(scope["done"], 1).signature
    assert signature == f"(sender, *, a: {shown}, b: Order)"


@pytest.mark.skipif(sys.version_info < (3, 14), reason="annotations are evaluated late")
def test_names_for_type_checkers_need_no_future_import(import_source, checked):
    module = import_source(
        "deferred",
        """
        from decimal import Decimal
        from typing import TYPE_CHECKING, Optional
        from signaltools import event

        if TYPE_CHECKING:
            from tests.testapp import models
            from tests.testapp.models import Tag

        @event
        def done(
            sender: type[models.Order],
            *,
            amount: Decimal,
            tag: Tag | None,
            either: Optional[Decimal | Tag],
            later: list[Later],
        ) -> None: ...

        class Later:
            pass

        def receive(sender: type[Missing], tagg: Tag, **kwargs: Missing): ...
        """,
    )
    assert module.done.signature == (
        "(sender: type[models.Order], *, amount: Decimal, tag: Tag | None, "
        "either: Optional[Decimal | Tag], later: list[Later])"
    )
    right = {"sender": Order, "amount": decimal.Decimal(1), "tag": None}
    right |= {"either": Tag(), "later": []}
    module.done.send(**right)
    for name, value, text in [
        ("sender", Tag, "type[models.Order], not type[tests.testapp.models.Tag]"),
        ("tag", Order(), "Tag | None, not tests.testapp.models.Order"),
        ("either", 1, "Optional[Decimal | Tag], not int"),
        ("later", (), "list[Later], not tuple"),
    ]:
        with pytest.raises(TypeError) as caught:
            module.done.send(**{**right, name: value})
        assert str(caught.value) == f"done.send() argument {name!r} must be {text}."
    with pytest.raises(ValueError, match="tagg") as refused:
        module.done.connect(module.receive)
    assert str(refused.value) == (
        "The receiver 'deferred.receive' requires the argument 'tagg', but "
        "'deferred.done' doesn't send it. Did you mean 'tag'?"
    )
