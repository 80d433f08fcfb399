"""
Find out whether any source of a process or its project imports a module.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from django.apps import apps
from django.conf import settings

from ..introspect.objects import loaded_modules, loaded_object, module_attribute
from ..introspect.source import all_statements, imported_paths, parse_or_none
from ..inventory.app_files import TEST, is_known, read_file
from ..inventory.places import is_third_party

_DYNAMIC = re.compile(rb"import_module|import_string|__import__|autodiscover|importlib")
_ALL_FILES = re.compile(rb"iter_modules|walk_packages|glob|listdir|scandir|iterdir")
# More files than this aren't read: then it isn't known what they import.
_MAX_FILES = 10_000


class _File(NamedTuple):
    module: str
    package: str
    path: str


class _Names(NamedTuple):
    """
    What a file imports, and its strings.
    """

    imported: frozenset[str]
    strings: frozenset[str]


class Importers:
    """
    Look for imports of modules that autodiscovery has loaded.

    ``new`` are the names of all modules that it has loaded. What one of them imports
    counts only if the module itself is imported elsewhere.
    """

    def __init__(self, new: set[str]) -> None:
        self._new = new
        self._known: dict[str, bool] = {}
        self._sources: dict[str, bytes] = {}
        self._names: dict[str, _Names | None] = {}
        self._runs = _names_that_run()
        self._tops = {name.partition(".")[0] for name in self._runs}
        self._files, self._is_complete = self._find_files()

    def are_missing(self, module: str) -> bool:
        """
        Return whether it is certain that nothing else imports ``module``.
        """
        if not self._is_complete:
            return False
        if module not in self._known:
            # In an import cycle, modules that only import each other count for nothing.
            seen, waiting = {module}, [module]
            self._known[module] = True
            while waiting and self._known[module]:
                for importer in self._importers(waiting.pop()):
                    if importer not in self._new:
                        self._known[module] = False
                        break
                    if importer not in seen:
                        seen.add(importer)
                        waiting.append(importer)
        return self._known[module]

    def _importers(self, target: str) -> Iterator[str]:
        """
        Yield the modules whose source imports ``target`` or may do so.
        """
        if target in self._runs or self._is_conventional(target):
            yield ""
        for file in self._files:
            # A module of the package can't be imported without the package itself.
            is_inside = file.module == target or file.module.startswith(f"{target}.")
            if not is_inside and self._may_import(file, target):
                yield file.module

    def _is_conventional(self, target: str) -> bool:
        """
        Return whether Django or Celery imports a module of this name from each app.
        """
        package, _, last = target.rpartition(".")
        if package in self._runs and last in {"admin", "models", "tasks"}:
            return True
        return package.endswith((".templatetags", ".management.commands"))

    def _may_import(self, file: _File, target: str) -> bool:
        if self._is_test(file.module, target):
            return False
        source = self._read(file.path)
        top, _, last = target.partition(".")[0], *target.rpartition(".")[1:]
        is_near = file.module.partition(".")[0] == top
        if not source:
            # Compiled code, or a file in a zip archive, can't be read.
            is_empty = file.path.endswith(".py") and os.path.isfile(file.path)
            return not is_empty and (
                is_near or file.module.partition(".")[0] in self._tops
            )
        is_dynamic = bool(_DYNAMIC.search(source))
        if is_near and is_dynamic and _ALL_FILES.search(source):
            return True
        if last.encode() not in source and b"import *" not in source:
            return False
        if not (is_near or is_dynamic or top.encode() in source):
            return False
        names = self._names_of(file, source)
        if names is None:
            return True
        if any(_is_or_below(name, target) for name in names.imported | names.strings):
            return True
        if f"{target.rpartition('.')[0]}.*" in names.imported:
            return True
        return is_dynamic and any(_may_mean(text, target) for text in names.strings)

    def _is_test(self, module: str, target: str) -> bool:
        parts = module.split(".")
        for number, part in enumerate(parts, 1):
            if not TEST.fullmatch(part):
                continue
            name = ".".join(parts[:number])
            # The project itself may be called "tests".
            if not any(_is_or_below(each, name) for each in (target, *self._runs)):
                return True
        return False

    def _read(self, path: str) -> bytes:
        if path not in self._sources:
            self._sources[path] = read_file(path) if path.endswith(".py") else b""
        return self._sources[path]

    def _names_of(self, file: _File, source: bytes) -> _Names | None:
        if file.path not in self._names:
            self._names[file.path] = _find_names(source, file.package)
        return self._names[file.path]

    def _find_files(self) -> tuple[list[_File], bool]:
        files: dict[str, _File] = {}
        roots: dict[str, None] = {}
        for name, module in loaded_modules():
            path = module_attribute(module, "__file__")
            if type(path) is not str or is_known(name):
                continue
            package = module_attribute(module, "__package__")
            found = _File(name, package if type(package) is str else "", path)
            files.setdefault(path, found)
            if name.partition(".")[0] in self._tops | {"__main__"}:
                # The folder that the module is imported from.
                depth = name.count(".") + path.endswith("__init__.py")
                root = os.path.dirname(path)
                for _ in range(depth):
                    root = os.path.dirname(root)
                if not is_third_party(name, path):
                    roots[os.path.abspath(root)] = None
        packages = {name.partition(".")[0] for name in self._new}
        for root in roots:
            for count, file in enumerate(_walk(root, "")):
                if count > _MAX_FILES:
                    return [], False
                files.setdefault(file.path, file)
        for package in packages:
            path = loaded_object(package, "__file__")
            if type(path) is str and path.endswith("__init__.py"):
                for file in _walk(os.path.dirname(path), package):
                    files.setdefault(file.path, file)
        return [*files.values()], True


def _names_that_run() -> list[str]:
    """
    Return the dotted names that Django itself imports.
    """
    keys = ("ROOT_URLCONF", "WSGI_APPLICATION", "ASGI_APPLICATION", "SETTINGS_MODULE")
    values = [getattr(settings, key, None) for key in keys]
    names = [config.name for config in apps.get_app_configs()]
    names = [name for name in names if not is_known(name)]
    return [*names, *(value for value in values if type(value) is str)]


def _walk(root: str, package: str) -> Iterator[_File]:
    for folder, folders, files in os.walk(root):
        sources = sorted(name for name in files if name.endswith(".py"))
        if folder != root and not sources:
            # Folders without code are large: media, caches, packages of JavaScript.
            folders.clear()
            continue
        folders[:] = sorted(
            name
            for name in folders
            if name.isidentifier()
            and name not in {"node_modules", "site-packages", "__pycache__"}
            and not os.path.exists(os.path.join(folder, name, "pyvenv.cfg"))
        )
        relative = os.path.relpath(folder, root)
        parents = [] if relative == os.curdir else relative.split(os.sep)
        parent = ".".join(filter(None, [package, *parents]))
        for name in sources:
            stem = name.removesuffix(".py")
            module = parent if stem == "__init__" else f"{parent}.{stem}".strip(".")
            yield _File(module, parent, os.path.join(folder, name))


def _find_names(source: bytes, package: str) -> _Names | None:
    """
    Return what a file names, or None if it can't be parsed.
    """
    body = parse_or_none(source)
    if body is None:
        return None
    imported: set[str] = set()
    strings: set[str] = set()
    for node in all_statements(body):
        imported.update(path for _, path in imported_paths(node, package))
        if isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
    for inner in ast.walk(ast.Module(body, [])):
        value = getattr(inner, "value", None)
        # Longer ones are prose.
        if type(value) is str and len(value) < 300:
            strings.add(value)
    return _Names(frozenset(imported), frozenset(strings))


def _is_or_below(name: str, module: str) -> bool:
    return name == module or name.startswith((f"{module}.", f"{module}:"))


def _may_mean(text: str, target: str) -> bool:
    """
    Return whether code that imports by name may make ``target`` from ``text``.

    That is the end of the name, such as ".signals", or a pattern, such as "%s.signals".
    """
    prefix, _, last = text.rpartition(".")
    if last != target.rpartition(".")[2]:
        return False
    is_path = all(part.isidentifier() for part in prefix.split("."))
    return not is_path or f".{target}".endswith(f".{prefix}.{last}")
