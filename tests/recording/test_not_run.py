from __future__ import annotations

import asyncio
import gc
import sys
from contextlib import contextmanager, suppress
from types import ModuleType

import django
import pytest
from django.apps import apps
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import got_request_exception, request_finished, request_started
from django.db.models.signals import post_save, pre_init
from django.dispatch import Signal
from django.test import override_settings

import signaltools
import tests.conftest
import tests.shapes
from signaltools.introspect.objects import class_name
from signaltools.recording import totals as limits
from tests.shapes import (
    SHAPES,
    HostileText,
    Stock,
    hostile,
    make_local,
    on_save,
    on_save_async,
    refuse,
    renamed,
)
from tests.testapp.models import GiftOrder, Line, Order, RushOrder, Tag

knows_senders = pytest.mark.skipif(
    django.VERSION < (6, 0), reason="Django 5.2 does not remember senders"
)
THIS = "tests.recording.test_not_run"
AUTH, TESTAPP = apps.get_app_config("auth"), apps.get_app_config("testapp")


class Web:
    pass


class Api:
    pass


class Shop:
    pass


class Store:
    pass


class Cellar:
    pass


class FirstOnly(Signal):
    """
    A signal of which only the first receiver runs.
    """

    def _live_receivers(self, sender):
        sync_receivers, async_receivers = super()._live_receivers(sender)
        return sync_receivers[:1], async_receivers


class Refusing(Signal):
    def send(self, sender, **named):
        raise ValueError("not today")


class Silent(Signal):
    def send(self, sender, **named):
        return []


def fail(**kwargs):
    raise ValueError("no stock")


async def fail_async(**kwargs):
    await asyncio.sleep(0)
    raise ValueError("no network")


def audit(**kwargs):
    pass


@pytest.fixture
def paid(monkeypatch):
    """
    Return a signal that is called "shop.signals.paid".
    """
    return named_signal(monkeypatch, Signal())


def named_signal(monkeypatch, signal, name="shop.signals"):
    module = ModuleType(name)
    module.paid = signal
    monkeypatch.setitem(sys.modules, name, module)
    return signal


def shown(item):
    receiver = item.receiver and item.receiver.qualname
    return receiver, item.reason, item.text


def not_run(trace, name="shop.signals.paid"):
    """
    Return what did not run of the signal that is called so.
    """
    return [shown(item) for item in trace.not_run if item.signal == name]


def record(*sends):
    """
    Return a trace of the calls ``sends``; what they raise is dropped.
    """
    with signaltools.trace() as trace:
        for send in sends:
            with suppress(ValueError, RuntimeError):
                send()
    return trace


def sending(signal, sender):
    # A bound method that is older than the recording would not be recorded.
    return lambda: signal.send(sender)


def async_trace(send):
    async def main():
        with signaltools.trace() as trace:
            with pytest.raises((ValueError, ExceptionGroup)):
                await send()
            await asyncio.sleep(0.01)
        return trace

    return asyncio.run(main())


# --- what ran, and what was not sent ------------------------------------------------


def test_receiver_that_ran_has_no_reason(paid):
    paid.connect(on_save)
    paid.connect(audit, sender=Web)

    assert not_run(record(lambda: paid.send(Web))) == []


def test_signal_that_was_not_sent_is_the_reason(paid):
    paid.connect(on_save)

    [item] = [item for item in record().not_run if item.signal == "shop.signals.paid"]

    assert shown(item) == ("on_save", "not_sent", "paid wasn't sent")
    assert item.receiver.name == "tests.shapes.on_save"


def test_receivers_of_all_signals_are_there():
    trace = record()

    names = {item.receiver.name for item in trace.not_run if item.receiver}
    assert {"tests.testapp.receivers.audit", "tests.testapp.receivers.retag"} <= names
    assert trace.not_run == trace.not_run


@pytest.mark.parametrize("signal", [request_started, request_finished])
def test_request_signals_are_outside_of_what_is_recorded(signal):
    signal.connect(audit)
    try:
        reasons = {
            (item.reason, item.text)
            for item in record().not_run
            if item.receiver and item.receiver.name == f"{THIS}.audit"
        }
    finally:
        signal.disconnect(audit)

    assert reasons == {("outside_window", "outside the recorded window")}


def test_request_signal_that_was_sent_within_is_like_any_other(monkeypatch):
    name = "django.core.signals.request_finished"
    monkeypatch.setattr(request_finished, "receivers", [])
    request_finished.connect(audit)
    request_finished.connect(on_save, sender=WSGIHandler)
    try:
        trace = record(lambda: request_finished.send(Web))
        found = not_run(trace, name)
    finally:
        request_finished.disconnect(audit)
        request_finished.disconnect(on_save, sender=WSGIHandler)

    text = f"request_finished was sent only by {THIS}.Web"
    assert found == [("on_save", "other_sender", text)]


def test_other_signals_about_requests_were_not_sent():
    got_request_exception.connect(audit)
    try:
        found = not_run(record(), "django.core.signals.got_request_exception")
    finally:
        got_request_exception.disconnect(audit)

    assert found == [("audit", "not_sent", "got_request_exception wasn't sent")]


# --- sent by another sender ---------------------------------------------------------


@pytest.mark.parametrize(
    ("senders", "text"),
    [
        ([Web], "tests.recording.test_not_run.Web"),
        ([Web, Web], "tests.recording.test_not_run.Web"),
        ([None], "None"),
        ([Web()], "an instance of tests.recording.test_not_run.Web"),
        ([Web(), Web()], "an instance of tests.recording.test_not_run.Web"),
        ([RushOrder], "testapp.RushOrder"),
        ([Order.tags.through], "testapp.Order_tags"),
        ([TESTAPP], "app testapp"),
        ([tests.shapes], "tests.shapes"),
        (["django.contrib.auth"], "an instance of str"),
        ([Web, None], "None and tests.recording.test_not_run.Web"),
        (
            [Web, Api, Tag],
            "testapp.Tag, tests.recording.test_not_run.Api, and "
            "tests.recording.test_not_run.Web",
        ),
        (
            [Web, Api, Tag, Line],
            "testapp.Line, testapp.Tag, tests.recording.test_not_run.Api, and "
            "tests.recording.test_not_run.Web",
        ),
        (
            [Web, Api, Tag, Line, Shop, None],
            "None, testapp.Line, testapp.Tag, and 3 others",
        ),
    ],
)
def test_senders_are_listed_for_a_receiver_of_another_sender(paid, senders, text):
    paid.connect(on_save, sender=Order)
    paid.connect(audit)

    trace = record(*(sending(paid, sender) for sender in senders))

    text = text.replace("of str", "of builtins.str")
    assert not_run(trace) == [
        ("on_save", "other_sender", f"paid was sent only by {text}")
    ]


@pytest.mark.parametrize(
    ("expected", "sender", "text"),
    [
        (RushOrder, Order, "testapp.Order"),
        (Order, GiftOrder, "testapp.GiftOrder"),
        (Web, Web(), "an instance of tests.recording.test_not_run.Web"),
        (AUTH, TESTAPP, "app testapp"),
        (tests.shapes, tests.conftest, "tests.conftest"),
    ],
)
def test_every_kind_of_sender_is_distinguished(paid, expected, sender, text):
    paid.connect(on_save, sender=expected)

    trace = record(lambda: paid.send(sender))

    assert not_run(trace) == [
        ("on_save", "other_sender", f"paid was sent only by {text}")
    ]
    assert not_run(record(lambda: paid.send(expected))) == []


def test_class_of_the_same_name_is_another_one(paid):
    def local():
        return type("Order", (), {"__module__": "shop.models"})

    expected, sender = local(), local()
    paid.connect(on_save, sender=expected)

    trace = record(lambda: paid.send(sender))

    text = "paid was sent only by another shop.models.Order"
    assert not_run(trace) == [("on_save", "other_sender", text)]


@knows_senders
def test_other_instance_of_the_same_class_is_another_one(paid):
    expected, sender = Web(), Web()
    paid.connect(on_save, sender=expected)

    trace = record(lambda: paid.send(sender))

    text = f"paid was sent only by another instance of {THIS}.Web"
    assert not_run(trace) == [("on_save", "other_sender", text)]


def test_sender_of_which_only_the_address_is_known_may_be_an_instance(paid):
    paid.connect(on_save, sender=("shop", "web"))
    paid.connect(audit, sender="django.contrib.auth")

    trace = record(lambda: paid.send("django.contrib.auth"))

    text = "paid was sent only by an instance of builtins.str"
    assert not_run(trace) == [("on_save", "other_sender", text)]


def test_instance_that_sent_ran_its_receiver(paid):
    sender, other = Web(), Api()
    paid.connect(on_save, sender=sender)
    paid.connect(audit, sender=other)

    trace = record(lambda: paid.send(sender))

    [(name, reason, text)] = not_run(trace)
    assert (name, reason) == ("audit", "other_sender")
    assert text == f"paid was sent only by an instance of {THIS}.Web"


def test_each_connection_of_a_receiver_has_its_own_reason(paid):
    paid.connect(on_save, sender=Order)
    paid.connect(on_save, sender=Tag)

    trace = record(lambda: paid.send(Tag))

    [item] = [item for item in trace.not_run if item.signal == "shop.signals.paid"]
    assert item.receiver.sender == "testapp.Order"
    assert shown(item) == (
        "on_save",
        "other_sender",
        "paid was sent only by testapp.Tag",
    )


def test_receiver_of_all_and_of_one_sender_ran_for_all(paid):
    paid.connect(on_save)
    paid.connect(on_save, sender=Order)

    assert not_run(record(lambda: paid.send(Order))) == []
    assert not_run(record(lambda: paid.send(Tag))) == [
        ("on_save", "other_sender", "paid was sent only by testapp.Tag")
    ]


@pytest.mark.parametrize("sends", [1, 30])
def test_methods_of_two_objects_are_two_receivers(paid, sends):
    first, second = Stock(), Stock()
    paid.connect(first.reserve, sender=Order)
    paid.connect(second.reserve, sender=Tag)

    trace = record(*[lambda: paid.send(Tag)] * sends)

    [item] = [item for item in trace.not_run if item.signal == "shop.signals.paid"]
    assert item.receiver.sender == "testapp.Order"
    assert item.text == "paid was sent only by testapp.Tag"


def test_collapsed_sends_are_listed_once(paid):
    paid.connect(on_save, sender=Order)
    paid.connect(audit)

    trace = record(*[lambda: paid.send(Tag)] * 100)

    assert not_run(trace) == [
        ("on_save", "other_sender", "paid was sent only by testapp.Tag")
    ]


def test_signals_of_models_name_the_model():
    trace = record(lambda: Tag(stamp="new"), lambda: post_save.send(Tag))

    reasons = {
        item.receiver.qualname: item.text
        for item in trace.not_run
        if item.signal == "django.db.models.signals.post_save"
    }
    assert reasons["index_order"] == "post_save was sent only by testapp.Tag"
    assert "audit" not in reasons


# --- an earlier receiver raised -----------------------------------------------------


def test_receiver_that_raised_is_explained(paid):
    paid.connect(fail)
    paid.connect(on_save)
    paid.connect(on_save_async)

    text = f"not reached: {THIS}.fail raised ValueError: no stock"
    assert not_run(record(lambda: paid.send(Web))) == [
        ("on_save", "earlier_error", text),
        ("on_save_async", "earlier_error", text),
    ]


def test_receivers_before_the_one_that_raised_ran(paid):
    paid.connect(on_save)
    paid.connect(fail)

    assert not_run(record(lambda: paid.send(Web))) == []


def test_receiver_that_ran_in_another_send_ran(paid):
    paid.connect(fail, sender=Order)
    paid.connect(on_save)

    trace = record(lambda: paid.send(Order), lambda: paid.send(Tag))

    assert not_run(trace) == []


def test_error_counts_only_for_the_sender_of_its_send(paid):
    paid.connect(fail, sender=Order)
    paid.connect(on_save, sender=Tag)
    paid.connect(audit, sender=Order)

    trace = record(lambda: paid.send(Order))

    assert not_run(trace) == [
        ("on_save", "other_sender", "paid was sent only by testapp.Order"),
        (
            "audit",
            "earlier_error",
            f"not reached: {THIS}.fail raised ValueError: no stock",
        ),
    ]


@pytest.mark.parametrize("sends", [1, 30])
def test_send_robust_goes_on_after_an_error(paid, sends, caplog):
    paid.connect(fail)
    paid.connect(on_save)

    assert not_run(record(*[lambda: paid.send_robust(Web)] * sends)) == []


def test_error_in_collapsed_sends_is_explained(paid):
    paid.connect(fail)
    paid.connect(on_save)

    trace = record(*[lambda: paid.send(Web)] * 30)

    text = f"not reached: {THIS}.fail raised ValueError: no stock"
    assert not_run(trace) == [("on_save", "earlier_error", text)]


def test_asynchronous_sibling_that_raised_keeps_no_receiver_from_beginning(paid):
    paid.connect(fail_async)
    paid.connect(on_save_async)

    assert not_run(async_trace(lambda: paid.asend(Web))) == []


@pytest.mark.skipif(django.VERSION < (6, 1), reason="they run concurrently before 6.1")
def test_synchronous_error_stops_asynchronous_receivers(paid):
    paid.connect(fail)
    paid.connect(on_save_async)

    text = f"not reached: {THIS}.fail raised ValueError: no stock"
    assert not_run(async_trace(lambda: paid.asend(Web))) == [
        ("on_save_async", "earlier_error", text)
    ]


def test_event_loop_in_which_send_cannot_await_is_explained(paid):
    paid.connect(on_save)
    paid.connect(on_save_async)

    async def main():
        return record(lambda: paid.send(Web))

    text = "not reached: send() can't run async receivers in a running event loop"
    assert not_run(asyncio.run(main())) == [("on_save_async", "earlier_error", text)]


def test_send_that_raised_by_itself_is_explained(monkeypatch):
    paid = named_signal(monkeypatch, Refusing())
    paid.connect(on_save)

    text = "not reached: send() raised ValueError: not today"
    assert not_run(record(lambda: paid.send(Web))) == [
        ("on_save", "earlier_error", text)
    ]


def test_error_of_a_send_did_not_stop_what_was_connected_later(monkeypatch):
    paid = named_signal(monkeypatch, Refusing())

    trace = record(lambda: paid.send(Web), lambda: paid.connect(on_save))

    text = "connected after paid was sent"
    assert not_run(trace) == [("on_save", "connected_later", text)]


def test_error_before_the_connection_is_not_the_reason(paid):
    paid.connect(fail)

    trace = record(lambda: paid.send(Web), lambda: paid.connect(on_save))

    text = "connected after paid was sent"
    assert not_run(trace) == [("on_save", "connected_later", text)]


def test_error_after_the_connection_is_the_reason(paid):
    paid.connect(audit)
    paid.connect(fail, sender=Order)

    trace = record(
        lambda: paid.send(Tag),
        lambda: paid.connect(on_save),
        lambda: paid.send(Order),
    )

    text = f"not reached: {THIS}.fail raised ValueError: no stock"
    assert not_run(trace) == [("on_save", "earlier_error", text)]


# --- connected later, or gone -------------------------------------------------------


def test_receiver_that_was_connected_after_the_send_is_explained(paid):
    paid.connect(audit)

    trace = record(lambda: paid.send(Web), lambda: paid.connect(on_save))

    text = "connected after paid was sent"
    assert not_run(trace) == [("on_save", "connected_later", text)]


@contextmanager
def receivers_taken_out(signal):
    """
    Do what the mute_signals() of factory_boy does.
    """
    receivers, signal.receivers = signal.receivers, []
    yield
    signal.receivers = receivers + signal.receivers
    signal.sender_receivers_cache.clear()


def test_receivers_that_were_taken_out_while_sending_are_explained(paid):
    paid.connect(audit)
    paid.connect(on_save)
    with signaltools.trace() as trace, receivers_taken_out(paid):
        paid.send(Web)
        paid.connect(fail)

    text = "taken out while paid was sent"
    assert not_run(trace) == [
        ("audit", "taken_out", text),
        ("on_save", "taken_out", text),
        ("fail", "connected_later", "connected after paid was sent"),
    ]
    assert [remark.receiver for remark in trace.remarks] == [f"{THIS}.fail"]


def test_receivers_that_one_of_two_sends_has_found_ran(paid):
    paid.connect(audit)
    with signaltools.trace() as trace:
        with receivers_taken_out(paid):
            paid.send(Web)
        paid.send(Web)

    assert not_run(trace) == []
    assert trace.remarks == ()


def test_receivers_that_are_put_back_after_the_trace_were_not_connected(paid):
    paid.connect(audit)
    with receivers_taken_out(paid), signaltools.trace() as trace:
        paid.send(Web)

    text = "wasn't connected when paid was sent"
    assert not_run(trace) == [("audit", "not_connected", text)]
    assert trace.remarks == ()


def test_receiver_that_another_trace_saw_connected_was_taken_out(paid):
    with signaltools.trace():
        paid.connect(audit)
        with signaltools.trace() as trace, receivers_taken_out(paid):
            paid.send(Web)

    assert not_run(trace) == [("audit", "taken_out", "taken out while paid was sent")]


def test_receiver_whose_connect_failed_or_changed_nothing_is_not_new(paid):
    def connect_badly():
        with pytest.raises(TypeError):
            paid.connect(on_save, unknown=1)

    paid.connect(audit)
    trace = record(
        lambda: paid.send(Web), connect_badly, lambda: paid.connect(audit, weak=True)
    )

    assert not_run(trace) == []
    assert trace.remarks == ()


def test_receiver_that_was_connected_before_the_send_ran(paid):
    trace = record(lambda: paid.connect(on_save), lambda: paid.send(Web))

    assert not_run(trace) == []


def test_receiver_that_was_disconnected_is_left_out(paid):
    paid.connect(on_save, sender=Order)

    trace = record(lambda: paid.send(Tag))
    paid.disconnect(on_save, sender=Order)

    assert not_run(trace) == []


GONE = (
    None,
    "receiver_gone",
    "garbage-collected: it was connected by a weak reference only",
)


def test_receiver_that_died_before_is_explained(paid):
    receivers = [make_local(), Stock().reserve]
    for receiver in (on_save, *receivers):
        paid.connect(receiver)
    del receiver, receivers
    gc.collect()

    assert not_run(record()) == [
        ("on_save", "not_sent", "paid wasn't sent"),
        GONE,
        GONE,
    ]


@override_settings(DEBUG=True)
def test_receiver_that_debug_keeps_alive_ran(paid):
    paid.connect(make_local())
    gc.collect()

    assert not_run(record(lambda: paid.send(Web))) == []


@pytest.mark.parametrize("make", [make_local, lambda: Stock().reserve])
def test_receiver_that_died_without_having_run_is_explained(paid, make):
    receiver = make()
    paid.connect(audit)
    paid.connect(receiver, sender=Order)

    trace = record(lambda: paid.send(Tag))
    del receiver
    gc.collect()

    assert not_run(trace) == [GONE]


@pytest.mark.parametrize("make", [make_local, lambda: Stock().reserve])
def test_receiver_that_ran_and_died_since_has_run(paid, make):
    receiver = make()
    paid.connect(receiver)

    trace = record(lambda: paid.send(Web))
    del receiver
    gc.collect()

    assert not_run(trace) == []


def test_dead_receiver_with_a_uid_is_never_compared(paid):
    uid = hostile("__eq__", "__hash__", "__bool__", "__repr__", "__getattribute__")
    receiver = make_local()
    paid.connect(receiver)
    paid.connect(audit)
    trace = record(lambda: paid.send(Web))
    [(keys, *rest), _] = paid.receivers
    paid.receivers[0] = ((uid, keys[1]), *rest)
    paid.receivers.append((((uid, 1), keys[1]), *rest))

    del receiver, rest
    gc.collect()

    assert not_run(trace) == [GONE, GONE]


@knows_senders
def test_sender_that_is_gone_is_explained_with_its_receiver(paid):
    sender = type("Local", (), {})
    paid.connect(on_save, sender=sender)

    del sender
    gc.collect()

    text = "its sender was garbage-collected"
    assert not_run(record()) == [("on_save", "sender_gone", text)]
    paid.connect(audit, sender=Web)


@knows_senders
def test_sender_that_is_gone_and_sent_nothing_is_explained(paid):
    sender = type("Local", (), {})
    paid.connect(on_save, sender=sender)

    trace = record(lambda: None)
    del sender
    gc.collect()

    assert not_run(trace) == [
        ("on_save", "sender_gone", "its sender was garbage-collected")
    ]


@knows_senders
def test_sender_that_sent_and_is_gone_since_is_not_listed(paid):
    senders = [type("Local", (), {}), Web()]
    for sender in senders:
        paid.connect(on_save, sender=sender)

    trace = record(*(sending(paid, sender) for sender in senders))
    del sender, senders
    gc.collect()

    assert not_run(trace) == []


@knows_senders
def test_what_ran_without_a_sender_did_not_run_for_a_sender_that_is_gone(paid):
    sender = type("Local", (), {})
    paid.connect(on_save)
    paid.connect(on_save, sender=sender)

    trace = record(lambda: paid.send(None))
    del sender
    gc.collect()

    assert not_run(trace) == [
        ("on_save", "sender_gone", "its sender was garbage-collected")
    ]


# --- classes of their own, signals without a name, limits, other traces -------------


def test_class_that_decides_itself_is_explained(monkeypatch):
    paid = named_signal(monkeypatch, FirstOnly())
    paid.connect(on_save)
    paid.connect(audit)

    text = f"{THIS}.FirstOnly chooses by itself which receivers run"
    assert not_run(record(lambda: paid.send(Web))) == [("audit", "own_dispatch", text)]


def test_class_that_may_have_a_loop_of_its_own_is_explained(monkeypatch):
    paid = named_signal(monkeypatch, Silent())
    paid.connect(on_save)

    text = "send() may have called it, which can't be seen"
    assert not_run(record(lambda: paid.send(Web))) == [("on_save", "unseen", text)]


def test_receiver_whose_turn_has_not_come_was_not_called(paid):
    found = []

    def read(**kwargs):
        found.extend(not_run(trace))

    paid.connect(read)
    paid.connect(on_save)
    with signaltools.trace() as trace:
        paid.send(Web)

    text = "paid was sent, but this receiver wasn't called"
    assert found == [("on_save", "unknown", text)]
    assert not_run(trace) == []


def test_signal_without_a_name_is_this_signal():
    signal = Signal()
    signal.connect(on_save, sender=Order)
    signal.connect(audit)
    name = "unnamed Signal (django.dispatch.dispatcher.Signal)"

    trace = record(lambda: signal.send(Tag), lambda: signal.connect(fail))

    assert not_run(trace, name) == [
        ("on_save", "other_sender", "this signal was sent only by testapp.Tag"),
        ("fail", "connected_later", "connected after this signal was sent"),
    ]


def test_signal_without_a_name_that_is_gone_is_left_out():
    signal = Signal()
    # The finalizer of a weak connection keeps the signal alive.
    signal.connect(on_save, sender=Order, weak=False)

    trace = record(sending(signal, Tag))
    del signal
    gc.collect()

    assert not_run(trace, "unnamed Signal (django.dispatch.dispatcher.Signal)") == []


def test_signal_that_was_registered_by_hand_has_its_name(monkeypatch):
    monkeypatch.setattr(signaltools.registry, "_registered", {})
    signal = Signal()
    signaltools.registry.register("shop.by_hand", signal)
    signal.connect(on_save, sender=Order)

    assert not_run(record(), "shop.by_hand") == [
        ("on_save", "not_sent", "by_hand wasn't sent")
    ]
    trace = record(lambda: signal.send(Tag))
    text = "by_hand was sent only by testapp.Tag"
    assert not_run(trace, "shop.by_hand") == [("on_save", "other_sender", text)]


def test_beyond_the_limit_it_is_known_what_ran(paid, monkeypatch):
    monkeypatch.setattr(limits, "MAX_TREE", 0)
    other = Signal()
    paid.connect(on_save)
    paid.connect(audit, sender=Web)
    paid.connect(fail, sender=Order)
    trace = record(lambda: other.send(Web), lambda: paid.send(Web))

    text = f"paid was sent only by {THIS}.Web"
    assert not_run(trace) == [("fail", "other_sender", text)]


def test_receiver_connected_beyond_the_limit_is_not_said_to_have_another_sender(
    paid, monkeypatch
):
    monkeypatch.setattr(limits, "MAX_TREE", 0)
    trace = record(
        lambda: paid.send(Web),
        lambda: paid.connect(on_save, sender=Order),
    )

    [(name, reason, _)] = not_run(trace)
    assert (name, reason) == ("on_save", "connected_later")


def test_receiver_of_another_sender_beyond_the_limit(paid, monkeypatch):
    monkeypatch.setattr(limits, "MAX_TREE", 0)
    paid.connect(on_save, sender=Order)
    trace = record(lambda: paid.send(Web))

    [(name, reason, text)] = not_run(trace)
    assert (name, reason) == ("on_save", "other_sender")
    assert text.endswith("was sent only by other senders")


def test_receiver_in_the_flat_profile_ran(paid, monkeypatch):
    monkeypatch.setattr(limits, "MAX_TREE", 0)
    paid.connect(on_save)

    trace = record(lambda: paid.send(Web))

    assert trace.tree == ()
    assert not_run(trace) == []


def test_receiver_that_ran_in_an_inner_trace_ran_in_both(paid):
    paid.connect(on_save)
    paid.connect(audit, sender=Order)

    with signaltools.trace() as outer:
        before = not_run(outer)
        inner = record(lambda: paid.send(Web))

    text = f"paid was sent only by {THIS}.Web"
    assert len(before) == 2
    assert not_run(inner) == not_run(outer) == [("audit", "other_sender", text)]


def test_inner_trace_has_only_what_is_sent_in_it(paid):
    paid.connect(on_save)
    paid.connect(audit, sender=Order)

    with signaltools.trace() as outer:
        paid.send(Order)
        inner = record(lambda: paid.send(Web))
        empty = record()

    assert not_run(outer) == []
    assert not_run(inner) == [
        ("audit", "other_sender", f"paid was sent only by {THIS}.Web")
    ]
    assert [reason for _, reason, _ in not_run(empty)] == ["not_sent", "not_sent"]


@pytest.mark.parametrize("is_first", [True, False], ids=["outer first", "inner first"])
def test_connections_of_the_first_of_two_traces_count(paid, is_first):
    paid.connect(audit)

    with signaltools.trace() as outer:
        if is_first:
            paid.send(Tag)
        first = record(lambda: paid.send(Tag))
        paid.connect(on_save, sender=Tag)
        second = record(lambda: paid.send(Order))
        third = record(lambda: paid.send(Order), lambda: paid.send(None))

    later = ("on_save", "connected_later", "connected after paid was sent")
    assert not_run(outer) == [later]
    # It ended before, so the receiver may just as well have been put back.
    unknown = ("on_save", "not_connected", "wasn't connected when paid was sent")
    assert not_run(first) == [unknown]
    assert not_run(second) == [
        ("on_save", "other_sender", "paid was sent only by testapp.Order")
    ]
    assert not_run(third) == [
        ("on_save", "other_sender", "paid was sent only by None and testapp.Order")
    ]


# --- hostile ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shape",
    [shape for shape in SHAPES if shape.connectable],
    ids=lambda shape: shape.label,
)
def test_no_shape_of_receiver_is_run(paid, shape):
    paid.connect(audit)
    paid.connect(shape.receiver, sender=Order, weak=False)

    found = [
        item
        for item in record(lambda: paid.send(Tag)).not_run
        if item.signal == "shop.signals.paid"
    ]

    assert [item.receiver.name for item in found] == [shape.name]
    assert found[0].text == "paid was sent only by testapp.Tag"


@pytest.mark.parametrize("slots", [(), ("__weakref__",)], ids=["no weakref", "weakref"])
def test_unhashable_receiver_is_distinguished(paid, slots):
    namespace = {"__slots__": slots, "__eq__": refuse, "__hash__": None}
    namespace["__call__"] = lambda self, **kwargs: None
    cls = type("Unhashable", (), namespace)
    first, second = cls(), cls()
    for receiver, sender in ((first, Order), (second, Tag), (first, Tag)):
        paid.connect(receiver, sender=sender, weak=False)

    trace = record(lambda: paid.send(Tag))

    [item] = [item for item in trace.not_run if item.signal == "shop.signals.paid"]
    assert item.receiver.sender == "testapp.Order"


def test_receivers_that_cannot_be_read_have_no_reason(monkeypatch):
    class Raising(Signal):
        receivers = property(refuse, lambda self, value: None)

    named_signal(monkeypatch, Raising())

    assert not_run(record()) == []


def test_row_of_a_foreign_shape_is_a_receiver_that_did_not_run(paid):
    paid.connect(audit)
    paid.receivers.append(None)

    assert not_run(record()) == [
        ("audit", "not_sent", "paid wasn't sent"),
        ("unreadable receiver (TypeError)", "not_sent", "paid wasn't sent"),
    ]


HOSTILE_NAMES = [
    "a\nb\x1b[31mc\u202ed",
    "<script>alert(1)</script>",
    "x" * 10_000,
    HostileText("reserve"),
]


class HostileError(ValueError):
    __str__ = __repr__ = __format__ = __bool__ = refuse
    args = property(refuse)


@pytest.mark.parametrize(
    "name", HOSTILE_NAMES, ids=["control", "markup", "long", "text"]
)
@pytest.mark.parametrize("method", ["send", "send_robust"])
def test_nothing_hostile_is_run_or_shown_in_full(monkeypatch, name, method):
    def raising(**kwargs):
        raise error

    monkeypatch.setattr(
        "django.dispatch.dispatcher.logger.error", lambda *args, **kw: 0
    )
    error = HostileError(HostileText("never"), "x" * 10_000, hostile("__repr__"))
    plain_name = str.__str__(name)
    sender = type(plain_name, (), {"__module__": "shop" * 1_000})
    paid = named_signal(
        monkeypatch, type(plain_name, (Signal,), {})(), plain_name[:500]
    )
    paid.connect(renamed(__qualname__=name), sender=Order, weak=False)
    raising.__qualname__ = raising.__name__ = name
    paid.connect(raising)
    paid.connect(on_save)

    with signaltools.trace(argument_types=True) as trace:
        if method == "send":
            with pytest.raises(HostileError):
                paid.send(sender, argument=hostile("__repr__", "__str__", "__eq__"))
        else:
            paid.send_robust(sender, argument=hostile("__getattribute__"))

    texts = [item.text for item in trace.not_run]
    texts += [item.signal for item in trace.not_run]
    texts += [remark.text for remark in trace.remarks]
    texts += [remark.receiver or "" for remark in trace.remarks]
    assert max(map(len, texts)) <= 400
    assert {type(text) for text in texts} == {str}
    assert "raised" in "".join(texts) or "swallowed" in "".join(texts)
    assert trace.as_dict()["not_run"]
    assert str(trace)
    assert "\x1b" not in str(trace)


def test_sender_is_never_asked_for_anything(paid):
    paid.connect(on_save, sender=Order)
    paid.connect(audit)
    names = ("__repr__", "__bool__", "__str__")
    sender = hostile(*names)

    trace = record(lambda: paid.send(sender))

    text = f"paid was sent only by an instance of {class_name(type(sender))}"
    assert not_run(trace) == [("on_save", "other_sender", text)]


def test_texts_are_cut(paid):
    senders = [type("x" * 300 + str(number), (), {}) for number in range(3)]
    paid.connect(on_save, sender=Order)

    trace = record(*(sending(paid, sender) for sender in senders))

    [(_, _, text)] = not_run(trace)
    assert len(text) == 400
    assert text.endswith("…")


def test_receivers_of_many_instances_ran():
    name = "django.db.models.signals.pre_init"
    pre_init.connect(audit, sender=Tag)
    try:
        found = not_run(record(*[lambda: Tag()] * 50), name)
    finally:
        pre_init.disconnect(audit, sender=Tag)

    assert found == []


# --- outcomes -----------------------------------------------------------------------


def outcomes(trace, name="shop.signals.paid"):
    """
    Return what became of the connections of the signal that is called so.
    """
    [found] = [one for one in trace.read().signals if one.record.name == name]
    return found.sent, [
        (outcome.receiver and outcome.receiver.qualname, outcome.times, outcome.reason)
        for outcome in found.outcomes
    ]


def test_outcome_counts_the_calls_of_each_connection(paid):
    paid.connect(on_save)
    paid.connect(audit, sender=Web)
    paid.connect(audit, sender=Api)
    paid.connect(audit, sender=Shop)
    trace = record(*[sending(paid, Web)] * 3, *[sending(paid, Api)] * 30)

    assert outcomes(trace) == (
        True,
        [
            ("on_save", 33, None),
            ("audit", 3, None),
            ("audit", 30, None),
            ("audit", 0, "other_sender"),
        ],
    )


def test_outcome_of_a_signal_that_was_not_sent(paid):
    paid.connect(on_save)

    assert outcomes(record()) == (False, [("on_save", 0, "not_sent")])


def test_signal_without_receivers_has_no_outcomes(paid):
    assert outcomes(record()) == (False, [])
    assert outcomes(record(sending(paid, Web))) == (True, [])


def test_outcomes_have_the_records_of_the_inventory(paid):
    paid.connect(on_save)
    [found] = [one for one in record().read().signals if one.outcomes][-1:]

    assert [outcome.receiver for outcome in found.outcomes] == [*found.record.receivers]


def test_outcomes_have_signals_without_a_name():
    signal = Signal()
    signal.connect(on_save)

    *_, last = record(sending(signal, Web)).read().signals

    assert last.record.name == "unnamed Signal (django.dispatch.dispatcher.Signal)"
    assert (last.sent, last.outcomes[0].times) == (True, 1)
