"""
A trace, a mute, and a capture beside what instruments a project, a process for each.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .beside import START

SCRIPT = Path(__file__).with_name("beside.py")


@pytest.mark.parametrize("time", ["before", "inside", "after"])
@pytest.mark.parametrize("instrument", START)
def test_instrument_changes_nothing(instrument, time):
    command = [sys.executable, str(SCRIPT), instrument, time]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
