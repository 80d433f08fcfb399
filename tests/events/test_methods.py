from __future__ import annotations

import inspect
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal
from unittest import mock

import pytest
from django.dispatch import Signal

from signaltools import event
from signaltools.events.methods import SENDING, STRICT, make_methods


class Other:
    pass


class Others(Other):
    pass


@event
def mixed(
    sender: Any,
    *,
    a: Decimal | Other | None = None,
    b: Literal["x", "y"] = "x",
    c: Sequence[int] = (),
    d: type[Other] = Other,
    type: int = 0,  # noqa: A002
    print: Literal[1] | None = None,  # noqa: A002
) -> None: ...


@pytest.fixture(autouse=True)
def checked(settings):
    settings.SIGNALTOOLS = {"CHECK_EVENTS": True}


def looked_at(**named: Any) -> bool:
    """
    Tell whether the exact types were not enough to see that all is well.
    """
    with mock.patch.object(mixed, "_check_type") as check:
        mixed.send(None, **named)
    return check.called


def test_defaults_and_exact_types_need_no_second_look():
    method = event(lambda sender, *, a=1: None)
    with mock.patch.object(method, "_check_type") as check:
        method.send(None, a="")
    assert not check.called


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ({"a": Decimal(1)}, {"a": 1}),
        ({"a": Others()}, {"a": Other}),
        ({"b": "y"}, {"b": "z"}),
        ({"c": [1]}, {"c": 1}),
        ({"d": Others}, {"d": Others()}),
        ({"type": True}, {"type": "1"}),
        ({"print": None}, {"print": 2}),
    ],
)
def test_what_is_not_exact_is_looked_at_more_closely(right, wrong):
    assert looked_at(**right)
    assert mixed.send(None, **right) == []
    [name] = wrong
    with pytest.raises(TypeError, match=rf"mixed\.send\(\) argument '{name}' must be "):
        mixed.send(None, **wrong)


@pytest.mark.parametrize("name", ["type", "print", "sender_", "Signal", "named", "_on"])
@pytest.mark.parametrize("method", ["send", "send_robust"])
def test_an_argument_may_be_called_what_it_likes(name, method):
    scope: dict[str, Any] = {"event": event}
    exec(f"@event(name='x')\ndef done(sender, *, {name}): ...", scope)
    got = []
    scope["done"].connect(lambda **named: got.append(named[name]), weak=False)
    getattr(scope["done"], method)(1, **{name: 2})
    assert got == [2]


def test_methods_are_those_of_a_signal_and_two_more():
    parameters = inspect.signature(lambda sender: None).parameters.values()
    methods = make_methods(STRICT, tuple(parameters), {"sender": (object,)})
    assert [*methods] == [*SENDING, "send_on_commit", "send_robust_on_commit"]
    assert all(callable(getattr(Signal, name)) for name in SENDING)
