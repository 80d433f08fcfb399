from __future__ import annotations

import gc
import random
import sys
import weakref
from contextlib import suppress
from functools import partial
from types import ModuleType

import django
import pytest
from django.db.models.signals import ModelSignal
from django.dispatch import Signal

import signaltools
from signaltools.inventory.names import registry
from signaltools.inventory.records import Problem
from signaltools.reports import panel_cache
from signaltools.reports.editor import Editor
from signaltools.reports.panel_cache import SignalCache
from signaltools.reports.panel_options import PanelOptions
from signaltools.reports.panel_receivers import ShownSignal, problem_of_signal
from signaltools.reports.panel_store import all_signals
from tests.shapes import Stock, hostile, make_local, on_save, on_save_async
from tests.testapp import receivers as testapp_receivers
from tests.testapp.models import Order

knows_instances = django.VERSION >= (6, 0)
NAME = "shop.signals.paid"


class Web:
    pass


class Api:
    pass


class Shop:
    pass


class FirstOnly(Signal):
    def _live_receivers(self, sender):
        sync_receivers, async_receivers = super()._live_receivers(sender)
        return sync_receivers[:1], async_receivers


def audit(**kwargs):
    pass


def without_kwargs(sender):
    pass


@pytest.fixture(autouse=True)
def no_garbage():
    # Senders that other tests have left must not disappear between two readings.
    gc.collect()


@pytest.fixture
def shop(monkeypatch):
    """
    A module with a new signal, so that nothing has to be disconnected.
    """
    return new_module(monkeypatch, Signal())


@pytest.fixture
def checked(monkeypatch):
    """
    The names of the signals that checks have looked at.
    """
    names = []

    def find_problems(connected, others):
        names.extend(each.record.name for each in connected)
        return original(connected, others)

    original = panel_cache.find_problems
    monkeypatch.setattr(panel_cache, "find_problems", find_problems)
    return names


@pytest.fixture
def is_described(monkeypatch):
    """
    Return a function that tells whether the next request has the signal described.
    """
    names = []

    def show_signal(signal, *args):
        names.append(signal.record.name)
        return original(signal, *args)

    original = panel_cache.show_signal
    monkeypatch.setattr(panel_cache, "show_signal", show_signal)

    def is_described(cache):
        names.clear()
        reading = record().read(registry.entries())
        cache.show(reading.facts, reading.entries, PanelOptions())
        return NAME in names

    return is_described


def new_module(monkeypatch, signal, name="shop.signals"):
    module = ModuleType(name)
    module.paid = signal
    monkeypatch.setitem(sys.modules, name, module)
    return module


def record(*sends):
    with signaltools.trace() as trace:
        for send in sends:
            with suppress(ValueError):
                send()
    return trace


def sending(signal, sender):
    # A bound method that is older than the recording would not be recorded.
    return lambda: signal.send(sender)


def show(cache, trace=None, options=None):
    """
    Return what the cache shows, which is what a new one would show.
    """
    reading = (trace or record()).read(registry.entries())
    arguments = reading.facts, reading.entries, options or PanelOptions()
    shown = all_signals(*cache.show(*arguments)[:2])
    assert shown == all_signals(*SignalCache().show(*arguments)[:2])
    return shown


def show_paid(cache, trace=None, **options):
    shown = show(cache, trace, PanelOptions(**options))
    [found] = [signal for signal in shown if signal.name == NAME]
    return found


def receivers(cache, trace=None, **options):
    return show_paid(cache, trace, **options).stats["receivers"]


# What is remembered


def test_signal_that_is_not_sent_is_described_once(shop, checked, is_described):
    cache = SignalCache()
    shop.paid.connect(on_save, sender=Order)
    shop.paid.connect(on_save_async, dispatch_uid="uid")
    first = show_paid(cache)
    assert len(first.stats["receivers"]) == 2
    checked.clear()

    assert not is_described(cache)
    assert checked == []
    assert show_paid(cache) == first


def test_signal_without_receivers_is_described_once(shop, is_described):
    cache = SignalCache()

    assert is_described(cache)
    assert not is_described(cache)


def test_signal_that_is_sent_is_described_for_this_request(shop, is_described):
    cache = SignalCache()
    shop.paid.connect(on_save)
    first = show_paid(cache)

    assert receivers(cache, record(sending(shop.paid, Web)))[0]["count"] == 1
    assert not is_described(cache)
    assert show_paid(cache) == first


@pytest.mark.parametrize(
    ("receiver", "options"),
    [
        (on_save, {"weak": False}),
        (partial(on_save), {"weak": False}),
        (Stock().reserve, {"weak": False}),
        (on_save, {"dispatch_uid": "uid"}),
        (on_save, {"dispatch_uid": 7}),
        (on_save, {"dispatch_uid": ("uid", 7)}),
    ],
    ids=["strong", "partial", "strong method", "text", "number", "pair"],
)
def test_connections_of_many_kinds_are_remembered(
    shop, receiver, options, is_described
):
    cache = SignalCache()
    shop.paid.connect(receiver, **options)

    assert is_described(cache)
    assert not is_described(cache)


class Slotted:
    __slots__ = ()

    def __call__(self, **kwargs):
        pass


@pytest.mark.parametrize(
    "uid",
    [1.5, True, (Order, 1), Order, Stock(), hostile("__eq__", "__hash__")],
    ids=["float", "bool", "pair", "class", "object", "hostile"],
)
def test_connection_with_an_odd_uid_is_described_each_time(shop, uid, is_described):
    cache = SignalCache()
    shop.paid.connect(on_save)
    (_, *rest) = shop.paid.receivers[0]
    shop.paid.receivers[0] = ((uid, id(None)), *rest)

    assert is_described(cache)
    assert is_described(cache)


def test_connection_with_a_subclass_of_str_is_described_each_time(shop, is_described):
    class Text(str):
        pass

    cache = SignalCache()
    shop.paid.connect(on_save, dispatch_uid=Text("uid"))

    assert is_described(cache)
    assert is_described(cache)


def test_receiver_that_takes_no_weak_reference_is_described_each_time(
    shop, is_described
):
    cache = SignalCache()
    shop.paid.connect(Slotted(), weak=False)

    assert is_described(cache)
    assert is_described(cache)


def test_unreadable_connection_is_described_each_time(shop, is_described):
    cache = SignalCache()
    shop.paid.receivers.append(None)

    assert is_described(cache)
    assert is_described(cache)


def test_checks_run_once_for_receivers_that_are_connected_anew(shop, checked):
    cache = SignalCache()
    for _ in range(3):
        receiver = make_local()
        shop.paid.connect(receiver)
        reading = record().read(registry.entries())
        cache.show(reading.facts, reading.entries, PanelOptions())
        shop.paid.disconnect(receiver)

    assert checked.count(NAME) == 1


# When it is described anew


def test_new_connection_is_shown(shop):
    cache = SignalCache()
    shop.paid.connect(on_save)
    show_paid(cache)
    shop.paid.connect(on_save_async)

    assert len(receivers(cache)) == 2


def test_disconnected_receiver_is_not_shown(shop):
    cache = SignalCache()
    shop.paid.connect(on_save)
    show_paid(cache)
    shop.paid.disconnect(on_save)

    assert receivers(cache) == []


@pytest.mark.parametrize(
    "options",
    [{"weak": False}, {"sender": Web}, {"dispatch_uid": "uid"}],
    ids=["strong", "sender", "uid"],
)
def test_receiver_that_is_connected_in_another_way_is_shown_so(shop, options):
    cache = SignalCache()
    shop.paid.connect(on_save)
    first = show_paid(cache)
    shop.paid.disconnect(on_save)
    shop.paid.connect(on_save, **options)

    assert show_paid(cache) != first


def test_method_of_another_object_is_another_receiver(shop, is_described):
    cache, one, other = SignalCache(), Stock(), Stock()
    shop.paid.connect(one.reserve)
    show_paid(cache)
    assert not is_described(cache)
    shop.paid.disconnect(one.reserve)
    shop.paid.connect(other.reserve)

    assert is_described(cache)


def test_method_is_another_receiver_than_a_function(shop):
    cache, stock = SignalCache(), Stock()
    shop.paid.connect(stock.reserve)
    first = show_paid(cache)
    shop.paid.disconnect(stock.reserve)
    shop.paid.connect(on_save)

    assert show_paid(cache) != first


def test_order_of_connections_is_that_of_now(shop):
    cache = SignalCache()
    shop.paid.connect(on_save)
    shop.paid.connect(print)
    show_paid(cache)
    shop.paid.receivers.reverse()

    assert [one["name"] for one in receivers(cache)] == [
        "builtins.print",
        "tests.shapes.on_save",
    ]


def test_receiver_that_is_gone_is_shown_as_gone(shop):
    cache = SignalCache()
    receiver = make_local()
    shop.paid.connect(receiver)
    assert receivers(cache)[0]["name"]
    del receiver
    gc.collect()

    for _ in range(2):
        found = show_paid(cache).stats
        assert "garbage-collected" in found["reason"]
        assert found["receivers"] == [{}]
    shop.paid.receivers.clear()
    assert receivers(cache) == []


def test_sender_that_is_gone_is_shown_as_gone(shop):
    cache = SignalCache()
    sender = type("Passing", (), {})
    shop.paid.connect(on_save, sender=sender)
    assert receivers(cache)[0]["sender"] == f"{__name__}.Passing"
    del sender
    gc.collect()

    [found] = receivers(cache)
    assert found["sender"] == "unknown sender"


def test_sender_at_the_address_of_a_dead_one_is_another(shop):
    cache = SignalCache()
    for number in range(20):
        sender = type(f"Passing{number}", (), {})
        shop.paid.connect(on_save, sender=sender)

        [found] = receivers(cache)
        assert found["sender"] == f"{__name__}.Passing{number}"
        shop.paid.disconnect(on_save, sender=sender)
        del sender
        gc.collect()


def test_signal_that_has_the_name_now_is_shown(shop):
    cache = SignalCache()
    held = shop.paid
    held.connect(on_save)
    show_paid(cache)
    shop.paid = ModelSignal()

    assert receivers(cache) == []
    del held


def test_signal_with_another_alias_is_described_anew(shop, is_described):
    cache = SignalCache()
    show_paid(cache)
    shop.other = shop.paid

    assert is_described(cache)


def test_another_look_is_described_anew(shop):
    cache = SignalCache()
    shop.paid.connect(on_save)
    first = show_paid(cache)

    assert receivers(cache, editor=Editor("{file}"))[0]["href"]
    assert receivers(cache, always_show=["tests.shapes"])[0]["component"] == ""
    assert show_paid(cache) == first


def test_hidden_receivers_are_counted_each_time(shop):
    cache = SignalCache()
    shop.paid.connect(on_save)
    for _ in range(2):
        assert show_paid(cache, hide=["tests.shapes"]).hidden == 1


def test_signals_without_a_name_are_not_taken_for_each_other():
    cache, first, second = SignalCache(), Signal(), Signal()
    first.connect(on_save)
    for _ in range(2):
        shown = show(cache, record(sending(first, Web), sending(second, Web)))
        assert [signal.stats and signal.stats["ran"] for signal in shown[-2:]] == [1, 0]


# Problems


def test_receivers_have_their_problems(shop):
    shop.paid.connect(without_kwargs)
    [found] = receivers(SignalCache())
    assert found["details"] == "[W012]"
    assert found["problems"] == [
        {
            "id": "W012",
            "text": f"The receiver '{__name__}.without_kwargs' of {NAME!r} doesn't "
            "accept **kwargs.",
            "hint": "Add **kwargs, or the receiver will break as soon as the signal "
            "sends another argument.",
        }
    ]


def test_receivers_have_the_problems_of_their_module(shop, monkeypatch):
    problem = Problem("W019", __name__, "Nothing imports it.", "Import it.")
    monkeypatch.setattr(panel_cache, "autodiscovered_only", lambda: [problem])
    shop.paid.connect(audit)
    [found] = receivers(SignalCache())
    assert found["details"] == "[W019]"
    assert found["problems"] == [
        {"id": "W019", "text": "Nothing imports it.", "hint": "Import it."}
    ]


@pytest.mark.usefixtures("watching")
def test_receiver_that_has_the_uid_of_another_one_has_the_problem(shop):
    shop.paid.connect(on_save, dispatch_uid="pay")
    shop.paid.connect(audit, dispatch_uid="pay")
    [found] = receivers(SignalCache())
    [problem] = found["problems"]

    assert problem["id"] == "W003"
    assert problem["text"].startswith(
        f"The receiver '{__name__}.audit' wasn't connected"
    )


def problems(cache, **options):
    reading = record().read(registry.entries())
    _, _, found = cache.show(reading.facts, reading.entries, PanelOptions(**options))
    return [problem for problem in found if problem["signal"] == NAME]


@pytest.mark.usefixtures("watching")
def test_receiver_that_is_gone_has_its_problem(shop):
    def local(**kwargs): ...

    cache, name = SignalCache(), f"{__name__}.{local.__qualname__}"
    shop.paid.connect(audit)
    shop.paid.connect(local)
    assert problems(cache) == []
    del local

    for _ in range(2):
        [found] = problems(cache)
        assert found.pop("text").startswith(
            f"The receiver {name!r} connected to {NAME!r}"
        )
        assert found == {
            "level": "warning",
            "id": "W001",
            "hint": "Define the receiver at module level, keep a reference to it, or "
            "pass weak=False: Django keeps only a weak reference.",
            "signal": NAME,
            "receiver": name,
            "count": 1,
            "at": f"signal {NAME}",
        }
    for hidden in (NAME, name):
        assert problems(SignalCache(), hide=[hidden]) == []


@pytest.mark.parametrize(
    ("check", "name", "is_shown"),
    [
        ("W001", f"{__name__}.audit", True),
        ("I005", f"{__name__}.audit", False),
        ("W001", "django.dispatch.receiver", False),
    ],
)
def test_problems_of_receivers_that_are_gone_are_those_of_the_project(
    shop, monkeypatch, check, name, is_shown
):
    def find_problems(connected, others):
        [each] = connected
        signal = each.record.name
        return [Problem(check, name, "It is gone.", "Keep it.", signal)]

    monkeypatch.setattr(panel_cache, "find_problems", find_problems)
    assert bool(problems(SignalCache())) == is_shown


def test_problem_of_a_signal_that_is_not_listed_leads_nowhere():
    signal = ShownSignal("post_save", "django", None, 0)
    problem = Problem("W001", "shop.gone", "It is gone.", "Keep it.", "post_save")
    assert "at" not in problem_of_signal(problem, signal)


# What is kept alive


def test_cache_keeps_nothing_alive(shop):
    def receive(**kwargs):
        pass

    class Uid:
        pass

    cache = SignalCache()
    stock, sender, uid = Stock(), type("Passing", (), {}), Uid()
    strong = partial(receive)
    shop.paid.connect(receive, sender=sender)
    shop.paid.connect(receive, sender=Web)
    shop.paid.connect(stock.reserve, sender=sender)
    shop.paid.connect(strong, weak=False)
    show(cache)
    show(cache, record(sending(shop.paid, sender)))
    shop.paid.disconnect(strong)
    shop.paid.connect(receive, dispatch_uid=(uid, 1))
    show(cache)
    shop.paid.disconnect(dispatch_uid=(uid, 1))
    show(cache)
    items = receive, stock, sender, uid, strong, shop.paid
    gone = [weakref.ref(item) for item in items]
    del receive, stock, sender, uid, strong, shop.paid, items
    gc.collect()

    assert [reference() for reference in gone] == [None] * 6


@pytest.mark.skipif(django.VERSION < (6, 1), reason="Django itself keeps it alive")
def test_cache_keeps_no_signal_alive_whose_receivers_live(shop):
    cache = SignalCache()
    shop.paid.connect(on_save, sender=Web)
    shop.paid.connect(testapp_receivers.ledger.book)
    show(cache)
    gone = weakref.ref(shop.paid)
    del shop.paid
    gc.collect()

    assert gone() is None


@pytest.fixture
def no_gc():
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_gc")
@pytest.mark.parametrize("seed", range(5))
def test_cache_changes_no_answer(monkeypatch, seed):
    choose = random.Random(seed)
    signals = [Signal(), Signal(), FirstOnly()]
    for number, signal in enumerate(signals):
        new_module(monkeypatch, signal, f"shop.signals{number}")
    cache = SignalCache()
    senders = [None, Web, Api, Shop()]
    local_receivers = [on_save, audit, Stock().reserve, make_local()]

    def connect():
        options = {"weak": choose.random() < 0.7, "sender": choose.choice(senders)}
        if choose.random() < 0.3:
            options["dispatch_uid"] = choose.choice(["uid", 7, 1.5])
        choose.choice(signals).connect(choose.choice(local_receivers), **options)

    def disconnect():
        signal = choose.choice(signals)
        if signal.receivers:
            signal.receivers.remove(choose.choice(signal.receivers))

    def replace():
        local_receivers[-1] = make_local()
        senders[-1] = choose.choice([Shop(), type("Passing", (), {})])

    def lose():
        choose.choice(signals).connect(make_local(), sender=choose.choice(senders))

    def send():
        sends.append(sending(choose.choice(signals), choose.choice(senders)))

    for _ in range(20):
        sends = []
        for _ in range(choose.randint(1, 3)):
            choose.choice([connect, connect, disconnect, replace, lose, send, send])()
        trace = record(*sends)
        sends.clear()
        # Otherwise it may happen between two readings.
        gc.collect(1)
        show(cache, trace)


def test_nothing_is_compressed_again_while_nothing_changes(shop, monkeypatch):
    cache, compressed = SignalCache(), []

    def compress(value):
        compressed.append(len(value))
        return original(value)

    original = panel_cache.compress
    monkeypatch.setattr(panel_cache, "compress", compress)
    shop.paid.connect(on_save)
    arguments = registry.entries(), PanelOptions()
    for _ in range(3):
        cache.show(record().read([]).facts, *arguments)
        cache.show(record(sending(shop.paid, Web)).read([]).facts, *arguments)
        # The toolbar connects such receivers in each request.
        receiver = make_local()
        shop.paid.connect(receiver)
        shop.paid.disconnect(receiver)
    assert len(compressed) == 1

    shop.paid.connect(on_save_async)
    cache.show(record().read([]).facts, *arguments)
    assert len(compressed) == 2
