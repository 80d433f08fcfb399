from __future__ import annotations

import gc
import inspect
import sys
import threading
import weakref

import pytest
from django.apps import apps
from django.core.checks import run_checks
from django.core.checks.model_checks import _check_lazy_references
from django.db import connection, models
from django.db.models import signals
from django.db.models.signals import ModelSignal, class_prepared, post_save
from django.dispatch import Signal, receiver
from django.test import override_settings
from django.test.utils import CaptureQueriesContext, isolate_apps

from signaltools import event
from signaltools.checks import check_signals
from signaltools.checks import watch as watching
from signaltools.checks.watch import (
    failed_disconnects,
    is_watching,
    watch_if_wanted,
    watched_connects,
)
from signaltools.inventory.receivers import receiver_with_uid
from tests.problems import problems
from tests.shapes import SHAPES, Slotted, hostile
from tests.testapp.models import Order, Stamped, Tag

NAME = "shop.signals.paid"
DJANGOS_OWN = Signal.connect, Signal.disconnect


def on_paid(**kwargs): ...


def other(**kwargs): ...


@pytest.fixture
def paid(watching):
    return Signal()


@pytest.mark.parametrize("is_wanted", [False, True])
def test_the_setting_decides(monkeypatch, settings, is_wanted):
    for name in ("connect", "disconnect"):
        monkeypatch.setattr(Signal, name, vars(Signal)[name])
    settings.SIGNALTOOLS = {"WATCH_CONNECT": is_wanted}
    monkeypatch.setattr("signaltools.checks.watch._is_watching", False)
    watch_if_wanted()
    connect = Signal.connect
    assert is_watching() is is_wanted
    assert ((Signal.connect, Signal.disconnect) == DJANGOS_OWN) is not is_wanted
    watch_if_wanted()
    assert Signal.connect is connect


def test_a_wrong_setting_is_reported_elsewhere(settings):
    settings.SIGNALTOOLS = {"WATCH_CONNECT": "yes"}
    watch_if_wanted()
    assert (Signal.connect, Signal.disconnect) == DJANGOS_OWN


@pytest.mark.parametrize(
    ("argv", "is_debug", "expected"),
    [
        (["manage.py", "check"], False, True),
        (["manage.py", "list_signals", "--all"], False, True),
        (["manage.py", "lock_signals"], False, True),
        (["manage.py", "migrate", "check"], False, False),
        (["manage.py"], False, False),
        ([], False, False),
        (["manage.py", "runserver"], True, True),
    ],
)
def test_some_commands_and_debug_watch_by_default(
    monkeypatch, settings, argv, is_debug, expected
):
    monkeypatch.setattr(sys, "argv", argv)
    settings.DEBUG = is_debug
    assert watching.conf.WATCH_CONNECT is expected


@pytest.mark.parametrize("name", ["connect", "disconnect"])
def test_methods_look_like_those_of_django(watching, name):
    watched, own = getattr(Signal, name), DJANGOS_OWN[name == "disconnect"]
    assert watched is not own
    assert inspect.signature(watched) == inspect.signature(own)
    for attribute in ("__module__", "__name__", "__qualname__", "__doc__"):
        assert getattr(watched, attribute) == getattr(own, attribute)


def test_methods_return_what_they_did(paid):
    assert paid.connect(on_paid) is None
    assert paid.connect(on_paid) is None
    assert paid.disconnect(on_paid) is True
    assert paid.disconnect(on_paid) is False
    assert paid.disconnect() is False
    # Django may have to wait for the model, so it returns nothing.
    assert ModelSignal().disconnect(on_paid, sender="testapp.Order") is None


def test_arguments_are_passed_by_name_and_by_position(paid):
    paid.connect(on_paid, Order, False, "uid")
    paid.connect(receiver=other, sender=Tag, weak=False, dispatch_uid="uid")
    assert paid.send(Order) == [(on_paid, None)]
    assert paid.send(Tag) == [(other, None)]
    assert paid.disconnect(None, Order, "uid")
    assert paid.disconnect(receiver=None, sender=Tag, dispatch_uid="uid")
    assert not paid.receivers


def message_of(call, *args, **options):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        call(*args, **options)
    return type(caught.value), str(caught.value)


@pytest.mark.parametrize(
    ("args", "is_debug"),
    [((), False), ((1, 2, 3, 4, 5), False), ((1,), True), ((lambda: 0,), True)],
)
def test_exceptions_are_those_of_django(settings, request, args, is_debug):
    settings.DEBUG = is_debug
    expected = message_of(Signal().connect, *args)
    request.getfixturevalue("watching")
    assert message_of(Signal().connect, *args) == expected


def lazy_errors(signal):
    with isolate_apps("tests.testapp") as isolated:
        signal.connect(on_paid, sender="testapp.Missing", apps=isolated)
        return _check_lazy_references(isolated)


def test_django_still_finds_a_sender_that_is_never_loaded(request, alone):
    expected = lazy_errors(alone(post_save))
    request.getfixturevalue("watching")
    [error] = lazy_errors(post_save)
    assert [error] == expected
    assert (error.id, error.msg) == (
        "signals.E001",
        "The function 'on_paid' was connected to the 'post_save' signal with a lazy "
        "reference to the sender 'testapp.missing', but app 'testapp' doesn't provide "
        "model 'missing'.",
    )


def site_of(signal):
    [connect] = watched_connects(signal)
    return connect.site


def test_the_site_is_the_line_that_connects(paid):
    paid.connect(on_paid)
    assert site_of(paid) == (
        __name__,
        "test_the_site_is_the_line_that_connects",
        __file__,
        sys._getframe().f_lineno - 5,
    )


def test_the_site_of_a_decorator_is_that_of_the_function(paid):
    @receiver(paid)
    def local(**kwargs): ...

    assert site_of(paid).line == local.__code__.co_firstlineno


@event
def parcel_sent(sender: type) -> None: ...


def test_the_site_of_an_event_is_outside_this_package(watching, alone):
    alone(parcel_sent).connect(on_paid)
    assert site_of(parcel_sent).file == __file__


def test_the_site_of_a_model_signal_is_outside_django(watching, alone):
    alone(post_save).connect(on_paid, sender="testapp.Order")
    assert site_of(post_save).file == __file__
    assert watched_connects(post_save)[0].sender.label == "testapp.Order"


def test_a_connection_that_has_waited_for_its_sender_has_no_site(watching, alone):
    with isolate_apps("tests.testapp") as isolated:
        alone(post_save).connect(on_paid, sender="testapp.Late", apps=isolated)
        assert watched_connects(post_save) == []

        class Late(models.Model):
            class Meta:
                app_label = "testapp"

    assert site_of(post_save) is None
    assert post_save.disconnect(on_paid, sender=Late)


def test_a_module_need_not_have_a_name(paid):
    for name in ({}, {"__name__": hostile("__str__", "__repr__")}):
        code = compile("paid.connect(on_paid)", "/srv/x.py", "exec")
        exec(code, {"paid": paid, "on_paid": on_paid, **name})
        assert site_of(paid) == ("", "<module>", "/srv/x.py", 1)


def test_without_a_caller_there_is_no_site(monkeypatch):
    monkeypatch.setattr(watching, "_PASSED_THROUGH", ("", "/"))
    assert watching._site() is None


def test_storage_objects_are_left_alone(paid):
    from django.core.files.storage import FileSystemStorage

    paid.connect(FileSystemStorage()._clear_cached_properties)
    assert watched_connects(paid) == []


def test_the_last_one_of_equal_calls_is_kept(paid):
    for _ in range(1000):
        paid.connect(lambda **kwargs: None)
        paid.disconnect(lambda **kwargs: None)
    assert len(watched_connects(paid)) == len(failed_disconnects(paid)) == 1


def test_a_signal_at_the_address_of_another_has_no_history(watching):
    for _ in range(100):
        signal = Signal()
        assert watched_connects(signal) == []
        signal.connect(on_paid)
        del signal


@pytest.mark.parametrize("sender", [None, Order, Stamped, models.Model, "text", int, 1])
def test_any_sender_can_be_watched(watching, sender):
    before = {label: dict(found) for label, found in apps.all_models.items()}
    class_prepared.connect(on_paid, sender=sender)
    try:
        [connect] = watched_connects(class_prepared)
        assert connect.sender_id == id(sender)
        assert (connect.sender.kind == "string") is (sender == "text")
        assert (connect.sender.label == "text") is (sender == "text")
        assert connect.is_late is (sender in (None, Order))
        assert dict(apps.all_models) == before
    finally:
        class_prepared.disconnect(on_paid, sender=sender)


@pytest.mark.parametrize("shape", SHAPES, ids=repr)
@pytest.mark.parametrize("is_watched", [False, True])
def test_every_shape_can_be_connected_and_checked(
    shape, is_watched, request, monkeypatch
):
    if is_watched:
        request.getfixturevalue("watching")
    if not shape.connectable:
        pytest.skip("Django runs the code of this receiver")
    signal = Signal()
    # Such an object takes no weak reference.
    weak = shape.label != "method wrapper"
    signal.connect(shape.receiver, weak=weak)
    signal.connect(shape.receiver, sender=Order, weak=weak)
    signal.connect(shape.receiver, dispatch_uid="shop", weak=False)
    signal.connect(on_paid, dispatch_uid="shop")
    found = [f for f in problems(signal, NAME) if not f.is_note]
    uid = [problem for problem in found if problem.id == "W003"]
    assert len(uid) == is_watched
    assert {problem.id for problem in found if problem not in uid} == (
        {"W015"} if shape.label == "async callable object" else set()
    )
    assert signal.disconnect(shape.receiver) is True
    assert signal.disconnect(shape.receiver) is False
    assert signal.disconnect(shape.receiver, sender=Order) is True
    assert signal.disconnect(dispatch_uid="shop") is True


def test_a_uid_that_no_receiver_has():
    signal = Signal()
    signal.connect(on_paid, dispatch_uid="shop")
    assert receiver_with_uid(signal, "shop", None) is on_paid
    assert receiver_with_uid(signal, "shop", Order) is None
    assert receiver_with_uid(signal, "crm", None) is None


def test_hostile_senders_and_uids_can_be_watched(paid):
    every = ("__eq__", "__repr__", "__str__", "__bool__")
    sender = hostile(*every)
    paid.connect(on_paid, sender=sender, dispatch_uid=object())
    paid.connect(on_paid, sender=type(sender), dispatch_uid=(1, sender))
    paid.connect(on_paid, dispatch_uid=b"uid")
    assert [f for f in problems(paid, NAME) if not f.is_note] == []


def test_nothing_is_kept_alive(watching):
    class Uid:
        pass

    class Sender:
        pass

    class Thing:
        pass

    def build():
        def receive(**kwargs): ...

        signal, uid, sender = Signal(), Uid(), Sender()
        thing = Thing()
        thing.receive = receive
        signal.connect(receive)
        signal.connect(receive, sender=sender, dispatch_uid=uid)
        signal.connect(Slotted(), sender=Sender)
        signal.disconnect(receive, sender=uid, dispatch_uid=uid)
        problems(signal, NAME)
        return [weakref.ref(each) for each in (receive, signal, uid, sender, thing)]

    references = build()
    gc.collect()
    assert [reference() for reference in references] == [None] * 5


class Odd(Signal):
    """
    A signal whose connections can't be read.
    """

    @property
    def receivers(self):
        raise RuntimeError("no receivers")

    @receivers.setter
    def receivers(self, value):
        pass


def test_a_signal_that_cannot_be_read_raises_what_it_did(request):
    expected = message_of(Odd().connect, on_paid)
    request.getfixturevalue("watching")
    assert message_of(Odd().connect, on_paid) == expected
    assert problems(Odd(), NAME) == []


def test_an_error_of_the_watch_does_not_reach_the_project(paid, monkeypatch):
    monkeypatch.setattr(watching, "describe", None)
    monkeypatch.setattr(watching, "ReceiverRef", None)
    paid.connect(on_paid)
    assert paid.disconnect(on_paid) is True
    assert watched_connects(paid) == failed_disconnects(paid) == []


def test_checks_while_threads_connect_and_disconnect(paid):
    done, errors = threading.Event(), []

    def toggle():
        try:
            while not done.is_set():
                kept = [lambda **kwargs: None for _ in range(5)]
                for each in kept:
                    paid.connect(each, sender=Order, dispatch_uid=id(each))
                paid.connect(on_paid)
                paid.disconnect(on_paid)
                for each in kept:
                    paid.disconnect(each, sender=Order, dispatch_uid=id(each))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=toggle) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        found = [problem for _ in range(20) for problem in problems(paid, NAME)]
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert errors == []
    assert {problem.id for problem in found} <= {"W001"}


@pytest.mark.django_db
def test_checks_make_no_queries(watching):
    post_save.connect(on_paid, sender=Order)
    try:
        with CaptureQueriesContext(connection) as queries:
            check_signals()
    finally:
        post_save.disconnect(on_paid, sender=Order)
    assert queries.captured_queries == []


def test_the_checks_are_registered(alone, watching):
    alone(signals.m2m_changed).connect(on_paid, sender=Order)
    with override_settings(SIGNALTOOLS={}):
        found = [m.id for m in run_checks(tags=["signals"]) if "on_paid" in m.msg]
    assert found == ["signaltools.W007"]


def test_connections_of_short_lived_objects_do_not_fill_the_log(paid):
    class Page:
        def refresh(self, **kwargs): ...

    def kept(**kwargs): ...

    def lost(**kwargs): ...

    paid.connect(kept, dispatch_uid="kept")
    paid.connect(lost, dispatch_uid="lost")
    del lost
    for number in range(1_000):
        page = Page()
        paid.connect(page.refresh, dispatch_uid=f"page {number}")
    del page
    calls = watching.watched_connects(paid)
    assert len(calls) <= 257
    assert calls[-1].uid == "page 999"
    # The one that was lost elsewhere is still reported.
    assert {"kept", "lost"} < {call.uid for call in calls}


def test_disconnects_in_vain_do_not_fill_the_log(paid):
    for number in range(1_000):
        paid.disconnect(print, dispatch_uid=f"page {number}")
    uids = [call.uid for call in watching.failed_disconnects(paid)]
    assert len(uids) == 256
    assert uids[-1] == "page 999"
