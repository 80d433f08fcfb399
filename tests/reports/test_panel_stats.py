from __future__ import annotations

import pytest

from signaltools.recording.remarks import Remark
from signaltools.reports.panel_stats import MAX_REMARKS
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
        },
        "problems": [],
        "problem_count": 0,
        "notes": [],
        "note_count": 0,
        "rows": [],
        "overflow": [],
        "slowest": [],
        "groups": [
            {"component": "project", "signals": [], "without_receivers": []},
            {"component": "third_party", "signals": [], "without_receivers": []},
            {"component": "django", "signals": [], "without_receivers": []},
        ],
        "hidden": 0,
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
    problems = [Remark("error", SAVE, "a.b", str(n), None, None, 1) for n in range(60)]
    notes = [Remark("note", SAVE, "a.b", str(n), None, None, 1) for n in range(60)]

    found = stats(remarks=(*problems, *notes))

    first = [str(number) for number in range(MAX_REMARKS)]
    assert [remark["text"] for remark in found["problems"]] == first
    assert [remark["text"] for remark in found["notes"]] == first
    assert (found["problem_count"], found["note_count"]) == (60, 60)


# The slowest receivers


def test_slowest_receivers_are_listed():
    calls = call("c.fast", self_time=0.001), call("c.slow", self_time=0.0184, count=2)
    found = stats(send("a.b", *calls), hide=["c.fast"])
    assert found["slowest"] == [
        {"receiver": "c.slow", "self": 18.4, "count": 2, "place": "c.py:12"}
    ]


def test_receivers_that_took_no_time_are_not_the_slowest():
    calls = call("c.fast", self_time=0.00004), call("c.slow", self_time=0.00005)
    found = stats(send("a.b", *calls))["slowest"]
    assert [one["receiver"] for one in found] == ["c.slow"]
