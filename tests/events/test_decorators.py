from __future__ import annotations

from unittest import mock

import django.dispatch
import pytest
from django.db.models.signals import post_save
from django.dispatch import Signal

from signaltools import receiver
from signaltools.exceptions import EventWarning
from tests.testapp.models import Order

from .declared import bill_lost, bill_paid, bill_tagged, misspelt, no_kwargs

pytestmark = pytest.mark.usefixtures("without_test_tools")


def test_receiver_of_one_signal_is_that_of_django():
    with mock.patch.object(django.dispatch, "receiver") as djangos:
        result = receiver(bill_paid, sender=int)
    assert result is djangos.return_value
    djangos.assert_called_once_with(bill_paid, sender=int)


@pytest.mark.parametrize("kind", [list, tuple])
def test_a_receiver_is_connected_to_each_of_several_signals(kind):
    def receive(sender, **kwargs): ...

    signals = kind([bill_paid, Signal(), post_save, bill_lost])
    assert receiver(signals, sender=Order, dispatch_uid="x")(receive) is receive
    for signal in signals:
        assert signal.disconnect(sender=Order, dispatch_uid="x")


def refusing_option():
    return [Signal(), bill_paid], only_kwargs, {"unknown": 1}


def refusing_event():
    return [Signal(), bill_tagged, bill_paid], misspelt, {}


def refusing_model_signal():
    return [bill_paid, Signal(), post_save], only_kwargs, {"sender": "no model"}


def refusing_plain_signal():
    return [bill_paid, Signal(), Failing()], only_kwargs, {"dispatch_uid": "x"}


class Failing(Signal):
    def connect(self, *args, **kwargs):
        raise LookupError("no")


def only_kwargs(**kwargs): ...


@pytest.mark.usefixtures("checked")
@pytest.mark.parametrize(
    ("make", "error"),
    [
        (refusing_option, TypeError),
        (refusing_event, ValueError),
        (refusing_model_signal, ValueError),
        (refusing_plain_signal, LookupError),
    ],
)
def test_a_receiver_that_one_of_several_signals_refuses_is_connected_to_none(
    make, error
):
    signals, function, options = make()
    before = [list(signal.receivers) for signal in signals]
    with pytest.raises(error):
        receiver(signals, **options)(function)
    assert [signal.receivers for signal in signals] == before


def test_a_connection_that_was_there_before_survives_a_refusal():
    bill_paid.connect(only_kwargs)
    with pytest.raises(LookupError):
        receiver([bill_paid, bill_tagged, Failing()])(only_kwargs)
    assert len(bill_paid.receivers) == 1
    assert bill_tagged.receivers == []


@pytest.mark.usefixtures("checked")
def test_a_receiver_without_kwargs_is_refused_with_djangos_sentence():
    with pytest.raises(ValueError, match="receiver") as caught:
        receiver(bill_paid)(no_kwargs)
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


def test_a_receiver_in_the_background_may_be_connected_to_several_events():
    from tests.events.queued import idle

    signals = [bill_paid, bill_lost]
    assert receiver(signals)(idle) is idle
    for signal in signals:
        assert signal.disconnect(idle)
