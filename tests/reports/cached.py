"""
What tests of the cache of the panel have in common.
"""

from __future__ import annotations

import gc
import sys
from contextlib import suppress
from types import ModuleType

import django
import pytest
from django.dispatch import Signal

import signaltools
from signaltools.inventory.names import registry
from signaltools.reports import panel_cache
from signaltools.reports.panel_cache import SignalCache
from signaltools.reports.panel_options import PanelOptions
from signaltools.reports.panel_store import all_signals

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
