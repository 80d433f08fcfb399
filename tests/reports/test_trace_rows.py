from __future__ import annotations

import pytest

from signaltools.events.background import Background
from signaltools.reports.trace_rows import (
    below,
    caller_of,
    other_method,
    outcome_of,
    queued_of,
    sender_of,
    short_signal,
    shown_values,
    signals_without_receivers,
    together,
)
from tests.records import call, send

SAVE = "django.db.models.signals.post_save"
INIT = "django.db.models.signals.post_init"


def test_neighbors_of_django_without_receivers_are_together_for_each_sender():
    first, second, other = send(INIT), send(SAVE), send(INIT, sender="shop.Stock")
    assert together([first, other, second]) == [[first, second], [other]]


def test_senders_of_another_kind_are_others():
    model, instance = send(SAVE), send(SAVE, sender_kind="instance")
    assert together([model, instance]) == [[model], [instance]]


def test_custom_signals_and_events_without_receivers_keep_their_row():
    custom, event = send("shop.saved"), send("shop.paid", kind="event")
    assert together([custom, custom, event]) == [custom, custom, event]


def test_sends_that_were_received_or_raised_are_rows_of_their_own():
    received, raised = send(SAVE, call("b.c")), send(SAVE, error="ValueError")
    dispatched = send(SAVE, sends=(send("b"),))
    assert together([received, raised, dispatched]) == [received, raised, dispatched]


@pytest.mark.parametrize("between", [send(SAVE, call("b.c")), send("shop.paid")])
def test_what_is_not_a_neighbor_has_a_row_of_its_own(between):
    first, second = send(INIT), send(INIT)
    assert together([first, between, second]) == [[first], between, [second]]


def test_sends_may_be_kept_apart():
    first, second, third = send(INIT), send(SAVE), send(INIT)
    rows = together([first, second, third], lambda send: send.signal == SAVE)
    assert rows == [[first], second, [third]]


def test_nothing_is_together():
    assert together([]) == []


def test_calls_are_above_the_sends_of_the_signal_itself():
    one, other, inner = call("a.one"), call("a.other"), send(SAVE)
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


def test_signals_without_receivers_are_counted_by_their_values():
    sends = [send(SAVE, values={"created": created}) for created in (True, False, True)]
    assert signals_without_receivers(sends) == {
        "post_save created=True": 2,
        "post_save created=False": 1,
    }


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"created": False, "raw": False, "using": "default"}, ["created=False"]),
        ({"raw": True, "using": "b"}, ["raw=True", "using='b'"]),
        ({"action": "pre_add\x1b"}, ["action='pre_add\\x1b'"]),
        ({"update_fields": None}, []),
        ({"update_fields": ("a", "b")}, ["update_fields=['a', 'b']"]),
        ({"update_fields": ()}, ["update_fields=[]"]),
    ],
)
def test_values_are_shown_unless_they_are_as_usual(values, shown):
    assert shown_values(send(SAVE, values=values)) == shown


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "shop.Order"),
        ({"sender": None, "sender_kind": None}, "no sender"),
        ({"sender": "other senders", "sender_kind": None}, "other senders"),
        ({"sender": None, "sender_kind": "module"}, "unknown sender"),
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


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "from shop/views.py:88"),
        ({"same_caller": False}, "first from shop/views.py:88"),
        ({"queued": True}, "on commit, queued by shop/views.py:88"),
        ({"file": None, "line": None}, ""),
        ({"queued": True, "file": None, "line": None}, "on commit"),
    ],
)
def test_caller_is_the_line_that_sends_or_has_queued(changes, text):
    assert caller_of(send("a", **changes), "/srv/site") == text


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


@pytest.mark.parametrize(
    ("background", "shown"),
    [
        (None, ""),
        (Background("default", "default", True), "queues on commit"),
        (Background("default", "mail", False), "queued (queue mail)"),
        (Background("rq", "a", True), "queues on commit (backend rq, queue a)"),
    ],
)
def test_a_receiver_in_the_background_was_queued(background, shown):
    assert queued_of(call("shop.mail", background=background)) == shown


def test_a_receiver_that_could_not_be_queued_was_not():
    background = Background("default", "default", True)
    failed = call("shop.mail", background=background, outcome="raised", raised=1)
    assert queued_of(failed) == ""
