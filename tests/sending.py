"""
Make signals to send, for tests of what is recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.dispatch import Signal


def make(*receivers: Callable[..., Any]) -> Signal:
    """
    Return a signal that holds on to ``receivers``.
    """
    signal = Signal()
    for receiver in receivers:
        signal.connect(receiver, weak=False)
    return signal
