"""
Find the source files of installed apps.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Iterator
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from django.apps import AppConfig, apps

from ..introspect.objects import module_attribute

_TESTS = r"tests?|test_.*|.*_tests?|testing|conftest"
TEST = re.compile(_TESTS)
_NOT_CODE = re.compile(rf"{_TESTS}|migrations|node_modules|static|templates")
_NOT_IMPORTED = re.compile(rf"{_NOT_CODE.pattern}|management|__main__")
# What these send and connect isn't looked for.
_KNOWN = {"django", "signaltools"}
_APP_CONFIG = re.compile(rb"^class \w+\(.*AppConfig\b.*\):", re.MULTILINE)


class AppFile(NamedTuple):
    """
    A source file of an app.

    ``module`` is the dotted path by which it can be imported, and ``package`` the one
    that its relative imports start from. ``folders`` are those between the app and the
    file.
    """

    module: str
    package: str
    path: str
    folders: tuple[str, ...]

    def is_of_another_app(self) -> bool:
        """
        Return whether the file is in an app below this one that isn't installed.
        """
        # Installed apps below this one are left out by app_files().
        return any(map(_is_app, self.folders))


def is_known(module: str) -> bool:
    """
    Return whether the module is of Django, signaltools, or the standard library.
    """
    top = module.partition(".")[0]
    return top in _KNOWN or top in sys.stdlib_module_names


def project_apps() -> list[AppConfig]:
    """
    Return the installed apps, except Django's own and signaltools.
    """
    configs = apps.get_app_configs()
    # An app may have the name of a module of the standard library.
    return [c for c in configs if c.name.partition(".")[0] not in _KNOWN]


def app_folders() -> set[str]:
    """
    Return the folders of the installed apps.
    """
    configs = apps.get_app_configs()
    return {folder for config in configs for folder in _folders(config)}


def app_files(
    config: AppConfig, skipped: Collection[str] = frozenset(), *, scripts: bool = False
) -> Iterator[AppFile]:
    """
    Yield the source files of an app, sorted, without tests, migrations, and the folders
    ``skipped``. An app in a zip file doesn't have any.

    Unless ``scripts`` is true, that leaves out commands and folders without an
    ``__init__.py``, too.
    """
    left_out = _NOT_CODE if scripts else _NOT_IMPORTED
    for root in _folders(config):
        for folder, folders, files in os.walk(root):
            is_package = "__init__.py" in files or (
                # Django finds commands in folders that aren't packages.
                scripts and any(name.endswith(".py") for name in files)
            )
            if folder != root and not is_package:
                folders[:] = {"commands"} & {*folders} if scripts else ()
                continue
            # os.walk() continues with what is left in this list.
            folders[:] = sorted(
                name
                for name in folders
                if _may_be_code(name, left_out)
                and os.path.join(folder, name) not in skipped
            )
            parents = Path(folder).relative_to(root).parts
            package = ".".join([config.name, *parents])
            _, *between = accumulate([root, *parents], os.path.join)
            for file in sorted(files):
                name = file.removesuffix(".py")
                if name != file and _may_be_code(name, left_out):
                    module = package if name == "__init__" else f"{package}.{name}"
                    path = os.path.join(folder, file)
                    yield AppFile(module, package, path, tuple(between))


def _folders(config: AppConfig) -> list[str]:
    # A single module has no __path__, and the one of a namespace package isn't a list.
    path = module_attribute(config.module, "__path__") if config.module else None
    return [folder for folder in path or () if type(folder) is str]


def _may_be_code(name: str, left_out: re.Pattern[str]) -> bool:
    return name.isidentifier() and not left_out.fullmatch(name)


def _is_app(folder: str) -> bool:
    names = [path.name for path in Path(folder).iterdir()]
    if "apps.py" in names or "migrations" in names:
        return True
    # Before "apps.py" became usual, the AppConfig could be in any module.
    sources = [os.path.join(folder, name) for name in names if name.endswith(".py")]
    return any(_APP_CONFIG.search(read_file(source)) for source in sources)


def read_file(path: str) -> bytes:
    """
    Return the content of a file, or nothing if it can't be read.
    """
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""
