"""
Find the source files of installed apps.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from django.apps import AppConfig, apps

from ..introspect.objects import module_attribute

_NOT_THE_APP = re.compile(
    r"tests?|test_.*|.*_tests?|testing|conftest|migrations|management|__main__"
    r"|node_modules|static|templates"
)
_APP_CONFIG = re.compile(rb"^class \w+\(.*AppConfig\b.*\):", re.MULTILINE)


class AppFile(NamedTuple):
    """
    A source file of an app.

    ``module`` is the dotted path by which it can be imported, ``package`` what a
    relative import in it is relative to. ``folders`` are those between the app and the
    file.
    """

    module: str
    package: str
    path: str
    folders: tuple[str, ...]

    def read(self) -> bytes:
        """
        Return what is in the file, nothing if it cannot be read.
        """
        return _read(self.path)

    def is_of_another_app(self) -> bool:
        """
        Tell whether the file is in an app which is below this one, and not installed.
        """
        return any(map(_is_app, self.folders))


def project_apps() -> list[AppConfig]:
    """
    Return the installed apps that are not Django's.
    """
    configs = apps.get_app_configs()
    return [config for config in configs if not config.name.startswith("django.")]


def app_folders() -> set[str]:
    """
    Return the folders of the installed apps.
    """
    configs = apps.get_app_configs()
    return {folder for config in configs for folder in _folders(config)}


def app_files(
    config: AppConfig, others: Collection[str] = frozenset()
) -> Iterator[AppFile]:
    """
    Yield the source files of an app, sorted, without tests, migrations, commands and
    the folders ``others``. Nothing is yielded of an app in a zip file.
    """
    for root in _folders(config):
        for folder, folders, files in os.walk(root):
            if folder != root and "__init__.py" not in files:
                folders.clear()
                continue
            folders[:] = sorted(
                name
                for name in folders
                if _may_be_code(name) and os.path.join(folder, name) not in others
            )
            for file in sorted(files):
                if file.endswith(".py") and _may_be_code(file[:-3]):
                    yield _app_file(config, root, os.path.join(folder, file))


def _app_file(config: AppConfig, root: str, path: str) -> AppFile:
    *parents, file = os.path.relpath(path, root).split(os.sep)
    package = ".".join([config.name, *parents])
    module = package if file == "__init__.py" else f"{package}.{file[:-3]}"
    _, *folders = accumulate([root, *parents], os.path.join)
    return AppFile(module, package, path, tuple(folders))


def _folders(config: AppConfig) -> list[str]:
    # A module that is no package has no __path__; a namespace package has its own type.
    path = module_attribute(config.module, "__path__") if config.module else None
    return [folder for folder in path or () if type(folder) is str]


def _may_be_code(name: str) -> bool:
    return name.isidentifier() and not _NOT_THE_APP.fullmatch(name)


def _is_app(folder: str) -> bool:
    names = [path.name for path in Path(folder).iterdir()]
    return (
        "apps.py" in names
        or "migrations" in names
        or any(
            _APP_CONFIG.search(_read(os.path.join(folder, name)))
            for name in names
            if name.endswith(".py")
        )
    )


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""
