from __future__ import annotations

import copy
import gc
import inspect
import pickle
import subprocess
import sys
import warnings
import weakref
from decimal import Decimal
from unittest import mock

import django
import pytest
from asgiref.sync import async_to_sync
from django.db import transaction
from django.dispatch import Signal
from django.test import override_settings
from django.utils.functional import SimpleLazyObject

from signaltools import event
from signaltools.events import Event
from signaltools.events.base import unresolved_arguments
from signaltools.exceptions import EventWarning
from tests.testapp.models import Order, RushOrder
from tests.testapp.signals import order_shipped

from .declared import (
    METHODS,
    ON_COMMIT,
    Shop,
    bill_lost,
    bill_paid,
    bill_tagged,
    connect,
    misspelt,
    no_kwargs,
    send,
)

# The test tools check types by default, and most of these tests are about names.
pytestmark = pytest.mark.usefixtures("without_test_tools")


# What an event is


def test_an_event_is_a_signal_with_the_name_and_the_docs_of_its_function():
    assert issubclass(type(bill_paid), Event)
    assert isinstance(bill_paid, Signal)
    assert bill_paid.name == "tests.events.declared.bill_paid"
    assert bill_paid.__name__ == bill_paid.__qualname__ == "bill_paid"
    assert bill_paid.__module__ == "tests.events.declared"
    assert inspect.getdoc(bill_paid) == "An order has been paid."
    assert repr(bill_paid) == "<Event: tests.events.declared.bill_paid>"


def test_arguments_and_signature_are_strings():
    assert bill_paid.signature == (
        "(sender: type[Order], *, order: Order, amount: Decimal, "
        "coupon: str | None = None)"
    )
    assert [tuple(argument) for argument in bill_paid.arguments] == [
        ("order", "Order", None, True),
        ("amount", "Decimal", None, True),
        ("coupon", "str | None", "None", False),
    ]


def test_a_version_and_a_label_may_be_given():
    assert (bill_paid.version, bill_lost.version) == (1, 3)
    assert bill_lost.label == "shop.bill_lost"


def test_the_label_is_that_of_the_app_and_the_function():
    assert order_shipped.label == "testapp.order_shipped"
    assert bill_paid.label == "tests.events.declared.bill_paid"


@pytest.mark.parametrize("signal", [bill_paid, bill_lost, Shop.opened])
@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))]
)
def test_an_event_pickles_and_copies_by_its_import_path(signal, copied):
    assert copied(signal) is signal


def test_an_event_cannot_be_instantiated_directly():
    with pytest.raises(TypeError) as caught:
        Event()
    assert str(caught.value) == (
        "Use @event to declare an event; don't instantiate Event directly."
    )


def test_events_are_declared_and_sent_without_settings():
    code = """
    from signaltools import event, receiver

    @event
    def done(sender: type, *, amount: int) -> None: ...

    @receiver(done)
    def on_done(sender, amount, **kwargs):
        print(amount)

    done.send(int, amount="x")
    """
    command = [sys.executable, "-c", inspect.cleandoc(code)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "x\n"


def test_check_must_be_error_or_warn():
    with pytest.raises(
        ValueError, match=r"^check must be 'error' or 'warn', not 'x'"
    ) as e:
        event(check="x")(lambda sender: None)
    assert str(e.value) == "check must be 'error' or 'warn', not 'x'."


# Sending


@pytest.mark.parametrize("method", METHODS)
def test_receivers_get_every_argument_with_defaults_filled_in(method, order):
    got = connect()
    [(_, response)] = send(bill_paid, method, Order, order=order, amount=Decimal(1))
    assert response is None
    assert got == [
        {
            "signal": bill_paid,
            "sender": Order,
            "order": order,
            "amount": Decimal(1),
            "coupon": None,
        }
    ]


@pytest.mark.parametrize("method", METHODS)
def test_a_send_without_receivers_returns_an_empty_list(method, order):
    assert send(bill_paid, method, sender=Order, order=order, amount=1) == []


@pytest.mark.parametrize("method", METHODS + ON_COMMIT)
def test_types_are_checked_if_the_setting_is_true(method, order, settings):
    named = {"sender": Order, "order": order, "amount": 1.5}
    settings.SIGNALTOOLS = {"CHECK_EVENTS": False}
    if method in METHODS:
        send(bill_paid, method, **named)
    settings.SIGNALTOOLS = {"CHECK_EVENTS": True}
    with pytest.raises(TypeError) as caught:
        send(bill_paid, method, **named)
    assert str(caught.value) == (
        f"bill_paid.{method}() argument 'amount' must be Decimal, not float."
    )


@pytest.mark.usefixtures("checked")
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"sender": Decimal},
            "'sender' must be type[Order], not type[decimal.Decimal].",
        ),
        ({"sender": None}, "'sender' must be type[Order], not NoneType."),
        (
            {"order": Order},
            "'order' must be Order, not type[tests.testapp.models.Order].",
        ),
        ({"order": None}, "'order' must be Order, not NoneType."),
        ({"coupon": 0}, "'coupon' must be str | None, not int."),
        ({"amount": "1"}, "'amount' must be Decimal, not '1'."),
    ],
)
def test_an_argument_of_the_wrong_type_raises(wrong, message, order):
    right = {"sender": Order, "order": order, "amount": Decimal(1)}
    with pytest.raises(TypeError) as caught:
        bill_paid.send(**{**right, **wrong})
    assert str(caught.value) == f"bill_paid.send() argument {message}"


@pytest.mark.usefixtures("checked")
@pytest.mark.parametrize(
    "right",
    [
        {"sender": RushOrder},
        {"order": RushOrder()},
        {"coupon": ""},
        {"coupon": None},
        {"amount": Decimal(0)},
        {"order": mock.Mock()},
    ],
)
def test_subclasses_falsy_values_and_mocks_are_allowed(right, order):
    usual = {"sender": Order, "order": order, "amount": Decimal(1)}
    got = connect()
    bill_paid.send(**{**usual, **right})
    assert len(got) == 1


@pytest.mark.usefixtures("checked")
def test_lazy_objects_are_not_evaluated():
    woken = []
    lazy = SimpleLazyObject(lambda: woken.append(1))
    bill_paid.send(sender=Order, order=lazy, amount=lazy)
    assert woken == []


@pytest.mark.usefixtures("checked")
def test_types_imported_for_type_checkers_only_are_checked(order):
    with pytest.raises(TypeError) as caught:
        bill_tagged.send(sender=Order, tag=order)
    assert str(caught.value) == (
        "bill_tagged.send() argument 'tag' must be Tag, not tests.testapp.models.Order."
    )


@pytest.mark.usefixtures("checked")
def test_an_annotation_is_resolved_again_until_apps_are_ready(monkeypatch):
    scope = {"__name__": "later", "event": event}
    exec("@event\ndef done(sender: Later): ...", scope)
    with mock.patch.object(django.apps.apps, "ready", False):
        scope["done"].send(sender=1)
    scope["Later"] = str
    with pytest.raises(TypeError) as caught:
        scope["done"].send(sender=1)
    assert str(caught.value) == "done.send() argument 'sender' must be Later, not int."


def test_an_annotation_that_cannot_be_resolved_is_not_checked(settings):
    settings.SIGNALTOOLS = {"CHECK_EVENTS": True}
    scope = {"__name__": "nowhere", "event": event}
    exec("@event\ndef done(sender: 'Missing', *, a: 'int'): ...", scope)
    assert scope["done"].send(sender=1, a=1) == []
    assert unresolved_arguments(scope["done"]) == ["sender"]


def test_a_module_that_is_not_loaded_leaves_a_type_unchecked(import_source):
    module = import_source(
        "half_loaded",
        """
        from __future__ import annotations
        from typing import TYPE_CHECKING
        from signaltools import event

        if TYPE_CHECKING:
            from never_loaded import Thing

        @event
        def done(sender: Thing): ...
        """,
    )
    with mock.patch.object(django.apps.apps, "ready", False):
        module.done.send(sender=1)
    assert "send" not in vars(type(module.done))
    with override_settings(SIGNALTOOLS={"CHECK_EVENTS": True}):
        assert module.done.send(sender=1) == []
    assert unresolved_arguments(module.done) == []


def test_an_event_may_cache_its_receivers():
    @event(use_caching=True)
    def done(sender): ...

    done.send(sender=Order)
    got = connect(done)
    for _ in range(2):
        done.send(sender=Order)
    assert done.use_caching
    assert len(got) == 2
    assert Order in done.sender_receivers_cache


# On commit


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("method", ON_COMMIT)
def test_on_commit_sends_after_the_transaction(method, order):
    got = connect()
    with transaction.atomic():
        send(bill_paid, method, Order, order=order, amount=Decimal(1))
        assert got == []
    assert [call["amount"] for call in got] == [1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("method", ON_COMMIT)
def test_on_commit_sends_nothing_after_a_rollback_and_at_once_without(method, order):
    got = connect()
    with transaction.atomic():
        send(bill_paid, method, sender=Order, order=order, amount=Decimal(1))
        transaction.set_rollback(True)
    assert got == []
    send(bill_paid, method, sender=Order, order=order, amount=Decimal(1))
    assert len(got) == 1


@pytest.mark.django_db(transaction=True)
def test_send_robust_on_commit_is_robust(order):
    def fail(**kwargs):
        raise LookupError("no")

    bill_paid.connect(fail)
    named = {"sender": Order, "order": order, "amount": Decimal(1)}
    bill_paid.send_robust_on_commit(**named)
    with pytest.raises(LookupError):
        bill_paid.send_on_commit(**named)


@pytest.mark.parametrize(
    ("sender", "alias"),
    [(Order, "orders"), (Order(), "orders"), (None, "default"), ("shop", "default")],
)
def test_on_commit_waits_for_the_database_the_sender_is_written_to(
    sender, alias, settings
):
    router = mock.Mock(db_for_write=mock.Mock(return_value="orders"))
    settings.DATABASE_ROUTERS = [router]
    with mock.patch.object(transaction, "on_commit") as on_commit:
        bill_lost.send_on_commit(sender, order=Order())
    assert on_commit.call_args.kwargs == {"using": alias}


@pytest.mark.parametrize("method", ON_COMMIT)
@pytest.mark.parametrize("signal", [bill_paid, bill_lost])
def test_using_names_the_database(method, signal, order):
    got = connect(signal)
    named = {"order": order} | ({"amount": 1} if signal is bill_paid else {})
    with mock.patch.object(transaction, "on_commit") as on_commit:
        send(signal.using("replica"), method, Order, **named)
    assert on_commit.call_args.kwargs == {"using": "replica"}
    assert got == []
    on_commit.call_args.args[0]()
    assert [call["order"] for call in got] == [order]


@pytest.mark.usefixtures("checked")
def test_using_checks_names_and_types(order):
    with pytest.raises(TypeError) as names:
        bill_paid.using("default").send_on_commit(sender=Order)
    with pytest.raises(TypeError) as types:
        bill_paid.using("default").send_on_commit(Order, order=1, amount=Decimal(1))
    assert str(names.value) == (
        "bill_paid.send_on_commit() missing 2 required keyword-only arguments: "
        "'order' and 'amount'"
    )
    assert str(types.value) == (
        "bill_paid.send_on_commit() argument 'order' must be Order, not int."
    )
    with pytest.raises(TypeError) as positional:
        bill_paid.using("default").send_on_commit(Order, order, Decimal(1))
    assert str(positional.value) == (
        "bill_paid.send_on_commit() takes 2 positional arguments but 4 were given"
    )


def test_a_method_mocked_meanwhile_is_called_on_commit(order):
    with mock.patch.object(transaction, "on_commit") as on_commit:
        bill_paid.send_on_commit(Order, order=order, amount=1)
    with mock.patch.object(bill_paid, "send") as mocked:
        on_commit.call_args.args[0]()
    mocked.assert_called_once_with(sender=Order, order=order, amount=1, coupon=None)


# Connecting


def test_receivers_are_not_checked_if_the_setting_is_false():
    bill_paid.connect(no_kwargs)
    bill_paid.connect(misspelt)
    assert len(bill_paid.receivers) == 2


@pytest.mark.usefixtures("checked")
def test_a_receiver_that_requires_an_unknown_argument_is_refused():
    with pytest.raises(ValueError, match="receiver") as caught:
        bill_paid.connect(misspelt)
    assert str(caught.value) == (
        "The receiver 'tests.events.declared.misspelt' requires the argument 'ordr', "
        "but 'tests.events.declared.bill_paid' doesn't send it. Did you mean 'order'?"
    )
    assert bill_paid.receivers == []


@pytest.mark.usefixtures("checked")
def test_an_object_that_is_not_callable_is_refused_by_django(settings):
    settings.DEBUG = True
    with pytest.raises(TypeError) as caught:
        bill_paid.connect(1)
    assert str(caught.value) == "Signal receivers must be callable."


# check="warn"


@pytest.mark.parametrize("method", METHODS)
def test_a_lenient_event_warns_and_sends_what_it_got(method, checked):
    got = connect(bill_lost)
    with pytest.warns(EventWarning) as caught:
        send(bill_lost, method, sender=None, reson="late", reason=1)
    assert [str(warning.message) for warning in caught] == [
        f"bill_lost.{method}() got an unknown argument 'reson'. Did you mean 'reason'?",
        f"bill_lost.{method}() is missing the argument 'order'.",
        f"bill_lost.{method}() argument 'reason' must be str, not int.",
    ]
    assert got == [{"signal": bill_lost, "sender": None, "reason": 1, "reson": "late"}]


def test_a_warning_names_the_line_that_sends(checked):
    for method in ("send", "send_on_commit"):
        with (
            pytest.warns(EventWarning) as caught,
            mock.patch.object(transaction, "on_commit"),
        ):
            getattr(bill_lost, method)(None, order=1)
        assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("method", ON_COMMIT)
@pytest.mark.parametrize("with_using", [False, True])
def test_a_lenient_event_warns_once_at_the_line_that_sends_on_commit(
    method, with_using, checked
):
    got = connect(bill_lost)
    waiting = bill_lost.using("default") if with_using else bill_lost
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with transaction.atomic():
            send(waiting, method, None, order=1)
            assert len(caught) == 1
    [warning] = caught
    assert str(warning.message) == (
        f"bill_lost.{method}() argument 'order' must be Order, not int."
    )
    assert len(got) == 1


@pytest.mark.django_db(transaction=True)
def test_a_warning_names_the_line_of_a_coroutine(checked):
    async def view():
        await bill_lost.asend_on_commit(None, order=1)
        await bill_lost.using("default").asend_on_commit(None, order=1)

    with pytest.warns(EventWarning) as caught:
        async_to_sync(view)()
    first = view.__code__.co_firstlineno + 1
    places = [(warning.filename, warning.lineno) for warning in caught]
    assert places == [(__file__, first), (__file__, first + 1)]


@pytest.mark.parametrize("method", METHODS)
def test_a_lenient_event_does_not_warn_about_correct_sends(method, order, checked):
    got = connect(bill_lost)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        send(bill_lost, method, None, order=order)
    assert [call["reason"] for call in got] == [""]


# As with a plain signal


def test_a_method_can_be_mocked(order):
    got = connect()
    named = {"sender": Order, "order": order, "amount": 1}
    with mock.patch.object(bill_paid, "send") as mocked:
        bill_paid.send(**named)
    mocked.assert_called_once_with(**named)
    assert got == []
    bill_paid.send(**named)
    assert len(got) == 1


def test_a_mock_with_a_spec_knows_the_arguments(order):
    with mock.patch.object(bill_paid, "send", autospec=True) as mocked:
        bill_paid.send(Order, order=order, amount=1)
        with pytest.raises(TypeError):
            bill_paid.send(Order, ordr=order)
    mocked.assert_called_once()
    with mock.patch.object(bill_paid, "asend") as mocked:
        assert isinstance(mocked, mock.AsyncMock)


def test_receivers_can_be_muted(order):
    got = connect()
    receivers, bill_paid.receivers = bill_paid.receivers, []
    bill_paid.send(sender=Order, order=order, amount=1)
    bill_paid.receivers = receivers
    assert got == []
    bill_paid.send(sender=Order, order=order, amount=1)
    assert len(got) == 1


def test_receivers_are_held_weakly(order):
    def receive(**kwargs): ...

    bill_paid.connect(receive)
    gone = weakref.ref(receive)
    del receive
    gc.collect()
    assert gone() is None
    assert bill_paid.send(sender=Order, order=order, amount=1) == []


def test_a_dispatch_uid_connects_once(order):
    for _ in range(2):
        bill_paid.connect(lambda **kwargs: 1, weak=False, dispatch_uid="once")
    assert len(bill_paid.send(sender=Order, order=order, amount=1)) == 1
    assert bill_paid.disconnect(dispatch_uid="once")


def test_a_send_keeps_no_references(checked):
    order = Order()
    gone = weakref.ref(order)
    bill_paid.send(sender=Order, order=order, amount=Decimal(1))
    del order
    assert gone() is None
