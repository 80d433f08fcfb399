"""
System checks, tagged ``signals``.
"""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error

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
