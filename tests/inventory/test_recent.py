from __future__ import annotations

import gc
import sys
import weakref
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest
from django.dispatch import Signal

from signaltools.inventory import recent
from signaltools.inventory.django_signals import BUILTIN_SIGNALS
from signaltools.inventory.names import NamedSignal, Registry
from signaltools.inventory.recent import RecentSignals
from tests.shapes import refuse


@pytest.fixture
def plant(monkeypatch):
    """
    Return a function that makes a loaded module without a source.
    """

    def make(name, **attributes):
        module = ModuleType(name)
        vars(module).update(attributes)
        monkeypatch.setitem(sys.modules, name, module)
        return module

    return make


@pytest.fixture
def signals():
    return RecentSignals(Registry())


def names(signals, prefix="shop_recent"):
    return [e.name for e in signals.entries() if e.name.startswith(prefix)]


def test_they_are_the_entries_of_the_registry_without_aliases_and_places_in_django():
    registry = Registry()
    registry.register("by.hand", Signal())
    signals = RecentSignals(registry)

    first = signals.entries()
    assert first == signals.entries()
    assert all(type(entry) is NamedSignal for entry in signals.entries())
    assert [entry[:2] for entry in first] == [entry[:2] for entry in registry.entries()]
    built_in = [entry for entry in first if entry.name in BUILTIN_SIGNALS]
    assert {(entry.line, entry.doc) for entry in built_in} == {(None, "")}
    others = [entry[3:] for entry in first if entry not in built_in]
    assert others == [
        e[3:] for e in registry.entries() if e.name not in BUILTIN_SIGNALS
    ]
    files = {entry.name: entry.file for entry in registry.entries()}
    assert [entry.file for entry in first] == [files[entry.name] for entry in first]
    assert {entry.aliases for entry in first} == {()}


def test_nothing_is_read_while_nothing_is_imported(signals, monkeypatch):
    first = signals.entries()
    monkeypatch.setattr(recent, "find_places", refuse)

    assert signals.entries() == first


def test_only_new_modules_are_read(signals, plant, monkeypatch):
    plant("shop_recent", paid=Signal())
    signals.entries()
    read = []

    def find_places(modules):
        read.extend(name for name, _ in modules)
        return original(modules)

    original = recent.find_places
    monkeypatch.setattr(recent, "find_places", find_places)
    plant("shop_recent_too", paid=Signal())

    assert names(signals) == ["shop_recent.paid", "shop_recent_too.paid"]
    assert read == ["shop_recent_too"]


def test_a_module_that_was_unloaded_is_forgotten(signals, plant, monkeypatch):
    plant("shop_recent", paid=Signal())
    signals.entries()
    monkeypatch.delitem(sys.modules, "shop_recent")

    assert names(signals) == []


def test_a_module_that_was_imported_again_is_read_again(signals, plant):
    plant("shop_recent", paid=Signal())
    kept = signals.entries()
    signal = plant("shop_recent", paid=Signal()).paid
    plant("shop_other")

    [entry] = [e for e in signals.entries() if e.name == "shop_recent.paid"]
    assert entry.signal is signal
    assert kept


def test_registered_names_are_new_at_once():
    registry = Registry()
    signals = RecentSignals(registry)
    signals.entries()
    first, second = Signal(), Signal()
    registry.register("by.hand", first)
    assert names(signals, "by.") == ["by.hand"]

    registry.register("by.hand", second)
    [entry] = [e for e in signals.entries() if e.name == "by.hand"]
    assert entry.signal is second


def test_another_signal_in_place_of_one_that_is_gone_is_seen(signals, plant):
    module = plant("shop_recent", paid=Signal())
    signals.entries()
    module.paid = signal = Signal()

    [entry] = [e for e in signals.entries() if e.name == "shop_recent.paid"]
    assert entry.signal is signal


def test_no_signal_is_kept_alive(signals, plant):
    module = plant("shop_recent", paid=Signal())
    gone = weakref.ref(module.paid)
    assert names(signals) == ["shop_recent.paid"]

    del module.paid
    gc.collect()
    assert gone() is None
    assert names(signals) == []


def test_no_module_is_kept_alive(signals, plant, monkeypatch):
    gone = weakref.ref(plant("shop_recent", paid=Signal()))
    signals.entries()
    monkeypatch.undo()
    gc.collect()

    assert gone() is None
    assert names(signals) == []


def test_what_was_assigned_after_the_import_is_seen_at_the_next_import(signals, plant):
    module = plant("shop_recent", paid=Signal())
    signals.entries()
    module.lost = Signal()
    assert names(signals) == ["shop_recent.paid"]

    plant("shop_other")
    assert names(signals) == ["shop_recent.lost", "shop_recent.paid"]


def test_a_module_is_read_again_while_it_is_being_imported(signals, plant):
    spec = ModuleSpec("shop_recent", None)
    spec._initializing = True
    module = plant("shop_recent", __spec__=spec)
    assert names(signals) == []

    module.paid = Signal()
    spec._initializing = False
    assert names(signals) == ["shop_recent.paid"]


def test_lists_that_are_changed_do_no_harm(signals):
    signals.entries().clear()

    assert signals.entries()
    signals.entries().clear()
    assert signals.entries()


def test_a_signal_or_a_module_that_goes_meanwhile_is_left_out(plant):
    module = plant("shop_recent", paid=Signal(), lost=Signal())
    seen, _ = recent._read([("shop_recent", module)], {})
    del module.lost
    gc.collect()
    assert [e.name for e in recent._named(seen)] == ["shop_recent.paid"]
