"""
Find the AppConfig classes with a ``ready()`` that an app could use, and apps that use
Django's own instead: W006.
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
from ..inventory.app_files import AppFile, app_files, project_apps, read_file
from ..inventory.records import Problem


def unused_configs() -> Iterator[Problem]:
    """
    Yield one problem for each app that uses the default AppConfig although it has one
    with a ``ready()``, named after the first such class.
    """
    for config in project_apps():
        found = ready_classes(config) if type(config) is AppConfig else {}
        if not found:
            continue
        module, classes = next(iter(found.items()))
        names = " or ".join(repr(clip(name)) for name in classes)
        hint = f"List {names} instead of {config.name!r} in INSTALLED_APPS"
        # Django looks for a class in "apps" only, and takes it if there is just one.
        if module == f"{config.name}.apps":
            which = "it" if len(classes) == 1 else "one of them"
            hint = f"Set default = True on {names}, or list {which} in INSTALLED_APPS"
        elif default_app_config(config) in classes:
            hint += ": Django ignores default_app_config"
        yield Problem(
            "W006",
            clip(classes[0]),
            f"The app {config.name!r} uses the default AppConfig, so the ready() "
            f"method of {clip(classes[0])!r} is never called.",
            f"{hint}.",
        )


def ready_classes(config: AppConfig) -> dict[str, list[str]]:
    """
    Map the modules of an app to the dotted paths of their AppConfig classes that have a
    ``ready()`` and are for this app, "apps" first.

    Only modules beside "apps" and the one of the old ``default_app_config`` are read. A
    class with ``default = False`` isn't included: projects list it if they want it.
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
    Return the path that Django before 4.1 loaded the AppConfig of an app from, or "".
    """
    path = config.module and module_attribute(config.module, "default_app_config")
    return path if type(path) is str else ""


def _classes(file: AppFile, app_name: str) -> Iterator[str]:
    module = sys.modules.get(file.module)
    if not is_a(module, ModuleType):
        yield from _classes_in_source(file, app_name)
        return
    for value in module_namespace(module).values():
        if not is_a(value, type) or not issubclass(value, AppConfig):
            continue
        name = class_attribute(value, "name")
        is_for_app = type(name) is str and name == app_name
        has_ready = class_attribute(value, "ready") is not AppConfig.ready
        if is_for_app and has_ready and class_attribute(value, "default") is not False:
            yield class_name(value)


def _classes_in_source(file: AppFile, app_name: str) -> Iterator[str]:
    """
    Yield the paths of fitting classes in a file that hasn't been imported.
    """
    source = read_file(file.path)
    # Parsing takes a hundred times as long as this search.
    if b"AppConfig" not in source:
        return
    # What each class sets, including what it inherits from classes of this file.
    attributes: dict[str, dict[str, object]] = {"AppConfig": {}}
    for node in import_time(parse(source)):
        if not isinstance(node, ast.ClassDef):
            continue
        # "AppConfig" or "apps.AppConfig".
        names = [getattr(b, "attr", "") or getattr(b, "id", "") for b in node.bases]
        bases = [attributes[name] for name in names if name in attributes]
        if not bases:
            continue
        own: dict[str, object] = {}
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef):
                own[statement.name] = statement
            targets, value = assigned_names(statement)
            own.update(dict.fromkeys(targets, getattr(value, "value", None)))
        found = attributes[node.name] = dict(ChainMap(own, *bases))
        is_for_app = found.get("name") == app_name
        if "ready" in found and is_for_app and found.get("default") is not False:
            yield f"{file.module}.{node.name}"
