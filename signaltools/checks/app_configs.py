"""
Find the AppConfig classes with a ``ready()`` that an app could run with.
"""

from __future__ import annotations

import ast
import sys
from collections import ChainMap
from collections.abc import Iterator
from types import ModuleType

from django.apps import AppConfig

from ..introspect.objects import (
    class_attribute,
    class_name,
    is_a,
    module_attribute,
    module_namespace,
)
from ..introspect.source import assigned_names, import_time, parse
from ..introspect.text import clip
from ..inventory.records import Problem
from .app_files import AppFile, app_files, project_apps


def ready_classes(config: AppConfig) -> dict[str, list[str]]:
    """
    Map the modules of an app that have classes with a ``ready()`` for this app to the
    dotted paths of these, "apps" first.

    Looked at are modules beside "apps", and that of the old ``default_app_config``. A
    class with ``default = False`` is meant to be listed by those who want it.
    """
    apps_module, old = f"{config.name}.apps", default_app_config(config)
    files = [
        file
        for file in app_files(config)
        if not file.folders or file.module == old.rpartition(".")[0]
    ]
    files.sort(key=lambda file: file.module != apps_module)
    found = {file.module: sorted(_classes(file, config.name)) for file in files}
    return {module: classes for module, classes in found.items() if classes}


def default_app_config(config: AppConfig) -> str:
    """
    Return the path that Django up to 4.0 took the AppConfig of an app from, or "".
    """
    path = config.module and module_attribute(config.module, "default_app_config")
    return path if type(path) is str else ""


def _classes(file: AppFile, app_name: str) -> Iterator[str]:
    module = sys.modules.get(file.module)
    if is_a(module, ModuleType):
        for value in module_namespace(module).values():
            if is_a(value, type) and _fits(value, app_name):
                yield class_name(value)
    else:
        yield from _written_classes(file, app_name)


def _fits(cls: type, app_name: str) -> bool:
    name, default = class_attribute(cls, "name"), class_attribute(cls, "default")
    return (
        issubclass(cls, AppConfig)
        and class_attribute(cls, "ready") is not AppConfig.ready
        and type(name) is str
        and name == app_name
        and default is not False
    )


def _written_classes(file: AppFile, app_name: str) -> Iterator[str]:
    source = file.read()
    if b"AppConfig" not in source:
        return
    # What the classes of the file set, with what they inherit within it.
    known: dict[str, dict[str, object]] = {"AppConfig": {}}
    for node in import_time(parse(source)):
        if isinstance(node, ast.ClassDef):
            bases = [known[name] for name in _bases(node) if name in known]
            if bases:
                known[node.name] = dict(ChainMap(dict(_attributes(node)), *bases))
                if _written_fits(known[node.name], app_name):
                    yield f"{file.module}.{node.name}"


def _bases(node: ast.ClassDef) -> Iterator[str]:
    for base in node.bases:
        yield getattr(base, "attr", "") or getattr(base, "id", "")


def _attributes(node: ast.ClassDef) -> Iterator[tuple[str, object]]:
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef):
            yield statement.name, statement
        names, value = assigned_names(statement)
        for name in names:
            yield name, getattr(value, "value", None)


def _written_fits(written: dict[str, object], app_name: str) -> bool:
    return (
        "ready" in written
        and written.get("name") == app_name
        and written.get("default") is not False
    )


def unused_configs() -> Iterator[Problem]:
    """
    Find apps that run with Django's own AppConfig although they have one with a
    ``ready()``: one problem for an app, named after the first such class.
    """
    for config in project_apps():
        if type(config) is not AppConfig:
            continue
        for module, classes in list(ready_classes(config).items())[:1]:
            yield Problem(
                "W006",
                clip(classes[0]),
                f"The app {config.name!r} runs with Django's own AppConfig, so the "
                f"ready() of {clip(classes[0])!r} is never called.",
                _config_hint(config, module, classes),
            )


def _config_hint(config: AppConfig, module: str, classes: list[str]) -> str:
    names = " or ".join(repr(clip(name)) for name in classes)
    if module == f"{config.name}.apps":
        which = "it" if len(classes) == 1 else "one of them"
        return f"Set default = True on {names}, or list {which} in INSTALLED_APPS."
    hint = f"List {names} instead of {config.name!r} in INSTALLED_APPS."
    if default_app_config(config) in classes:
        return f"Django ignores default_app_config. {hint}"
    return hint
