from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def look_at_everything(whole_heap):
    """
    A check asks the garbage collector who holds a receiver.
    """
