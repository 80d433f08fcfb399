"""
Make signals to send, for tests of what is recorded, and forget those of other tests.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

from django.dispatch import Signal

from signaltools.inventory.held import with_held
from signaltools.inventory.names import Registry


def make(*receivers: Callable[..., Any]) -> Signal:
    """
    Return a signal that holds on to ``receivers``.
    """
    signal = Signal()
    for receiver in receivers:
        signal.connect(receiver, weak=False)
    return signal


def forget_unnamed_signals() -> None:
    """
    Take the receivers from the unnamed signals that other tests have left behind.

    Without receivers they aren't listed.
    """
    gc.collect()
    for entry in with_held(Registry().entries(), list):
        if entry.name.startswith("unnamed"):
            entry.signal.receivers = []
