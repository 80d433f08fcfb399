from __future__ import annotations

import functools
import gc
import importlib
import sys
from pathlib import Path
from unittest import mock

import pytest
from django.apps import apps
from django.db.models.signals import class_prepared
from django.dispatch import Signal

from signaltools.checks import held_by_cache
from signaltools.checks.run import find_problems
from signaltools.inventory.names import NamedSignal
from signaltools.inventory.reading import read_connected
from tests.problems import facts
from tests.testapp.models import Order, Tag

NAME = "shop.signals.paid"
HERE = f"{__name__}."
GONE = "was garbage-collected and will never be called"
BY_DEBUG = "is kept alive only while DEBUG is True"
IN_A_CYCLE = "is kept alive only by a reference cycle and will be garbage-collected"
KEEP_IT = (
    "Define the receiver at module level, keep a reference to it, or pass weak=False: "
    "Django keeps only a weak reference."
)


@pytest.fixture
def paid(watching):
    return Signal()


@pytest.fixture
def debug(settings):
    settings.DEBUG = True


def line():
    """
    Return the line of the caller.
    """
    return sys._getframe(1).f_lineno


def at(number):
    return f" at {Path(__file__).relative_to(Path.cwd())}:{number}"


def lost(name, what, number):
    message = f"The receiver '{HERE}{name}' connected to '{NAME}'{at(number)} {what}."
    return [("W001", message, KEEP_IT)]


def on_paid(**kwargs): ...


def make():
    def receive(**kwargs): ...

    return receive


def closed_over(value):
    def receive(**kwargs):
        return value

    return receive


class Shop:
    def on_paid(self, **kwargs): ...

    def __call__(self, **kwargs): ...


def test_W001_local_function_is_gone(paid):
    paid.connect(make())
    found = lost("make.<locals>.receive", GONE, line() - 1)
    assert facts(paid, NAME) == found


def test_W001_lambda_is_gone(paid):
    paid.connect(lambda **kwargs: None)
    name = "test_W001_lambda_is_gone.<locals>.<lambda>"
    assert facts(paid, NAME) == lost(name, GONE, line() - 2)


def test_W001_partial_is_gone(paid):
    paid.connect(functools.partial(on_paid, order=1))
    assert facts(paid, NAME) == lost("on_paid", GONE, line() - 1)


def test_W001_method_of_a_temporary_object_is_gone(paid):
    paid.connect(Shop().on_paid)
    assert facts(paid, NAME) == lost("Shop.on_paid", GONE, line() - 1)


def test_W001_without_a_site_the_place_is_that_of_the_receiver(paid, monkeypatch):
    monkeypatch.setattr("signaltools.checks.watch._site", lambda: None)
    paid.connect(make())
    number = make.__code__.co_firstlineno + 1
    assert facts(paid, NAME) == lost("make.<locals>.receive", GONE, number)


def test_W001_receiver_in_a_reference_cycle_is_as_good_as_gone(paid):
    def connect():
        def receive(**kwargs):
            return receive

        paid.connect(receive)

    was_enabled = gc.isenabled()
    gc.disable()
    try:
        connect()
        name = f"{connect.__qualname__}.<locals>.receive"
        found = lost(name, IN_A_CYCLE, line() - 7)
        assert facts(paid, NAME) == found
    finally:
        gc.enable() if was_enabled else None


def test_W001_under_debug_a_cache_of_django_holds_the_receiver(paid, debug):
    paid.connect(make())
    found = lost("make.<locals>.receive", BY_DEBUG, line() - 1)
    assert facts(paid, NAME) == found


def test_W001_under_debug_a_cycle_is_as_good_as_gone(paid, debug):
    def connect():
        shop = Shop()
        shop.again = [shop]
        paid.connect(shop)

    connect()
    found = lost("Shop", BY_DEBUG, line() - 3)
    assert facts(paid, NAME) == found


@pytest.mark.parametrize("is_debug", [False, True])
def test_W001_what_something_holds_is_fine(paid, settings, is_debug):
    settings.DEBUG = is_debug
    kept = [make(), functools.partial(on_paid), Shop(), lambda **kwargs: None]
    shop = Shop()
    shop.receive = make()
    inner = make()
    keeper = closed_over(inner)
    mocked = mock.Mock()
    # Frames do not count, but what a list holds does.
    holder = [*kept, shop, keeper, mocked]
    for each in [*kept, shop.on_paid, shop.receive, inner, keeper, mocked, on_paid]:
        paid.connect(each)
    del kept, shop, inner, keeper, mocked, each
    assert len(holder) == 7
    assert facts(paid, NAME) == []


def test_W001_what_an_app_config_holds_is_fine(paid, debug):
    config = apps.get_app_config("testapp")
    config.receive = closed_over(config)
    try:
        paid.connect(config.receive)
        assert facts(paid, NAME) == []
    finally:
        del config.receive


def test_W001_strong_receivers_are_fine(paid):
    paid.connect(make(), weak=False)
    paid.connect(Shop().on_paid, weak=False)
    assert facts(paid, NAME) == []


def test_W001_what_was_disconnected_may_go(paid):
    receive = make()
    paid.connect(receive)
    assert paid.disconnect(receive)
    by_uid = make()
    paid.connect(by_uid, dispatch_uid="shop")
    paid.disconnect(dispatch_uid="shop")
    del receive, by_uid
    assert facts(paid, NAME) == []


def test_W001_objects_that_come_and_go_are_fine(paid):
    shops = [Shop(), Shop()]
    for shop in shops:
        # On two lines, so that both are remembered.
        paid.connect(shop.on_paid)
    paid.connect(shops[0].on_paid, sender=Order)
    del shop, shops[0]
    assert facts(paid, NAME) == []


def test_W001_the_sender_may_have_died_with_the_receiver(paid):
    sender = type("Order", (), {})
    paid.connect(make(), sender=sender)
    del sender
    gc.collect()
    assert facts(paid, NAME) == []


def test_W001_other_receivers_of_the_same_connect_call(paid):
    def connect(receive):
        paid.connect(receive)

    # The call is the same, only the last one is remembered.
    connect(make())
    kept = [make()]
    connect(kept[0])
    assert facts(paid, NAME) == []


def test_W001_module_that_is_loaded_again_is_fine(paid, import_source, monkeypatch):
    monkeypatch.setattr(sys, "paid", paid, raising=False)
    module = import_source(
        "reloaded",
        """
        import sys
        from django.dispatch import receiver

        @receiver(sys.paid)
        def on_paid(**kwargs): ...
        """,
    )
    importlib.reload(module)
    assert facts(paid, NAME) == []


def test_W001_referrers_are_not_searched_after_gc_freeze(paid, debug, monkeypatch):
    paid.connect(make())
    monkeypatch.setattr(held_by_cache.gc, "get_freeze_count", lambda: 100_000)
    assert facts(paid, NAME) == []


def test_W001_a_cycle_of_many_steps_is_not_followed(paid, debug):
    def connect():
        shop = Shop()
        last = shop
        for _ in range(20):
            last.next = Shop()
            last = last.next
        last.next = shop
        paid.connect(shop)

    connect()
    assert facts(paid, NAME) == []


def test_W001_without_a_watch_some_receiver_is_gone():
    paid = Signal()
    receivers = [make(), closed_over(1), on_paid]
    for each in receivers:
        paid.connect(each)
    del receivers
    assert facts(paid, NAME) == [
        (
            "W001",
            f"A receiver of '{NAME}' {GONE}.",
            "Set SIGNALTOOLS['WATCH_CONNECT'] = True to find out which.",
        )
    ]


def test_W001_without_a_watch_receivers_of_setting_changed_may_go():
    changed = Signal()
    changed.connect(make())
    assert facts(changed, "django.core.signals.setting_changed") == []


def test_W001_without_a_watch_a_sender_may_be_gone():
    paid, sender = Signal(), type("Order", (), {})
    paid.connect(on_paid, sender=sender)
    del sender
    gc.collect()
    assert facts(paid, NAME) == []


TWO_OF_A_NAME = """
import sys
from django.dispatch import receiver

@receiver(sys.paid)
def on_paid(**kwargs): ...

@receiver(sys.paid, sender=int)
def on_paid(**kwargs): ...
"""


@pytest.mark.parametrize("is_debug", [False, True])
def test_W002_another_function_has_replaced_the_receiver(
    paid, import_source, monkeypatch, settings, is_debug
):
    settings.DEBUG = is_debug
    monkeypatch.setattr(sys, "paid", paid, raising=False)
    module = import_source("twice", TWO_OF_A_NAME)
    file = module.__file__
    what = BY_DEBUG if is_debug else GONE
    assert facts(paid, NAME) == [
        (
            "W002",
            f"The receiver 'twice.on_paid' connected to '{NAME}' at {file}:5 {what}: "
            f"another receiver with the same name replaced it at {file}:8.",
            "Give each receiver a unique name.",
        )
    ]


def test_W002_is_shown_beside_the_receiver_that_was_replaced(
    paid, import_source, monkeypatch, debug
):
    monkeypatch.setattr(sys, "paid", paid, raising=False)
    import_source("twice", TWO_OF_A_NAME.replace(", sender=int", ""))
    entry = NamedSignal(NAME, paid, (), "shop.signals", None, None, "")
    [problem] = find_problems(read_connected([entry]))
    assert (problem.id, problem.receiver) == ("W002", 0)


def test_W002_two_of_a_name_are_fine_if_both_are_kept(paid, import_source, monkeypatch):
    monkeypatch.setattr(sys, "paid", paid, raising=False)
    import_source("kept", TWO_OF_A_NAME.replace("(sys.paid)", "(sys.paid, weak=False)"))
    assert facts(paid, NAME) == []


def other(**kwargs): ...


def test_W003_dispatch_uid_is_taken(paid):
    paid.connect(on_paid, dispatch_uid="shop")
    paid.connect(other, dispatch_uid="shop")
    assert facts(paid, NAME) == [
        (
            "W003",
            f"The receiver '{HERE}other' wasn't connected to '{NAME}'"
            f"{at(line() - 5)}: its dispatch_uid 'shop' is already used by "
            f"'{HERE}on_paid'.",
            "Use a unique dispatch_uid, or remove it: connecting the same function "
            "twice has no effect anyway.",
        )
    ]


def test_W003_is_shown_beside_the_receiver_that_has_the_uid(paid):
    paid.connect(make, sender=Order)
    paid.connect(on_paid, sender=Tag, dispatch_uid=7)
    paid.connect(on_paid, sender=Order, dispatch_uid=7)
    paid.connect(other, sender=Order, dispatch_uid=7)
    entry = NamedSignal(NAME, paid, (), "shop.signals", None, None, "")
    [problem] = [f for f in find_problems(read_connected([entry])) if f.id == "W003"]
    assert (problem.name, problem.signal, problem.receiver) == (HERE + "other", NAME, 2)


def test_W003_after_a_dead_connection_was_cleared_away(paid):
    paid.connect(on_paid, dispatch_uid="shop")
    paid.connect(make(), sender=Tag, weak=True)
    paid.connect(other, dispatch_uid="shop")
    assert [check for check, _, _ in facts(paid, NAME)] == ["W001", "W003"]


def test_W003_a_receiver_that_is_gone_has_no_uid_any_more(paid):
    receive = make()
    paid.connect(on_paid)
    paid.connect(receive, dispatch_uid="shop")
    paid.connect(other, dispatch_uid="shop")
    del receive
    assert [check for check, _, _ in facts(paid, NAME)] == ["W001"]


def test_W003_the_same_uid_for_another_sender_is_fine(paid):
    paid.connect(on_paid, sender=Order, dispatch_uid="shop")
    paid.connect(other, sender=Tag, dispatch_uid="shop")
    assert facts(paid, NAME) == []


def test_W003_the_same_function_twice_is_fine(paid):
    for _ in range(2):
        paid.connect(on_paid)
        paid.connect(on_paid, dispatch_uid="shop")
        paid.connect(functools.partial(on_paid), dispatch_uid="shop")
    assert facts(paid, NAME) == []


@pytest.mark.parametrize("uid", [("shop", 1), Order, 0, ""])
def test_W003_other_uids_are_not_compared(paid, uid):
    paid.connect(on_paid, dispatch_uid=uid)
    paid.connect(other, dispatch_uid=uid)
    assert facts(paid, NAME) == []


def test_W003_a_uid_that_is_free_again_is_fine(paid):
    paid.connect(on_paid, dispatch_uid="shop")
    paid.connect(other, dispatch_uid="shop")
    paid.disconnect(dispatch_uid="shop")
    assert facts(paid, NAME) == []
    paid.connect(Shop, dispatch_uid="shop")
    assert facts(paid, NAME) == []


def temporary(import_source, monkeypatch, paid, source):
    monkeypatch.setattr(sys, "paid", paid, raising=False)
    monkeypatch.setattr(sys, "on_paid", on_paid, raising=False)
    source = f"import sys\nclass Gateway: ...\nclass Kept: ...\n{source}"
    return import_source("temporary", source)


def test_W021_the_sender_is_gone(paid, import_source, monkeypatch):
    source = "sys.paid.connect(sys.on_paid, sender=Gateway())"
    module = temporary(import_source, monkeypatch, paid, source)
    assert facts(paid, NAME) == [
        (
            "W021",
            f"The receiver '{HERE}on_paid' connected to '{NAME}' at "
            f"{module.__file__}:4 is never called: its sender, an instance of "
            "'temporary.Gateway', was garbage-collected.",
            "Keep a reference to the sender, or connect the receiver with another "
            "sender or without one: only that exact object matches.",
        )
    ]


def test_W021_a_class_that_is_gone(paid, import_source, monkeypatch):
    source = "sys.paid.connect(sys.on_paid, sender=type('Local', (), {}))"
    temporary(import_source, monkeypatch, paid, source)
    gc.collect()
    [(check, message, _)] = facts(paid, NAME)
    assert check == "W021"
    assert "its sender, the class 'temporary.Local', was" in message


@pytest.mark.parametrize(
    "source",
    [
        "desk = Gateway(); sys.paid.connect(sys.on_paid, sender=desk)",
        "sys.paid.connect(sys.on_paid, sender=Gateway)",
        "sys.paid.connect(sys.on_paid, sender='shop')",
        "def use():\n    sys.paid.connect(sys.on_paid, sender=Gateway())\nuse()",
    ],
)
def test_W021_what_lives_or_comes_and_goes_on_purpose_is_fine(
    paid, import_source, monkeypatch, source
):
    module = temporary(import_source, monkeypatch, paid, source)
    assert facts(paid, NAME) == []
    assert module


def test_W017_when_all_models_are_prepared(alone, watching):
    alone(class_prepared).connect(on_paid)
    assert facts(class_prepared) == [
        (
            "W017",
            f"The receiver '{HERE}on_paid' was connected to 'class_prepared'"
            f"{at(line() - 5)} after all models had been prepared.",
            "Connect the receiver at the top of 'apps.py', not in ready().",
        )
    ]


def test_W017_when_the_sender_is_prepared(alone, watching):
    alone(class_prepared).connect(on_paid, sender=Order)
    assert facts(class_prepared) == [
        (
            "W017",
            f"The receiver '{HERE}on_paid' was connected to 'class_prepared'"
            f"{at(line() - 5)} after the model 'testapp.Order' had been prepared.",
            "Connect the receiver at the top of 'apps.py', not in ready().",
        )
    ]


def test_W017_before_the_models_are_there_is_fine(alone, watching, monkeypatch):
    monkeypatch.setattr(apps, "models_ready", False)
    alone(class_prepared).connect(on_paid)
    assert facts(class_prepared) == []


def test_W017_in_a_module_that_a_library_imports_late_is_fine(alone, watching):
    alone(class_prepared)
    source = "def prepare(**kwargs): ...\nclass_prepared.connect(prepare)"
    code = compile(source, "/srv/site-packages/money/fields.py", "exec")
    namespace = {"__name__": "money.fields", "class_prepared": class_prepared}
    exec(code, namespace)
    assert facts(class_prepared) == []


def test_W017_a_custom_signal_of_this_name_is_fine(paid):
    paid.connect(on_paid)
    assert facts(paid, "shop.signals.class_prepared") == []


def test_W017_without_a_watch_the_time_of_connect_is_unknown(alone):
    alone(class_prepared).connect(on_paid)
    assert facts(class_prepared) == []


class Notifier:
    def __call__(self, **kwargs): ...


notifier = Notifier()


def test_W001_what_a_module_holds_by_another_name_is_fine(paid, monkeypatch):
    suspects = []

    def only_cached(receivers):
        suspects.extend(receivers)
        return [False] * len(receivers)

    monkeypatch.setattr("signaltools.checks.lost.only_cached", only_cached)
    other = Notifier()
    paid.connect(notifier)
    paid.connect(other)
    assert facts(paid, NAME) == []
    assert suspects == [other]
