from __future__ import annotations

import asyncio
import copy
import functools
import gc
import inspect
import pickle
import subprocess
import sys
import warnings
import weakref
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from unittest import mock

import django.dispatch
import pytest
from django.db import transaction
from django.dispatch import Signal
from django.test import override_settings
from django.utils.functional import SimpleLazyObject

import signaltools
from signaltools import event, receiver
from signaltools.events import Event
from signaltools.exceptions import EventWarning
from tests.shapes import SHAPES
from tests.testapp.models import Order, RushOrder
from tests.testapp.signals import order_shipped

if TYPE_CHECKING:
    from tests.testapp.models import Tag

# Most of these tests are about names, and send what comes to hand.
pytestmark = pytest.mark.usefixtures("without_test_tools")


@event
def bill_paid(
    sender: type[Order], *, order: Order, amount: Decimal, coupon: str | None = None
) -> None:
    """
    An order has been paid.
    """


@event
def bill_tagged(sender: type[Order], *, tag: Tag) -> None: ...


@event(check="warn", version=3, name="shop.bill_lost")
def bill_lost(sender: Any, *, order: Order, reason: str = "") -> None: ...


class Shop:
    @event
    def opened(sender: Any) -> None: ...  # noqa: N805


METHODS = ["send", "send_robust", "asend", "asend_robust"]
ON_COMMIT = ["send_on_commit", "send_robust_on_commit"]


@pytest.fixture(autouse=True)
def nothing_stays_connected():
    yield
    for signal in (bill_paid, bill_tagged, bill_lost, Shop.opened):
        signal.receivers = []


@pytest.fixture
def checked(settings):
    settings.SIGNALTOOLS = {"CHECK_EVENTS": True}


@pytest.fixture
def order():
    return Order(stamp="A")


def connect(signal: Signal = bill_paid) -> list[dict[str, Any]]:
    """
    Return a list that gets what a new receiver is called with.
    """
    got: list[dict[str, Any]] = []
    signal.connect(lambda **named: got.append(named), weak=False)
    return got


def send(signal: Signal, method: str, *args: Any, **named: Any) -> Any:
    result = getattr(signal, method)(*args, **named)
    return asyncio.run(result) if inspect.iscoroutine(result) else result


# --- what an event is -------------------------------------------------------------


def test_an_event_is_a_signal_with_the_name_and_the_docs_of_its_function():
    assert issubclass(type(bill_paid), Event)
    assert isinstance(bill_paid, Signal)
    assert bill_paid.name == "tests.events.test_base.bill_paid"
    assert bill_paid.__name__ == bill_paid.__qualname__ == "bill_paid"
    assert bill_paid.__module__ == "tests.events.test_base"
    assert inspect.getdoc(bill_paid) == "An order has been paid."
    assert repr(bill_paid) == "<Event: tests.events.test_base.bill_paid>"


def test_an_event_tells_its_arguments_as_text():
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
    assert bill_paid.label == "tests.events.test_base.bill_paid"


@pytest.mark.parametrize("signal", [bill_paid, bill_lost, Shop.opened])
@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))]
)
def test_an_event_pickles_and_copies_by_its_import_path(signal, copied):
    assert copied(signal) is signal


def test_methods_have_the_declared_signature():
    for name in METHODS + ON_COMMIT:
        signature = str(inspect.signature(getattr(bill_paid, name)))
        assert signature == "(sender, *, order, amount, coupon=None)"
    assert inspect.iscoroutinefunction(bill_paid.asend)
    assert bill_paid.send.__doc__ == bill_paid.__doc__


def test_methods_are_made_when_they_are_first_asked_for():
    @event
    def done(sender): ...

    assert "send" not in vars(type(done))
    first = done.send
    assert "asend" in vars(type(done))
    assert done.send == first
    assert "send" in vars(Event)
    assert Event.send is vars(Event)["send"]


def test_an_event_is_made_by_its_decorator():
    with pytest.raises(TypeError) as caught:
        Event()
    assert str(caught.value) == "Declare an event with @event, not by its class."


def test_receiver_is_djangos():
    assert signaltools.receiver is django.dispatch.receiver


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


def test_check_must_be_known():
    with pytest.raises(
        ValueError, match=r"^check must be 'error' or 'warn', not 'x'"
    ) as e:
        event(check="x")(lambda sender: None)
    assert str(e.value) == "check must be 'error' or 'warn', not 'x'."


# --- sending ------------------------------------------------------------------------


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
def test_nobody_connected_is_an_empty_list(method, order):
    assert send(bill_paid, method, sender=Order, order=order, amount=1) == []


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


@pytest.mark.parametrize("method", METHODS + ON_COMMIT)
def test_types_are_checked_if_the_setting_says_so(method, order, settings):
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
def test_an_argument_of_a_wrong_type_is_named(wrong, message, order):
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
def test_subclasses_falsy_values_and_mocks_are_fine(right, order):
    usual = {"sender": Order, "order": order, "amount": Decimal(1)}
    got = connect()
    bill_paid.send(**{**usual, **right})
    assert len(got) == 1


@pytest.mark.usefixtures("checked")
def test_lazy_objects_are_not_woken():
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
def test_a_type_that_is_not_there_yet_is_looked_for_again(monkeypatch):
    scope: dict[str, Any] = {"__name__": "later", "event": event}
    exec("@event\ndef done(sender: Later): ...", scope)
    with mock.patch.object(django.apps.apps, "ready", False):
        scope["done"].send(sender=1)
    scope["Later"] = str
    with pytest.raises(TypeError) as caught:
        scope["done"].send(sender=1)
    assert str(caught.value) == "done.send() argument 'sender' must be Later, not int."


def test_a_type_that_is_nowhere_is_not_checked(settings):
    settings.SIGNALTOOLS = {"CHECK_EVENTS": True}
    scope: dict[str, Any] = {"__name__": "nowhere", "event": event}
    exec("@event\ndef done(sender: 'Missing', *, a: 'int'): ...", scope)
    assert scope["done"].send(sender=1, a=1) == []
    assert scope["done"].unresolved() == ["sender"]


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
    assert module.done.unresolved() == []


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


# --- on commit ----------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("method", ON_COMMIT)
def test_on_commit_sends_after_the_transaction(method, order):
    got = connect()
    with transaction.atomic():
        getattr(bill_paid, method)(Order, order=order, amount=Decimal(1))
        assert got == []
    assert [call["amount"] for call in got] == [1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("method", ON_COMMIT)
def test_on_commit_sends_nothing_after_a_rollback_and_at_once_without(method, order):
    got = connect()
    with transaction.atomic():
        getattr(bill_paid, method)(sender=Order, order=order, amount=Decimal(1))
        transaction.set_rollback(True)
    assert got == []
    getattr(bill_paid, method)(sender=Order, order=order, amount=Decimal(1))
    assert len(got) == 1


@pytest.mark.django_db(transaction=True)
def test_on_commit_is_robust_if_asked_for(order):
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
        getattr(signal.using("replica"), method)(Order, **named)
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


def test_a_method_mocked_meanwhile_is_called_on_commit(order):
    with mock.patch.object(transaction, "on_commit") as on_commit:
        bill_paid.send_on_commit(Order, order=order, amount=1)
    with mock.patch.object(bill_paid, "send") as mocked:
        on_commit.call_args.args[0]()
    mocked.assert_called_once_with(sender=Order, order=order, amount=1, coupon=None)


# --- connecting ---------------------------------------------------------------------


def no_kwargs(sender, order, amount, coupon): ...


def misspelt(sender, ordr, **kwargs): ...


def test_a_receiver_is_not_checked_unless_the_setting_says_so():
    bill_paid.connect(no_kwargs)
    bill_paid.connect(misspelt)
    assert len(bill_paid.receivers) == 2


@pytest.mark.usefixtures("checked")
def test_a_receiver_that_asks_for_what_is_not_sent_is_refused():
    with pytest.raises(ValueError, match="receiver") as caught:
        bill_paid.connect(misspelt)
    assert str(caught.value) == (
        "The receiver 'tests.events.test_base.misspelt' asks for 'ordr', which "
        "'tests.events.test_base.bill_paid' does not send. Did you mean 'order'?"
    )
    assert bill_paid.receivers == []


@pytest.mark.usefixtures("checked")
def test_a_receiver_without_kwargs_is_refused_with_djangos_sentence():
    with pytest.raises(ValueError, match="receiver") as caught:
        signaltools.receiver(bill_paid)(no_kwargs)
    assert str(caught.value) == (
        "Signal receivers must accept keyword arguments (**kwargs). "
        "'tests.events.test_base.no_kwargs', to be connected to "
        "'tests.events.test_base.bill_paid', does not."
    )


@pytest.mark.usefixtures("checked")
def test_what_is_not_callable_is_left_to_django(settings):
    settings.DEBUG = True
    with pytest.raises(TypeError) as caught:
        bill_paid.connect(1)
    assert str(caught.value) == "Signal receivers must be callable."


class Desk:
    def method(self, sender, order, **kwargs): ...

    @classmethod
    def class_method(cls, sender, order, **kwargs): ...

    @staticmethod
    def static_method(sender, order, **kwargs): ...

    def __call__(self, signal, **kwargs): ...


async def ship(*, amount, coupon, **kwargs): ...


@pytest.mark.usefixtures("checked")
@pytest.mark.parametrize(
    "receiver",
    [
        Desk().method,
        Desk.class_method,
        Desk.static_method,
        Desk(),
        ship,
        functools.partial(misspelt, ordr=1),
        functools.wraps(misspelt)(lambda *args, **kwargs: None),
        lambda sender, *args, note=None, **kwargs: None,
        mock.Mock(),
        dict,
    ],
)
def test_every_right_shape_of_receiver_connects(receiver):
    bill_paid.connect(receiver, sender=Order, weak=False)
    assert len(bill_paid.receivers) == 1


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.label)
def test_every_callable_connects_as_it_does_to_a_plain_signal(shape):
    def outcome(signal):
        try:
            signal.connect(shape.receiver, weak=False)
        except Exception as error:
            return repr(error)
        return len(signal.receivers)

    assert outcome(bill_paid) == outcome(Signal())


# --- check="warn" -------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_an_event_may_warn_instead_and_send_what_there_is(method, checked):
    got = connect(bill_lost)
    with pytest.warns(EventWarning) as caught:
        send(bill_lost, method, sender=None, reson="late", reason=1)
    assert [str(warning.message) for warning in caught] == [
        f"bill_lost.{method}() does not take 'reson'. Did you mean 'reason'?",
        f"bill_lost.{method}() needs 'order'.",
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


@pytest.mark.parametrize("connect", [bill_lost.connect, receiver(bill_lost)])
def test_a_receiver_that_does_not_fit_is_only_warned_of(connect, checked):
    with pytest.warns(EventWarning) as caught:
        connect(misspelt)
    [warning] = caught
    assert str(warning.message) == (
        "The receiver 'tests.events.test_base.misspelt' asks for 'ordr', which "
        "'tests.events.test_base.bill_lost' does not send. Did you mean 'order'?"
    )
    assert warning.filename == __file__
    assert len(bill_lost.receivers) == 1


@pytest.mark.parametrize("method", METHODS)
def test_right_sends_of_an_event_that_warns_do_not(method, order, checked):
    got = connect(bill_lost)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        send(bill_lost, method, None, order=order)
    assert [call["reason"] for call in got] == [""]


# --- as with a plain signal ---------------------------------------------------------


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
def test_a_patch_of_signal_sees_events_that_nobody_receives(method, signal, order):
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


def test_a_send_holds_nothing(checked):
    order = Order()
    gone = weakref.ref(order)
    bill_paid.send(sender=Order, order=order, amount=Decimal(1))
    del order
    assert gone() is None
