from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def look_at_everything(whole_heap):
    """
    The checks behind the commands ask the garbage collector who holds a receiver.
    """
