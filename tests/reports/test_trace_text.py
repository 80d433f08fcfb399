from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

import signaltools
from signaltools.recording.not_run import NotRun
from signaltools.recording.remarks import Remark
from signaltools.recording.tree import Tree
from signaltools.reports.editor import Editor
from signaltools.reports.layout import Look
from signaltools.reports.trace_selection import Selected
from signaltools.reports.trace_text import render_trace
from tests.records import call, receiver, send, totals

GOLDEN = Path(__file__).parents[1] / "golden"
FOLDER = "/srv/site"
SAVE = "django.db.models.signals.post_save"
INIT = "django.db.models.signals.post_init"


def render(*sends, **options):
    overflow = options.pop("overflow", ())
    remarks = options.pop("remarks", [])
    not_run = options.pop("not_run", [])
    sums = options.pop("totals", totals(sends=1))
    summary = options.pop("summary", False)
    hidden = {n: options.pop(n) for n in Selected._fields[3:] if n in options}
    look = Look(**{"folder": FOLDER, **options})
    selected = Selected(Tree(sends, overflow, sums), remarks, not_run, **hidden)
    return render_trace(selected, look, summary=summary).split("\n")


def events(*sends, **options):
    lines = render(*sends, **options)
    start = next(n for n, line in enumerate(lines) if line.startswith("IN ORDER"))
    lines = lines[start + 1 :]
    return lines[: lines.index("")]


def overview():
    inner = send(SAVE, call("audit.log.record", self_time=0.0018), sender="shop.Stock")
    paid = send(
        "shop.signals.order_paid",
        call(
            "stock.receivers.reserve", inner, queries=7, self_time=0.0079, time=0.0098
        ),
        call(
            "crm.receivers.notify_sales",
            order=2,
            outcome="swallowed",
            raised=1,
            swallowed=1,
            error="KeyError: 'vip'",
        ),
        call("push.ws.broadcast", order=None, time=0.0061),
        method="send_robust",
        queries=7,
        start=0.0096,
        time=0.0164,
    )
    init = [send(INIT, count=count, without_receivers=count) for count in (1_204, 1)]
    return render(
        *init,
        paid,
        send("shop.signals.order_lost", sender=None, sender_kind=None, start=1.029),
        totals=totals(
            sends=1_208,
            calls=4,
            receiver_time=0.0184,
            receiver_queries=7,
            queries=9,
            swallowed=1,
            on_commit=2,
        ),
        remarks=[
            Remark(
                "error",
                "shop.signals.order_paid",
                "crm.receivers.notify_sales",
                "KeyError: 'vip', swallowed by send_robust",
                "/srv/site/crm/receivers.py",
                9,
                1,
            ),
            Remark("note", SAVE, None, "sent somewhere", "/srv/site/a.py", 1, 2_000),
        ],
        not_run=[
            NotRun(
                SAVE,
                receiver("search.index", sender="shop.Order", sender_kind="model"),
                "other_sender",
                "post_save was sent only by shop.Stock",
            ),
            NotRun(
                SAVE, receiver("search.all"), "earlier_error", "crm raised KeyError"
            ),
            NotRun(SAVE, None, "receiver_gone", "it was garbage-collected"),
            NotRun("c.d", receiver("search.a"), "not_sent", "d wasn't sent"),
            NotRun("a.b", receiver("search.b"), "outside_window", "outside"),
        ],
    )


def test_overview():
    text = "\n".join(overview())
    golden = GOLDEN / "trace.txt"
    if "UPDATE_GOLDEN" in os.environ:
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_no_line_is_wider_than_the_terminal():
    assert max(map(len, overview())) <= 100


def test_an_empty_trace_says_so():
    lines = render(totals=totals(), not_run=[NotRun("a", None, "unknown", "x")])
    assert lines == [
        "0 sends · 0 calls · 0.0 ms in receivers (0%) · 0 of 0 queries",
        "Nothing was sent.",
        "",
    ]


def test_what_settings_hide_is_named():
    sent = totals(sends=1)
    lines = render(totals=sent, hidden_sends=1_200, hidden_calls=1)
    assert lines[1] == "SIGNALTOOLS['HIDE'] hides 1,200 sends and 1 call."
    lines = render(totals=sent, hidden_sends=0, hidden_calls=2)
    assert lines[1] == "SIGNALTOOLS['HIDE'] hides 0 sends and 2 calls."
    lines = render(totals=totals(), hidden_sends=2, hidden_calls=2)
    assert lines[1:] == ["SIGNALTOOLS['HIDE'] hides 2 sends and 2 calls.", ""]


def test_patterns_that_match_nothing_are_named():
    lines = render(totals=totals(), patterns=["ordr", "x\x1b"])
    assert lines[1] == "Nothing that was sent matches 'ordr' or 'x\\\\x1b'."
    assert "Nothing" not in "".join(render(patterns=["order"]))


def test_a_summary_fits_on_a_screen_and_counts_the_rest():
    name = "shop." + "x" * 80
    calls = [call(f"{name}.r{number}", self_time=number) for number in range(100)]
    remarks = [
        Remark(level, name, f"{name}.{number}", "y" * 90, "/srv/site/a.py", 1, 1)
        for number in range(100)
        for level in ("error", "note")
    ]
    not_run = [NotRun(name, receiver("search.b"), "outside_window", "outside")]
    lines = render(
        *[send(name, *calls)], remarks=remarks, not_run=not_run, summary=True
    )
    assert len(lines) <= 45
    assert (
        lines.count("         and 96 more") == lines.count("         and 98 more") == 1
    )
    assert not any(line.startswith(("IN ORDER", "DID NOT RUN")) for line in lines)


def test_a_trace_of_no_time_has_no_share():
    lines = render(totals=totals(time=0))
    assert lines[0] == "0 sends · 0 calls · 0.0 ms in receivers (0%) · 0 of 0 queries"


def test_all_totals_are_named():
    [first, *_] = render(totals=totals(sends=2, calls=1, raised=1, swallowed=2))
    assert first == (
        "2 sends · 1 call · 0.0 ms in receivers (0%) · 0 of 0 queries · 1 error"
        " · 2 swallowed errors"
    )


def test_signals_of_django_without_receivers_are_one_line_for_each_sender():
    lines = events(
        send(INIT, count=2, without_receivers=2),
        send(SAVE, sender="shop.Stock"),
        send(INIT),
        send(SAVE, method="asend"),
        send(SAVE, sender=None, sender_kind=None),
    )
    assert lines == [
        "    +4.2  shop.Order  no receivers: post_init x3, post_save asend",
        "    +4.2  shop.Stock  no receivers: post_save",
        "    +4.2  no sender  no receivers: post_save",
    ]


def test_the_other_senders_of_a_total_are_called_that():
    others = {"sender": "other senders", "sender_kind": None}
    lines = events(send(SAVE, call("a.b"), **others), send(INIT, **others))
    assert lines[0].startswith("    +4.2  post_save  other senders  ")
    assert lines[-1] == "    +4.2  other senders  no receivers: post_init"


def test_a_custom_signal_without_receivers_has_its_own_line_and_caller():
    lines = events(send("shop.saved"), send("shop.lost", queued=True))
    assert lines == [
        "    +4.2  shop.saved  shop.Order  no receivers",
        "          from shop/views.py:88",
        "    +4.2  shop.lost  shop.Order  no receivers",
        "          on commit, queued by shop/views.py:88",
    ]


def test_values_of_a_model_signal_are_shown():
    [line, *_] = events(send(SAVE, call("a.b"), values={"created": True, "raw": True}))
    assert line.startswith("    +4.2  post_save  shop.Order  created=True raw=True  ")


def test_a_signal_class_that_queries_without_receivers_has_numbers():
    [line, _] = events(send("shop.saved", queries=2))
    assert " ".join(line.split()) == "+4.2 shop.saved shop.Order no receivers 1.0 2.0 2"


def test_a_long_line_of_sends_without_receivers_is_wrapped():
    names = (f"django.signals.number_{n}" for n in range(9))
    lines = events(*(send(name) for name in names), width=60)
    assert lines[:2] == [
        "    +4.2  shop.Order  no receivers: number_0, number_1,",
        "            number_2, number_3, number_4, number_5,",
    ]


def test_a_send_that_raised_without_receivers_has_its_own_line():
    lines = events(send("shop.paid", raised=1, error="TypeError: sender"))
    assert lines[0].startswith(
        "    +4.2  shop.paid  shop.Order  no receivers  RAISED TypeError: sender  "
    )
    assert lines[1:] == ["          from shop/views.py:88"]


def test_a_collapsed_send_says_how_often_it_had_no_receivers():
    [line, _, _] = events(
        send("shop.paid", call("crm.a"), count=9, without_receivers=4)
    )
    assert "no receivers 4 times" in line


def test_only_the_first_sends_say_where_they_come_from():
    inner = send("shop.inner", call("crm.b"))
    lines = events(send("shop.paid", call("crm.a", inner)))
    assert [line.strip() for line in lines if "from" in line] == [
        "from shop/views.py:88"
    ]


def test_places_are_links():
    editor = Editor("ed:{file}:{line}")

    def link(place):
        return editor.link(place, *f"/srv/site/{place}".split(":"))

    sends = [send("shop.paid", call("crm.a"))]
    remarks = [Remark("error", SAVE, None, "lost", "/srv/site/a.py", 1, 1)]
    linked = "\n".join(render(*sends, remarks=remarks, editor=editor))
    plain = "\n".join(render(*sends, remarks=remarks))
    places = {"a.py:1", "crm.py:12", "shop/views.py:88"}
    assert set(re.findall(r"\S+\.py:\d+", plain)) == places
    assert linked == re.sub(r"\S+\.py:\d+", lambda match: link(match[0]), plain)


def test_a_send_from_nowhere_says_nothing():
    lines = events(send("shop.paid", call("crm.a"), file=None, line=None))
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, "1  crm.a"),
        ({"order": None}, "~  crm.a"),
        ({"count": 2_000}, "1  crm.a x2,000"),
        ({"outcome": "cancelled", "cancelled": 1}, "1  crm.a  CANCELLED"),
        ({"outcome": "unfinished"}, "1  crm.a  UNFINISHED"),
        (
            {"outcome": "raised", "raised": 1, "error": "ValueError: no"},
            "1  crm.a  RAISED ValueError: no",
        ),
        ({"raised": 1, "outcome": "raised"}, "1  crm.a  RAISED"),
    ],
)
def test_a_call_says_how_it_ended(changes, shown):
    [_, _, line] = events(send("shop.paid", call("crm.a", **changes)))
    assert line.partition("   1.0")[0].strip() == shown


def test_what_the_class_of_a_signal_sends_is_below_its_receivers():
    own = send("shop.own", call("crm.b"))
    lines = events(send("shop.paid", call("crm.a"), sends=(own,)))
    names = [line.split()[1] for line in lines if "from" not in line]
    assert names == ["shop.paid", "crm.a", "shop.own", "crm.b"]


def test_recursion_of_any_depth_is_shown():
    tree = send("shop.paid", call("crm.a"))
    for _ in range(3_000):
        tree = send("shop.paid", call("crm.a", tree))
    lines = events(tree)
    assert len(lines) == 6_003
    assert max(map(len, lines)) <= 100


def test_what_exceeded_the_limit_is_a_section_of_its_own():
    lines = render(overflow=(send("shop.many", call("crm.a", count=9), count=9),))
    assert any(line.startswith("OVERFLOW (totals only)") for line in lines)


def test_receivers_by_self_time_are_added_up_and_limited():
    calls = [call(f"crm.r{n}", self_time=n / 1_000) for n in range(12)]
    twice = send("shop.paid", *calls, call("crm.r1", count=3, self_time=0.5))
    lines = render(twice)
    start = lines.index("RECEIVERS BY SELF TIME") + 1
    ranked = lines[start : lines.index("", start)]
    assert len(ranked) == 9
    assert ranked[8] == "     9.0 ms  4 other receivers"
    assert ranked[0].split() == ["501.0", "ms", "crm.r1", "x4", "crm.py:12"]
    assert ranked[1].split() == ["11.0", "ms", "crm.r11", "crm.py:12"]


def test_hostile_names_are_escaped():
    bad = "shop.\x1b[31m\u202e"
    tree = send(bad, call(bad, raised=1, error=bad), sender=bad, error=bad)
    text = "\n".join(
        render(
            tree,
            send(bad, sender=bad, sender_kind="instance"),
            remarks=[Remark("note", bad, bad, bad, bad, 1, 1)],
            not_run=[NotRun(bad, receiver(bad), "unknown", bad)] * 2,
        )
    )
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_headings_and_names_are_painted():
    def shout(text):
        return text.upper()

    lines = render(
        send("shop.paid", call("crm.a")),
        remarks=[Remark("note", "shop.paid", None, "text", None, None, 1)],
        not_run=[NotRun("shop.paid", receiver("crm.b"), "unknown", "text")],
        heading=lambda text: f"<{text}>",
        name=shout,
    )
    painted = [line.partition(">")[0] for line in lines if line.startswith("<")]
    assert painted[1:] == [
        "<NOTES (1)",
        "<RECEIVERS BY SELF TIME",
        "<IN ORDER",
        "<DID NOT RUN",
    ]
    assert "SHOP.PAID" in lines


def test_a_trace_prints_its_report():
    with signaltools.trace() as trace:
        pass
    assert str(trace).endswith("\nNothing was sent.\n")


def test_a_reason_that_holds_for_several_receivers_is_given_once():
    reasons = [("crm.a", "not now"), ("crm.b", "gone"), ("crm.c", "not now")]
    items = [
        NotRun("shop.paid", receiver(name), "unknown", text)
        for name, text in [*reasons, ("crm.c", "not now")]
    ]
    lines = render(send("shop.paid", call("crm.x")), not_run=items)
    assert [line.rstrip() for line in lines[lines.index("DID NOT RUN") :]] == [
        "DID NOT RUN",
        "shop.paid",
        "   not now:",
        "      crm.a",
        "      crm.c x2",
        f"      crm.b{'gone':>89}",
        "",
    ]


def test_problems_and_notes_have_headings_of_their_own():
    remarks = [
        Remark(level, "shop.paid", None, "text", None, None, 1)
        for level in ("error", "warning", "note")
    ]
    lines = render(send("shop.paid", call("crm.a")), remarks=remarks)
    kinds = ("PROBLEMS", "ERROR", "WARNING", "NOTE")

    assert [line.split("  ")[0] for line in lines if line.startswith(kinds)] == [
        "PROBLEMS (2)",
        "ERROR",
        "WARNING",
        "NOTES (1)",
        "NOTE",
    ]


def test_totals_wrap_between_their_parts():
    sums = totals(sends=1_208, calls=4, swallowed=1, on_commit=2)
    lines = render(send("shop.paid"), totals=sums, width=60)

    assert lines[:3] == [
        "1,208 sends · 4 calls · 0.0 ms in receivers (0%) ·",
        "0 of 0 queries · 1 swallowed error · 2 on commit",
        "",
    ]
