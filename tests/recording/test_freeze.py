from __future__ import annotations

import dataclasses
import time

import pytest
from django.contrib.auth.models import User
from django.db.models.signals import post_save
from django.dispatch import Signal

import signaltools
from signaltools.events.background import Background
from signaltools.recording.tree import Call, Send, walk
from tests.events import queued
from tests.events.queued import seen
from tests.sending import make
from tests.testapp import signals
from tests.testapp.models import Tag

HERE = __name__


def receive(**kwargs):
    return 1


def fail(**kwargs):
    raise ValueError("wrong")


def wait(**kwargs):
    time.sleep(0.02)


def test_tree_nests_sends_below_calls():
    inner = make(receive)

    def pass_on(**kwargs):
        inner.send(User)
        inner.send_robust(Tag)

    outer = make(receive, pass_on, receive)
    with signaltools.trace() as trace:
        outer.send(None)
        inner.send(None)

    first, second = trace.tree
    assert [call.receiver for call in first.calls] == [
        f"{HERE}.receive",
        f"{HERE}.test_tree_nests_sends_below_calls.<locals>.pass_on",
    ]
    assert [(send.method, send.sender) for send in first.calls[1].sends] == [
        ("send", "auth.User"),
        ("send_robust", "testapp.Tag"),
    ]
    assert (first.sends, first.calls[0].sends, second.sender) == ((), (), None)
    assert trace.totals[1:3] == (4, 5)


def test_sends_are_in_the_order_of_their_start():
    outer = make(lambda **kwargs: signals.order_cancelled.send(None))
    with signaltools.trace() as trace:
        signals.order_cancelled.send(None)
        outer.send(None)
        signals.order_cancelled.send(None)

    starts = [send.start for send in trace.tree]
    assert len(starts) == 3
    assert starts == sorted(starts)
    assert starts[0] > 0
    assert trace.totals.time > starts[-1]


def test_order_is_the_place_among_the_receivers():
    signal = make(receive, fail, wait)
    with signaltools.trace() as trace:
        signal.send_robust(None, order=1)

    assert [(call.order, call.outcome) for call in trace.calls] == [
        (1, "returned"),
        (2, "swallowed"),
        (3, "returned"),
    ]


def test_self_time_is_without_what_is_below():
    inner = make(wait)

    def pass_on(**kwargs):
        time.sleep(0.01)
        inner.send(None)

    outer = make(pass_on)
    with signaltools.trace() as trace:
        outer.send(None)

    [send] = trace.tree
    [call] = send.calls
    [nested] = call.sends
    assert call.busy == call.time >= 0.03
    assert call.self_time == pytest.approx(call.time - nested.time)
    assert send.self_time == pytest.approx(send.time - call.time)
    assert nested.time >= nested.calls[0].self_time >= 0.02
    own = sum(node.self_time for node in walk(trace.tree))
    assert own == pytest.approx(send.time)
    assert trace.totals.receiver_time == pytest.approx(
        sum(node.self_time for node in trace.calls)
    )


def test_signals_have_the_names_of_the_registry():
    with signaltools.trace() as trace:
        post_save.send(Tag)
        signals.order_cancelled.send(None)
        make().send(None)

    assert [(send.signal, send.kind) for send in trace.tree] == [
        ("django.db.models.signals.post_save", "builtin"),
        ("tests.testapp.signals.order_cancelled", "custom"),
        (trace.tree[2].signal, "custom"),
    ]
    assert "unnamed" in trace.tree[2].signal


def test_receivers_have_their_place():
    with signaltools.trace() as trace:
        make(receive).send(None)

    [call] = trace.calls
    assert call.file.endswith("test_freeze.py")
    assert call.line == receive.__code__.co_firstlineno
    assert call.thread == trace.sends[0].thread


def test_receiver_that_still_runs_is_unfinished():
    def look(**kwargs):
        seen.append(trace.calls[0])

    seen = []
    with signaltools.trace() as trace:
        make(look).send(None)

    assert (seen[0].outcome, seen[0].time) == ("unfinished", 0)
    assert trace.calls[0].outcome == "returned"


def test_collapsed_calls_have_the_worst_outcome():
    def maybe(number, **kwargs):
        if number == 25:
            raise ValueError("wrong")

    signal = make(maybe)
    with signaltools.trace() as trace:
        for number in range(30):
            signal.send_robust(None, number=number)

    [call] = trace.calls
    assert (call.outcome, call.swallowed, call.error) == (
        "swallowed",
        1,
        "ValueError: wrong",
    )
    assert trace.sends[0].raised == 0


def test_sends_without_receivers_are_counted_when_collapsed():
    signal = Signal()
    with signaltools.trace() as trace:
        for number in range(30):
            if number == 10:
                signal.connect(receive)
            signal.send(None)

    [send] = trace.tree
    assert (send.count, send.without_receivers, send.calls[0].count) == (30, 10, 20)
    assert trace.without_receivers == ()


def test_signal_with_receivers_for_other_senders_only():
    signal = Signal()
    signal.connect(receive, sender=Tag)
    with signaltools.trace() as trace:
        signal.send(User)

    assert [
        (send.without_receivers, send.calls) for send in trace.without_receivers
    ] == [(1, ())]


def test_signal_that_is_gone_has_its_label():
    with signaltools.trace() as trace:
        Signal().send(None)

    assert trace.tree[0].kind == "custom"
    assert "unnamed" in trace.tree[0].signal


def test_nodes_are_frozen():
    with signaltools.trace() as trace:
        make(receive).send(None)

    for node in (*trace.sends, *trace.calls):
        with pytest.raises(dataclasses.FrozenInstanceError):
            node.count = 2


def test_nodes_say_what_they_are():
    signal = make(receive, fail)
    with signaltools.trace() as trace:
        signals.order_cancelled.send(None)
        signal.send_robust(None)
        make(receive).send(None)

    name = trace.tree[1].signal
    assert [repr(send) for send in trace.sends] == [
        "<Send: tests.testapp.signals.order_cancelled x1, 0 receivers>",
        f"<Send: {name} x1, 2 receivers>",
        f"<Send: {trace.tree[2].signal} x1, 1 receiver>",
    ]
    assert [repr(call) for call in trace.calls] == [
        "<Call: tests.recording.test_freeze.receive x1, returned>",
        "<Call: tests.recording.test_freeze.fail x1, swallowed>",
        "<Call: tests.recording.test_freeze.receive x1, returned>",
    ]


def test_walk_has_parents_first():
    inner = make(receive)
    outer = make(lambda **kwargs: inner.send(User))
    with signaltools.trace() as trace:
        outer.send(Tag)

    kinds = [(type(node), getattr(node, "sender", None)) for node in walk(trace.tree)]
    assert kinds == [
        (Send, "testapp.Tag"),
        (Call, None),
        (Send, "auth.User"),
        (Call, None),
    ]


def test_sends_are_one_after_as_many_as_asked_for():
    signal = make(receive)
    with signaltools.trace(collapse_after=3) as trace:
        for _ in range(3):
            signal.send(User)
        for _ in range(4):
            signal.send(Tag)
        for _ in range(50):
            signals.order_cancelled.send(None)

    counts = [(send.sender, send.count) for send in trace.tree]
    assert counts == [("auth.User", 1)] * 3 + [("testapp.Tag", 4), (None, 50)]
    assert [call.count for call in trace.calls] == [1, 1, 1, 4]
    assert trace.totals[1:4] == (57, 7, 50)


def test_sends_stay_apart_up_to_twenty_times():
    with signaltools.trace() as trace:
        for _ in range(20):
            signals.order_cancelled.send(None)

    assert len(trace.tree) == 20


def test_sends_may_be_one_from_the_first_on():
    with signaltools.trace(collapse_after=0) as trace:
        signals.order_cancelled.send(None)
        signals.order_cancelled.send(None)

    assert [send.count for send in trace.tree] == [2]


@pytest.mark.django_db
def test_time_in_sql_is_of_the_nodes_and_what_is_below():
    def query(**kwargs):
        Tag.objects.count()

    inner = make(query)
    outer = make(lambda **kwargs: inner.send(None), receive)
    with signaltools.trace() as trace:
        outer.send(None)
        outer.send(None)

    send = trace.tree[0]
    assert (send.queries, send.calls[0].queries, send.calls[1].queries) == (1, 1, 0)
    assert send.query_time == send.calls[0].query_time > send.calls[1].query_time == 0
    assert trace.totals.queries == trace.totals.receiver_queries == 2
    assert trace.totals.query_time == sum(send.query_time for send in trace.tree)


def test_a_receiver_in_the_background_is_queued():
    with signaltools.trace() as trace:
        seen.send(None, count=1)
    [send] = trace.tree
    assert {call.receiver: call.background for call in send.calls} == {
        f"{queued.__name__}.{name}": Background("default", "default", False)
        for name in ("count_up", "note")
    }
    assert f"{queued.__name__}.count_up  queued  " in str(trace)
