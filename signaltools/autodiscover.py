"""
Import the ``signals`` module of each installed app, and report what each import did.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dis import get_instructions, opmap
from importlib import import_module
from types import CodeType
from typing import Literal, NamedTuple

from django.apps import AppConfig, apps
from django.core.exceptions import ImproperlyConfigured
from django.dispatch import Signal
from django.utils.module_loading import module_has_submodule

from .conf import conf
from .introspect.callables import describe, innermost_code
from .introspect.objects import loaded_modules
from .inventory.namespaces import find_signals
from .inventory.receivers import connected_receivers


class Discovery(NamedTuple):
    """
    The result of autodiscovery for the ``signals`` module of one app.

    ``detail`` is the module of the ``AppConfig`` that imports it, if it was left alone.
    ``signals`` are the names of the signals that the import created, and ``receivers``
    those of the receivers that it connected.
    """

    app: str
    module: str
    outcome: Literal["imported", "already imported", "left", "excluded"]
    detail: str = ""
    signals: tuple[str, ...] = ()
    receivers: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.outcome == "left":
            return f"{self.module} left to {self.detail}"
        if self.outcome != "imported":
            return f"{self.module} {self.outcome}"
        created = ", ".join(self.signals) or "no signals"
        connected = ", ".join(self.receivers) or "no receivers"
        return f"{self.module} imported: created {created}; connected {connected}"


class FirstImport(NamedTuple):
    """
    A module that signaltools was the first to import, for the check W019.

    ``loaded`` are the names of all modules that the import loaded, and ``receivers``
    the module of each receiver that it connected.
    """

    app: str
    module: str
    loaded: frozenset[str]
    receivers: tuple[str, ...]


# By module. It outlives the AppConfig, because tests change INSTALLED_APPS, and then
# the modules are already imported.
first_imports: dict[str, FirstImport] = {}


def autodiscover() -> list[Discovery]:
    """
    Import the modules that the settings name from every installed app.

    If an app imports the module in ``ready()``, signaltools leaves that to the app. It
    also leaves alone what the settings exclude. A missing module is ignored. An error
    inside a module is an error of the project: it propagates, with a note that explains
    how to exclude the module.
    """
    try:
        is_wanted = conf.AUTODISCOVER
        _ = conf.AUTODISCOVER_MODULES, conf.AUTODISCOVER_EXCLUDE
    except ImproperlyConfigured:
        # The check of settings reports this in a sentence, instead of a traceback.
        return []
    if not is_wanted:
        return []
    # The folder "events" of signaltools isn't a module that a project would name.
    configs = [c for c in apps.get_app_configs() if c.name != "signaltools"]
    mentions = [mention for config in configs for mention in _mentions(config)]
    importer = _Importer()
    return [
        discovery
        for config in configs
        for name in conf.AUTODISCOVER_MODULES
        if (discovery := _discover(config, name, mentions, importer))
    ]


class _Mention(NamedTuple):
    """
    A dotted name that a method of an ``AppConfig`` imports, or a string in it.
    """

    app: str
    module: str
    name: str


def _discover(
    config: AppConfig, name: str, mentions: list[_Mention], importer: _Importer
) -> Discovery | None:
    module = f"{config.name}.{name}"
    is_imported = module in sys.modules
    if is_imported:
        # None in sys.modules blocks the import of a module.
        exists = sys.modules[module] is not None
    else:
        # An AppConfig that a test creates may have no module, and then no submodules.
        exists = config.module is not None and module_has_submodule(config.module, name)
    if not exists:
        return None
    if {config.label, config.name, module} & set(conf.AUTODISCOVER_EXCLUDE):
        return Discovery(config.label, module, "excluded")
    if is_imported:
        return Discovery(config.label, module, "already imported")
    for mention in mentions:
        # Another app may import the module for this one, but only its full path counts:
        # "signals" in another app is a module of that app.
        is_own = mention.app == config.label and _means(mention.name, config.name, name)
        if is_own or f"{mention.name}.".startswith(f"{module}."):
            return Discovery(config.label, module, "left", mention.module)
    return importer.run(config.label, module)


def _means(mentioned: str, app_name: str, module: str) -> bool:
    """
    Return whether a name or string in an ``AppConfig`` means ``module`` of its app.

    For the app "project.shop", these are "signals", ".signals", and "shop.signals", but
    not "django.db.models.signals".
    """
    before, found, _ = f".{mentioned}.".partition(f".{module}.")
    prefix = before.strip(".")
    return bool(found) and (not prefix or f".{app_name}".endswith(f".{prefix}"))


def _mentions(config: AppConfig) -> list[_Mention]:
    # All methods are read and not only ready(), which may call others. Whether the
    # import runs depends on conditions that only the app knows, so the app decides.
    return [
        _Mention(config.label, cls.__module__, name)
        for cls in type(config).__mro__
        if cls is not AppConfig
        for value in vars(cls).values()
        for name in _names(innermost_code(value))
    ]


def _names(code: CodeType | None) -> Iterator[str]:
    """
    Yield the strings in ``code`` and in the functions inside it, and what it imports.

    Byte code is read because parsing the source of all apps would take 15 to 19 ms of
    each start, instead of less than one.
    """
    if code is None:
        return
    in_tuples: list[object] = []
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
        elif isinstance(constant, str):
            yield constant
        elif isinstance(constant, tuple):
            in_tuples += constant
    # Disassembling takes most of the time of autodiscovery, so it is done only if there
    # is an import, and a name that it could be about. Every other byte is an opcode.
    if _IMPORT_NAME not in code.co_code[::2]:
        return
    # "from .events import signals" keeps the two parts of "events.signals" apart. The
    # imported names are in a tuple.
    last_parts = [name.rpartition(".")[2] for name in conf.AUTODISCOVER_MODULES]
    candidates = [str(name) for name in (*code.co_names, *in_tuples)]
    if not any(part in name for name in candidates for part in last_parts):
        return
    loaded: object = None
    for instruction in get_instructions(code):
        if instruction.opcode == _IMPORT_NAME:
            # The instruction before it has loaded the names of "from module import".
            names = loaded if isinstance(loaded, tuple) else ("",)
            for name in names:
                yield f"{instruction.argval}.{name}".strip(".")
        # A prefix of the next instruction, for constants with a number above 255.
        elif instruction.opname != "EXTENDED_ARG":
            loaded = instruction.argval


_IMPORT_NAME = opmap["IMPORT_NAME"]


class _Importer:
    """
    Import modules one by one, and find out what each import added.
    """

    def __init__(self) -> None:
        # By id(), because a subclass of Signal may define __eq__() and __hash__().
        self._signals: dict[int, Signal] = {}
        # The name and the module of each receiver.
        self._connected: Counter[tuple[str, str]] = Counter()

    def run(self, app: str, module: str) -> Discovery:
        # Most projects import all their signals themselves, and then there is no
        # search.
        if not self._signals:
            self._update(find_signals(loaded_modules()))
        before, loaded = self._connected, {name for name, _ in loaded_modules()}
        try:
            import_module(module)
        except Exception as error:
            error.add_note(
                f"signaltools imported {module!r} for the app {app!r}. To leave it "
                f"alone, add {module!r} to SIGNALTOOLS['AUTODISCOVER_EXCLUDE']."
            )
            raise
        # The import may have loaded other modules with signals, too.
        new = [item for item in loaded_modules() if item[0] not in loaded]
        created = self._update(find_signals(new))
        connected = [*(self._connected - before).elements()]
        names = frozenset(name for name, _ in new)
        modules = tuple(module for _, module in connected)
        first_imports[module] = FirstImport(app, module, names, modules)
        receivers = tuple(name for name, _ in connected)
        return Discovery(app, module, "imported", "", tuple(created), receivers)

    def _update(self, found: dict[str, Signal]) -> list[str]:
        """
        Add signals, count all receivers again, and return the names that are new.
        """
        new = [path for path in found if id(found[path]) not in self._signals]
        self._signals.update((id(found[path]), found[path]) for path in new)
        # Counted, because a receiver may be connected to several signals.
        self._connected = Counter(
            (described.name, described.module)
            for signal in self._signals.values()
            for receiver in connected_receivers(signal)
            for described in [describe(receiver)]
        )
        return new
