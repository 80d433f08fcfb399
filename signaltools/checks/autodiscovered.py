"""
Find modules that connect receivers and that nothing but signaltools imports: W019.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from django.apps import AppConfig, apps
from django.core.exceptions import ImproperlyConfigured

from ..autodiscover import first_imports
from ..conf import conf
from ..introspect.objects import class_name, loaded_modules
from ..inventory.places import is_third_party
from ..inventory.records import Problem
from .importers import Importers


def autodiscovered_only() -> Iterator[Problem]:
    """
    Yield each module that signaltools was the first to import, that connects receivers,
    and that no other source imports.

    That signaltools was the first proves nothing: listed first, it is ready before any
    other app, and a function may import the module only when it is called.
    """
    # With an explicit True, the project relies on autodiscovery.
    if not _is_in_question():
        return
    configs = {each.label: each for each in apps.get_app_configs()}
    loaded = {name for name, _ in loaded_modules()}
    found = [
        each
        for each in first_imports.copy().values()
        if each.receivers and each.app in configs and each.module in loaded
    ]
    if not found:
        return
    importers = Importers({name for each in found for name in each.loaded})
    modules = {each.module for each in found}
    counts: Counter[str] = Counter()
    for each in found:
        for receiver in each.receivers:
            if receiver not in each.loaded:
                # One of the new modules connects a receiver of another module. Which
                # one isn't known if some of them are also imported elsewhere.
                if not all(map(importers.are_missing, each.loaded)):
                    continue
            elif not importers.are_missing(receiver):
                continue
            counts[receiver if receiver in modules else each.module] += 1
    for each in found:
        number = counts[each.module]
        if number and importers.are_missing(each.module):
            receivers = "1 receiver" if number == 1 else f"{number} receivers"
            yield Problem(
                "W019",
                each.module,
                f"Nothing but signaltools imports {each.module!r}, which connects "
                f"{receivers}.",
                _hint(configs[each.app], each.module),
            )


def _is_in_question() -> bool:
    # A wrong value is reported by the check of settings.
    try:
        return conf.AUTODISCOVER and not conf.relies_on_autodiscovery
    except ImproperlyConfigured:
        return False


def _hint(config: AppConfig, module: str) -> str:
    where = f"{class_name(type(config)).rpartition('.')[2]}.ready()"
    if is_third_party(module, None):
        where = "the ready() method of an app of the project"
    elif type(config) is AppConfig:
        where = f"the ready() method of an AppConfig in '{config.name}.apps'"
    return (
        f"Import it in {where}, or set SIGNALTOOLS['AUTODISCOVER'] = True if "
        "signaltools is installed in production."
    )
