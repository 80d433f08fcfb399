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

from .._introspect import (
    class_attribute,
    class_name,
    is_a,
    module_attribute,
    module_namespace,
)
from .._source import assigned_names, import_time, parse
from .app_files import AppFile, app_files


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
