from __future__ import annotations

import json
import random
from typing import Any

import pytest

from signaltools.events.background import Background
from signaltools.introspect.callers import Frame
from signaltools.recording.tree import Call, Send
from signaltools.reports.panel_rows import MAX_ROWS
from tests.records import call, send
from tests.reports.panel import (
    PLACE,
    SAVE,
    names,
    rows,
    stats,
)

INIT = "django.db.models.signals.post_init"


def test_send_has_everything_about_it():
    received = send(
        "shop.paid",
        call("crm.notify"),
        arguments=("order=shop.Order pk=7", "raw=\x1b"),
        method="send_robust",
        count=3,
        without_receivers=1,
        in_atomic=True,
        on_commit=2,
        queries=7,
        start=0.0096,
        time=0.0164,
        self_time=0.00012,
    )
    assert rows(received)[0] == {
        "kind": "send",
        "start": 9.6,
        "name": "shop.paid",
        "method": "send_robust",
        "sender": "shop.Order",
        "without_receivers": 1,
        "has_no_receivers": False,
        "unseen": 0,
        "runs_async": False,
        "arguments": "order=shop.Order pk=7, raw=\\x1b",
        "in_atomic": True,
        "on_commit": 2,
        "queued": False,
        "first": False,
        "problem": "",
        "count": 3,
        "self": 0.12,
        "total": 16.4,
        "queries": 7,
        "has_more": True,
        "indent": "",
        "is_open": True,
        "left_out": 0,
        "closes": "",
        "stack": [],
        **PLACE,
    }


def test_of_signals_of_django_only_the_key_of_the_instance_is_shown():
    def arguments(*shown, **options):
        sent = send(SAVE, call("a.b"), arguments=shown, **options.pop("send", {}))
        return rows(sent, **options)[0]["arguments"]

    names = "signal=ModelSignal", "instance=shop.Order pk=7", "created=bool"
    assert arguments(*names) == "pk=7"
    assert arguments(*names, send={"count": 2}) == ""
    assert arguments("instance=shop.Order pk=7", "other=shop.Line pk=8") == (
        "pk=7, other=shop.Line pk=8"
    )
    assert arguments("instance=shop.Rush pk=7") == "instance=shop.Rush pk=7"
    assert arguments("created=True", show_values=True) == "created=True"


def test_whether_signals_of_django_were_sent_in_atomic_is_not_shown():
    [row, _] = rows(send(SAVE, call("a.b"), in_atomic=True))
    assert row["in_atomic"] is False
    [row, _] = rows(send("a.b", call("a.b"), in_atomic=None))
    assert row["in_atomic"] is None


def test_call_has_everything_about_it():
    received = send(
        "shop.paid", call("crm.notify", queries=2, count=3, self_time=0.001)
    )
    assert rows(received)[1] == {
        "kind": "call",
        "order": "1",
        "name": "crm.notify",
        "component": "project",
        "background": "",
        "problem": "",
        "is_slow": False,
        "bar": None,
        "count": 3,
        "self": 1,
        "total": 2,
        "queries": 2,
        "has_more": False,
        "indent": "\u2003\u2003",
        "is_open": True,
        "left_out": 0,
        "closes": "/",
        "stack": [],
        "place": "crm.py:12",
    }


def test_sends_without_receivers_have_everything_about_them():
    [row] = rows(
        send(SAVE, start=0.001, time=0.001), send(SAVE, count=2), send(INIT, time=0)
    )
    assert row == {
        "kind": "without_receivers",
        "start": 1,
        "sender": "shop.Order",
        "signals": [
            {"name": "post_save", "count": 3},
            {"name": "post_init", "count": 1},
        ],
        "total": 3,
        "has_more": False,
        "indent": "",
        "is_open": True,
        "left_out": 0,
        "closes": "",
        "stack": [],
    }


def test_send_without_sender_and_place_has_neither():
    [row, _] = rows(
        send("a.b", call("c.d"), sender=None, sender_kind=None, file=None, line=None)
    )
    assert row["sender"] == ""
    assert "place" not in row


def test_what_is_wrong_is_shown():
    failing = send(
        "a.b",
        call("a.fail", outcome="raised", raised=1, error="ValueError: \x1b"),
        call("a.cancel", outcome="cancelled"),
        error="ValueError: \x1b",
    )
    assert [row["problem"] for row in rows(failing)] == [
        "RAISED ValueError: \\x1b",
        "RAISED ValueError: \\x1b",
        "CANCELLED",
    ]


def test_concurrent_receivers_have_no_order():
    assert [row.get("order") for row in rows(send("a.b", call("c.d", order=None)))] == [
        None,
        "~",
    ]


def test_hostile_names_are_printable():
    name = "a.\x1b\u202eb"
    found = stats(send(name, call(name), sender=name), send(name, sender=name))
    assert "\x1b" not in str(found).replace("\\x1b", "")
    assert {row["sender"] for row in found["rows"] if "sender" in row} == {
        "a.\\x1b\\u202eb"
    }
    assert "\u202e" not in json.dumps(found, ensure_ascii=False)


def test_rows_are_in_order_and_nested():
    inner = send(SAVE, call("audit.log"))
    outer = send("a.b", call("c.first", inner, send("a.lost")), call("c.second"))
    assert names(outer, send("a.last")) == [
        "a.b",
        "  c.first",
        "    post_save",
        "      audit.log",
        "    a.lost",
        "  c.second",
        "a.last",
    ]


def test_indent_has_an_end():
    node = send("a.b", call("c.d"))
    for _ in range(20):
        node = send("a.b", call("c.d", node))
    indents = [len(row["indent"]) // 2 for row in rows(node)]
    assert indents == [*range(13), *[12] * 29]


def test_sends_of_the_signal_itself_are_below_it():
    dispatching = send("a.b", call("c.d"), sends=(send("a.inner"),))
    assert names(dispatching) == ["a.b", "  c.d", "  a.inner"]


def test_overflow_has_rows_of_its_own():
    found = stats(send("a.b"), overflow=(send("c.d", call("e.f")),))
    assert [row["name"] for row in found["overflow"]] == ["c.d", "e.f"]
    assert len(found["rows"]) == 1


def test_calls_without_sends_cannot_be_expanded():
    outer = send("a.b", call("c.d", send("e.f")), call("c.leaf"))
    assert [row["has_more"] for row in rows(outer)] == [True, True, False, False]


def check_nesting(found):
    """
    Check that each row closes what it has to, as the template opens it.
    """
    depth = 0
    for row in found:
        if row["kind"] == "end":
            assert row is found[-1]
            continue
        assert len(row["indent"]) == 2 * min(depth, 12)
        depth += row["has_more"]
        assert set(row["closes"]) <= {"/"}
        depth -= len(row["closes"])
        assert depth >= 0
    assert depth == 0


def random_sends(choose, depth):
    most = choose.choice([1, 2, 5, 30 if depth < 2 else 3])
    return [random_send(choose, depth) for _ in range(choose.randint(0, most))]


def random_send(choose, depth):
    calls = [
        call(
            f"app{choose.randint(1, 3)}.receive",
            *(random_sends(choose, depth + 1) if depth < 4 else []),
            outcome=choose.choice(["returned"] * 20 + ["cancelled"]),
        )
        for _ in range(choose.choice([0, 0, 1, 2, 4]))
    ]
    nested = random_sends(choose, depth + 1) if choose.random() < 0.1 else []
    name = choose.choice(["a.b", "app1.signal", SAVE])
    sender = choose.choice(["shop.Order", "app2.Stock"])
    return send(name, *calls, sends=tuple(nested[:3]), sender=sender)


@pytest.mark.parametrize("seed", range(60))
def test_every_row_is_closed(seed):
    choose = random.Random(seed)
    sends = random_sends(choose, 0)
    options: dict[str, Any] = {}
    if choose.random() < 0.5:
        options = {"hide": ["app1", "app2"], "always_show": ["app2.Stock"]}
    found = rows(*sends, **options)
    check_nesting(found)
    assert len([row for row in found if row["kind"] != "end"]) <= MAX_ROWS


def test_deep_and_wide_trees_are_closed():
    node = send("a.b", *[call("c.d")] * 300)
    for _ in range(100):
        node = send("a.b", call("c.d", node), call("c.last"))
    check_nesting(rows(node, *[send("a.b", call("c.d"))] * 200))
    check_nesting(rows(node))


# The limit


def test_rows_nearest_to_the_root_are_kept():
    deep = send("a.deep", call("c.d", *[send("a.b", call("c.e"))] * 300))
    found = rows(deep, *[send(f"a.s{number}", call("c.d")) for number in range(70)])

    assert found[-1]["kind"] == "call"
    shown = [row["name"] for row in found]
    assert len(found) == MAX_ROWS
    assert [name for name in shown if name.startswith("a.s")] == [
        f"a.s{number}" for number in range(70)
    ]
    # 71 sends and 71 calls, then as many as have room below the first one.
    assert [row["left_out"] for row in found if row["left_out"]] == [281]
    assert shown.count("a.b") == shown.count("c.e") == 19


@pytest.mark.parametrize("place", [0, 35, 69])
def test_no_subtree_takes_the_room_of_others(place):
    sends = [send("a.b", call("c.d")) for _ in range(70)]
    sends[place] = send("a.deep", call("c.d", *[send("a.b", call("c.e"))] * 300))
    found = rows(*sends)

    assert len(found) == MAX_ROWS
    assert len([row for row in found if row["name"] == "c.d"]) == 70


def test_first_rows_are_kept_of_those_at_the_root():
    found = rows(*[send("a.b", queries=number) for number in range(260)])

    assert [row["queries"] for row in found[:-1]] == [*range(MAX_ROWS)]
    assert found[-1] == {"kind": "end", "left_out": 260 - MAX_ROWS}


def test_hundreds_of_sends_leave_room_for_what_ran():
    found = rows(*[send(f"a.s{number}", call("c.d")) for number in range(600)])

    names = [row["name"] for row in found[:-1]]
    assert names[::2] == [f"a.s{number}" for number in range(MAX_ROWS // 2)]
    assert names[1::2] == ["c.d"] * (MAX_ROWS // 2)
    assert {row["left_out"] for row in found[:-1]} == {0}
    assert found[-1] == {"kind": "end", "left_out": 600 - MAX_ROWS // 2}


def test_receivers_that_have_sent_nothing_take_all_the_room():
    found = rows(send("a.b", *[call("c.d")] * 300))

    assert [row["kind"] for row in found] == ["send", *["call"] * (MAX_ROWS - 1)]
    assert found[0]["left_out"] == 300 - (MAX_ROWS - 1)


def test_nothing_is_left_out_of_as_many_rows_as_fit():
    found = rows(*[send("a.b", call("c.d"))] * (MAX_ROWS // 2))

    assert len(found) == MAX_ROWS
    assert {row["left_out"] for row in found} == {0}


def test_a_call_whose_sends_are_all_left_out_can_be_expanded():
    calls = [call("c.d", send("e.f")) for _ in range(MAX_ROWS - 1)]
    found = rows(send("a.b", *calls))

    assert len(found) == MAX_ROWS
    # Half of the room is 89 rows, and 90 calls are shown.
    assert [row["name"] for row in found[-3:]] == ["c.d", "e.f", "c.d"]
    assert (found[-1]["left_out"], found[-1]["has_more"]) == (1, True)


# What is expanded


def test_few_rows_are_open():
    found = rows(*[send("a.b", call("c.d"))] * 40)
    assert {row["is_open"] for row in found} == {True}


def test_many_rows_are_closed():
    found = rows(*[send("a.b", call("c.d"))] * 40, send("a.b"))
    assert {row["is_open"] for row in found} == {False}


def test_what_leads_to_a_problem_is_open():
    failing = send("a.inner", call("c.fail", raised=1, error="ValueError"))
    outer = send("a.outer", call("c.fine"), call("c.outer", failing))
    raising = send("a.raising", error="ValueError")
    found = rows(*[send("a.b", call("c.d"))] * 50, outer, raising)

    assert [row["name"] for row in found if row["is_open"]] == [
        *["a.outer", "c.outer", "a.inner", "c.fail"],
        "a.raising",
    ]


# Without receivers, slow, bars


def test_what_is_always_shown_stays_apart():
    sends = [send(SAVE), send(INIT), send(SAVE)]
    assert names(*sends) == ["post_save post_init"]
    shown = {"always_show": ["django.db.models.signals.post_init"]}
    assert names(*sends, **shown) == ["post_save", "post_init", "post_save"]
    [_, row, _] = rows(*sends, **shown)
    assert (row["has_no_receivers"], row["without_receivers"], row["has_more"]) == (
        True,
        0,
        False,
    )
    check_nesting(rows(*sends, **shown))


def test_custom_signals_without_receivers_keep_their_row_and_place():
    [first, second] = rows(send("a.b"), send("a.b", line=89))
    assert [first["name"], first["place"], second["place"]] == [
        "a.b",
        "shop/views.py:88",
        "shop/views.py:89",
    ]


def test_values_that_explain_a_model_signal_are_shown():
    values = {"created": True, "raw": True, "using": "default"}
    [row, _] = rows(send(SAVE, call("a.b"), values=values))
    assert row["arguments"] == "created=True, raw=True"


def test_send_on_commit_and_caller_of_the_first_send_are_marked():
    queued, first = rows(send("a.b", queued=True), send("a.c", same_caller=False))
    assert [queued["queued"], queued["first"]] == [True, False]
    assert [first["queued"], first["first"]] == [False, True]


def test_senders_are_put_together_each():
    found = rows(send(SAVE), send(SAVE, sender=None, sender_kind=None))
    assert [row["sender"] for row in found] == ["shop.Order", "no sender"]


@pytest.mark.parametrize(
    ("sender", "shown"), [("other senders", "other senders"), (None, "")]
)
def test_the_other_senders_of_a_total_have_no_kind(sender, shown):
    [row, _] = rows(send(SAVE, call("a.b"), sender=sender, sender_kind=None))
    assert row["sender"] == shown


@pytest.mark.parametrize(
    ("longest", "is_slow"), [(0.0049, False), (0.005, True), (0.1, True)]
)
def test_receivers_are_slow_from_a_limit_on(longest, is_slow):
    found = stats(send("a.b", call("c.d", longest=longest, time=9)), slow_ms=5)
    assert found["rows"][1]["is_slow"] is is_slow
    assert found["slow_ms"] == 5


def test_bars_show_when_receivers_ran():
    place: dict[str, Any] = {"start": 0.01, "time": 0.02}
    calls = [
        call("c.first", start=0.01, time=0.005),
        call("c.second", start=0.015, time=0.015),
        call("c.short", start=0.02, time=0),
    ]
    assert [row.get("bar") for row in rows(send("a.b", *calls, **place))] == [
        None,
        [0.0, 25.0],
        [25.0, 75.0],
        [50.0, 1.0],
    ]


@pytest.mark.parametrize(
    ("send_changes", "call_changes", "calls"),
    [({"count": 2}, {}, 2), ({}, {"count": 2}, 2), ({"time": 0}, {}, 2), ({}, {}, 1)],
    ids=["sends", "calls", "no time", "only one"],
)
def test_bars_are_left_out_where_they_say_nothing(send_changes, call_changes, calls):
    nodes = [call(f"c.r{number}", **call_changes) for number in range(calls)]
    found = rows(send("a.b", *nodes, **send_changes))
    assert {row["bar"] for row in found[1:]} == {None}


def test_size_of_ten_thousand_instances_is_limited():
    many: list[Send | Call] = [
        send(SAVE, *[call(f"audit.log{number}", order=number) for number in range(5)])
        for _ in range(2_000)
    ]
    assert len(json.dumps(rows(*many))) < 128 * 1024


def test_a_call_that_queued_its_receiver_says_so():
    mail = call("crm.mail", background=Background("default", "mail", False))
    row = rows(send("shop.paid", mail))[1]
    assert (row["background"], row["problem"]) == ("queued (queue mail)", "")


def test_receivers_that_cannot_be_seen_are_not_none():
    [row] = rows(send("a.b", unseen=1))
    assert (row["unseen"], row["has_no_receivers"]) == (1, False)


@pytest.mark.parametrize("method", ["send", "send_robust"])
def test_send_runs_async_receivers_in_a_loop(method):
    asynchronous = send("a.b", call("c.d"), call("e.f", order=None), method=method)
    assert rows(asynchronous)[0]["runs_async"]
    assert not rows(send("a.b", call("c.d"), method=method))[0]["runs_async"]


def test_asend_runs_async_receivers_where_it_is():
    assert not rows(send("a.b", call("e.f", order=None), method="asend"))[0][
        "runs_async"
    ]


# The stack of a send


def test_stack_is_shown_where_a_row_can_be_expanded():
    place = Frame("place", "/srv/site/shop/services.py", 26)
    view = Frame("Checkout.post", "/srv/site/shop/views.py", 88)
    hostile = Frame("a\u202eb", "<string>", 1)
    first = send("a.b", call("c.d"), stack=(place, view))
    second = send("a.c", call("c.d"), stack=(hostile, view))
    found = stats(first, second, send("a.d", stack=(view,)))

    shown = [row.get("stack") for row in found["rows"] if row["kind"] == "send"]
    view_row = {"function": "Checkout.post", "place": "shop/views.py:88"}
    assert shown == [
        [{"function": "place", "place": "shop/services.py:26"}, view_row],
        [{"function": "a\\u202eb", "place": "<string>:1"}, view_row],
        [],
    ]
    # Each frame is stored once.
    assert found["frames"] == [shown[0][0], view_row, shown[1][0]]
