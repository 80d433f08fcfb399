from __future__ import annotations

import json
import random
from typing import Any

import pytest

from signaltools.inventory.records import EventRecord
from signaltools.recording.not_run import Outcome, SignalOutcome
from signaltools.recording.remarks import Remark
from signaltools.recording.tree import Call, Send, Totals, Tree
from signaltools.reports.panel_look import PanelLook
from signaltools.reports.panel_receivers import show_signal
from signaltools.reports.panel_rows import MAX_ROWS
from signaltools.reports.panel_stats import MAX_REMARKS, panel_stats
from tests import records
from tests.records import call, receiver, send, totals

SAVE = "django.db.models.signals.post_save"
PLACE = {"place": "shop/views.py:88"}
NOT_SENT = "paid wasn't sent"


def stats(
    *sends: Send,
    remarks: tuple[Remark, ...] = (),
    signals: tuple[SignalOutcome, ...] = (),
    overflow: tuple[Send, ...] = (),
    sums: Totals | None = None,
    problems: dict[tuple[str, str], str] | None = None,
    **look: Any,
) -> dict[str, Any]:
    tree = Tree(sends, overflow, sums or totals())
    panel_look = PanelLook(**{"folder": "/srv/site", **look})
    shown = [show_signal(signal, panel_look, problems or {}) for signal in signals]
    found = panel_stats(tree, remarks, shown, panel_look)
    # Without a default, so nothing but plain values will do; keys stay text.
    assert json.loads(json.dumps(found)) == found
    return found


def rows(*sends: Send, **options: Any) -> list[dict[str, Any]]:
    return stats(*sends, **options)["rows"]


def names(*sends: Send, **options: Any) -> list[str]:
    """
    Return what each row is about, indented.
    """
    return [
        "  " * (len(row["indent"]) // 2)
        + (
            " ".join(signal["name"] for signal in row["signals"])
            if row["kind"] == "without_receivers"
            else row["name"]
        )
        for row in rows(*sends, **options)
        if row["kind"] != "end"
    ]


# --- everything ---------------------------------------------------------------------


def test_stats_of_nothing() -> None:
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


def test_totals_are_in_milliseconds_and_percent() -> None:
    sums = totals(
        time=0.2, receiver_time=0.0184, query_time=0.0031, raised=1, swallowed=2
    )
    found = stats(sums=sums)["totals"]
    assert found["time"] == 200
    assert found["receiver_time"] == 18.4
    assert found["query_time"] == 3.1
    assert found["share"] == pytest.approx(9.2)
    assert found["errors"] == 3


def test_share_of_no_time_is_none() -> None:
    assert stats(sums=totals(time=0))["totals"]["share"] == 0


def test_problems_are_apart_from_notes() -> None:
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


# --- rows ---------------------------------------------------------------------------


def test_send_has_everything_about_it() -> None:
    heard = send(
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
    assert rows(heard)[0] == {
        "kind": "send",
        "start": 9.6,
        "name": "shop.paid",
        "method": "send_robust",
        "sender": "shop.Order",
        "without_receivers": 1,
        "has_no_receivers": False,
        "arguments": "order=shop.Order pk=7, raw=\\x1b",
        "in_atomic": True,
        "on_commit": 2,
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
        **PLACE,
    }


def test_of_signals_of_django_only_the_key_of_the_instance_is_shown() -> None:
    def arguments(*shown: str, **options: Any) -> str:
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


def test_whether_signals_of_django_were_sent_in_atomic_is_not_shown() -> None:
    [row, _] = rows(send(SAVE, call("a.b"), in_atomic=True))
    assert row["in_atomic"] is False
    [row, _] = rows(send("a.b", call("a.b"), in_atomic=None))
    assert row["in_atomic"] is None


def test_call_has_everything_about_it() -> None:
    heard = send("shop.paid", call("crm.notify", queries=2, count=3, self_time=0.001))
    assert rows(heard)[1] == {
        "kind": "call",
        "order": "1",
        "name": "crm.notify",
        "component": "project",
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
        "place": "crm.py:12",
    }


def test_sends_that_nothing_heard_have_everything_about_them() -> None:
    [row] = rows(
        send(SAVE, start=0.001, time=0.001), send(SAVE, count=2), send("a.b", time=0)
    )
    assert row == {
        "kind": "without_receivers",
        "start": 1,
        "sender": "shop.Order",
        "signals": [{"name": "post_save", "count": 3}, {"name": "a.b", "count": 1}],
        "total": 3,
        "has_more": False,
        "indent": "",
        "is_open": True,
        "left_out": 0,
        "closes": "",
    }


def test_send_by_nobody_from_nowhere_has_neither() -> None:
    [row, _] = rows(
        send("a.b", call("c.d"), sender=None, sender_kind=None, file=None, line=None)
    )
    assert row["sender"] == ""
    assert "place" not in row


def test_what_is_wrong_is_told() -> None:
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


def test_concurrent_receivers_have_no_order() -> None:
    assert [row.get("order") for row in rows(send("a.b", call("c.d", order=None)))] == [
        None,
        "~",
    ]


def test_hostile_names_are_printable() -> None:
    name = "a.\x1b\u202eb"
    found = stats(send(name, call(name), sender=name), send(name, sender=name))
    assert "\x1b" not in str(found).replace("\\x1b", "")
    assert {row["sender"] for row in found["rows"] if "sender" in row} == {
        "a.\\x1b\\u202eb"
    }
    assert "\u202e" not in json.dumps(found, ensure_ascii=False)


def test_rows_are_in_order_and_nested() -> None:
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


def test_indent_has_an_end() -> None:
    node = send("a.b", call("c.d"))
    for _ in range(20):
        node = send("a.b", call("c.d", node))
    indents = [len(row["indent"]) // 2 for row in rows(node)]
    assert indents == [*range(13), *[12] * 29]


def test_sends_of_the_signal_itself_are_below_it() -> None:
    dispatching = send("a.b", call("c.d"), sends=(send("a.inner"),))
    assert names(dispatching) == ["a.b", "  c.d", "  a.inner"]


def test_overflow_has_rows_of_its_own() -> None:
    found = stats(send("a.b"), overflow=(send("c.d", call("e.f")),))
    assert [row["name"] for row in found["overflow"]] == ["c.d", "e.f"]
    assert len(found["rows"]) == 1


def test_calls_without_sends_cannot_be_expanded() -> None:
    outer = send("a.b", call("c.d", send("e.f")), call("c.leaf"))
    assert [row["has_more"] for row in rows(outer)] == [True, True, False, False]


def check_nesting(found: list[dict[str, Any]]) -> None:
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


def random_sends(choose: random.Random, depth: int) -> list[Send]:
    most = choose.choice([1, 2, 5, 30 if depth < 2 else 3])
    return [random_send(choose, depth) for _ in range(choose.randint(0, most))]


def random_send(choose: random.Random, depth: int) -> Send:
    calls = [
        call(
            f"app{choose.randint(1, 3)}.receive",
            *(random_sends(choose, depth + 1) if depth < 6 else []),
            outcome=choose.choice(["returned"] * 20 + ["cancelled"]),
        )
        for _ in range(choose.choice([0, 0, 1, 2, 4]))
    ]
    nested = random_sends(choose, depth + 1) if choose.random() < 0.1 else []
    name = choose.choice(["a.b", "app1.signal", SAVE])
    sender = choose.choice(["shop.Order", "app2.Stock"])
    return send(name, *calls, sends=tuple(nested[:3]), sender=sender)


@pytest.mark.parametrize("seed", range(60))
def test_every_row_is_closed(seed: int) -> None:
    choose = random.Random(seed)
    sends = random_sends(choose, 0)
    look: dict[str, Any] = {}
    if choose.random() < 0.5:
        look = {"hide": ["app1", "app2"], "always_show": ["app2.Stock"]}
    found = rows(*sends, **look)
    check_nesting(found)
    assert len([row for row in found if row["kind"] != "end"]) <= MAX_ROWS


def test_deep_and_wide_trees_are_closed() -> None:
    node = send("a.b", *[call("c.d")] * 300)
    for _ in range(100):
        node = send("a.b", call("c.d", node), call("c.last"))
    check_nesting(rows(node, *[send("a.b", call("c.d"))] * 200))
    check_nesting(rows(node))


# --- the cap ------------------------------------------------------------------------


def test_rows_nearest_to_the_root_are_kept() -> None:
    deep = send("a.deep", call("c.d", *[send("a.b", call("c.e"))] * 300))
    found = rows(deep, *[send(f"a.s{number}", call("c.d")) for number in range(70)])

    assert found[-1]["kind"] == "call"
    shown = [row["name"] for row in found]
    assert len(found) == MAX_ROWS
    assert [name for name in shown if name.startswith("a.s")] == [
        f"a.s{number}" for number in range(70)
    ]
    # 71 sends and 71 calls, then as many as have room below the first one.
    assert [row["left_out"] for row in found if row["left_out"]] == [262, *[1] * 38]
    assert shown.count("a.b") == 38


@pytest.mark.parametrize("place", [0, 35, 69])
def test_no_subtree_takes_the_room_of_others(place: int) -> None:
    sends = [send("a.b", call("c.d")) for _ in range(70)]
    sends[place] = send("a.deep", call("c.d", *[send("a.b", call("c.e"))] * 300))
    found = rows(*sends)

    assert len(found) == MAX_ROWS
    assert len([row for row in found if row["name"] == "c.d"]) == 70


def test_first_rows_are_kept_of_those_at_the_root() -> None:
    found = rows(*[send("a.b", call("c.d"), queries=number) for number in range(260)])

    assert [row["queries"] for row in found[:-1]] == [*range(MAX_ROWS)]
    assert {row["left_out"] for row in found[:-1]} == {1}
    assert found[-1] == {"kind": "end", "left_out": 260 - MAX_ROWS}


def test_nothing_is_left_out_of_as_many_rows_as_fit() -> None:
    found = rows(*[send("a.b", call("c.d"))] * (MAX_ROWS // 2))

    assert len(found) == MAX_ROWS
    assert {row["left_out"] for row in found} == {0}


def test_a_call_whose_sends_are_all_left_out_can_be_expanded() -> None:
    calls = [call("c.d", send("e.f")) for _ in range(MAX_ROWS - 1)]
    found = rows(send("a.b", *calls))

    assert len(found) == MAX_ROWS
    assert {row["left_out"] for row in found[1:]} == {1}
    assert {row["has_more"] for row in found} == {True}


# --- what is open -------------------------------------------------------------------


def test_few_rows_are_open() -> None:
    found = rows(*[send("a.b", call("c.d"))] * 40)
    assert {row["is_open"] for row in found} == {True}


def test_many_rows_are_closed() -> None:
    found = rows(*[send("a.b", call("c.d"))] * 40, send("a.b"))
    assert {row["is_open"] for row in found} == {False}


def test_what_leads_to_a_problem_is_open() -> None:
    failing = send("a.inner", call("c.fail", raised=1, error="ValueError"))
    outer = send("a.outer", call("c.fine"), call("c.outer", failing))
    raising = send("a.raising", error="ValueError")
    found = rows(*[send("a.b", call("c.d"))] * 50, outer, raising)

    assert [row["name"] for row in found if row["is_open"]] == [
        *["a.outer", "c.outer", "a.inner", "c.fail"],
        "a.raising",
    ]


# --- without receivers, slow, bars ----------------------------------------------------


def test_what_is_always_shown_stays_apart() -> None:
    sends = [send("a.b"), send("c.d"), send("a.e")]
    assert names(*sends) == ["a.b c.d a.e"]
    assert names(*sends, always_show=["c"]) == ["a.b a.e", "c.d"]
    [_, row] = rows(*sends, always_show=["c"])
    assert (row["has_no_receivers"], row["without_receivers"], row["has_more"]) == (
        True,
        0,
        False,
    )
    check_nesting(rows(*sends, always_show=["c"]))


def test_senders_are_put_together_each() -> None:
    found = rows(send("a.b"), send("a.b", sender=None, sender_kind=None))
    assert [row["sender"] for row in found] == ["shop.Order", "no sender"]


@pytest.mark.parametrize(
    ("longest", "is_slow"), [(0.0049, False), (0.005, True), (0.1, True)]
)
def test_receivers_are_slow_from_a_limit_on(longest: float, is_slow: bool) -> None:
    found = stats(send("a.b", call("c.d", longest=longest, time=9)), slow_ms=5)
    assert found["rows"][1]["is_slow"] is is_slow
    assert found["slow_ms"] == 5


def test_bars_show_when_receivers_ran() -> None:
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
def test_bars_are_left_out_where_they_say_nothing(
    send_changes: dict[str, Any], call_changes: dict[str, Any], calls: int
) -> None:
    nodes = [call(f"c.r{number}", **call_changes) for number in range(calls)]
    found = rows(send("a.b", *nodes, **send_changes))
    assert {row["bar"] for row in found[1:]} == {None}


def test_slowest_receivers_are_listed() -> None:
    calls = call("c.fast", self_time=0.001), call("c.slow", self_time=0.0184, count=2)
    found = stats(send("a.b", *calls), hide=["c.fast"])
    assert found["slowest"] == [
        {"receiver": "c.slow", "self": 18.4, "count": 2, "place": "c.py:12"}
    ]


def test_receivers_that_took_no_time_are_not_the_slowest() -> None:
    calls = call("c.fast", self_time=0.00004), call("c.slow", self_time=0.00005)
    found = stats(send("a.b", *calls))["slowest"]
    assert [one["receiver"] for one in found] == ["c.slow"]


# --- hidden -------------------------------------------------------------------------


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
def test_beginnings_of_dotted_names_are_hidden(
    hide: str, expected: list[str] | None
) -> None:
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


def test_app_label_of_a_sender_is_hidden() -> None:
    migrated = send("a.b", call("c.d"), sender="x.Config", sender_app="stock")
    assert names(migrated, hide=["stock"]) == []


def test_what_is_hidden_is_counted() -> None:
    sends = send("a.b", call("c.d"), call("e.f")), send("a.b", call("c.d"))
    assert stats(*sends, hide=["c"])["hidden"] == 2
    assert stats(*sends)["hidden"] == 0
    assert stats(*sends, hide=["c"], always_show=["c.d"])["hidden"] == 0


def test_what_is_below_something_hidden_is_hidden() -> None:
    outer = send("a.b", call("c.d", send("e.f")), call("g.h"))
    assert names(outer, hide=["c"]) == ["a.b", "  g.h"]


def test_send_heard_only_by_hidden_receivers_is_hidden() -> None:
    sends = send("a.b", call("c.d"), call("c.e")), send("a.b", call("f.g"))
    assert names(*sends, hide=["c"]) == ["a.b", "  f.g"]
    assert names(*sends, hide=["c"], always_show=["a"]) == ["a.b", "a.b", "  f.g"]


def test_sends_that_nothing_heard_are_hidden_as_well() -> None:
    assert names(send("a.b"), send("c.d"), hide=["c"]) == ["a.b"]


def test_what_is_always_shown_is_not_hidden() -> None:
    outer = send("a.b", call("c.d"), call("c.e"))
    assert names(outer, hide=["c"], always_show=["c.e"]) == ["a.b", "  c.e"]
    assert [row["component"] for row in rows(outer, always_show=["c.e"])[1:]] == [
        "project",
        "",
    ]


# --- places -------------------------------------------------------------------------


def href(file: str = "/srv/site/shop/views.py", **look: Any) -> str:
    look = {"editor_url": "vscode://file/{file}:{line}", **look}
    line = look.pop("line", 88)
    [row, _] = rows(send("a.b", call("c.d"), file=file, line=line), **look)
    return row["href"]


def test_places_lead_to_the_editor() -> None:
    assert href() == "vscode://file//srv/site/shop/views.py:88"
    assert href(line=None) == "vscode://file//srv/site/shop/views.py:1"


def test_places_lead_nowhere_without_an_editor() -> None:
    found = stats(send("a.b", call("c.d")))
    assert all("href" not in row for row in found["rows"])


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ({"/srv": "/home/ann"}, "/home/ann/site/shop/views.py"),
        ({"/srv/": "/home/ann/"}, "/home/ann/site/shop/views.py"),
        ({"/srv/site": "/work", "/srv": "/"}, "/work/shop/views.py"),
        ({"/sr": "/home"}, "/srv/site/shop/views.py"),
        ({"/other": "/home"}, "/srv/site/shop/views.py"),
        ({"/srv/site/shop/views.py": "/v.py"}, "/v.py"),
        ({"/": "/mnt"}, "/mnt/srv/site/shop/views.py"),
        ({"/srv": r"C:\code"}, r"C:\code/site/shop/views.py"),
        ({"/srv": "\\\\wsl$\\Debian\\"}, r"\\wsl%24\Debian/site/shop/views.py"),
    ],
)
def test_folders_may_be_others_where_the_editor_runs(
    paths: dict[str, str], expected: str
) -> None:
    assert href(editor_url="{file}", editor_paths=paths) == expected


def test_folders_of_windows_may_be_others_where_the_editor_runs() -> None:
    file = r"C:\code\shop\views.py"
    paths = {"C:\\code": "/home/ann"}
    assert href(file, editor_url="{file}") == file
    assert href(file, editor_url="{file}", editor_paths=paths) == (
        r"/home/ann\shop\views.py"
    )


def test_paths_are_quoted() -> None:
    file = "/srv/a b/{line}\"'<>&#?%é.py"
    assert href(file, editor_url="x:{file}&l={line}") == (
        "x:/srv/a%20b/%7Bline%7D%22%27%3C%3E%26%23%3F%25%C3%A9.py&l=88"
    )


# --- groups -------------------------------------------------------------------------


def outcome(record: records.SignalRecord, *whys: str | int, **changes: Any) -> Any:
    """
    Return what became of a signal: for each receiver how often it ran, or why not.
    """
    outcomes = [
        Outcome(one, why, None, "")
        if isinstance(why, int)
        else Outcome(one, 0, "not_sent" if why == NOT_SENT else "other_sender", why)
        for one, why in zip(record.receivers, whys, strict=True)
    ]
    gone = Outcome(None, 0, "receiver_gone", changes["gone"]) if changes else None
    outcomes += [gone] if gone else []
    return SignalOutcome(
        record, any(isinstance(why, int) for why in whys), tuple(outcomes)
    )


def groups(*signals: SignalOutcome, **look: Any) -> dict[str, dict[str, Any]]:
    found = stats(signals=signals, **look)["groups"]
    return {group.pop("component"): group for group in found}


def test_receiver_has_everything_about_it() -> None:
    ran = receiver("crm.notify", sender="shop.Order", sender_kind="model")
    strong = receiver("push.send", order=None, is_async=True, weak=False)
    signal = outcome(records.signal("shop.paid", ran, strong), 3, "not \x1b reached")
    assert groups(signal)["project"]["signals"] == [
        {
            "name": "shop.paid",
            "sent": True,
            "ran": 1,
            "receivers": [
                {
                    "count": 3,
                    "order": "1",
                    "name": "crm.notify",
                    "sender": "shop.Order",
                    "component": "project",
                    "place": "crm.py:12",
                },
                {
                    "reason": "not \\x1b reached",
                    "order": "~",
                    "name": "push.send",
                    "sender": "any sender",
                    "details": "async, strong",
                    "component": "project",
                    "place": "push.py:12",
                },
            ],
            "doc": "",
            "signature": "",
        }
    ]


def test_signals_are_by_component() -> None:
    third = {"component": "third_party"}
    found = groups(
        outcome(records.signal("shop.paid", receiver("a.b")), 1),
        outcome(records.signal("lib.done", receiver("a.b"), **third), 1),
        outcome(records.builtin("db.models.signals.post_save", receiver("a.b")), 1),
    )
    assert list(found) == ["project", "third_party", "django"]
    assert [group["signals"][0]["name"] for group in found.values()] == [
        "shop.paid",
        "lib.done",
        "post_save",
    ]


def test_signals_without_receivers_are_only_named_unless_they_are_the_projects() -> (
    None
):
    signals = [
        outcome(records.signal("shop.paid")),
        outcome(records.signal("lib.done", component="third_party")),
        outcome(records.builtin("db.models.signals.post_save")),
    ]
    found = groups(*signals)
    assert [group["without_receivers"] for group in found.values()] == [
        [],
        ["lib.done"],
        ["post_save"],
    ]
    assert found["project"]["signals"] == [
        {
            "name": "shop.paid",
            "sent": False,
            "ran": 0,
            "receivers": [],
            "doc": "",
            "signature": "",
        }
    ]
    always = groups(*signals, always_show=["lib"])
    assert always["third_party"]["signals"][0]["name"] == "lib.done"
    assert always["third_party"]["without_receivers"] == []


def test_reason_of_all_receivers_is_said_once() -> None:
    record = records.signal("shop.paid", receiver("a.b"), receiver("a.c"))
    [signal] = groups(outcome(record, "was sent only by a.B", "was sent only by a.B"))[
        "project"
    ]["signals"]
    assert signal["reason"] == "was sent only by a.B"
    assert ["reason" in one for one in signal["receivers"]] == [False, False]


def test_signal_that_was_not_sent_is_not_named_again() -> None:
    record = records.signal("shop.paid", receiver("a.b"))
    [signal] = groups(outcome(record, NOT_SENT))["project"]["signals"]
    assert signal["reason"] == "not sent"


def test_first_sentence_about_a_signal_is_shown() -> None:
    doc = "Sent when\nan order is \x1b paid. And so on.\n\nMore."
    record = records.signal("shop.paid", doc=doc)
    [signal] = groups(outcome(record))["project"]["signals"]
    assert signal["doc"] == "Sent when an order is \\x1b paid."

    record = records.signal("shop.long", doc="x" * 1_000)
    [signal] = groups(outcome(record))["project"]["signals"]
    assert signal["doc"] == "x" * 199 + "…"


def test_declaration_of_an_event_is_shown() -> None:
    event = EventRecord("shop.paid", 1, "paid(order: Order, \x1b)", ())
    [signal] = groups(outcome(records.signal("shop.paid", event=event)))["project"][
        "signals"
    ]
    assert signal["signature"] == "paid(order: Order, \\x1b)"


def test_different_reasons_are_said_each() -> None:
    record = records.signal("shop.paid", receiver("a.b"), receiver("a.c"))
    [signal] = groups(outcome(record, "one", "other"))["project"]["signals"]
    assert "reason" not in signal
    assert [one["reason"] for one in signal["receivers"]] == ["one", "other"]


def test_receivers_that_are_gone_have_only_their_reason() -> None:
    record = records.signal("shop.paid", receiver("a.b"))
    [signal] = groups(outcome(record, 1, gone="garbage-collected"))["project"][
        "signals"
    ]
    assert signal["receivers"][1] == {"reason": "garbage-collected"}
    assert signal["ran"] == 1

    [signal] = groups(outcome(records.signal("shop.lost"), gone="garbage-collected"))[
        "project"
    ]["signals"]
    assert (signal["reason"], signal["receivers"]) == ("garbage-collected", [{}])


@pytest.mark.parametrize(
    ("hide", "shown", "hidden"),
    [
        ("shop", None, 1),
        ("shop.paid", None, 1),
        ("crm", ["push.send"], 1),
        ("crm.notify", ["push.send"], 1),
        ("stock.Item", ["crm.notify"], 1),
        ("other", ["crm.notify", "push.send"], 0),
        ("push", ["crm.notify"], 1),
    ],
)
def test_signals_receivers_and_senders_are_hidden(
    hide: str, shown: list[str] | None, hidden: int
) -> None:
    sender = {"sender": "stock.Item", "sender_kind": "model"}
    record = records.signal(
        "shop.paid", receiver("crm.notify"), receiver("push.send", **sender)
    )
    found = stats(signals=(outcome(record, 1, 1),), hide=[hide])
    signals = found["groups"][0]["signals"]
    names = [[one["name"] for one in signal["receivers"]] for signal in signals]
    assert names == ([] if shown is None else [shown])
    assert found["hidden"] == hidden
    assert found["groups"][0]["without_receivers"] == []


def test_signal_with_only_hidden_receivers_is_hidden() -> None:
    record = records.signal("shop.paid", receiver("crm.notify"), receiver("crm.log"))
    found = stats(signals=(outcome(record, 1, 1),), hide=["crm"])
    assert found["groups"][0] == {
        "component": "project",
        "signals": [],
        "without_receivers": [],
    }
    assert found["hidden"] == 2

    always = groups(outcome(record, 1, 1), hide=["crm"], always_show=["shop"])
    assert always["project"]["signals"][0]["receivers"] == []


def test_receivers_of_a_hidden_app_config_are_hidden() -> None:
    one = receiver("a.b", sender="x.Config", sender_kind="app_config", sender_app="app")
    record = records.builtin("db.models.signals.post_migrate", one, receiver("a.c"))
    [signal] = groups(outcome(record, 1, 1), hide=["app"])["django"]["signals"]
    assert [one["name"] for one in signal["receivers"]] == ["a.c"]


def test_receivers_that_are_always_shown_belong_to_no_component() -> None:
    record = records.signal("shop.paid", receiver("crm.notify"))
    [signal] = groups(outcome(record, 1), hide=["crm"], always_show=["crm.notify"])[
        "project"
    ]["signals"]
    assert [one["component"] for one in signal["receivers"]] == [""]


def test_receiver_has_its_problems_with_what_they_mean() -> None:
    problems = {
        ("crm.notify", "W012"): "No **kwargs.\n",
        ("crm.notify", "I005"): "No name.",
    }
    one = receiver("crm.notify", problems=("I005", "W012", "W099"))
    other = receiver("crm.other", problems=("W012",))
    known = outcome(records.signal("shop.paid", one, other), 1, 1)
    found = groups(known, problems=problems)
    first, second = found["project"]["signals"][0]["receivers"]
    assert first["details"] == "[I005, W012, W099]"
    assert first["problems"] == [
        {"id": "I005", "text": "No name."},
        {"id": "W012", "text": "No **kwargs.\\n"},
    ]
    assert "problems" not in second


def test_hidden_receivers_of_the_same_outcome_are_counted_each_time() -> None:
    known = outcome(records.signal("shop.paid", receiver("crm.notify")), "not sent")
    for _ in range(2):
        assert stats(signals=(known,), hide=["crm"])["hidden"] == 1


def test_size_of_ten_thousand_instances_is_limited() -> None:
    many: list[Send | Call] = [
        send(SAVE, *[call(f"audit.log{number}", order=number) for number in range(5)])
        for _ in range(2_000)
    ]
    assert len(json.dumps(rows(*many))) < 128 * 1024


def test_only_the_first_problems_and_notes_are_kept() -> None:
    problems = [Remark("error", SAVE, "a.b", str(n), None, None, 1) for n in range(60)]
    notes = [Remark("note", SAVE, "a.b", str(n), None, None, 1) for n in range(60)]

    found = stats(remarks=(*problems, *notes))

    first = [str(number) for number in range(MAX_REMARKS)]
    assert [remark["text"] for remark in found["problems"]] == first
    assert [remark["text"] for remark in found["notes"]] == first
    assert (found["problem_count"], found["note_count"]) == (60, 60)
