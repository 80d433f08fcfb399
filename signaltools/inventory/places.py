"""
Find out where a piece of code belongs: its app, its component, and its file.
"""

from __future__ import annotations

import functools
import os
import re
import sys
import sysconfig
from contextlib import suppress
from importlib import metadata
from pathlib import PurePath
from types import MethodType, ModuleType
from typing import Any, NamedTuple

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured

from ..conf import conf
from ..introspect.objects import is_a, loaded_object
from ..introspect.text import printable
from .records import Component


class Place(NamedTuple):
    """
    The app, the component, and the absolute file of a piece of code.
    """

    app: str | None
    component: Component
    file: str | None


def place_of(path: str) -> Place:
    """
    Return the place of the code with this dotted path, which need not be loaded.
    """
    module = path
    while module and not is_a(sys.modules.get(module), ModuleType):
        module = module.rpartition(".")[0]
    return Places().find(module or path, None)


class Places:
    """
    Find out where each piece of code belongs, once for each module and file.
    """

    def __init__(self) -> None:
        # A copy is made in one step, so other threads can go on loading apps.
        configs = apps.app_configs.copy().values()
        self._labels = {config.name: config.label for config in configs}
        self._places: dict[tuple[str, str | None], Place] = {}

    def find(self, module: str, filename: str | None) -> Place:
        key = module, filename
        if key not in self._places:
            file = None
            # "<string>" and "<frozen importlib._bootstrap>" aren't files.
            if filename and not filename.startswith("<"):
                file = os.path.abspath(filename)
            component: Component = "project"
            if module.partition(".")[0] == "django":
                component = "django"
            elif is_third_party(module, file):
                component = "third_party"
            # "shop.admin.views" belongs to the innermost app: "shop.admin" if that is
            # an installed app, or else "shop".
            app = module
            while app and app not in self._labels:
                app = app.rpartition(".")[0]
            self._places[key] = Place(self._labels.get(app), component, file)
        return self._places[key]


def is_third_party(module: str, file: str | None) -> bool:
    """
    Return whether a module is installed, or part of Python.

    What ``SIGNALTOOLS["PROJECT"]`` names is part of the project wherever it is.
    """
    return _is_elsewhere(module, file) and not _is_named_in_settings(module)


def _is_named_in_settings(module: str) -> bool:
    # A wrong value is reported by the check of settings.
    with suppress(ImproperlyConfigured):
        return any(
            module == package or module.startswith(f"{package}.")
            for entry in conf.PROJECT
            for package in _packages(entry)
        )
    return False


def _packages(entry: str) -> list[str]:
    """
    Return the packages and modules that an entry of the setting may name.
    """
    configs = apps.app_configs.copy().values()
    labeled = [config.name for config in configs if config.label == entry]
    return [entry, *labeled, *_modules_of_distribution(entry)]


# Looking for a distribution reads folders.
@functools.cache
def _modules_of_distribution(name: str) -> list[str]:
    try:
        files = metadata.distribution(name).files or ()
    # A package that isn't a distribution, and names that can't be one.
    except (metadata.PackageNotFoundError, ValueError):
        return []
    # Each module is named, not the top-level package: that may be a namespace which
    # distributions of others are in as well.
    parts = [PurePath(file).with_suffix("").parts for file in files if _is_code(file)]
    return [".".join(p[:-1] if p[-1] == "__init__" else p) for p in parts]


def _is_code(file: PurePath) -> bool:
    return file.suffix == ".py" and all(
        map(str.isidentifier, file.with_suffix("").parts)
    )


def _is_elsewhere(module: str, file: str | None) -> bool:
    if file is None:
        file = loaded_object(module, "__file__")
    # Any object can be assigned to __file__. Modules that are compiled into Python lack
    # it. So do modules that code creates, which count as part of the project.
    if type(file) is not str or not file:
        return module.partition(".")[0] in sys.stdlib_module_names
    return _is_installed(file)


# Path operations are slow, and the files of a process are always the same ones.
@functools.lru_cache(maxsize=10_000)
def _is_installed(file: str) -> bool:
    path = PurePath(file)
    return not _INSTALLED.isdisjoint(path.parts) or any(
        path.is_relative_to(root) for root in _STANDARD_LIBRARY
    )


_INSTALLED = frozenset({"site-packages", "dist-packages"})
_STANDARD_LIBRARY = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib")}


def is_storage_method(receiver: Any) -> bool:
    """
    Return whether a receiver is a method of a file storage object.
    """
    if type(receiver) is not MethodType:
        return False
    # If this class hasn't been imported, no storage object exists. Importing it would
    # change what the project has loaded.
    storage = loaded_object("django.core.files.storage.base", "Storage")
    return storage is not None and is_a(receiver.__self__, storage)


@functools.lru_cache(maxsize=10_000)
def short_place(file: str | None, line: int | None, folder: str) -> str:
    """
    Return "shop/views.py:12", relative to ``folder``, or "" without a file.

    The path of the environment up to site-packages is left out: it is long, and it
    differs between machines.
    """
    if file is None:
        return ""
    start = ""
    if folder and file.startswith(folder.rstrip(os.sep) + os.sep):
        file = os.path.relpath(file, folder)
        # A virtual environment in the project keeps its name.
        start = r"\1"
    short = printable(_IN_ENVIRONMENT.sub(f"{start}…", file))
    return f"{short}:{line}" if line else short


# ".venv/lib/python3.13/site-packages/audit/log.py" becomes ".venv/…/audit/log.py".
_IN_ENVIRONMENT = re.compile(
    r"^(.*?[/\\]|)lib(?:64)?[/\\](?:(?:python|pypy)3[.\w]*[/\\])?(?:site|dist)-packages(?=[/\\])",
    re.IGNORECASE,
)
