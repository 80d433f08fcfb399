from __future__ import annotations

import pytest

from signaltools.reports.editor import Editor
from tests.records import call, send
from tests.reports.panel import (
    names,
    rows,
    stats,
)

# Hidden


@pytest.mark.parametrize(
    ("hide", "expected"),
    [
        ("a", ["b.signal", "  c.two", "  c.three"]),
        ("a.signal", ["b.signal", "  c.two", "  c.three"]),
        ("c", []),
        ("c.one", ["b.signal", "  c.two", "  c.three"]),
        ("c.two", ["a.signal", "  c.one", "b.signal", "  c.three"]),
        ("shop.Order", ["b.signal", "  c.two", "  c.three"]),
        ("stock", ["a.signal", "  c.one"]),
        ("c.on", None),
        ("sho", None),
        ("signal", None),
        ("", None),
    ],
)
def test_beginnings_of_dotted_names_are_hidden(hide, expected):
    sends = (
        send("a.signal", call("c.one")),
        send(
            "b.signal",
            call("c.two"),
            call("c.three"),
            sender="stock.apps.Config",
            sender_kind="app_config",
            sender_app="stock",
        ),
    )
    if expected is None:
        expected = names(*sends)
    assert names(*sends, hide=[hide]) == expected


def test_app_label_of_a_sender_is_hidden():
    migrated = send("a.b", call("c.d"), sender="x.Config", sender_app="stock")
    assert names(migrated, hide=["stock"]) == []


def test_what_is_hidden_is_counted():
    sends = send("a.b", call("c.d"), call("e.f")), send("a.b", call("c.d"))
    assert stats(*sends, hide=["c"])["hidden"] == 2
    assert stats(*sends)["hidden"] == 0
    assert stats(*sends, hide=["c"], always_show=["c.d"])["hidden"] == 0


def test_what_is_below_something_hidden_is_hidden():
    outer = send("a.b", call("c.d", send("e.f")), call("g.h"))
    assert names(outer, hide=["c"]) == ["a.b", "  g.h"]


def test_send_received_only_by_hidden_receivers_is_hidden():
    sends = send("a.b", call("c.d"), call("c.e")), send("a.b", call("f.g"))
    assert names(*sends, hide=["c"]) == ["a.b", "  f.g"]
    assert names(*sends, hide=["c"], always_show=["a"]) == ["a.b", "a.b", "  f.g"]


def test_sends_without_receivers_are_hidden_as_well():
    assert names(send("a.b"), send("c.d"), hide=["c"]) == ["a.b"]


def test_what_is_always_shown_is_not_hidden():
    outer = send("a.b", call("c.d"), call("c.e"))
    assert names(outer, hide=["c"], always_show=["c.e"]) == ["a.b", "  c.e"]
    assert [row["component"] for row in rows(outer, always_show=["c.e"])[1:]] == [
        "project",
        "",
    ]


# Places


def href(editor):
    signal = send("a.b", call("c.d"), file="/srv/site/shop/views.py", line=88)
    [row, _] = rows(signal, editor=editor)
    return row.get("href")


def test_places_lead_to_the_editor():
    assert href(Editor("ed:{file}:{line}")) == "ed:/srv/site/shop/views.py:88"


def test_places_lead_nowhere_without_an_editor():
    assert href(Editor()) is None
