"""
System checks, tagged ``signals``.
"""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.core.management import get_commands

from ._text import did_you_mean
from .conf import KEYS, conf


def check_settings(**kwargs: Any) -> list[CheckMessage]:
    """
    Report keys of ``SIGNALTOOLS`` that nothing reads.
    """
    return [
        Error(
            f"Unknown setting {key!r} in SIGNALTOOLS.",
            hint=did_you_mean(str(key), KEYS).strip() or f"Known: {', '.join(KEYS)}.",
            id="signaltools.E001",
        )
        for key in conf.unknown
    ]


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
