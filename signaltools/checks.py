"""
System checks, tagged ``signals``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import ImproperlyConfigured
from django.core.management import get_commands

from ._text import did_you_mean
from .conf import KEYS, conf


def check_settings(**kwargs: Any) -> list[CheckMessage]:
    """
    Report keys of ``SIGNALTOOLS`` that nothing reads, and values of another type.
    """
    unknown = [
        Error(
            f"Unknown setting {key!r} in SIGNALTOOLS.",
            hint=did_you_mean(str(key), KEYS).strip() or f"Known: {', '.join(KEYS)}.",
            id="signaltools.E001",
        )
        for key in conf.unknown
    ]
    return [*unknown, *_wrong_values()]


def _wrong_values() -> Iterator[Error]:
    for key in KEYS:
        try:
            getattr(conf, key)
        except ImproperlyConfigured as error:
            yield Error(str(error), id="signaltools.E002")


def check_command(**kwargs: Any) -> list[CheckMessage]:
    """
    Report another app that owns the command ``list_signals``.
    """
    owner = get_commands()["list_signals"]
    if owner == "signaltools":
        return []
    return [
        CheckWarning(
            f"The command 'list_signals' belongs to {owner!r}.",
            hint=f"List 'signaltools' before {owner!r} in INSTALLED_APPS.",
            id="signaltools.W020",
        )
    ]
