"""
Import the ``signals`` module of each installed app, and report what that did.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection, Iterator
from dis import get_instructions, opmap
from importlib import import_module
from types import CodeType
from typing import Literal, NamedTuple

from django.apps import AppConfig, apps
from django.dispatch import Signal
from django.utils.module_loading import module_has_submodule

from .conf import conf
from .introspect.callables import describe, innermost_code
from .introspect.objects import loaded_modules
from .inventory.names import find_signals
from .inventory.rows import connected_receivers


class Discovery(NamedTuple):
    """
    What became of the ``signals`` module of one app.

    ``detail`` is the module whose ``AppConfig`` imports it. ``signals`` names
    what the import created, ``receivers`` what it connected.
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


def autodiscover() -> list[Discovery]:
    """
    Import the modules that the settings name from every installed app.

    An app that imports the module in ``ready()`` is left alone, and so is what the
    settings exclude. A missing module is silent. Any error inside a module is the
    project's own: it goes on, with a note that tells how to exclude the module.
    """
    if not conf.AUTODISCOVER:
        return []
    importer = _Importer()
    # Ours has a module "events", which is no project's.
    configs = [c for c in apps.get_app_configs() if c.name != "signaltools"]
    texts = [text for config in configs for text in _texts(config)]
    return [
        discovery
        for config in configs
        for name in conf.AUTODISCOVER_MODULES
        if (discovery := _discover(config, name, texts, importer))
    ]


# What the methods of an AppConfig import and the strings in them: the label of the app,
# the module that holds the method, and the dotted name or the string.
Texts = list[tuple[str, str, str]]


def _discover(
    config: AppConfig, name: str, texts: Texts, importer: _Importer
) -> Discovery | None:
    module = f"{config.name}.{name}"
    if not _exists(config, name):
        return None
    if {config.label, config.name, module} & set(conf.AUTODISCOVER_EXCLUDE):
        return Discovery(config.label, module, "excluded")
    if module in sys.modules:
        return Discovery(config.label, module, "already imported")
    if left_to := _left_to(config, name, texts):
        return Discovery(config.label, module, "left", left_to)
    return importer.run(config.label, module)


def _exists(config: AppConfig, name: str) -> bool:
    module = f"{config.name}.{name}"
    if module in sys.modules:
        # None stands for an import that somebody has blocked.
        return sys.modules[module] is not None
    return config.module is not None and module_has_submodule(config.module, name)


def _left_to(config: AppConfig, name: str, texts: Texts) -> str:
    """
    Return the module of the ``AppConfig`` that imports the module itself, or "".

    Any method may do it for ``ready()``, and so may another app, by the full path.
    """
    path = f"{config.name}.{name}"
    for app, where, text in texts:
        own = app == config.label and _names(text, config.name, name)
        if own or f"{text}.".startswith(f"{path}."):
            return where
    return ""


def _names(text: str, app_name: str, module: str) -> bool:
    """
    Tell whether a name or string in an ``AppConfig`` means ``module`` of its app.

    "signals", ".signals" and "shop.signals" do for the app "project.shop",
    "django.db.models.signals" does not.
    """
    before, found, _ = f".{text}.".partition(f".{module}.")
    prefix = before.strip(".")
    return bool(found) and (not prefix or f".{app_name}".endswith(f".{prefix}"))


def _texts(config: AppConfig) -> Texts:
    """
    Return the imports and strings in the methods of an ``AppConfig``.
    """
    return [
        (config.label, cls.__module__, text)
        for cls in type(config).__mro__
        if cls is not AppConfig
        for value in vars(cls).values()
        for text in _code_texts(innermost_code(value))
    ]


def _code_texts(code: CodeType | None) -> Iterator[str]:
    if code is None:
        return
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code_texts(constant)
        elif isinstance(constant, str):
            yield constant
    # To take the byte code apart takes most of the time of a discovery.
    if _IMPORT_NAME in code.co_code[::2] and _mentions(code, conf.AUTODISCOVER_MODULES):
        yield from _imports(code)


def _mentions(code: CodeType, modules: Collection[str]) -> bool:
    constants = (c for c in code.co_consts if isinstance(c, tuple))
    names = [*code.co_names, *(name for names in constants for name in names)]
    # "from .events import signals" has the two parts of "events.signals" apart.
    last_parts = {module.rpartition(".")[2] for module in modules}
    return any(part in str(name) for name in names for part in last_parts)


def _imports(code: CodeType) -> Iterator[str]:
    loaded: object = None
    for instruction in get_instructions(code):
        if instruction.opcode == _IMPORT_NAME:
            # What "from module import names" takes was loaded just before.
            names = loaded if isinstance(loaded, tuple) else ("",)
            for name in names:
                yield f"{instruction.argval}.{name}".strip(".")
        elif instruction.opname != "EXTENDED_ARG":
            loaded = instruction.argval


_IMPORT_NAME = opmap["IMPORT_NAME"]


class _Importer:
    """
    Import modules one by one and tell what each import added.
    """

    def __init__(self) -> None:
        self._known: dict[int, Signal] = {}
        self._connected: Counter[str] = Counter()

    def run(self, app: str, module: str) -> Discovery:
        if not self._known:
            self._learn(find_signals(loaded_modules()))
        before, loaded = self._connected, {name for name, _ in loaded_modules()}
        _import(app, module)
        new = [item for item in loaded_modules() if item[0] not in loaded]
        created = self._learn(find_signals(new))
        connected = (self._connected - before).elements()
        return Discovery(app, module, "imported", "", tuple(created), tuple(connected))

    def _learn(self, found: dict[str, Signal]) -> list[str]:
        """
        Take note of signals and of all that is connected; return the new names.
        """
        new = [path for path, signal in found.items() if id(signal) not in self._known]
        self._known.update((id(found[path]), found[path]) for path in new)
        self._connected = Counter(
            describe(receiver).name
            for signal in self._known.values()
            for receiver in connected_receivers(signal)
        )
        return new


def _import(app: str, module: str) -> None:
    try:
        import_module(module)
    except Exception as error:
        error.add_note(
            f"signaltools imported {module!r} for the app {app!r}; to leave it alone, "
            f"add {module!r} to SIGNALTOOLS['AUTODISCOVER_EXCLUDE']."
        )
        raise
