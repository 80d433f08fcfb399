from __future__ import annotations

import pytest

from signaltools.recording.tree import Tree
from signaltools.reports.trace_rows import (
    below,
    other_method,
    outcome_of,
    sender_of,
    short_signal,
    signals_without_receivers,
    slowest,
    together,
)
from tests.records import call, send, totals

SAVE = "django.db.models.signals.post_save"


def test_sends_of_one_sender_without_receivers_are_together():
    first, second, other = send("a"), send("b"), send("a", sender="shop.Stock")
    assert together([first, other, second]) == [[first, second], [other]]


def test_senders_of_another_kind_are_others():
    model, instance = send("a"), send("a", sender_kind="instance")
    assert together([model, instance]) == [[model], [instance]]


def test_sends_that_were_received_or_raised_are_rows_of_their_own():
    received, raised = send("a", call("b.c")), send("a", error="ValueError")
    dispatched = send("a", sends=(send("b"),))
    assert together([received, raised, dispatched]) == [received, raised, dispatched]


def test_sends_may_be_kept_apart():
    first, second, third = send("a"), send("b"), send("c")
    rows = together([first, second, third], lambda send: send.signal == "b")
    assert rows == [[first, third], second]


def test_nothing_is_together():
    assert together([]) == []


def test_calls_are_above_the_sends_of_the_signal_itself():
    one, other, inner = call("a.one"), call("a.other"), send("b")
    assert below(send("a", one, other, sends=(inner,))) == [one, other, [inner]]
    assert below(one) == []
    assert below(call("a.one", inner)) == [[inner]]
    assert below([inner]) == []


def test_signals_without_receivers_are_counted_by_name_and_method():
    sends = [send(SAVE), send(SAVE, count=3), send(SAVE, method="asend"), send("a.b")]
    assert signals_without_receivers(sends) == {
        "post_save": 4,
        "post_save asend": 1,
        "a.b": 1,
    }


def test_slowest_receivers_are_first_with_all_their_calls():
    first = call("a.fast", self_time=0.001)
    inner = send("c", call("a.slow", self_time=0.002, count=3))
    tree = Tree(
        (send("a", first, call("a.slow", inner, self_time=0.001)),),
        (send("b", call("a.fast", self_time=0.0015, count=5)),),
        totals(),
    )
    found = slowest(tree)
    assert [(slow.call.receiver, slow.times) for slow in found] == [
        ("a.slow", 4),
        ("a.fast", 6),
    ]
    assert [slow.self_time for slow in found] == pytest.approx([0.003, 0.0025])
    assert found[1].call is first


def test_slowest_receivers_are_ten():
    calls = [call(f"a.r{number}", self_time=number) for number in range(12)]
    found = slowest(Tree((send("a", *calls),), (), totals()))
    assert [slow.self_time for slow in found] == [*range(11, 1, -1)]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "shop.Order"),
        ({"sender": None, "sender_kind": None}, "no sender"),
        ({"sender_kind": "instance"}, "shop.Order instance"),
        ({"sender_kind": "app_config", "sender_app": "shop"}, "app shop"),
    ],
)
def test_sender_has_the_name_of_all_reports(changes, name):
    assert sender_of(send("a", **changes)) == name


@pytest.mark.parametrize(
    ("name", "short"),
    [
        (SAVE, "post_save"),
        ("shop.signals.paid", "shop.signals.paid"),
        ("djangocms.signals.paid", "djangocms.signals.paid"),
        ("a\x1b.b", "a\\x1b.b"),
    ],
)
def test_signals_of_django_have_their_bare_name(name, short):
    assert short_signal(name) == short


def test_method_is_shown_unless_it_is_send():
    assert other_method(send("a")) == []
    assert other_method(send("a", method="asend_robust")) == ["asend_robust"]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, ""),
        ({"outcome": "cancelled"}, "CANCELLED"),
        ({"outcome": "unfinished"}, "UNFINISHED"),
        ({"outcome": "raised", "raised": 1, "error": "Oops: \n"}, "RAISED Oops: \\n"),
        ({"outcome": "raised", "raised": 1}, "RAISED "),
        ({"outcome": "swallowed", "raised": 1, "error": "Oops"}, "RAISED Oops"),
    ],
)
def test_outcome_is_shown_unless_the_receiver_returned(changes, text):
    assert outcome_of(call("a.b", **changes)) == text
