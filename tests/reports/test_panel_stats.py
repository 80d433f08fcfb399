from __future__ import annotations

import pytest

from signaltools.recording.remarks import Remark
from signaltools.recording.tree import Tree
from signaltools.reports.panel_options import PanelOptions
from signaltools.reports.panel_stats import MAX_REMARKS, panel_stats
from tests.records import call, send, totals
from tests.reports.panel import (
    SAVE,
    stats,
)


def test_stats_of_nothing():
    assert stats() == {
        "totals": {
            "time": 100.0,
            "sends": 0,
            "calls": 0,
            "without_receivers": 0,
            "receiver_time": 0.0,
            "queries": 0,
            "query_time": 0.0,
            "receiver_queries": 0,
            "raised": 0,
            "swallowed": 0,
            "on_commit": 0,
            "share": 0.0,
            "errors": 0,
            "warnings": 0,
        },
        "problems": [],
        "more_problems": [],
        "more_problem_count": 0,
        "problem_count": 0,
        "notes": [],
        "note_count": 0,
        "rows": [],
        "frames": [],
        "overflow": [],
        "slowest": [],
        "groups": [
            {"component": "project", "signals": [], "without_receivers": []},
            {"component": "third_party", "signals": [], "without_receivers": []},
            {"component": "django", "signals": [], "without_receivers": []},
        ],
        "hidden_sends": 0,
        "hidden": 0,
        "hide": [],
        "slow_ms": 100,
    }


def test_totals_are_in_milliseconds_and_percent():
    sums = totals(
        time=0.2, receiver_time=0.0184, query_time=0.0031, raised=1, swallowed=2
    )
    found = stats(sums=sums)["totals"]
    assert found["time"] == 200
    assert found["receiver_time"] == 18.4
    assert found["query_time"] == 3.1
    assert found["share"] == pytest.approx(9.2)
    assert found["errors"] == 3


def test_share_of_no_time_is_none():
    assert stats(sums=totals(time=0))["totals"]["share"] == 0


def test_problems_are_apart_from_notes():
    place = "crm.notify", "swallowed \x1b KeyError", "/srv/site/crm.py", 9, 2
    error = Remark("error", "shop.paid", *place)
    warning = Remark("warning", SAVE, None, "queries", None, None, 1)
    note = Remark("note", SAVE, None, "inside atomic()", "/srv/site/a.py", 1, 3)

    found = stats(remarks=(error, warning, note))

    assert found["problems"] == [
        {
            "level": "error",
            "signal": "shop.paid",
            "receiver": "crm.notify",
            "text": "swallowed \\x1b KeyError",
            "count": 2,
            "place": "crm.py:9",
        },
        {
            "level": "warning",
            "signal": "post_save",
            "receiver": "",
            "text": "queries",
            "count": 1,
        },
    ]
    assert [(one["level"], one["count"]) for one in found["notes"]] == [("note", 3)]


def test_only_the_first_problems_and_notes_are_kept():
    problems = [
        Remark("error", SAVE, f"a.b{n}", str(n - 7), None, None, 1) for n in range(74)
    ]
    notes = [Remark("note", SAVE, "a.b", str(n), None, None, 1) for n in range(60)]

    found = stats(remarks=(*problems, *notes))

    first = [str(number) for number in range(MAX_REMARKS)]
    assert [remark["text"] for remark in found["more_problems"]] == first
    assert [remark["text"] for remark in found["notes"]] == first
    assert (found["more_problem_count"], found["note_count"]) == (67, 60)
    assert (found["problem_count"], len(found["problems"])) == (74, 7)


def test_receiver_that_fails_often_does_not_hide_the_others():
    problems = [Remark("error", SAVE, "a.b", str(n), None, None, 1) for n in range(60)]
    other = Remark("error", SAVE, "c.d", "other", None, None, 1)
    gone = {"level": "warning", "id": "W001", "signal": SAVE, "receiver": "a.b"}

    tree = Tree((), (), totals())
    found = panel_stats(tree, (*problems, other), PanelOptions(), [gone])

    assert [one.get("text") for one in found["problems"]] == ["0", "other", None]
    assert found["more_problems"][0]["text"] == "1"
    assert found["more_problem_count"] == 59


# The slowest receivers


def test_slowest_receivers_are_listed():
    calls = call("c.fast", self_time=0.001), call("c.slow", self_time=0.0184, count=2)
    found = stats(send("a.b", *calls), hide=["c.fast"])
    assert found["slowest"] == [
        {
            "receiver": "c.slow",
            "self": 18.4,
            "count": 2,
            "at": "row 1",
            "place": "c.py:12",
        }
    ]


def test_receivers_that_took_no_time_are_not_the_slowest():
    calls = call("c.fast", self_time=0.00004), call("c.slow", self_time=0.00005)
    found = stats(send("a.b", *calls))["slowest"]
    assert [one["receiver"] for one in found] == ["c.slow"]


# Without what is hidden


def test_totals_do_not_include_what_is_hidden():
    inner = send("c.noise", call("d.inner", self_time=0.003), self_time=0.002)
    sends = (
        send("c.noise", call("a.one", queries=2, self_time=0.01), count=2, on_commit=1),
        send("c.noise", without_receivers=1),
        send("b.kept", call("a.two", inner, self_time=0.02), call("c.hidden")),
    )
    sums = totals(
        sends=5,
        calls=4,
        without_receivers=1,
        on_commit=1,
        receiver_time=0.036,
        receiver_queries=2,
        swallowed=1,
    )
    found = stats(*sends, sums=sums, hide=["c"])["totals"]
    assert (found["sends"], found["calls"]) == (1, 1)
    assert (found["without_receivers"], found["on_commit"]) == (0, 0)
    # What is hidden below a receiver that isn't is part of its time.
    assert found["receiver_time"] == 25
    assert found["receiver_queries"] == 0
    assert found["swallowed"] == 1


def test_what_a_hidden_send_sent_by_itself_is_hidden():
    inner = send("c.inner", call("a.two", self_time=0.01))
    outer = send("c.outer", call("a.one", self_time=0.02), sends=(inner,))
    sums = totals(sends=2, calls=2, receiver_time=0.03)
    found = stats(outer, sums=sums, hide=["c"])["totals"]
    assert (found["sends"], found["calls"], found["receiver_time"]) == (0, 0, 0)


def test_sends_that_are_hidden_are_not_the_same_as_none():
    assert stats(send("c.noise"), hide=["c"])["hidden_sends"] == 1
    assert stats()["hidden_sends"] == 0


# From a problem to its row


def test_problem_is_at_the_row_that_failed():
    failed = call("a.b", raised=1, error="KeyError", outcome="raised")
    sends = send("s.s", call("a.b")), send("s.s", failed), send("t.t", call("a.b"))
    remark = Remark("error", "s.s", "a.b", "raised KeyError", None, None, 1)
    about_send = Remark("note", "t.t", None, "inside atomic()", None, None, 1)
    found = stats(*sends, remarks=[remark, about_send])
    assert [each["at"] for each in found["problems"]] == ["row 3"]
    assert [each["at"] for each in found["notes"]] == ["row 4"]


def test_problem_is_at_the_row_with_queries():
    sends = send("s.s", call("a.b")), send("s.s", call("a.b", self_queries=1))
    remark = Remark("warning", "s.s", "a.b", "queries", None, None, 1)
    assert stats(*sends, remarks=[remark])["problems"][0]["at"] == "row 3"


def test_problem_without_a_row_leads_nowhere():
    remark = Remark("error", "s.s", "a.b", "raised", None, None, 1)
    assert "at" not in stats(remarks=[remark])["problems"][0]


def test_warnings_are_counted():
    levels = "error", "warning", "warning", "note"
    remarks = [Remark(level, SAVE, "a.b", "text", None, None, 1) for level in levels]
    assert stats(remarks=remarks)["totals"]["warnings"] == 2
