from __future__ import annotations

import gc
import sys
from importlib import import_module
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import pytest
from django.dispatch import Signal

from signaltools.checks.watch import watch
from signaltools.introspect.objects import heap_is_frozen, loaded_modules
from signaltools.inventory.namespaces import find_places
from signaltools.inventory.receivers import save_connections


@pytest.fixture(scope="session", autouse=True)
def quick_garbage_collection():
    """
    Keep what pytest and Django hold out of the hundreds of ``gc.collect()`` calls.
    """
    gc.collect()
    gc.freeze()
    with pytest.MonkeyPatch.context() as patch:
        # Commands would say of each list that signals may be missing.
        patch.setattr("signaltools.management.base.heap_is_frozen", lambda: False)
        # Counting what is frozen takes 15 ms.
        patch.setattr("signaltools.checks.held_by_cache.heap_is_frozen", lambda: True)
        yield
    gc.unfreeze()


@pytest.fixture
def whole_heap(monkeypatch):
    """
    Let the test see all objects: what is frozen can't be asked who refers to it.
    """
    monkeypatch.setattr(
        "signaltools.checks.held_by_cache.heap_is_frozen", heap_is_frozen
    )
    gc.unfreeze()
    yield
    gc.freeze()


@pytest.fixture
def write_module(tmp_path, monkeypatch):
    """
    Return a function that writes an importable module; it is forgotten at the end.
    """
    monkeypatch.syspath_prepend(tmp_path)
    # Otherwise a second version, written within the same second, is not read.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    names = []

    def write(name: str, source: str) -> Path:
        names.append(name)
        path = tmp_path.joinpath(*name.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(source), "utf-8")
        return path

    yield write
    for name in names:
        module = sys.modules.pop(name, None)
        if type(module) is ModuleType:
            # A cache may hold a function, which holds all signals of its module.
            vars(module).clear()


@pytest.fixture
def write_app(tmp_path, monkeypatch):
    """
    Return a function that writes the files of the app "shop".
    """
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(files):
        for name, source in {"__init__.py": "", **files}.items():
            path = tmp_path / "shop" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(source.encode() if type(source) is str else source)

    yield write
    for name in [name for name in sys.modules if name.split(".")[0] == "shop"]:
        del sys.modules[name]


@pytest.fixture
def import_source(write_module):
    """
    Return a function that writes a module and imports it.
    """

    def load(name: str, source: str):
        write_module(name, source)
        return import_module(name)

    return load


@pytest.fixture(scope="session")
def modules_without_signals():
    """
    The modules that hold no signal when they are first asked for.
    """
    modules = loaded_modules()
    holding = {place.module_name for _, place in find_places(modules, in_classes=True)}
    return {name for name, _ in modules} - holding


@pytest.fixture(autouse=True)
def few_modules(request, monkeypatch, modules_without_signals):
    """
    Look for signals in few modules only, except in tests that use ``all_modules``.

    A process that runs tests has loaded many, and reading them takes milliseconds.
    """
    if "all_modules" in request.fixturenames:
        return
    others = modules_without_signals - {request.module.__name__}

    def loaded():
        return [pair for pair in loaded_modules() if pair[0] not in others]

    for name in ("containers", "names", "sent_by"):
        # The package has an attribute "names" that isn't the module.
        module = import_module(f"signaltools.inventory.{name}")
        monkeypatch.setattr(module, "loaded_modules", loaded)


@pytest.fixture
def all_modules():
    """
    Look for signals in every loaded module, as outside of tests.
    """


@pytest.fixture
def without_test_tools(monkeypatch):
    """
    Forget that test tools have been loaded, as nobody has them in production.
    """
    for name in ("signaltools.testing", "signaltools.pytest_plugin"):
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.fixture
def alone():
    """
    Return a function that takes all receivers from a signal until the test ends.
    """
    saved = []

    def without_receivers(signal: Signal) -> Signal:
        saved.append(save_connections(signal))
        signal.receivers = []
        signal.sender_receivers_cache.clear()
        return signal

    yield without_receivers
    for restore in reversed(saved):
        restore()


@pytest.fixture
def watching(monkeypatch):
    """
    Watch ``connect()`` and ``disconnect()`` until the test ends.
    """
    for name in ("connect", "disconnect"):
        monkeypatch.setattr(Signal, name, vars(Signal)[name])
    monkeypatch.setattr("signaltools.checks.watch._is_watching", False)
    monkeypatch.setattr("signaltools.checks.watch._logs", {})
    watch()
