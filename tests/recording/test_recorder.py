from __future__ import annotations

import gc
import time
import tracemalloc

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.dispatch import Signal

import signaltools
from signaltools.recording import totals as limits
from signaltools.recording.current import current
from signaltools.recording.recorder import SendNode
from tests.sending import make
from tests.testapp.models import Tag

first_signal = Signal()
second_signal = Signal()


class Shop:
    pass


class Sloth:
    __slots__ = ()

    def __call__(self, **kwargs):
        return 1

    def receive(self, **kwargs):
        return 1


def receive(**kwargs):
    return 1


def fail(**kwargs):
    raise ValueError("wrong")


def numbered(number):
    def receiver(**kwargs):
        return number

    receiver.__qualname__ = f"receiver_{number}"
    return receiver


def count_nodes(trace):
    return len(trace.sends) + len(trace.calls)


# Collapsing


def test_twenty_sends_stay_apart():
    signal = make(receive)
    with signaltools.trace() as trace:
        for _ in range(20):
            signal.send(None)

    assert [send.count for send in trace.tree] == [1] * 20


def test_more_sends_are_one():
    signal = make(receive)
    with signaltools.trace() as trace:
        for _ in range(1_000):
            signal.send(None)

    [send] = trace.tree
    [call] = send.calls
    assert (send.count, call.count) == (1_000, 1_000)
    assert send.time > send.longest > 0
    assert send.time > call.time > call.longest > 0


def test_longest_and_total_of_a_collapsed_send_are_exact():
    def wait(duration, **kwargs):
        time.sleep(duration)

    signal = make(wait)
    with signaltools.trace() as trace:
        for number in range(30):
            signal.send(None, duration=0.02 if number == 25 else 0)

    [send] = trace.tree
    for node in (send, send.calls[0]):
        assert 0.02 <= node.longest <= node.time


@pytest.mark.parametrize(
    "send",
    [
        lambda number: first_signal.send(Shop if number % 2 else User),
        lambda number: first_signal.send(Shop() if number % 2 else Shop),
        lambda number: (first_signal if number % 2 else second_signal).send(None),
        lambda number: (
            first_signal.send(None) if number % 2 else first_signal.send_robust(None)
        ),
    ],
    ids=["sender", "instance and class", "signal", "method"],
)
def test_different_sends_do_not_collapse(send):
    with signaltools.trace() as trace:
        for number in range(60):
            send(number)

    assert [node.count for node in trace.sends] == [30, 30]


def test_sends_below_different_parents_do_not_collapse():
    first, second = [
        make(lambda **kwargs: [first_signal.send(None) for _ in range(30)])
        for _ in range(2)
    ]
    with signaltools.trace() as trace:
        first.send(None)
        second.send(None)

    assert [call.sends[0].count for call in trace.calls] == [30, 30]


def test_instances_of_a_class_collapse():
    with signaltools.trace() as trace:
        for _ in range(30):
            first_signal.send(Shop())

    [send] = trace.tree
    assert (send.count, send.sender_kind) == (30, "instance")


def test_what_is_below_a_collapsed_send_collapses_as_well():
    inner = make(receive)
    outer = make(lambda **kwargs: [inner.send(None), inner.send(User)])
    with signaltools.trace() as trace:
        for _ in range(50):
            outer.send(None)

    [send] = trace.tree
    [call] = send.calls
    assert [(node.sender, node.count) for node in call.sends] == [
        (None, 50),
        ("auth.User", 50),
    ]
    assert trace.totals[1:3] == (150, 150)


def test_receivers_of_collapsed_sends_may_change():
    receivers = [numbered(number) for number in range(4)]
    signal = make(*receivers)
    with signaltools.trace() as trace:
        for number in range(60):
            if number == 40:
                signal.disconnect(receivers[0])
                signal.connect(receive)
            signal.send(None)

    counts = {call.receiver.rpartition(".")[2]: call.count for call in trace.calls}
    assert counts == {
        "receiver_0": 40,
        "receiver_1": 60,
        "receiver_2": 60,
        "receiver_3": 60,
        "receive": 20,
    }


class Sorted(Signal):
    def send(self, sender, **named):
        receivers, _ = self._live_receivers(sender)
        receivers.sort(key=lambda receiver: receiver.priority)
        return [(each, each(signal=self, sender=sender)) for each in receivers[:2]]


def test_order_is_that_in_which_calls_began():
    def late(**kwargs):
        pass

    def early(**kwargs):
        pass

    def last(**kwargs):
        pass

    late.priority, early.priority, last.priority = 2, 1, 3
    signal = Sorted()
    for receiver in (last, late, early):
        signal.connect(receiver)
    with signaltools.trace() as trace:
        signal.send(None)

    found = [(call.order, call.receiver.rpartition(".")[2]) for call in trace.calls]
    assert found == [(1, "early"), (2, "late")]


def test_methods_and_what_takes_no_weak_reference_collapse():
    sloth = Sloth()
    signal = make(sloth, sloth.receive, numbered(1))
    with signaltools.trace() as trace:
        for _ in range(50):
            signal.send(None)

    [send] = trace.tree
    assert [call.count for call in send.calls] == [50] * 3


def test_receiver_that_is_connected_twice_is_called_twice():
    signal = Signal()
    signal.connect(receive, dispatch_uid=1)
    signal.connect(receive, dispatch_uid=2)
    with signaltools.trace() as trace:
        signal.send(None)

    assert [call.count for call in trace.calls] == [2]


def test_ten_thousand_instances_are_few_nodes():
    with signaltools.trace() as trace:
        for _ in range(10_000):
            Tag()

    assert trace.totals.sends == 20_000
    assert count_nodes(trace) <= 100


# Limits


class Quiet(Signal):
    def send_robust(self, sender, **named):
        return super().send_robust(sender, **named)


def test_many_signals_exceed_the_limit_with_exact_totals():
    heard = [make(receive, numbered(1)) for _ in range(3_000)]
    without_receivers = [Signal() for _ in range(1_000)]
    quiet = [Quiet() for _ in range(100)]
    for signal in quiet:
        signal.connect(fail)
    nested = make(receive)
    outer = make(lambda **kwargs: nested.send(None))
    with signaltools.trace() as trace:
        for signal in (*heard, *without_receivers):
            signal.send(None)
        for signal in quiet:
            [(_, error)] = signal.send_robust(None)
            del error
        for _ in range(100):
            outer.send(Shop)

    totals = trace.totals
    assert totals.sends == 4_100 + 200
    assert totals.calls == 6_000 + 100 + 200
    assert totals.without_receivers == 1_000
    assert (totals.raised, totals.swallowed) == (0, 100)
    assert {(each.receiver, each.calls, each.errors) for each in trace.receivers} == {
        (f"{__name__}.receive", 3_100, 0),
        (f"{__name__}.receiver_1", 3_000, 0),
        (f"{__name__}.fail", 100, 100),
        (
            f"{__name__}.test_many_signals_exceed_the_limit_with_exact_totals.<locals>."
            "<lambda>",
            100,
            0,
        ),
    }
    assert {send.signal for send in trace.overflow} == {
        "unnamed Signal (django.dispatch.dispatcher.Signal)",
        f"unnamed Signal ({__name__}.Quiet)",
    }


def test_many_senders_exceed_the_limit_with_exact_totals():
    signal = make(receive)
    senders = [type(f"Shop{number}", (), {}) for number in range(6_000)]
    with signaltools.trace() as trace:
        for sender in senders * 2:
            signal.send(sender)

    assert trace.totals[1:4] == (12_000, 12_000, 0)
    assert count_nodes(trace) <= 5_000


def test_what_exceeds_the_limit_of_the_tree_is_a_flat_profile():
    inner = make(receive)
    outer = make(lambda **kwargs: inner.send(None))
    signals = [make(receive) for _ in range(1_350)]
    with signaltools.trace() as trace:
        for signal in signals:
            signal.send(None)
        for _ in range(50):
            outer.send(None)

    assert [send.count for send in trace.overflow] == [50, 50]
    assert all(call.sends == () for send in trace.overflow for call in send.calls)
    assert trace.totals[1:4] == (1_450, 1_450, 0)


def test_thousands_of_receivers_of_a_signal_are_counted():
    signal = make(receive)
    # connect() compares each with all others.
    [(_, _, *rest)] = signal.receivers
    receivers = [numbered(number) for number in range(3_000)]
    signal.receivers = [((id(each), id(None)), each, *rest) for each in receivers]
    with signaltools.trace() as trace:
        for _ in range(3):
            assert len(signal.send(None)) == 3_000

    assert trace.totals[1:3] == (3, 9_000)
    assert [(send.count, len(send.calls)) for send in trace.sends] == [
        (1, 3_000),
        (2, 3_000),
    ]
    assert {receiver.calls for receiver in trace.receivers} == {3}


def allocated(function):
    """
    Return how many more bytes there are after a call of ``function``.
    """
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        function()
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return after - before


def test_a_full_tree_takes_little_memory():
    def send():
        for signal in signals * 30:
            for sender in (Shop, User, None, Tag):
                signal.send(sender, order=1)

    signals = [make(receive) if number % 10 else Signal() for number in range(100)]
    with signaltools.trace() as trace:
        assert allocated(send) < 2 * 1024 * 1024

    assert trace.totals.sends == 30 * 4 * 100


def test_a_hundred_thousand_sends_take_no_more_memory_than_hundreds():
    def send(times):
        for _ in range(times):
            for signal in signals:
                signal.send(Shop)

    signals = [make(receive), *[Signal() for _ in range(9)]]
    with signaltools.trace() as trace:
        send(30)
        assert allocated(lambda: send(1_000)) < 10_000
        send(10_000)
        assert allocated(lambda: send(1_000)) < 10_000

    assert trace.totals.sends == 10 * 12_030
    assert count_nodes(trace) <= 10 + 1


# What lives at the address of something that is gone


def test_dead_senders_are_never_mixed_up():
    signal = make(receive)
    with signaltools.trace() as trace:
        for number in range(1_000):
            signal.send(type(f"Shop{number}", (), {}))
            if number % 200 == 0:
                gc.collect()

    assert [send.sender for send in trace.tree] == [
        f"{__name__}.Shop{number}" for number in range(1_000)
    ]


def test_dead_instances_are_never_mixed_up():
    with signaltools.trace() as trace:
        for number in range(1_000):
            first_signal.send(type(f"Shop{number}", (), {})())

    assert [send.sender for send in trace.tree] == [
        f"{__name__}.Shop{number}" for number in range(1_000)
    ]


def test_dead_signals_are_never_mixed_up():
    receivers = [numbered(0), numbered(1)]
    with signaltools.trace() as trace:
        for number in range(1_300):
            signal = Signal()
            signal.connect(receivers[number % 2])
            signal.send(None)
            del signal

    assert [send.count for send in trace.sends] == [1] * 1_300
    assert [call.receiver for call in trace.calls] == [
        f"{__name__}.receiver_{number % 2}" for number in range(1_300)
    ]


def test_dead_receivers_are_never_mixed_up():
    signal = Signal()
    with signaltools.trace() as trace:
        for number in range(1_000):
            receiver = numbered(number)
            signal.connect(receiver)
            signal.send(None)
            del receiver

    assert {call.receiver: call.count for call in trace.calls} == {
        f"{__name__}.receiver_{number}": 1 for number in range(1_000)
    }


def test_collapsed_signal_is_not_taken_for_its_successor():
    with signaltools.trace() as trace:
        for _ in range(50):
            signal = Signal()
            for _ in range(25):
                signal.send(None)
            del signal

    assert [send.count for send in trace.tree] == [25] * 50


def test_collapsed_signal_of_an_inner_trace_is_not_taken_for_its_successor():
    with signaltools.trace() as outer:
        for _ in range(50):
            signal = Signal()
            with signaltools.trace():
                signal.send(None)
            for _ in range(25):
                signal.send(None)
            del signal
            gc.collect()

    assert [send.count for send in outer.tree] == [1, 25] * 50


@pytest.mark.parametrize("receivers", [0, 1])
def test_collapsed_sender_is_not_taken_for_its_successor(receivers):
    signal = make(*[receive] * receivers)
    with signaltools.trace() as trace:
        for number in range(50):
            shop = type(f"Shop{number}", (), {})
            for _ in range(25):
                signal.send(shop)
            del shop
            gc.collect()

    assert [(send.sender, send.count) for send in trace.tree] == [
        (f"{__name__}.Shop{number}", 25) for number in range(50)
    ]


def test_collapsed_caller_is_not_taken_for_its_successor():
    signal = make(receive)
    with signaltools.trace() as trace:
        for number in range(50):
            for _ in range(25):
                # Each time, it is other code in the same line.
                code = compile("signal.send(None)", f"/shop{number}.py", "exec")
                exec(code, {"signal": signal})
                del code

    assert [(send.file, send.count) for send in trace.tree] == [
        (f"/shop{number}.py", 25) for number in range(50)
    ]


def test_result_of_a_trace_keeps_no_nodes():
    inner = []

    def receive_and_trace(**kwargs):
        with signaltools.trace() as trace:
            second.send(Tag)
        assert trace.totals.calls == 1
        inner.append(trace)

    first, second = make(receive_and_trace), make(receive)
    with signaltools.trace() as outer:
        first.send(None)
    assert outer.totals.calls == 2

    del outer
    gc.collect()
    nodes = [each for each in gc.get_objects() if type(each) is SendNode]
    assert [each for each in nodes if each.signal() in (first, second)] == []


# Recursion


def test_a_hundred_levels_are_recorded():
    def descend(signal, level, **kwargs):
        if level:
            signal.send(None, level=level - 1)

    signal = make(descend)
    with signaltools.trace() as trace:
        signal.send(None, level=99)

    assert len(trace.sends) == len(trace.calls) == 100
    assert trace.totals[1:3] == (100, 100)
    assert len(trace.tree) == 1


def test_deeper_levels_are_a_flat_profile():
    def descend(signal, level, **kwargs):
        if level:
            signal.send(None, level=level - 1)

    signal = make(descend)
    with signaltools.trace() as trace:
        signal.send(None, level=119)

    assert [send.count for send in trace.overflow] == [20]
    assert len(trace.sends) == 101
    assert trace.totals[1:4] == (120, 120, 0)


def test_runaway_recursion_ends_as_ever():
    signal = make(lambda signal, **kwargs: signal.send(None))
    plain = Signal.__dict__["send"]
    with pytest.raises(RecursionError), signaltools.trace() as trace:
        signal.send(None)

    assert Signal.__dict__["send"] is plain
    assert current.get() is None
    assert trace.totals.sends > 100
    assert trace.tree[0].error.startswith("RecursionError")
    assert "RecursionError" in str(trace)
    assert trace.as_dict()


# Exceptions


def test_exception_with_an_endless_number_is_raised_as_it_is():
    def fail(**kwargs):
        raise error

    error = LookupError(10**5_000)
    with pytest.raises(LookupError) as caught, signaltools.trace() as trace:
        make(fail).send(None)

    assert caught.value is error
    assert trace.calls[0].error == "LookupError"


def test_error_is_the_first_one():
    def fail(number, **kwargs):
        raise ValueError(number)

    signal = make(fail)
    with signaltools.trace() as trace:
        for number in range(30):
            with pytest.raises(ValueError, match=str(number)):
                signal.send(None, number=number)

    [send] = trace.tree
    assert (send.raised, send.error) == (30, "ValueError: 0")
    assert (send.calls[0].raised, send.calls[0].outcome) == (30, "raised")
    assert trace.totals.raised == 30


# SQL


@pytest.mark.django_db
def test_sql_belongs_to_the_receiver_that_runs_it():
    def query(times):
        with connection.cursor() as cursor:
            for _ in range(times):
                cursor.execute("SELECT 1")

    inner = make(lambda **kwargs: query(1))

    def both(**kwargs):
        query(2)
        inner.send(None)

    outer = make(both)
    with signaltools.trace() as trace:
        query(4)
        outer.send(None)

    [send] = trace.tree
    [call] = send.calls
    [nested] = call.sends
    assert (send.queries, call.queries, call.self_queries, nested.queries) == (
        3,
        3,
        2,
        1,
    )
    assert call.query_time > nested.query_time > 0
    assert (trace.totals.queries, trace.totals.receiver_queries) == (7, 3)
    assert trace.totals.query_time > send.query_time


@pytest.mark.django_db
def test_executemany_is_one_query():
    def insert(**kwargs):
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO testapp_tag (stamp) VALUES (%s)", [["a"], ["b"]]
            )

    with signaltools.trace() as trace:
        make(insert).send(None)

    assert trace.calls[0].self_queries == 1


@pytest.mark.django_db
def test_failed_query_is_a_query():
    def query(**kwargs):
        with connection.cursor() as cursor:
            cursor.execute("SELECT nonsense")

    with signaltools.trace() as trace:
        make(query).send_robust(None)

    assert (trace.totals.queries, trace.calls[0].self_queries) == (1, 1)
    assert trace.calls[0].outcome == "swallowed"


class Refusing(Signal):
    def send(self, sender, **named):
        self._live_receivers(sender)
        raise RuntimeError("not today")


def test_runtime_error_without_an_event_loop_is_no_wrong_loop():
    async def receive_async(**kwargs):
        pass

    signal = Refusing()
    signal.connect(receive_async)
    with signaltools.trace() as trace, pytest.raises(RuntimeError):
        signal.send(None)

    assert [send.wrong_loop for send in trace.tree] == [False]


def test_thousands_of_senders_without_receivers_leave_room_for_names():
    prepared, migrated = Signal(), make(receive)
    prepared.connect(receive, sender=list)
    senders = [type(f"Historical{number}", (), {}) for number in range(6_000)]
    with signaltools.trace() as trace:
        for sender in senders:
            prepared.send(sender)
        prepared.send(list)
        for sender in senders[:400]:
            migrated.send(sender)

    assert trace.totals[1:4] == (6_401, 401, 6_000)
    assert {call.receiver for call in trace.calls} == {f"{__name__}.receive"}
    assert [send.sender for send in trace.overflow if not send.calls] == [
        "other senders"
    ]
    assert count_nodes(trace) <= 5_000


def test_sends_of_other_objects_and_signals_beyond_the_limit_keep_their_sender(
    monkeypatch,
):
    class Choosing(Signal):
        pass

    monkeypatch.setattr(limits, "MAX_TREE", 0)
    plain, choosing = Signal(), Choosing()
    plain.connect(receive, sender=list)
    choosing.connect(receive, sender=set)
    with signaltools.trace() as trace:
        plain.send(3)
        choosing.send(set)
        plain.send(dict)
        plain.send(None)
        plain.send(list)

    assert [(send.sender, send.count, len(send.calls)) for send in trace.overflow] == [
        ("builtins.int", 1, 0),
        ("builtins.set", 1, 1),
        ("other senders", 2, 0),
        ("builtins.list", 1, 1),
    ]


def test_signals_that_are_gone_share_their_totals(monkeypatch):
    monkeypatch.setattr(limits, "MAX_TREE", 0)
    kept = make(receive)
    with signaltools.trace() as trace:
        kept.send(None)
        for _ in range(3_000):
            # Nothing else refers to them.
            make(receive).send(None)
            Signal().send_robust(None)

    assert count_nodes(trace) < 5_000
    assert [receiver.calls for receiver in trace.receivers] == [3_001]
    assert trace.totals[1:4] == (6_001, 3_001, 3_000)
    assert trace.overflow[0].count == 1


def test_receivers_that_are_gone_share_their_calls():
    signal = Signal()
    with signaltools.trace() as trace:
        for _ in range(1_000):
            receiver = numbered(1)
            signal.connect(receiver)
            signal.send(None)
            del receiver

    assert len(trace.calls) < 200
    assert [receiver.calls for receiver in trace.receivers] == [1_000]


def test_sends_without_receivers_leave_room_for_a_tree():
    noise = [Signal() for _ in range(3_000)]
    inner = make(receive)
    outer = make(lambda **kwargs: inner.send(None))
    with signaltools.trace() as trace:
        for signal in noise:
            signal.send(None)
        outer.send(None)

    [*_, last] = trace.tree
    assert len(trace.tree) == 1_351
    assert [send.calls[0].receiver for send in last.calls[0].sends] == [
        f"{__name__}.receive"
    ]


def test_collapsed_sends_stay_together_beyond_the_limit(monkeypatch):
    signal = make(receive)
    with signaltools.trace() as trace:
        for number in range(50):
            if number == 30:
                monkeypatch.setattr(limits, "MAX_TREE", 0)
            signal.send(str(number))
            Signal.send(signal, int)

    assert [send.count for send in trace.sends if send.sender == "builtins.int"] == [50]
