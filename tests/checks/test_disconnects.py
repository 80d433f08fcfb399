from __future__ import annotations

import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.dispatch import Signal

from tests.problems import facts
from tests.testapp.models import Order, Tag

NAME = "shop.signals.paid"
HERE = f"{__name__}."


@pytest.fixture
def paid(watching):
    return Signal()


def line():
    """
    Return the line of the caller.
    """
    return sys._getframe(1).f_lineno


def at(number):
    return f" at {Path(__file__).relative_to(Path.cwd())}:{number}"


def on_paid(**kwargs): ...


def module_of(import_source, name, source, paid, monkeypatch):
    monkeypatch.setattr(sys, "paid", paid, raising=False)
    monkeypatch.setattr(sys, "on_paid", on_paid, raising=False)
    return import_source(name, f"import sys\n{source}").__file__


def test_W016_disconnected_before_it_was_connected(paid, import_source, monkeypatch):
    file = module_of(
        import_source, "early", "sys.paid.disconnect(sys.on_paid)", paid, monkeypatch
    )
    paid.connect(on_paid)
    assert facts(paid, NAME) == [
        (
            "W016",
            f"The receiver '{HERE}on_paid' of '{NAME}' is still connected: "
            f"disconnect() at {file}:2 had no effect, because the receiver was "
            f"connected later{at(line() - 6)}.",
            "Disconnect the receiver in the ready() method of an app that is listed "
            "later in INSTALLED_APPS.",
        )
    ]


def test_W016_hint_names_the_apps(paid, monkeypatch):
    module = sys.modules["tests.testapp.signals"]
    exec(
        compile("paid.disconnect(on_paid)", "/srv/early.py", "exec"),
        {"__name__": "django.contrib.auth.x", "paid": paid, "on_paid": on_paid},
    )
    exec(
        compile("paid.connect(on_paid)", "/srv/late.py", "exec"),
        {"__name__": module.__name__, "paid": paid, "on_paid": on_paid},
    )
    [(check, message, hint)] = facts(paid, NAME)
    assert check == "W016"
    assert message.endswith(
        "is still connected: disconnect() at /srv/early.py:1 had no effect, because "
        "the receiver was connected later at /srv/late.py:1."
    )
    assert hint == "List 'django.contrib.auth' after 'tests.testapp' in INSTALLED_APPS."


def test_W016_by_dispatch_uid(paid, import_source, monkeypatch):
    source = "sys.paid.disconnect(dispatch_uid='shop')"
    module_of(import_source, "early", source, paid, monkeypatch)
    paid.connect(on_paid, dispatch_uid="shop")
    assert [check for check, _, _ in facts(paid, NAME)] == ["W016"]


def test_W016_to_disconnect_and_connect_in_one_file_is_fine(paid):
    paid.disconnect(on_paid)
    paid.connect(on_paid)
    assert facts(paid, NAME) == []


@pytest.mark.parametrize(
    "source",
    [
        "sys.paid.disconnect(sys.on_paid, sender=int)",
        "sys.paid.disconnect(sys.on_paid, dispatch_uid='shop')",
        "sys.paid.disconnect(print)",
    ],
)
def test_W016_another_connection_is_fine(paid, import_source, monkeypatch, source):
    module_of(import_source, "early", source, paid, monkeypatch)
    paid.connect(on_paid)
    assert facts(paid, NAME) == []


def test_W016_disconnected_again_later_is_fine(paid, import_source, monkeypatch):
    source = "sys.paid.disconnect(sys.on_paid)"
    module_of(import_source, "early", source, paid, monkeypatch)
    paid.connect(on_paid)
    paid.disconnect(on_paid)
    paid.connect(on_paid)
    assert facts(paid, NAME) == []


def still(disconnected_at, reason):
    return (
        f"The receiver '{HERE}on_paid' of '{NAME}' is still connected: disconnect()"
        f"{at(disconnected_at)} had no effect, because the receiver was connected "
        f"{reason}{at(disconnected_at - 1)}."
    )


def sender_and_uid(sender=None, uid=None):
    return {"sender": sender, "dispatch_uid": uid}


@pytest.mark.parametrize(
    ("connected", "disconnected", "reason", "hint"),
    [
        (
            sender_and_uid(Order),
            sender_and_uid(),
            "for the model 'testapp.Order'",
            "disconnect(on_paid, sender=Order)",
        ),
        (
            sender_and_uid(Order, "b"),
            sender_and_uid(Order),
            "with the dispatch_uid 'b'",
            "disconnect(on_paid, sender=Order, dispatch_uid='b')",
        ),
        (
            sender_and_uid(Order, "b"),
            sender_and_uid(),
            "for the model 'testapp.Order' and with the dispatch_uid 'b'",
            "disconnect(on_paid, sender=Order, dispatch_uid='b')",
        ),
        (
            sender_and_uid(),
            sender_and_uid(Order),
            "without a sender",
            "disconnect(on_paid)",
        ),
        (
            sender_and_uid(),
            sender_and_uid(uid="b"),
            "without a dispatch_uid",
            "disconnect(on_paid)",
        ),
        (
            sender_and_uid(uid=7),
            sender_and_uid(),
            "with the dispatch_uid '7'",
            "disconnect(on_paid, dispatch_uid=7)",
        ),
        (
            sender_and_uid(apps.get_app_config("testapp")),
            sender_and_uid(),
            "for the app 'testapp'",
            "disconnect(on_paid, sender=apps.get_app_config('testapp'))",
        ),
        (
            sender_and_uid(sys),
            sender_and_uid(),
            "for the module 'sys'",
            "disconnect(on_paid, sender=...)",
        ),
    ],
)
def test_W016_says_what_it_is_connected_with(
    paid, connected, disconnected, reason, hint
):
    paid.connect(on_paid, **connected)
    paid.disconnect(on_paid, **disconnected)
    message = still(line() - 1, reason)
    assert facts(paid, NAME) == [("W016", message, f"Write {hint}.")]


def test_W016_by_the_dispatch_uid_alone(paid):
    paid.connect(on_paid, sender=Order, dispatch_uid="b")
    paid.disconnect(dispatch_uid="b")
    message = still(line() - 1, "for the model 'testapp.Order'")
    hint = "Write disconnect(on_paid, sender=Order, dispatch_uid='b')."
    assert facts(paid, NAME) == [("W016", message, hint)]


def test_W016_a_loop_is_one_problem(paid):
    paid.connect(on_paid)
    for model in (Order, Tag):
        paid.disconnect(on_paid, sender=model)
    assert [check for check, _, _ in facts(paid, NAME)] == ["W016"]


def test_W016_a_line_at_startup_means_the_only_connection(
    paid, import_source, monkeypatch
):
    paid.connect(on_paid, sender=Order)
    source = "sys.paid.disconnect(sys.on_paid, sender=int)"
    module_of(import_source, "other", source, paid, monkeypatch)
    [(check, message, _)] = facts(paid, NAME)
    assert check == "W016"
    assert f"connected for the model 'testapp.Order'{at(line() - 5)}." in message


def connect_twice(paid):
    for _ in range(2):
        for model in (Order, Tag):
            paid.disconnect(on_paid)
            paid.connect(on_paid, sender=model)


def connect_each_with_a_uid(paid):
    paid.connect(on_paid, dispatch_uid="a")
    paid.disconnect(dispatch_uid="b")
    paid.disconnect(on_paid)
    paid.connect(on_paid, dispatch_uid="b")


def disconnect_again(paid):
    paid.connect(on_paid)
    paid.connect(on_paid, sender=Order)
    paid.disconnect(on_paid)
    paid.disconnect(on_paid)


def disconnect_around_bulk_work(paid):
    paid.connect(on_paid, sender=Order)
    paid.disconnect(on_paid, sender=Order)
    paid.disconnect(on_paid, sender=Order)
    paid.connect(on_paid, sender=Order)


def disconnect_in_a_function_what_was_never_connected(paid):
    paid.connect(on_paid, sender=Order)
    paid.disconnect(on_paid, sender=Tag)
    paid.disconnect(print)


def disconnect_in_another_way_too(paid):
    paid.connect(on_paid, sender=Order, dispatch_uid="a")
    paid.disconnect(on_paid)
    paid.disconnect(on_paid, sender=Order, dispatch_uid="a")


@pytest.mark.parametrize(
    "use",
    [
        *(connect_twice, connect_each_with_a_uid, disconnect_again),
        *(disconnect_around_bulk_work, disconnect_in_another_way_too),
        disconnect_in_a_function_what_was_never_connected,
    ],
)
def test_W016_harmless_calls_are_fine(paid, use):
    use(paid)
    assert facts(paid, NAME) == []
