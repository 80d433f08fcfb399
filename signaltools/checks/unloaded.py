"""
Tell from its source whether a module connects receivers when it is imported.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from django.apps import AppConfig, apps
from django.dispatch import Signal

from ..introspect.objects import (
    class_attribute,
    class_name,
    is_a,
    loaded_modules,
    stored_attribute,
)
from ..introspect.source import assigned_names, import_time, parse, source_file
from ..introspect.text import clip
from ..inventory.places import is_third_party
from ..inventory.records import Problem
from .app_configs import ready_classes
from .app_files import AppFile, app_files, app_folders, project_apps

_RECEIVER = {
    "django.dispatch.receiver",
    "django.dispatch.dispatcher.receiver",
    "signaltools.receiver",
    "signaltools.events.receiver",
}
_EVENT = {"signaltools.event", "signaltools.events.event"}
# What a name stands for that the module itself makes a signal of.
_A_SIGNAL = "<signal>"


def connects(file: AppFile) -> bool:
    """
    Tell whether the file connects receivers to Django's signals at module level.
    """
    source = file.read()
    # Parsing takes a hundred times as long.
    if b"receiver" not in source and b".connect(" not in source:
        return False
    scope = _Scope(file.package)
    for statement in import_time(parse(source)):
        if scope.connects(statement):
            return True
        scope.run(statement)
    return False


class _Scope:
    """
    What the names of a module stand for: dotted paths of what they were imported from.
    """

    def __init__(self, package: str) -> None:
        self._package = package
        self._paths: dict[str, str] = {}

    def connects(self, node: ast.stmt) -> bool:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            function = node.value.func
            if isinstance(function, ast.Attribute) and function.attr == "connect":
                return _is_signal(self._path(function.value))
            return self._is_receiver(function)
        return any(map(self._is_receiver, getattr(node, "decorator_list", ())))

    def run(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                self._paths[name] = alias.name if alias.asname else name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                path = f"{self._absolute(node)}.{alias.name}"
                self._paths[alias.asname or alias.name] = path
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            decorators = map(self._decorator, node.decorator_list)
            self._paths[node.name] = _A_SIGNAL if _EVENT & {*decorators} else ""
        names, value = assigned_names(node)
        self._paths.update(dict.fromkeys(names, self._value(value)))

    def _value(self, node: ast.expr | None) -> str:
        if not isinstance(node, ast.Call):
            return self._path(node)
        cls = _find(self._path(node.func))
        return _A_SIGNAL if is_a(cls, type) and issubclass(cls, Signal) else ""

    def _decorator(self, node: ast.expr) -> str:
        return self._path(node.func if isinstance(node, ast.Call) else node)

    def _is_receiver(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Call) and self._path(node.func) in _RECEIVER

    def _absolute(self, node: ast.ImportFrom) -> str:
        above = self._package.split(".")
        base = above[: len(above) + 1 - node.level] if node.level else []
        return ".".join([*base, *filter(None, [node.module])])

    def _path(self, node: ast.expr | None) -> str:
        names: list[str] = []
        while isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        path = self._paths.get(node.id, "") if isinstance(node, ast.Name) else ""
        return ".".join([path, *reversed(names)]) if path else ""


def _is_signal(path: str) -> bool:
    value = _find(path)
    if path == _A_SIGNAL or value is not None:
        return path == _A_SIGNAL or is_a(value, Signal)
    # The module of the signal has not been imported either. That of a library, Celery
    # say, may hold another kind of signals.
    module = path.rpartition(".")[0]
    known = ("django.", *(f"{config.name}." for config in apps.get_app_configs()))
    return module.endswith(".signals") and module.startswith(known)


def _find(path: str) -> Any:
    """
    Return what a dotted path leads to as long as nothing is imported, or None.
    """
    module, names = path, list[str]()
    while module and not is_a(sys.modules.get(module), ModuleType):
        module, _, name = module.rpartition(".")
        names.insert(0, name)
    value: Any = sys.modules.get(module)
    for name in names:
        read = class_attribute if is_a(value, type) else stored_attribute
        value = read(value, name)
    return value


def unloaded_receivers() -> Iterator[Problem]:
    """
    Find modules of installed apps that would connect receivers if they were imported.

    Ask it after the URLconf has been loaded. It has false positives: a project may
    import a module only where it is needed. Third-party apps are theirs to fix.
    """
    # A file may have been imported under another name.
    loaded = {source_file(module) for _, module in loaded_modules()}
    others = app_folders()
    for config in project_apps():
        for file in app_files(config, others):
            if file.module in sys.modules or file.path in loaded:
                continue
            if is_third_party(file.module, file.path):
                continue
            if connects(file) and not file.is_of_another_app():
                yield Problem(
                    "W005",
                    file.module,
                    f"The module {file.module!r} connects receivers to signals, but "
                    "nothing has imported it.",
                    _import_hint(config),
                )


def _import_hint(config: AppConfig) -> str:
    if type(config) is not AppConfig:
        path = class_name(type(config))
    elif classes := ready_classes(config):
        path = next(iter(classes.values()))[0]
    else:
        return (
            f"Write an AppConfig in '{config.name}.apps' and import the module in its "
            "ready()."
        )
    return f"Import it in the ready() of {clip(path)!r}."
