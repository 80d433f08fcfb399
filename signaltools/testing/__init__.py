"""
Test what is sent, and what should not run.
"""

from __future__ import annotations

from .capturing import Capture, assert_not_sent, assert_sent, capture
from .case import SignalTestCaseMixin
from .comparing import where
from .connected import assert_connected, assert_not_connected
from .isolating import isolate
from .matching import Sent
from .muting import mute
from .queued import run_queued
from .runner import SignalCoverageRunnerMixin

__all__ = [
    "Capture",
    "Sent",
    "SignalCoverageRunnerMixin",
    "SignalTestCaseMixin",
    "assert_connected",
    "assert_not_connected",
    "assert_not_sent",
    "assert_sent",
    "capture",
    "isolate",
    "mute",
    "run_queued",
    "where",
]
