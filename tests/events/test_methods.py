from __future__ import annotations

import functools
import inspect
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal
from unittest import mock

import pytest
from django.dispatch import Signal

from signaltools import event
from signaltools.events import Event, methods
from tests.testapp.models import Order

from .declared import METHODS, ON_COMMIT, bill_lost, bill_paid, connect, send

pytestmark = pytest.mark.usefixtures("without_test_tools")


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


def is_looked_at(**named):
    """
    Tell whether comparing exact types isn't enough.
    """
    with mock.patch.object(mixed, "_check_type") as check:
        mixed.send(None, **named)
    return check.called


def test_arguments_without_an_annotation_are_not_looked_at():
    method = event(lambda sender, *, a=1: None)
    with mock.patch.object(method, "_check_type") as check:
        method.send(None, a="")
    assert not check.called


@pytest.mark.usefixtures("checked")
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
def test_other_types_are_looked_at_by_the_event(right, wrong):
    assert is_looked_at(**right)
    assert mixed.send(None, **right) == []
    [name] = wrong
    with pytest.raises(TypeError, match=rf"mixed\.send\(\) argument '{name}' must be "):
        mixed.send(None, **wrong)


@pytest.mark.parametrize(
    "name", ["type", "print", "sender_", "Signal", "named", "_on", "alias"]
)
@pytest.mark.parametrize("method", ["send", "send_robust"])
def test_an_argument_may_have_any_other_name(name, method):
    scope = {"event": event}
    exec(f"@event(name='x')\ndef done(sender, *, {name}): ...", scope)
    got = []
    scope["done"].connect(lambda **named: got.append(named[name]), weak=False)
    getattr(scope["done"], method)(1, **{name: 2})
    assert got == [2]


def test_each_method_of_a_signal_has_another_that_waits_for_the_commit():
    assert [*methods.SENDING, *methods.ON_COMMIT] == METHODS + ON_COMMIT
    for name in METHODS:
        assert callable(getattr(Signal, name))
        assert methods.is_generated(getattr(bill_paid, name))
        assert methods.is_generated(getattr(bill_paid, f"{name}_on_commit"))


def test_methods_have_the_declared_signature():
    for name in METHODS + ON_COMMIT:
        signature = str(inspect.signature(getattr(bill_paid, name)))
        assert signature == "(sender, *, order, amount, coupon=None)"
    assert inspect.iscoroutinefunction(bill_paid.asend)
    assert bill_paid.send.__doc__ == bill_paid.__doc__


def test_a_method_is_made_when_it_is_first_asked_for():
    @event
    def done(sender): ...

    assert "send" not in vars(type(done))
    first = done.send
    assert "send" in vars(type(done))
    assert "asend" not in vars(type(done))
    assert done.send == first
    assert "send" in vars(Event)
    assert Event.send is vars(Event)["send"]


@pytest.mark.parametrize("method", METHODS + ON_COMMIT)
def test_names_of_arguments_are_always_checked(method, order):
    with pytest.raises(TypeError) as missing:
        send(bill_paid, method, sender=Order, order=order)
    with pytest.raises(TypeError) as unknown:
        send(bill_paid, method, sender=Order, order=order, amount=1, note="")
    assert str(missing.value) == (
        f"bill_paid.{method}() missing 1 required keyword-only argument: 'amount'"
    )
    assert str(unknown.value) == (
        f"bill_paid.{method}() got an unexpected keyword argument 'note'"
    )


@pytest.mark.parametrize("place", [Signal, Event, type(bill_paid)])
def test_live_receivers_can_be_patched(place, order):
    got = connect()
    original = Signal._live_receivers

    def live_receivers(self, sender):
        sync, _ = original(self, sender)
        return [functools.partial(receiver, traced=True) for receiver in sync], []

    with mock.patch.object(place, "_live_receivers", live_receivers, create=True):
        bill_paid.send(sender=Order, order=order, amount=1)
    assert [call["traced"] for call in got] == [True]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("signal", [bill_paid, bill_lost])
def test_a_patch_of_signal_sees_events_without_receivers(method, signal, order):
    seen = []
    original = getattr(Signal, method)

    def patched(self, sender, **named):
        seen.append((self, sender, [*named]))
        return original(self, sender, **named)

    named = {"order": order} | ({"amount": 1} if signal is bill_paid else {})
    with mock.patch.object(Signal, method, patched):
        send(signal, method, sender=Order, **named)
    assert [(sent, sender) for sent, sender, _ in seen] == [(signal, Order)]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("signal", [bill_paid, bill_lost])
def test_signal_can_be_mocked(method, signal, order):
    named = {"order": order} | ({"amount": 1} if signal is bill_paid else {})
    defaults = {"coupon": None} if signal is bill_paid else {"reason": ""}
    with mock.patch.object(Signal, method) as mocked:
        assert send(signal, method, sender=Order, **named) is mocked.return_value
    mocked.assert_called_once_with(sender=Order, **named, **defaults)


def test_an_event_whose_methods_are_made_under_a_patch_is_no_different(order):
    @event
    def done(sender): ...

    seen = []

    def patched(self, sender):
        seen.append(sender)
        return []

    with mock.patch.object(Signal, "send", patched):
        assert done.send(sender=1) == []
    got = connect(done)
    done.send(sender=2)
    assert (seen, len(got)) == ([1], 1)
