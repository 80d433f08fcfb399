from __future__ import annotations

import pytest

from tests.testapp.models import Order

from .declared import EVENTS


@pytest.fixture(autouse=True)
def nothing_stays_connected():
    yield
    for signal in EVENTS:
        signal.receivers = []


@pytest.fixture
def checked(settings):
    settings.SIGNALTOOLS = {"CHECK_EVENTS": True}


@pytest.fixture
def order():
    return Order(stamp="A")
