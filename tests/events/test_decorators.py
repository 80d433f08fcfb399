from __future__ import annotations

import django.dispatch
import pytest

import signaltools
from signaltools import receiver
from signaltools.exceptions import EventWarning

from .declared import bill_lost, bill_paid, misspelt, no_kwargs

pytestmark = pytest.mark.usefixtures("without_test_tools")


def test_receiver_is_the_function_of_django():
    assert signaltools.receiver is django.dispatch.receiver


@pytest.mark.usefixtures("checked")
def test_a_receiver_without_kwargs_is_refused_with_djangos_sentence():
    with pytest.raises(ValueError, match="receiver") as caught:
        signaltools.receiver(bill_paid)(no_kwargs)
    assert str(caught.value) == (
        "Signal receivers must accept keyword arguments (**kwargs). "
        "The receiver 'tests.events.declared.no_kwargs' of "
        "'tests.events.declared.bill_paid' doesn't."
    )


@pytest.mark.parametrize("connect", [bill_lost.connect, receiver(bill_lost)])
def test_a_lenient_event_only_warns_about_a_receiver(connect, checked):
    with pytest.warns(EventWarning) as caught:
        connect(misspelt)
    [warning] = caught
    assert str(warning.message) == (
        "The receiver 'tests.events.declared.misspelt' requires the argument 'ordr', "
        "but 'tests.events.declared.bill_lost' doesn't send it. Did you mean 'order'?"
    )
    assert warning.filename == __file__
    assert len(bill_lost.receivers) == 1
