"""
Find modules that would connect receivers, but were never imported: W005.

Importing a module only to find out would connect its receivers, so its source is read.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from django.apps import AppConfig

from ..introspect.objects import class_name, loaded_modules
from ..introspect.source import source_file
from ..introspect.text import clip, text_list
from ..inventory.app_files import app_files, app_folders, project_apps
from ..inventory.places import is_third_party
from ..inventory.records import Problem
from .app_configs import ready_classes
from .connecting import Connects, connects


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
            found = connects(file)
            if found is not None and not file.is_of_another_app():
                yield Problem(
                    "W005",
                    file.module,
                    f"The module {file.module!r} connects {receivers_text(found)} to "
                    f"signals, but it was never imported{_listed(found)}.",
                    _import_hint(config),
                    unconnected=found.receivers,
                )


def receivers_text(found: Connects) -> str:
    """
    Return the number of receivers for a sentence, without one if it isn't known.
    """
    if found.total is None:
        return "receivers"
    return f"{found.total} receiver" + ("s" if found.total > 1 else "")


def _listed(found: Connects) -> str:
    names = dict.fromkeys(repr(each.name) for each in found.receivers)
    return f": {text_list(names)}" if names else ""


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
