from __future__ import annotations

import asyncio
import functools
import gc
import inspect
import sys
from contextlib import nullcontext, suppress
from types import ModuleType

import pytest
from django.db import connection, models, transaction
from django.db.models.signals import post_init, post_save, pre_init
from django.dispatch import Signal
from django.test import TestCase

import signaltools
from signaltools.recording import totals as limits
from signaltools.recording.remarks import Remark
from tests.shapes import Stock, on_save, on_save_async
from tests.testapp.models import Order, Tag

THIS = "tests.recording.test_remarks"
NAME = "shop.signals.paid"


class Web:
    pass


class Refusing(Signal):
    def send(self, sender, **named):
        raise ValueError("not today")


class Forwarding(Signal):
    """
    A signal that sends another one instead.
    """

    def __init__(self):
        super().__init__()
        self.other = Signal()

    def send(self, sender, **named):
        return self.other.send(sender, **named)


def fail(**kwargs):
    raise KeyError("vip")


async def fail_async(**kwargs):
    raise KeyError("vip")


async def wait(**kwargs):
    await asyncio.sleep(60)


@pytest.fixture
def paid(monkeypatch):
    """
    Return a signal that is called "shop.signals.paid".
    """
    return named_signal(monkeypatch, Signal())


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    # Django logs what its robust methods catch.
    monkeypatch.setattr("django.dispatch.dispatcher.logger.error", lambda *a, **kw: 0)


def named_signal(monkeypatch, signal):
    module = ModuleType("shop.signals")
    module.paid = signal
    monkeypatch.setitem(sys.modules, "shop.signals", module)
    return signal


def shown(trace):
    return [(r.level, r.receiver, r.text, r.count) for r in trace.remarks]


def line_of(function):
    return inspect.getsourcelines(function)[1]


def test_nothing_is_said_of_what_is_as_it_should_be(paid):
    paid.connect(on_save)

    with signaltools.trace() as trace:
        paid.send(Web)
        paid.send_robust(None)

    assert trace.remarks == ()


def test_error_that_a_receiver_raised_gets_a_remark_with_its_place(paid):
    paid.connect(fail)

    with signaltools.trace() as trace, pytest.raises(KeyError):
        paid.send(Web)

    assert trace.remarks == (
        Remark(
            level="error",
            signal=NAME,
            receiver=f"{THIS}.fail",
            text="raised KeyError: 'vip'",
            file=__file__,
            line=line_of(fail),
            count=1,
        ),
    )


@pytest.mark.parametrize("sends", [1, 3, 50])
def test_swallowed_errors_are_counted(paid, sends):
    paid.connect(fail)

    with signaltools.trace() as trace:
        for _ in range(sends):
            paid.send_robust(Web)

    text = "send_robust() swallowed KeyError: 'vip'"
    assert shown(trace) == [("error", f"{THIS}.fail", text, sends)]


def test_error_that_asend_robust_swallowed_gets_a_remark(paid):
    paid.connect(fail_async)

    with signaltools.trace() as trace:
        asyncio.run(paid.asend_robust(Web))

    text = "asend_robust() swallowed KeyError: 'vip'"
    assert shown(trace) == [("error", f"{THIS}.fail_async", text, 1)]


def test_error_that_asend_raised_gets_a_remark(paid):
    paid.connect(fail_async)

    with signaltools.trace() as trace, pytest.raises((KeyError, ExceptionGroup)):
        asyncio.run(paid.asend(Web))

    assert shown(trace) == [
        ("error", f"{THIS}.fail_async", "raised KeyError: 'vip'", 1)
    ]


def test_what_no_robust_method_catches_is_raised(paid):
    def stop(**kwargs):
        raise KeyboardInterrupt

    paid.connect(stop)

    with signaltools.trace() as trace, pytest.raises(KeyboardInterrupt):
        paid.send_robust(Web)

    [(level, _, text, _)] = shown(trace)
    assert (level, text) == ("error", "raised KeyboardInterrupt")


def test_send_that_raised_by_itself_gets_a_remark_with_the_caller(monkeypatch):
    paid = named_signal(monkeypatch, Refusing())
    paid.connect(on_save)

    with signaltools.trace() as trace, pytest.raises(ValueError, match=r"^not today$"):
        paid.send(Web)

    [remark] = trace.remarks
    assert (remark.level, remark.receiver) == ("error", None)
    assert remark.text == "send() raised ValueError: not today"
    assert remark.file == __file__


def test_error_of_django_about_a_partial_gets_a_remark(paid):
    paid.connect(functools.partial(fail), weak=False)

    with signaltools.trace() as trace, pytest.raises(AttributeError):
        paid.send_robust(Web)

    attribute = "'functools.partial' object has no attribute '__qualname__'"
    assert shown(trace) == [
        ("error", None, f"send_robust() raised AttributeError: {attribute}", 1),
        ("error", f"{THIS}.fail", "send_robust() swallowed KeyError: 'vip'", 1),
    ]


def test_error_of_a_signal_inside_gets_one_remark(monkeypatch):
    paid = named_signal(monkeypatch, Forwarding())
    paid.other.connect(fail)

    with signaltools.trace() as trace, pytest.raises(KeyError):
        paid.send(Web)

    assert shown(trace) == [("error", f"{THIS}.fail", "raised KeyError: 'vip'", 1)]


def test_cancelled_receiver_gets_a_remark(paid):
    paid.connect(wait)

    async def main():
        with signaltools.trace() as trace, pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await paid.asend(Web)
        return trace

    trace = asyncio.run(main())

    assert shown(trace) == [
        ("warning", f"{THIS}.wait", "cancelled before it finished", 1)
    ]


@pytest.mark.parametrize("method", ["send", "send_robust"])
@pytest.mark.parametrize("sends", [1, 30])
def test_asynchronous_receivers_that_send_cannot_run_get_a_remark(paid, method, sends):
    paid.connect(on_save)
    paid.connect(on_save_async)

    async def main():
        with signaltools.trace() as trace:
            for _ in range(sends):
                with pytest.raises(RuntimeError):
                    getattr(paid, method)(Web)
        return trace

    [remark] = asyncio.run(main()).remarks

    assert (remark.level, remark.receiver, remark.count) == ("error", None, sends)
    assert remark.file == __file__
    assert remark.text == (
        f"{method}() can't run async receivers in a running event loop; "
        f"await a{method}()"
    )


@pytest.mark.parametrize("method", ["send", "asend"])
def test_runtime_error_of_a_receiver_is_no_matter_of_the_loop(paid, method):
    def stop(**kwargs):
        raise RuntimeError("out of stock")

    paid.connect(stop)
    paid.connect(on_save_async)

    async def main():
        with signaltools.trace() as trace, suppress(RuntimeError):
            await getattr(paid, method)(Web)
        return trace

    remarks = asyncio.run(main()).remarks

    errors = [remark.text for remark in remarks if remark.level == "error"]
    assert errors == ["raised RuntimeError: out of stock"]


@pytest.mark.parametrize("signal", [pre_init, post_init])
@pytest.mark.django_db
def test_queries_when_an_instance_is_made_get_a_remark(signal):
    def count(**kwargs):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    signal.connect(count, sender=Tag)
    signal.connect(on_save, sender=Tag)
    try:
        with signaltools.trace() as trace:
            for _ in range(30):
                Tag()
    finally:
        signal.disconnect(count, sender=Tag)
        signal.disconnect(on_save, sender=Tag)

    [(level, _, text, times)] = shown(trace)
    assert (level, times) == ("warning", 30)
    assert text == "queries the database for every instance created"


@pytest.mark.django_db
def test_queries_of_other_receivers_are_nothing_special(paid):
    def count(**kwargs):
        Tag.objects.count()

    paid.connect(count)

    with signaltools.trace() as trace:
        paid.send(Web)

    assert trace.remarks == ()


@pytest.mark.parametrize("is_indirect", [False, True], ids=["direct", "indirect"])
def test_receiver_that_runs_recursively_gets_a_remark(paid, is_indirect):
    other = Signal()

    def resend(depth, **kwargs):
        if depth:
            signal = other if is_indirect else paid
            signal.send(Web, depth=depth - 1)

    def pass_on(depth, **kwargs):
        paid.send(Web, depth=depth)

    paid.connect(resend)
    other.connect(pass_on)

    with signaltools.trace() as trace:
        paid.send(Web, depth=1)

    [remark] = trace.remarks
    assert (remark.level, remark.signal, remark.count) == ("note", NAME, 1)
    assert remark.receiver.endswith(".<locals>.resend")
    assert remark.text == "ran recursively (it sent a signal that called it again)"


def test_receiver_that_runs_twice_in_a_row_is_not_recursively(paid):
    paid.connect(on_save)
    paid.connect(on_save, sender=Web)

    with signaltools.trace() as trace:
        paid.send(Web)
        paid.send(Web)

    assert trace.remarks == ()


def test_deep_recursion_is_one_remark(paid):
    def resend(depth, **kwargs):
        if depth:
            paid.send(Web, depth=depth - 1)

    paid.connect(resend)

    with signaltools.trace() as trace:
        paid.send(Web, depth=20)

    assert [count for *_, count in shown(trace)] == [20]


def test_synchronous_receiver_in_another_thread_gets_a_remark(paid):
    paid.connect(on_save)
    paid.connect(on_save_async)

    with signaltools.trace() as trace:
        asyncio.run(paid.asend(Web))

    assert shown(trace) == [
        ("note", "tests.shapes.on_save", "ran in a different thread from asend()", 1)
    ]


@pytest.mark.django_db(transaction=True)
def test_signal_that_is_sent_inside_atomic_gets_a_remark_with_the_caller(paid):
    paid.connect(on_save)
    Tag.objects.exists()

    with signaltools.trace() as trace, transaction.atomic():
        paid.send(Web)

    [remark] = trace.remarks
    assert remark == Remark(
        "note",
        NAME,
        None,
        "sent inside atomic(): its receivers ran before the transaction was committed",
        __file__,
        remark.line,
        1,
    )


@pytest.mark.django_db(transaction=True)
def test_signal_without_receivers_inside_atomic_is_fine(paid):
    Tag.objects.exists()

    with signaltools.trace() as trace, transaction.atomic():
        paid.send(Web)

    assert trace.remarks == ()


@pytest.mark.django_db(transaction=True)
def test_collapsed_sends_are_inside_atomic_only_as_far_as_that_is_known(paid):
    paid.connect(on_save)
    Tag.objects.exists()

    def record(*, inside):
        with signaltools.trace(collapse_after=2) as trace:
            for number in range(6):
                with transaction.atomic() if number in inside else nullcontext():
                    paid.send(Web)
        [send] = trace.sends
        return send.in_atomic, [remark.count for remark in trace.remarks]

    assert record(inside=[0]) == (None, [1])
    # The third one has the node of all further ones.
    assert record(inside=[0, 1, 2, 4]) == (None, [3])
    assert record(inside=[4]) == (None, [])


@pytest.mark.django_db(transaction=True)
def test_totals_beyond_the_limit_are_not_said_to_be_inside_atomic(paid, monkeypatch):
    monkeypatch.setattr(limits, "MAX_TREE", 0)
    paid.connect(on_save)
    Tag.objects.exists()

    with signaltools.trace() as trace, transaction.atomic():
        paid.send(Web)

    assert [send.in_atomic for send in trace.sends] == [None]
    assert trace.remarks == ()


def test_receivers_that_django_connects_to_new_models_are_no_note():
    with signaltools.trace() as trace:
        post_init.send(Web)
        post_init.connect(models.ImageField().update_dimension_fields, sender=Web)
        post_init.connect(on_save, sender=Web)
    post_init.disconnect(on_save, sender=Web)

    assert [remark.receiver for remark in trace.remarks] == ["tests.shapes.on_save"]


@pytest.mark.django_db(transaction=True)
def test_signals_of_django_inside_atomic_are_no_matter():
    Tag.objects.exists()

    with signaltools.trace() as trace, transaction.atomic():
        Tag.objects.create(stamp="new")

    assert any(send.in_atomic for send in trace.sends)
    assert trace.remarks == ()


@pytest.mark.django_db
def test_atomic_of_the_test_itself_is_no_matter(paid):
    paid.connect(on_save)
    Tag.objects.exists()

    with signaltools.trace() as trace:
        paid.send(Web)

    assert connection.in_atomic_block
    assert trace.remarks == ()


class AtomicTests(TestCase):
    def test_atomic_of_a_test_case_is_no_matter(self):
        signal = Signal()
        signal.connect(on_save)

        with signaltools.trace() as trace:
            signal.send(Web)
        with signaltools.trace() as inner, transaction.atomic():
            signal.send(Web)

        assert trace.remarks == ()
        assert len(inner.remarks) == 1


def test_receiver_that_still_runs_gets_a_remark(paid):
    async def main():
        trace = signaltools.trace()
        trace.start()
        task = asyncio.create_task(paid.asend(Web))
        await asyncio.sleep(0.01)
        trace.stop()
        remarks = shown(trace)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return remarks

    paid.connect(wait)

    assert asyncio.run(main()) == [
        ("note", f"{THIS}.wait", "was still running when the recording ended", 1)
    ]


def test_receiver_that_reads_the_trace_is_still_running(paid):
    found = []

    def read(**kwargs):
        found.extend(shown(trace))

    paid.connect(read)
    with signaltools.trace() as trace:
        paid.send(Web)

    [(_, _, text, _)] = found
    assert text == "was still running when the recording ended"
    assert trace.remarks == ()


# --- connected while recording ------------------------------------------------------


def test_receiver_that_was_connected_while_recording_gets_a_remark(paid):
    with signaltools.trace() as trace:
        paid.send(Web)
        paid.connect(on_save)

    assert trace.remarks == (
        Remark(
            "note",
            NAME,
            "tests.shapes.on_save",
            "connected while recording",
            on_save.__code__.co_filename,
            line_of(on_save),
            1,
        ),
    )


def test_receivers_that_are_connected_for_each_request_are_counted(paid):
    def connect(number):
        def receive(**kwargs):
            pass

        paid.connect(receive, weak=False, dispatch_uid=number)

    with signaltools.trace() as trace:
        for number in range(3):
            paid.send(Web)
            connect(number)

    [(level, _, text, count)] = shown(trace)
    assert (level, text, count) == ("note", "connected while recording", 3)


def test_receivers_that_were_connected_before_the_first_send_are_no_matter(paid):
    other = Signal()

    with signaltools.trace() as trace:
        paid.connect(on_save)
        paid.send(Web)
        other.connect(on_save)

    assert trace.remarks == ()


def test_receivers_that_are_connected_after_the_end_are_no_matter(paid):
    with signaltools.trace() as trace:
        paid.send(Web)
    paid.connect(on_save)

    assert trace.remarks == ()


def test_receiver_that_has_gone_since_was_connected_while_recording(paid):
    with signaltools.trace() as trace:
        paid.send(Web)
        paid.connect(on_save)
    paid.disconnect(on_save)

    text = "connected while recording"
    assert shown(trace) == [("note", "tests.shapes.on_save", text, 1)]
    assert shown(trace) == shown(trace)


def test_receiver_that_is_connected_while_recording_goes_on_gets_a_remark(paid):
    with signaltools.trace() as trace:
        paid.send(Web)
        before = shown(trace)
        paid.connect(on_save)
        during = shown(trace)
        paid.disconnect(on_save)

    text = "connected while recording"
    assert before == []
    assert during == [("note", "tests.shapes.on_save", text, 1)]


def test_receiver_that_is_connected_again_gets_a_remark(paid):
    paid.connect(on_save)
    with signaltools.trace() as trace:
        paid.send(Web)
        kept = paid.receivers[:]
        paid.disconnect(on_save)
        paid.connect(on_save)

    assert len(kept) == 1
    text = "connected while recording"
    assert shown(trace) == [("note", "tests.shapes.on_save", text, 1)]


def test_signal_that_is_gone_by_the_end_is_left_out():
    with signaltools.trace() as trace:
        signal = Signal()
        signal.send(Web)
        signal.connect(on_save, weak=False)
        del signal
        gc.collect()

    assert trace.remarks == ()


def test_inner_trace_tells_the_outer_one(paid):
    with signaltools.trace() as outer:
        with signaltools.trace() as inner:
            paid.send(Web)
            paid.connect(on_save)
        paid.connect(Stock.check)

    names = [receiver for _, receiver, _, _ in shown(outer)]
    assert [receiver for _, receiver, _, _ in shown(inner)] == ["tests.shapes.on_save"]
    assert names == ["tests.shapes.on_save", "tests.shapes.Stock.check"]


# --- order and length ---------------------------------------------------------------


def test_errors_come_first_and_notes_last(paid):
    paid.connect(on_save)
    paid.connect(fail)
    paid.connect(wait)

    async def main():
        with signaltools.trace() as trace:
            for method in (paid.asend, paid.asend_robust):
                with pytest.raises((KeyError, TimeoutError)):
                    async with asyncio.timeout(0.05):
                        await method(Web)
        return trace

    remarks = asyncio.run(main()).remarks

    levels = [remark.level for remark in remarks]
    order = ["error", "warning", "note"]
    assert levels == sorted(levels, key=order.index)
    assert set(levels) == set(order)


def test_equal_remarks_are_one(paid):
    paid.connect(fail)

    with signaltools.trace() as trace:
        for sender in (Web, Order, Tag):
            paid.send_robust(sender)

    assert [count for *_, count in shown(trace)] == [3]


def test_long_texts_are_cut_at_their_end(paid):
    def refuse(**kwargs):
        raise ValueError("x" * 10_000)

    paid.connect(refuse)

    with signaltools.trace() as trace:
        paid.send_robust(Web)

    [remark] = trace.remarks
    assert len(remark.text) == 400
    assert remark.text.startswith("send_robust() swallowed ValueError: xxx")
    assert remark.text.endswith("…")


def test_class_of_an_exception_is_not_asked_for(paid):
    class Hostile(ValueError):
        __class__ = property(lambda self: 1 / 0)

    def stop(**kwargs):
        raise Hostile("no stock")

    paid.connect(stop)
    paid.connect(on_save_async)

    async def main():
        with signaltools.trace() as trace, pytest.raises(Hostile):
            paid.send(Web)
        return trace

    [remark] = asyncio.run(main()).remarks
    assert remark.text.endswith(".Hostile: no stock")


def test_signals_of_django_have_their_name():
    post_save.connect(fail, sender=Tag)
    try:
        with signaltools.trace() as trace:
            post_save.send_robust(Tag)
    finally:
        post_save.disconnect(fail, sender=Tag)

    [remark] = trace.remarks
    assert remark.signal == "django.db.models.signals.post_save"


@pytest.mark.django_db
@pytest.mark.parametrize("raw", [True, False])
def test_query_while_a_fixture_is_loaded_is_a_problem(raw):
    def count(**kwargs):
        Tag.objects.count()

    post_save.connect(count, sender=Tag)
    with signaltools.trace() as trace:
        Tag(pk=1).save_base(raw=raw)
    post_save.disconnect(count, sender=Tag)

    texts = [(remark.level, remark.text) for remark in trace.remarks]
    found = ("warning", "queries the database while a fixture is loaded (raw=True)")
    assert (found in texts) is raw
