from __future__ import annotations

import asyncio
import gc
import threading
import time
from functools import partial
from unittest import mock

import pytest
from asgiref.sync import iscoroutinefunction, sync_to_async
from django.core.signals import setting_changed
from django.db.models.signals import post_delete, post_save, pre_delete
from django.dispatch import Signal
from django.http import HttpResponse
from django.template import Context, Engine
from django.test import Client, override_settings
from django.urls import path

from signaltools import event, registry, trace
from signaltools.exceptions import SignalNotFound
from signaltools.introspect.callables import describe
from signaltools.recording import patches
from signaltools.testing import capture, mute
from tests.sending import make
from tests.shapes import SHAPES
from tests.stress import STRESS_SECONDS, frequent_switches
from tests.testapp.models import Order, Tag
from tests.testapp.receivers import audit, index_order, ledger
from tests.testapp.signals import order_cancelled, order_paid


@pytest.fixture(autouse=True)
def nothing_is_left():
    before = methods()
    yield
    assert methods() == before
    assert patches._tools == []


def methods():
    return {name: id(value) for name, value in vars(Signal).items()}


def receive(**kwargs):
    return 1


def receive_too(**kwargs):
    return 2


async def receive_later(**kwargs):
    await asyncio.sleep(0)
    return 3


def send_all(signal, sender=None):
    """
    Return what each of the four methods returns.
    """

    async def main():
        return await signal.asend(sender), await signal.asend_robust(sender)

    return signal.send(sender), signal.send_robust(sender), *asyncio.run(main())


ALL = [(receive, 1), (receive_too, 2), (receive_later, 3)]


def test_muted_receivers_do_not_run():
    signal, other = make(receive, receive_too, receive_later), make(receive)
    with mute(signal):
        assert send_all(signal) == ([],) * 4
        assert other.send(None) == [(receive, 1)]
        assert not signal.has_listeners()
    assert send_all(signal) == (ALL,) * 4


def test_only_the_named_receivers_are_muted():
    signal = make(receive, receive_too, receive_later)
    with mute(signal, receivers=[receive_later, f"{__name__}.receive"]):
        assert send_all(signal) == (ALL[1:2],) * 4
    with mute(signal, receivers=receive_too):
        assert signal.send_robust(None) == ALL[::2]


def test_a_receiver_that_is_not_connected_cannot_be_muted():
    signal = make(receive)
    with pytest.raises(ValueError) as caught, mute(signal, receivers=receive_too):  # noqa: PT011
        pass
    assert str(caught.value) == (
        f"Can't mute '{__name__}.receive_too': it isn't connected to "
        f"'unnamed Signal (django.dispatch.dispatcher.Signal)'. "
        f"Did you mean 'receive'?"
    )


def test_methods_are_compared_by_their_object():
    with mute(order_paid, receivers=[ledger.book]):
        sync, _ = order_paid._live_receivers(Order)
        assert ledger.book not in sync
    sync, _ = order_paid._live_receivers(Order)
    assert ledger.book in sync


@pytest.mark.parametrize(
    "shape",
    [shape for shape in SHAPES if shape.connectable],
    ids=lambda shape: shape.label,
)
def test_receivers_of_every_shape_are_muted(shape):
    signal = make(shape.receiver, receive)
    with mute(signal, receivers=[shape.receiver]):
        assert signal.send(None) == [(receive, 1)]


# Everything but some


def test_all_signals_are_muted_but_some():
    one, other = make(receive, receive_later), make(receive, receive_later)
    with mute(except_=[other]):
        assert send_all(one) == ([],) * 4
        assert send_all(other) == ([(receive, 1), (receive_later, 3)],) * 4
        assert not one.has_listeners()
        assert other.has_listeners()
    with mute(except_=[]):
        assert one.send(None) == other.send(None) == []
    assert one.send(None) == [(receive, 1), (receive_later, 3)]


def test_all_receivers_are_muted_but_some():
    signal = make(receive, receive_too, receive_later)
    for exception in (receive_too, f"{__name__}.receive_too"):
        with mute(except_=[exception]):
            assert send_all(signal) == ([(receive_too, 2)],) * 4
        with mute(signal, except_=exception):
            assert send_all(signal) == ([(receive_too, 2)],) * 4
            assert make(receive).send(None) == [(receive, 1)]
    with mute(order_paid, except_=ledger.book):
        sync, _ = order_paid._live_receivers(Order)
        assert sync == [ledger.book]


def test_signals_and_classes_of_later_are_muted():
    class Own(Signal):
        def send(self, sender, **named):
            return super().send(sender, **named)

        def _live_receivers(self, sender):
            return super()._live_receivers(sender)

    with mute(except_=[order_paid]):
        later = make(receive)

        class Later(Own):
            def _live_receivers(self, sender):
                return super()._live_receivers(sender)

        @event
        def declared(sender): ...

        signals = [later, Own(), Later(), Signal(use_caching=True), declared]
        for signal in signals:
            signal.connect(receive)
            signal.connect(receive_later)
            assert send_all(signal, Tag) == ([],) * 4
    for signal in signals:
        assert signal.send(Tag) == [(receive, 1), (receive_later, 3)]


def test_an_exception_is_the_signal_itself():
    class Equal(Signal):
        def __eq__(self, other):
            return True

        __hash__ = None

    one, other = Equal(), Equal()
    for signal in (one, other):
        signal.connect(receive)
    with mute(except_=[one]):
        assert one.send(None) == [(receive, 1)]
        assert other.send(None) == []


def test_exceptions_may_be_given_by_name():
    names = [
        "tests.testapp.signals.order_paid",
        "django.db.models.signals.post_save",
        "tests.testapp.receivers.Ledger.book",
    ]
    for name in names:
        with mute(except_=name):
            sync, _ = order_paid._live_receivers(Order)
            assert (ledger.book in sync) is ("post_save" not in name)
    with mute(except_="django.db.models.signals.post_save"):
        assert post_save._live_receivers(Tag)[0] == [audit]


def test_names_that_are_no_paths_are_found(alone):
    registry.register("shop.by_hand", signal := make(receive))
    alone(order_cancelled).connect(local := lambda **kwargs: 4)
    name = describe(local).name
    try:
        with mute(except_=["shop.by_hand", name]):
            assert signal.send(None) == [(receive, 1)]
            assert order_cancelled.send(None) == [(local, 4)]
    finally:
        del registry._registered["shop.by_hand"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("tests.testapp.signals.order_payd", "tests.testapp.signals.order_paid"),
        ("tests.testapp.receivers.audits", "tests.testapp.receivers.audit"),
    ],
)
def test_a_name_that_is_not_known_is_refused(name, hint):
    with pytest.raises(SignalNotFound) as caught, mute(except_=[name]):
        pass
    assert str(caught.value) == (
        f"No loaded signal or connected receiver is named {name!r}. "
        f"Did you mean {hint!r}?"
    )


def test_wrong_arguments_of_mute_are_refused():
    for arguments, named, expected in [
        (
            (),
            {},
            "mute() requires at least one signal; pass except_=[] to mute all signals.",
        ),
        ((3,), {}, "mute() requires a signal, not 3."),
        (
            (order_paid,),
            {"receivers": receive, "except_": []},
            "mute() accepts either receivers or except_, not both.",
        ),
        ((), {"except_": [3]}, "except_ requires a signal or a receiver, not 3."),
    ]:
        with pytest.raises(TypeError) as caught:
            mute(*arguments, **named)
        assert str(caught.value) == expected


def test_functions_may_be_decorated_with_exceptions():
    one, other = make(receive), make(receive)

    @mute(except_=[other])
    def send():
        return one.send(None), other.send(None)

    @mute(except_=[other])
    async def asend():
        await asyncio.sleep(0)
        return await one.asend(None), await other.asend(None)

    assert send() == send() == asyncio.run(asend()) == ([], [(receive, 1)])
    assert one.send(None) == [(receive, 1)]


def test_receivers_of_django_run_if_all_signals_are_muted():
    def changed(**kwargs):
        seen.append(kwargs["setting"])

    seen = []
    setting_changed.connect(changed)
    with override_settings(USE_THOUSAND_SEPARATOR=True), mute(except_=[]):
        pass
    assert seen == ["USE_THOUSAND_SEPARATOR"] * 2
    with mute(except_=[]), override_settings(USE_THOUSAND_SEPARATOR=True):
        sync, _ = setting_changed._live_receivers(type(None))
        assert changed not in sync
        assert len(sync) > 3
    with mute(setting_changed):
        assert not setting_changed.has_listeners()
    with mute(setting_changed, except_=changed):
        assert setting_changed._live_receivers(None) == ([changed], [])
    setting_changed.disconnect(changed)
    assert seen == ["USE_THOUSAND_SEPARATOR"] * 2


def test_the_test_client_works_if_all_signals_are_muted(import_source):
    def view(request):
        return HttpResponse(Engine().from_string("{{ 1 }}").render(Context()))

    urls = import_source("urls_of_muting", "urlpatterns = []")
    urls.urlpatterns += [path("", view)]
    with (
        mute(except_=[], everywhere=True),
        override_settings(ROOT_URLCONF="urls_of_muting"),
    ):
        response = Client().get("/")
    assert response.content == b"1"
    # What assertTemplateUsed() looks at.
    assert len(response.templates) == 1


def test_nested_exceptions_are_all_needed():
    one, other = make(receive), make(receive)
    with mute(except_=[one]), mute(except_=[one, other]):
        assert one.send(None) == [(receive, 1)]
        assert other.send(None) == []


def test_a_trace_shows_what_is_muted_with_exceptions():
    with trace() as recording, mute(except_=["tests.testapp.receivers.audit"]):
        order_paid.send_robust(Order)
    reasons = {
        each.receiver.name: each.text
        for each in recording.not_run
        if each.signal == "tests.testapp.signals.order_paid"
    }
    name = "tests.testapp.receivers.Ledger.book"
    assert reasons[name] == "muted by signaltools.testing"


def test_other_threads_are_muted_with_exceptions_only_everywhere():
    one, other = make(receive), make(receive)
    assert in_thread(mute(except_=[other]), one) == [(receive, 1)]
    assert in_thread(mute(except_=[other], everywhere=True), one) == []
    assert in_thread(mute(except_=[one], everywhere=True), one) == [(receive, 1)]


def test_a_receiver_that_is_connected_later_is_muted_too():
    signal = Signal()
    with mute(signal):
        signal.connect(receive)
        assert signal.send(None) == []
    assert signal.send(None) == [(receive, 1)]


def test_functions_may_be_decorated():
    signal = make(receive)

    @mute(signal)
    def send():
        return signal.send(None)

    @mute(signal)
    async def asend():
        await asyncio.sleep(0)
        return await signal.asend(None)

    async def main():
        return await asyncio.gather(asend(), asend(), signal.asend(None))

    assert send() == send() == []
    assert send.__name__ == "send"
    assert iscoroutinefunction(asend)
    assert asyncio.run(main()) == [[], [], [(receive, 1)]]
    with pytest.raises(TypeError) as caught:
        mute(signal)(Tag)
    assert str(caught.value) == f"Only functions can be decorated, not {Tag!r}."


def test_mutes_nest_and_end_in_any_order():
    signal = make(receive, receive_too)
    outer, inner = mute(signal, receivers=receive), mute(signal, receivers=receive_too)
    outer.__enter__()
    inner.__enter__()
    assert signal.send(None) == []
    outer.__exit__()
    assert signal.send(None) == [(receive, 1)]
    inner.__exit__()
    assert signal.send(None) == [(receive, 1), (receive_too, 2)]


def test_a_thousand_mutes_leave_what_was_there():
    signals = [order_paid, post_save, post_delete]
    # Django clears away what other tests have left.
    for signal in signals:
        signal.has_listeners(Tag)
    rows = [signal.receivers for signal in signals]
    entries = [[*each] for each in rows]
    post_save.send(Tag)
    caches = [dict(signal.sender_receivers_cache) for signal in signals]
    before = methods()

    def nest(depth):
        if depth:
            with mute(*signals), capture(*signals), mute(post_save, receivers=audit):
                nest(depth - 1)
        else:
            assert post_save.send(Tag) == []

    for _ in range(10):
        nest(100)
    assert methods() == before
    for signal, row, entry, cache in zip(signals, rows, entries, caches, strict=True):
        assert signal.receivers is row
        assert all(new is old for new, old in zip(row, entry, strict=True))
        assert {**signal.sender_receivers_cache} == {**cache}


@pytest.mark.parametrize("tools", [(mute, trace), (trace, mute)])
@pytest.mark.parametrize("ended", [0, 1])
def test_a_trace_sees_what_is_left(tools, ended):
    signal = make(receive, receive_too)
    made = {trace: trace(), mute: mute(signal, receivers=receive)}
    for tool in tools:
        made[tool].__enter__()
    assert signal.send(None) == [(receive_too, 2)]
    made[tools[ended]].__exit__()
    signal.send(None)
    made[tools[1 - ended]].__exit__()
    names = [call.receiver for call in made[trace].calls]
    assert f"{__name__}.receive_too" in names
    assert (f"{__name__}.receive" in names) is (tools[ended] is mute)


def test_a_trace_shows_muted_receivers():
    with trace() as recording, mute(order_paid, receivers=ledger.book):
        order_paid.send_robust(Order)
    [(name, reason, text)] = [
        (each.receiver.name, each.reason, each.text)
        for each in recording.not_run
        if each.signal == "tests.testapp.signals.order_paid"
    ]
    assert name == "tests.testapp.receivers.Ledger.book"
    assert (reason, text) == ("muted", "muted by signaltools.testing")


def test_other_patchers_may_begin_and_end_meanwhile():
    signal = make(receive)
    original = Signal.__dict__["send"]
    block, recording = mute(signal), trace()
    with capture(signal) as sent:
        with mock.patch.object(Signal, "send", autospec=True, side_effect=Signal.send):
            with block, recording:
                assert signal.send(None) == []
            assert signal.send(None) == [(receive, 1)]
        signal.send(None)
    assert len(sent) == 3
    assert Signal.__dict__["send"] is original


def test_a_class_that_returns_something_else_is_left_alone():
    class Own(Signal):
        def _live_receivers(self, sender):
            return "anything"

    with mute(signal := Own()):
        assert signal._live_receivers(None) == "anything"


@pytest.mark.django_db
def test_models_are_deleted_as_if_there_were_no_receivers():
    tag = Tag.objects.create(stamp="gift")
    with mute(pre_delete, post_delete), capture(post_save) as sent:
        tag.delete()
    assert not Tag.objects.exists()
    assert len(sent) == 0


def test_threads_of_tasks_are_muted_and_others_are_not():
    signal = make(receive)

    async def main():
        with mute(signal):
            inside = asyncio.create_task(signal.asend(None))
            assert await sync_to_async(signal.send)(None) == []
            assert await asyncio.to_thread(signal.send, None) == []
            assert await inside == []
            late = asyncio.create_task(signal.asend(None))
        assert await late == [(receive, 1)]

    asyncio.run(main())
    assert in_thread(mute(signal), signal) == [(receive, 1)]
    assert in_thread(mute(signal, everywhere=True), signal) == []


def in_thread(block, signal):
    found = []
    with block:
        thread = threading.Thread(target=lambda: found.append(signal.send(None)))
        thread.start()
        thread.join()
    return found[0]


def test_two_threads_never_affect_each_other():
    signals = [make(receive, receive_too), make(receive, receive_too)]
    deadline = time.monotonic() + STRESS_SECONDS
    rounds, errors = [0, 0], []

    def work(number):
        own, other = signals[number], signals[1 - number]
        try:
            while rounds[number] <= 10 or time.monotonic() < deadline:
                rounds[number] += 1
                with mute(own), capture(own) as sent, mute(other, receivers=receive):
                    assert own.send(number) == []
                    assert other.send(number) == [(receive_too, 2)]
                    with capture(other) as others:
                        assert own.send_robust(number) == []
                        other.send(number)
                assert [each.sender for each in sent] == [number] * 2
                assert [each.sender for each in others] == [number]
                assert own.send(number) == [(receive, 1), (receive_too, 2)]
                if rounds[number] % 5 == 0:
                    with trace() as recording:
                        own.send(number)
                    assert recording._recorder.nodes == 3
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=partial(work, number)) for number in (0, 1)]
    with frequent_switches():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    gc.collect()
    assert errors == []
    assert min(rounds) > 10


def test_signals_of_django_can_be_muted_by_name():
    with mute("django.db.models.signals.post_save", receivers=index_order):
        pass
