"""
Where a piece of code belongs: its app, its component, its file.
"""

from __future__ import annotations

import functools
import os
import re
import sys
import sysconfig
from pathlib import PurePath
from types import MethodType, ModuleType
from typing import Any, NamedTuple

from django.apps import apps

from ..introspect.objects import is_a, module_attribute
from ..introspect.text import printable
from .records import Component


class Place(NamedTuple):
    """
    The app, the component and the absolute file of a piece of code.
    """

    app: str | None
    component: Component
    file: str | None


class Places:
    """
    Find out once where each piece of code belongs.
    """

    def __init__(self) -> None:
        configs = apps.app_configs.copy().values()
        self._labels = {config.name: config.label for config in configs}
        self._known: dict[tuple[str, str | None], Place] = {}

    def find(self, module: str, filename: str | None) -> Place:
        key = module, filename
        if key not in self._known:
            file = _absolute(filename) if filename else None
            place = Place(self._app(module), _component(module, file), file)
            self._known[key] = place
        return self._known[key]

    def _app(self, module: str) -> str | None:
        while module:
            if module in self._labels:
                return self._labels[module]
            module = module.rpartition(".")[0]
        return None


def _absolute(filename: str) -> str | None:
    # "<string>", "<frozen importlib._bootstrap>" and the like name no file.
    return None if filename.startswith("<") else os.path.abspath(filename)


def _component(module: str, file: str | None) -> Component:
    if module.partition(".")[0] == "django":
        return "django"
    return "third_party" if is_third_party(module, file) else "project"


def is_third_party(module: str, file: str | None) -> bool:
    """
    Tell whether a module is installed, or part of Python.
    """
    file = file or _module_file(module)
    if file is None:
        return module.partition(".")[0] in sys.stdlib_module_names
    return _is_outside(file)


@functools.lru_cache(maxsize=10_000)
def _is_outside(file: str) -> bool:
    path = PurePath(file)
    return not _INSTALLED.isdisjoint(path.parts) or any(
        path.is_relative_to(root) for root in _STANDARD_LIBRARY
    )


_INSTALLED = frozenset({"site-packages", "dist-packages"})
_STANDARD_LIBRARY = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib")}


def _module_file(name: str) -> str | None:
    module = sys.modules.get(name)
    if not is_a(module, ModuleType):
        return None
    file = module_attribute(module, "__file__")
    return file if type(file) is str else None


def is_storage_method(receiver: Any) -> bool:
    """
    Tell whether a receiver comes and goes with a file storage object.
    """
    if type(receiver) is not MethodType:
        return False
    # Whoever has a storage object has imported its class.
    module = sys.modules.get("django.core.files.storage.base")
    return module is not None and is_a(receiver.__self__, module.Storage)


@functools.lru_cache(maxsize=10_000)
def short_place(file: str | None, line: int | None, folder: str) -> str:
    """
    Return "shop/views.py:12", relative to ``folder``, and "" without a file.
    """
    if file is None:
        return ""
    short = printable(_short_path(file, folder))
    return f"{short}:{line}" if line else short


def _short_path(file: str, folder: str) -> str:
    """
    Return ``file`` relative to ``folder``, without the inside of a site-packages.

    An environment that is somewhere else is left out as well: it says little, is long,
    and differs between machines.
    """
    if folder and file.startswith(folder.rstrip(os.sep) + os.sep):
        return _INSIDE_ENVIRONMENT.sub(r"\1…", os.path.relpath(file, folder))
    return _INSIDE_ENVIRONMENT.sub("…", file)


# ".venv/lib/python3.13/site-packages/audit/log.py" becomes ".venv/…/audit/log.py".
_INSIDE_ENVIRONMENT = re.compile(
    r"^(.*?[/\\]|)lib(?:64)?[/\\](?:(?:python|pypy)3[.\w]*[/\\])?(?:site|dist)-packages(?=[/\\])",
    re.IGNORECASE,
)
