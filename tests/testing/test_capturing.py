from __future__ import annotations

import asyncio
import threading
from unittest import mock

import pytest
from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import Signal

from signaltools import trace
from signaltools.exceptions import SignalNotFound
from signaltools.testing import assert_sent, capture, mute
from tests.sending import make
from tests.testapp.models import Order, Tag
from tests.testapp.signals import order_cancelled, order_paid, order_shipped

NAME = "'tests.testapp.signals.order_cancelled'"


def receive(**kwargs):
    return 1


def message(caught):
    return str(caught.value)


# Captures


def test_sends_are_kept_with_the_objects_themselves():
    signal, thing = make(receive), object()
    with capture(signal) as sent:
        assert list(sent) == []
        signal.send(Order, thing=thing)
        signal.send_robust(sender=None)
        order_cancelled.send(None)
    signal.send(None)

    first, second = sent
    assert first is sent[0]
    assert sent[:1] == [first]
    assert len(sent) == 2
    assert (first.signal, first.method, first.sender) == (signal, "send", Order)
    assert first.arguments == {"thing": thing}
    assert first.responses == [(receive, 1)]
    assert (second.method, second.sender, second.error) == ("send_robust", None, None)


def test_sends_of_several_signals_are_in_the_order_of_their_begin():
    def send_on(**kwargs):
        order_cancelled.send(None, second=1)

    signal = make(send_on)
    with capture(signal, order_cancelled) as sent:
        signal.send(None, first=1)
        order_cancelled.send(None, third=1)
    assert [[*each.arguments] for each in sent] == [["first"], ["second"], ["third"]]


@pytest.mark.parametrize("method", ["asend", "asend_robust"])
def test_awaited_sends_are_captured(method):
    async def receive_too(**kwargs):
        await asyncio.sleep(0)
        return 2

    signal = make(receive, receive_too)

    async def main():
        with capture(signal) as sent:
            await asyncio.gather(*(getattr(signal, method)(n) for n in range(3)))
        return sent

    sent = asyncio.run(main())
    assert [each.sender for each in sent] == [0, 1, 2]
    assert {each.method for each in sent} == {method}
    assert all(each.responses == [(receive, 1), (receive_too, 2)] for each in sent)


def test_a_send_that_fails_is_kept_with_its_error():
    def fail(**kwargs):
        raise error

    error = ValueError("no")
    with capture(order_cancelled) as sent:
        order_cancelled.connect(fail)
        with pytest.raises(ValueError, match="no"):
            order_cancelled.send(None)
        order_cancelled.disconnect(fail)
    assert sent[0].error is error
    assert sent[0].responses is None


def test_a_receiver_may_send_the_same_signal():
    def again(depth, **kwargs):
        if depth:
            signal.send(None, depth=depth - 1)

    signal = make(again)
    with capture(signal) as sent:
        signal.send(None, depth=2)
    assert [each.arguments["depth"] for each in sent] == [2, 1, 0]


def test_a_class_with_methods_of_its_own_is_captured_once():
    class Own(Signal):
        def send(self, sender, **named):
            assert self.has_listeners(sender)
            return super().send(sender, **named)

        def asend(self, sender, **named):
            return super().asend(sender, **named)

        send_robust = mock.Mock(return_value="anything")

    signal = Own()
    signal.connect(receive)
    with capture(signal) as sent:
        signal.send(None, a=1)
        asyncio.run(signal.asend(None, a=2))
        assert signal.send_robust(None, a=3) == "anything"
    assert [each.arguments["a"] for each in sent] == [1, 2, 3]
    assert [each.responses for each in sent] == [[(receive, 1)]] * 2 + [None]


def test_a_captured_signal_has_listeners():
    with capture(order_cancelled):
        assert order_cancelled.has_listeners()
        assert not Signal().has_listeners()
    assert not order_cancelled.has_listeners()


@pytest.mark.django_db
def test_deleting_sends_what_is_captured():
    tag = Tag.objects.create(stamp="gift")
    with assert_sent(post_delete, {"instance": tag}, sender=Tag, times=1):
        tag.delete()


def test_a_trace_around_or_inside_records_the_same():
    signal = make(receive)
    for outer, inner in ((trace, capture), (capture, trace)):
        arguments = {trace: (), capture: (signal,)}
        with outer(*arguments[outer]) as first, inner(*arguments[inner]) as second:
            signal.send(None)
        found = {outer: first, inner: second}
        assert found[trace].totals[1:3] == (1, 1)
        assert found[capture][0].responses == [(receive, 1)]


def test_signals_may_be_given_by_name():
    with capture("tests.testapp.signals.order_cancelled") as sent:
        order_cancelled.send(None)
    sent.assert_sent("tests.testapp.signals.order_cancelled", times=1)
    with pytest.raises(SignalNotFound) as caught:
        capture("tests.testapp.signals.order_canceled")
    assert message(caught) == (
        "No loaded signal is named 'tests.testapp.signals.order_canceled'. "
        f"Did you mean {NAME}?"
    )


@pytest.mark.parametrize(
    ("signals", "expected"),
    [
        ((), "capture() requires at least one signal."),
        ((3,), "capture() requires a signal, not 3."),
    ],
)
def test_capture_needs_signals(signals, expected):
    with pytest.raises(TypeError) as caught:
        capture(*signals)
    assert message(caught) == expected


def test_a_capture_shows_its_sends():
    with capture(order_cancelled) as sent:
        order_cancelled.send(Order, reason="late")
    assert repr(sent) == (
        f"<Capture: [<Sent: {NAME} by testapp.Order with reason='late'>]>"
    )
    with pytest.raises(RuntimeError) as caught, sent, sent:
        pass
    assert message(caught) == f"{sent!r} is already in use; create another one."


def test_other_threads_are_captured_only_everywhere():
    def work():
        order_cancelled.send(None, thread=1)

    def run():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    with capture(order_cancelled) as here:
        with capture(order_cancelled, everywhere=True) as everywhere:
            run()
        run()
    assert (len(here), len(everywhere)) == (0, 1)


def test_a_task_that_goes_on_is_not_captured():
    async def main():
        go_on = asyncio.Event()

        async def later():
            await go_on.wait()
            order_cancelled.send(None)

        with capture(order_cancelled) as sent:
            task = asyncio.create_task(later())
        go_on.set()
        await task
        return sent

    assert len(asyncio.run(main())) == 0


# Assertions that hold


def test_an_error_in_the_block_comes_first():
    with pytest.raises(ZeroDivisionError), assert_sent(order_cancelled):
        1 / 0  # noqa: B018


def test_an_event_checks_its_arguments():
    with (
        pytest.raises(TypeError, match="'parcels' must be int, not 'many'"),
        assert_sent(order_shipped),
        mute(order_shipped),
    ):
        order_shipped.send(Order, order=Order(), parcels="many")


def test_defaults_of_an_event_are_captured():
    order = Order(pk=1)
    with assert_sent(order_shipped, {"order": order, "parcels": 1, "note": None}):
        order_shipped.send(Order, order=order)


def test_a_signal_that_is_not_captured_is_refused():
    with capture(order_paid) as sent:
        pass
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        sent.assert_sent(order_cancelled)
    assert (
        message(caught) == f"{order_cancelled!r} isn't captured; pass it to capture()."
    )


@pytest.mark.django_db(transaction=True)
def test_a_rollback_sends_nothing():
    failing = pytest.raises(AssertionError)
    with failing, assert_sent(order_shipped), transaction.atomic():
        order_shipped.send_on_commit(Order, order=Order())
        transaction.set_rollback(True)
