"""
Find modules that would connect receivers, but were never imported: W005.

Importing a module only to find out would connect its receivers, so its source is read.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import resolve_name
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
from ..introspect.source import (
    assigned_names,
    import_time,
    imports,
    parse,
    source_file,
)
from ..introspect.text import clip
from ..inventory.places import is_third_party
from ..inventory.records import Problem
from .app_configs import ready_classes
from .app_files import AppFile, app_files, app_folders, project_apps, read_file

_RECEIVER_DECORATORS = {
    "django.dispatch.receiver",
    "django.dispatch.dispatcher.receiver",
    "signaltools.receiver",
    "signaltools.events.receiver",
}
_EVENT_DECORATORS = {"signaltools.event", "signaltools.events.event"}
# Used as the path of a signal that the module itself creates.
_A_SIGNAL = "<signal>"


def unloaded_receivers() -> Iterator[Problem]:
    """
    Yield modules of installed apps that would connect receivers if they were imported.

    Call this after the URLconf has been loaded. It has false positives: a project may
    import a module only when it is needed. Third-party apps aren't checked, because
    the project can't fix them.
    """
    # A file may have been imported under another name.
    loaded = {source_file(module) for _, module in loaded_modules()}
    # An installed app below another one is read once, as an app of its own.
    app_roots = app_folders()
    for config in project_apps():
        for file in app_files(config, app_roots):
            if file.module in sys.modules or file.path in loaded:
                continue
            if is_third_party(file.module, file.path):
                continue
            if connects_receivers(file) and not file.is_of_another_app():
                yield Problem(
                    "W005",
                    file.module,
                    f"The module {file.module!r} connects receivers to signals, but it "
                    "was never imported.",
                    _import_hint(config),
                )


def _import_hint(config: AppConfig) -> str:
    path = class_name(type(config))
    if type(config) is AppConfig:
        unused = ready_classes(config)
        if not unused:
            return (
                f"Write an AppConfig in '{config.name}.apps' and import the module in "
                "its ready() method."
            )
        path = next(iter(unused.values()))[0]
    return f"Import it in the ready() method of {clip(path)!r}."


def connects_receivers(file: AppFile) -> bool:
    """
    Return whether the file connects receivers to Django's signals at module level.
    """
    source = read_file(file.path)
    # Parsing takes a hundred times as long as this search.
    if b"receiver" not in source and b".connect(" not in source:
        return False
    # The names of the module, with the dotted paths that they were imported from.
    paths: dict[str, str] = {}
    for statement in import_time(parse(source)):
        if _connects(statement, paths):
            return True
        _update_paths(paths, statement, file.package)
    return False


def _connects(node: ast.stmt, paths: dict[str, str]) -> bool:
    calls = getattr(node, "decorator_list", [])
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        function = node.value.func
        if isinstance(function, ast.Attribute) and function.attr == "connect":
            return _is_signal(_path(function.value, paths))
        # receiver(signal)(function), without the "@".
        calls = [function]
    # Without a call, @receiver connects nothing.
    called = {_path(each.func, paths) for each in calls if isinstance(each, ast.Call)}
    return not called.isdisjoint(_RECEIVER_DECORATORS)


def _update_paths(paths: dict[str, str], node: ast.stmt, package: str) -> None:
    """
    Add what a statement imports, defines, or assigns.
    """
    for name, module, attribute in imports(node):
        # An import from above the top-level package fails when it runs.
        with suppress(ImportError):
            path = resolve_name(module, package)
            paths[name] = f"{path}.{attribute}" if attribute else path
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        # Both @event and @event(...).
        decorators = [getattr(each, "func", each) for each in node.decorator_list]
        is_event = any(_path(each, paths) in _EVENT_DECORATORS for each in decorators)
        paths[node.name] = _A_SIGNAL if is_event else ""
    names, value = assigned_names(node)
    path = _path(value, paths)
    if isinstance(value, ast.Call):
        cls = _find(_path(value.func, paths))
        path = _A_SIGNAL if is_a(cls, type) and issubclass(cls, Signal) else ""
    paths.update(dict.fromkeys(names, path))


def _path(node: ast.expr | None, paths: dict[str, str]) -> str:
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    path = paths.get(node.id, "") if isinstance(node, ast.Name) else ""
    return ".".join([path, *reversed(names)]) if path else ""


def _is_signal(path: str) -> bool:
    if path == _A_SIGNAL:
        return True
    value = _find(path)
    if value is not None:
        return is_a(value, Signal)
    # The module that defines it hasn't been imported either, so its name decides. A
    # library such as Celery has "signals" of another kind.
    module = path.rpartition(".")[0]
    django_apps = ("django.", *(f"{each.name}." for each in apps.get_app_configs()))
    return module.endswith(".signals") and module.startswith(django_apps)


def _find(path: str) -> Any:
    """
    Return what a dotted path leads to, or None, without importing anything.
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
