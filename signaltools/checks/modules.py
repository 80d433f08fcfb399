"""
Find modules and AppConfig classes that nothing has imported or run.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from django.apps import AppConfig

from .._introspect import class_name, loaded_modules
from .._source import source_file
from .._text import clip
from ..findings import Finding
from ..inventory import is_third_party
from .app_files import app_files, app_folders, project_apps
from .connecting import connects
from .ready_classes import default_app_config, ready_classes


def unloaded_receivers() -> Iterator[Finding]:
    """
    Find modules of installed apps that would connect receivers if they were imported.

    Ask it after the URLconf has been loaded. It has false positives: a project may
    import a module only where it is needed. Third-party apps are theirs to fix.
    """
    # A file may have been imported under another name.
    loaded = {source_file(module) for _, module in loaded_modules()}
    others = app_folders()
    for config in project_apps():
        for file in app_files(config, others):
            if file.module in sys.modules or file.path in loaded:
                continue
            if is_third_party(file.module, file.path):
                continue
            if connects(file) and not file.is_of_another_app():
                yield Finding(
                    "W005",
                    file.module,
                    f"The module {file.module!r} connects receivers to signals, but "
                    "nothing has imported it.",
                    _import_hint(config),
                )


def _import_hint(config: AppConfig) -> str:
    if type(config) is not AppConfig:
        path = class_name(type(config))
    elif classes := ready_classes(config):
        path = next(iter(classes.values()))[0]
    else:
        return (
            f"Write an AppConfig in '{config.name}.apps' and import the module in its "
            "ready()."
        )
    return f"Import it in the ready() of {clip(path)!r}."


def unused_configs() -> Iterator[Finding]:
    """
    Find apps that run with Django's own AppConfig although they have one with a
    ``ready()``: one finding for an app, named after the first such class.
    """
    for config in project_apps():
        if type(config) is not AppConfig:
            continue
        for module, classes in list(ready_classes(config).items())[:1]:
            yield Finding(
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
