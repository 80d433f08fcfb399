from __future__ import annotations

import gc
import sys
from types import ModuleType

import jsonschema
import pytest
from django.apps import apps
from django.dispatch import Signal

from signaltools.inventory.held import number_names, with_held, without_number
from signaltools.inventory.names import NamedSignal, Registry
from signaltools.inventory.reading import read_connected
from tests.sending import forget_unnamed_signals

UNNAMED = "unnamed Signal (django.dispatch.dispatcher.Signal)"
pytestmark = pytest.mark.usefixtures("only_here")


def receive(**kwargs):
    pass


def receive_too(**kwargs):
    pass


@pytest.fixture
def only_here(monkeypatch):
    monkeypatch.setattr(
        "signaltools.inventory.containers.loaded_modules",
        lambda: [(n, m) for n, m in sys.modules.items() if n.startswith("held")],
    )
    forget_unnamed_signals()


def names(registry=None, watched=list):
    entries = (registry or Registry()).entries()
    known = {entry.name for entry in entries if not entry.in_loop}
    found = [entry.name for entry in with_held(entries, watched)]
    assert found == sorted(found)
    return [name for name in found if name not in known]


def connected_signal(receiver=receive):
    signal = Signal()
    signal.connect(receiver)
    return signal


def held_signal(receiver=receive):
    """
    Return a signal and a function that holds it.
    """
    signal = connected_signal(receiver)
    return signal, lambda: signal


def test_a_signal_that_no_module_holds_is_unnamed():
    signal, holder = held_signal()
    assert names() == [UNNAMED]
    del signal, holder
    assert names() == []


def test_a_signal_of_which_only_a_method_is_held_is_unnamed():
    holder = [connected_signal().send]
    assert names() == [UNNAMED]
    del holder


def test_a_signal_without_receivers_is_not_looked_for():
    signal = Signal()
    assert names() == []
    assert names(watched=lambda: [signal]) == []


def test_a_container_gives_a_name(monkeypatch):
    module = ModuleType("held")
    module.SIGNALS = {"paid": connected_signal()}
    monkeypatch.setitem(sys.modules, "held", module)
    assert names() == ["held.SIGNALS['paid']"]


def test_a_registered_name_is_kept(monkeypatch):
    module = ModuleType("held")
    module.SIGNALS = {"paid": connected_signal()}
    monkeypatch.setitem(sys.modules, "held", module)
    registry = Registry()
    registry.register("pay.paid", module.SIGNALS["paid"])
    assert names(registry) == []
    assert "pay.paid" in registry


def test_a_signal_that_the_garbage_collector_does_not_show_was_watched():
    signal, holder = held_signal()
    gc.freeze()
    assert names() == []
    assert names(watched=lambda: [signal]) == [UNNAMED]
    del holder


def test_a_signal_that_only_a_cycle_keeps_alive_is_gone():
    gc.disable()
    try:
        signal = connected_signal()
        signal.itself = signal
        del signal
        assert names() == []
    finally:
        gc.enable()


def test_a_variable_of_a_loop_is_no_name_if_a_container_has_one(import_source):
    source = """
        from django.dispatch import Signal

        def receive(**kwargs):
            pass

        SIGNALS = {}
        for name in ("a", "b"):
            signal = Signal()
            signal.connect(receive)
            SIGNALS[name] = signal
        for other in [Signal()]:
            other.connect(receive)
    """
    import_source("held_loops", source)
    assert names() == [
        "held_loops.SIGNALS['a']",
        "held_loops.SIGNALS['b']",
        "held_loops.other",
    ]


def test_a_loop_names_what_it_puts_into_the_module(import_source):
    source = """
        from django.dispatch import Signal

        for name in ("paid", "sent"):
            signal = globals()[name] = Signal()
    """
    module = import_source("held_globals", source)
    entries = {entry.signal: entry for entry in Registry().entries()}
    entry = entries[module.sent]
    assert (entry.name, entry.aliases) == ("held_globals.sent", ())


def test_signals_with_one_name_are_numbered_by_their_receivers():
    first, first_holder = held_signal(receive_too)
    second, second_holder = held_signal(receive)

    entries = with_held([], list)
    found = number_names(read_connected(entries))

    assert [each.record.name for each in found] == [UNNAMED, f"{UNNAMED} (2)"]
    assert [each.signal for each in found] == [second, first]
    assert [without_number(each.record.name) for each in found] == [UNNAMED, UNNAMED]
    reversed_ = number_names(read_connected(reversed(entries)))
    assert [each.record for each in reversed_] == [each.record for each in found]
    del first_holder, second_holder


def test_an_attribute_of_an_app_config_is_not_a_signal_of_django(monkeypatch):
    monkeypatch.setattr(
        "signaltools.inventory.containers.loaded_modules",
        lambda: [("django.apps.registry", sys.modules["django.apps.registry"])],
    )
    config = apps.get_app_config("signaltools")
    signal = Signal()
    signal.connect(receive)
    monkeypatch.setattr(config, "started", signal, raising=False)

    found = number_names(read_connected(with_held([], list)))

    [record] = [each.record for each in found if each.signal is signal]
    assert record.name == "django.apps.registry.apps.app_configs['signaltools'].started"
    assert (record.kind, record.component, record.file) == ("custom", "project", None)


def test_an_unnamed_signal_belongs_to_the_component_of_all_its_receivers(monkeypatch):
    def component_of(*receivers):
        signal, holder = held_signal(receivers[0])
        for receiver in receivers[1:]:
            signal.connect(receiver)
        [found] = number_names(read_connected([NamedSignal(UNNAMED, signal)]))
        del holder
        return found.record.component

    assert component_of(receive, receive_too) == "project"
    assert component_of(jsonschema.validate) == "third_party"
    assert component_of(jsonschema.validate, receive) == "project"
