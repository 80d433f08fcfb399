from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
from django.dispatch import Signal

import signaltools
from signaltools import tracing
from signaltools.inventory.names import registry
from signaltools.recording.current import current
from signaltools.recording.not_run import find_not_run
from tests.sending import make
from tests.testapp.signals import order_cancelled

NOT_STARTED = "This trace has not been started; use it with `with`."
STARTED = "This trace has already been started; call trace() for another one."


def receive(**kwargs):
    return 1


def receive_too(**kwargs):
    return 2


def sums(trace):
    return trace.totals[1:4]


# States


def test_trace_that_was_not_started_has_nothing():
    trace = signaltools.trace()

    assert repr(trace) == "<Trace: not started>"
    for name in (
        "tree",
        "sends",
        "calls",
        "overflow",
        "without_receivers",
        "totals",
        "remarks",
        "not_run",
    ):
        with pytest.raises(RuntimeError) as caught:
            getattr(trace, name)
        assert str(caught.value) == NOT_STARTED
    for read in (str, signaltools.tracing.Trace.as_dict):
        with pytest.raises(RuntimeError, match="has not been started"):
            read(trace)


def test_trace_that_was_not_started_may_be_stopped():
    trace = signaltools.trace()
    trace.stop()

    assert repr(trace) == "<Trace: not started>"


def test_trace_is_started_once():
    trace = signaltools.trace()
    with trace:
        with pytest.raises(RuntimeError) as caught:
            trace.start()
        assert str(caught.value) == STARTED
        order_cancelled.send(None)
    with pytest.raises(RuntimeError) as caught, trace:
        pass

    assert str(caught.value) == STARTED
    assert sums(trace) == (1, 0, 1)
    with pytest.raises(RuntimeError, match="already been started"):
        trace.start()
    assert current.get() is None


def test_trace_may_be_stopped_twice():
    with signaltools.trace() as trace:
        order_cancelled.send(None)
        trace.stop()
        trace.stop()
        order_cancelled.send(None)
    trace.stop()

    assert sums(trace) == (1, 0, 1)
    trace.stop()


def test_start_and_stop_work_without_with():
    trace = signaltools.trace()
    trace.start()
    order_cancelled.send(None)
    trace.stop()
    order_cancelled.send(None)

    assert sums(trace) == (1, 0, 1)


def test_result_does_not_change_after_the_end():
    with signaltools.trace() as trace:
        make(receive).send(None)
    tree, totals = trace.tree, trace.totals
    order_cancelled.send(None)

    assert trace.tree is tree
    assert trace.totals is totals


def test_trace_says_what_it_holds():
    with signaltools.trace() as trace:
        make(receive, receive).send(None)
        assert repr(trace) == "<Trace: 1 sends, 1 calls>"
        order_cancelled.send(None)

    assert repr(trace) == "<Trace: 2 sends, 1 calls>"


def test_empty_trace_can_be_read():
    with signaltools.trace() as trace:
        pass

    assert trace.tree == trace.sends == trace.calls == trace.overflow == ()
    assert trace.without_receivers == trace.remarks == ()
    assert trace.totals[1:] == (0,) * 10
    assert trace.totals.time > 0
    assert str(trace)


def test_trace_can_be_read_in_every_way():
    def fail(**kwargs):
        raise ValueError("wrong")

    signal = make(fail, receive)
    with signaltools.trace() as trace:
        signal.send_robust(None)

    assert [remark.text for remark in trace.remarks] == [
        "send_robust() swallowed ValueError: wrong"
    ]
    names = {not_run.signal for not_run in trace.not_run}
    assert "tests.testapp.signals.order_paid" in names
    assert "swallowed" in str(trace)
    assert trace.as_dict()["totals"]["calls"] == 2


def test_trace_can_be_read_while_it_records():
    def look(**kwargs):
        seen.append((sums(trace), [call.outcome for call in trace.calls]))

    seen = []
    signal = make(receive, look)
    with signaltools.trace() as trace:
        earlier = trace.totals.time
        signal.send(None)
        assert trace.totals.time > earlier > 0
        assert sums(trace) == (1, 2, 0)
        assert "2 receivers" in repr(trace.tree[0])
        assert str(trace)
        signal.send(None)

    assert seen == [
        ((1, 2, 0), ["returned", "unfinished"]),
        ((2, 4, 0), ["returned", "returned", "returned", "unfinished"]),
    ]
    assert sums(trace) == (2, 4, 0)


# Contexts


def test_other_threads_are_not_recorded():
    signal, answers = make(receive), []
    with signaltools.trace() as trace:
        thread = threading.Thread(target=lambda: answers.append(signal.send(None)))
        thread.start()
        thread.join()

    assert answers == [[(receive, 1)]]
    assert sums(trace) == (0, 0, 0)


def test_two_threads_record_their_own():
    def run(name):
        with signaltools.trace() as trace:
            barrier.wait()
            for _ in range(50):
                signal.send(name)
            barrier.wait()
        traces[name] = trace

    signal, barrier, traces = make(receive), threading.Barrier(2), {}
    threads = [threading.Thread(target=run, args=(name,)) for name in (1, "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {trace.tree[0].sender for trace in traces.values()} == {
        "builtins.int",
        "builtins.str",
    }
    assert [sums(trace) for trace in traces.values()] == [(50, 50, 0)] * 2


def test_trace_may_be_stopped_in_another_thread():
    plain = Signal.__dict__["send"]
    trace = signaltools.trace()
    trace.start()
    order_cancelled.send(None)
    thread = threading.Thread(target=trace.stop)
    thread.start()
    thread.join()
    order_cancelled.send(None)

    assert sums(trace) == (1, 0, 1)
    assert Signal.__dict__["send"] is plain
    current.set(None)


# Traces in traces


def test_outer_trace_has_what_the_inner_one_has():
    def pass_on(**kwargs):
        with signaltools.trace() as inner:
            order_cancelled.send(None)
        inners.append(inner)

    inners = []
    with signaltools.trace() as outer:
        order_cancelled.send(None)
        with signaltools.trace() as middle:
            make(pass_on, receive).send(None)
        order_cancelled.send(None)

    assert [sums(inner) for inner in inners] == [(1, 0, 1)]
    assert sums(middle) == (2, 2, 1)
    assert sums(outer) == (4, 2, 3)
    assert len(outer.tree) == 3
    [call, _] = outer.calls
    assert [send.signal for send in call.sends] == [inners[0].tree[0].signal]
    starts = [send.start for send in outer.tree]
    assert starts == sorted(starts)
    assert call.start < call.sends[0].start < starts[2]


def test_inner_trace_may_be_repeated():
    signal = make(receive)
    with signaltools.trace() as outer:
        for _ in range(3_000):
            with signaltools.trace() as inner:
                signal.send(None)
                order_cancelled.send(None)

    assert sums(inner) == (2, 1, 1)
    assert sums(outer) == (6_000, 3_000, 3_000)
    assert len(outer.sends) + len(outer.calls) <= 3_000


def test_inner_trace_may_exceed_the_limit():
    def fail(**kwargs):
        raise ValueError("wrong")

    # Django logs each error, which takes its time.
    signals = [
        make(receive, fail if number < 20 else receive_too) for number in range(3_000)
    ]
    with signaltools.trace() as outer:
        for _ in range(2):
            with signaltools.trace() as inner:
                for signal in signals:
                    signal.send_robust(None)
        assert order_cancelled.send(None) == []

    assert sums(inner) == (3_000, 6_000, 0)
    assert sums(outer) == (6_001, 12_000, 1)
    assert (outer.totals.raised, outer.totals.swallowed) == (0, 40)
    for trace, times in (inner, 1), (outer, 2):
        assert {
            each.receiver.rpartition(".")[2]: each.calls for each in trace.receivers
        } == {
            "receive": 3_000 * times,
            "receive_too": 2_980 * times,
            "fail": 20 * times,
        }


def test_inner_overflow_is_taken_over():
    signals = [Signal() for _ in range(1_350)]
    with signaltools.trace() as outer, signaltools.trace() as inner:
        for signal in signals:
            signal.send(None)
        for signal in signals[:1] * 30:
            signal.send(Signal)

    assert len(inner.overflow) == len(outer.overflow) == 1
    assert sums(outer) == sums(inner) == (1_380, 0, 1_380)


def test_traces_may_overlap():
    first, second = signaltools.trace(), signaltools.trace()
    first.start()
    order_cancelled.send(None)
    second.start()
    order_cancelled.send(None)
    first.stop()
    order_cancelled.send(None)
    second.stop()
    order_cancelled.send(None)

    assert sums(first) == (1, 0, 1)
    assert sums(second) == (2, 0, 2)
    assert current.get() is None


def test_outer_trace_goes_on_after_overlapping_ones():
    first, second = signaltools.trace(), signaltools.trace()
    with signaltools.trace() as outer:
        first.start()
        second.start()
        order_cancelled.send(None)
        first.stop()
        second.stop()
        order_cancelled.send(None)

    assert sums(first) == (0, 0, 0)
    assert sums(second) == (1, 0, 1)
    assert sums(outer) == (2, 0, 2)


def test_trace_ends_if_its_block_raises():
    trace = signaltools.trace()
    with pytest.raises(ZeroDivisionError), trace:
        1 / len(order_cancelled.send(None))

    assert sums(trace) == (1, 0, 1)
    assert current.get() is None


# Everything at once


def test_reading_has_what_the_attributes_have():
    def fail(**kwargs):
        raise ValueError("wrong")

    with signaltools.trace() as trace:
        make(fail, receive).send_robust(None)
    reading = trace.read()

    assert reading.tree.sends is trace.tree
    assert reading.tree.totals is trace.totals
    assert reading.remarks == trace.remarks
    assert tuple(find_not_run(reading.signals)) == trace.not_run
    names = [signal.record.name for signal in reading.signals]
    assert [name for name in names if not name.startswith("unnamed")] == [
        entry.name for entry in registry.entries()
    ]


def test_reading_uses_the_names_that_it_gets():
    [entry] = [e for e in registry.entries() if e.signal is order_cancelled]
    with signaltools.trace() as trace:
        order_cancelled.send(None)
    reading = trace.read([entry._replace(name="shop.lost", module="shop")])

    assert [send.signal for send in reading.tree.sends] == ["shop.lost"]
    assert [signal.record.name for signal in reading.signals] == ["shop.lost"]


def test_reading_needs_a_start():
    with pytest.raises(RuntimeError) as caught:
        signaltools.trace().read()

    assert str(caught.value) == NOT_STARTED


def test_arguments_are_recorded_as_requested():
    def arguments(**options):
        with signaltools.trace(**options) as trace:
            order_cancelled.send(None, order=7)
        return trace.tree[0].arguments

    assert arguments() == ("order",)
    assert arguments(argument_types=True) == ("order=int",)
    assert arguments(argument_values=True) == ("order=7",)
    assert arguments(argument_types=True, argument_values=True) == ("order=7",)


def test_recording_itself_collapses_as_early_as_asked_for():
    signal = make(receive)
    with signaltools.trace() as many:
        for _ in range(100):
            signal.send(None)
        assert current.get().nodes == 2 * 21
    with signaltools.trace(collapse_after=3) as few:
        for _ in range(100):
            signal.send(None)
        assert current.get().nodes == 2 * 4

    assert sums(few) == sums(many) == (100, 100, 0)


def test_trace_that_ends_while_another_thread_reads_it_is_read_again(monkeypatch):
    def freeze_and_stop(recorder, entries):
        tree = freeze(recorder, entries)
        trace.stop()
        return tree

    freeze = tracing.freeze
    monkeypatch.setattr(tracing, "freeze", freeze_and_stop)
    trace = signaltools.trace()
    trace.start()
    Signal().send(None)

    assert trace.totals.sends == 1
    assert trace.totals.time == trace.totals.time


def test_a_trace_can_be_printed_without_settings(monkeypatch):
    with signaltools.trace() as trace:
        order_cancelled.send(None)
    monkeypatch.setattr(tracing, "settings", SimpleNamespace(configured=False))

    assert "order_cancelled" in str(trace)
