from __future__ import annotations

import pytest

from signaltools.recording.not_run import NotRun
from signaltools.recording.tree import Added, Call, Tree, Waiting, sums, walk
from signaltools.reports.panel_options import PanelOptions
from signaltools.reports.trace_selection import select_trace
from tests.records import call, receiver, send, totals

SAVE = "django.db.models.signals.post_save"


def tree(*sends, **parts):
    made = Tree(sends, (), totals(), **parts)
    return made._replace(totals=totals(**sums(sends)))


def names(tree):
    return [
        node.receiver if isinstance(node, Call) else node.signal
        for node in walk(tree.sends + tree.overflow)
    ]


def numbers(tree):
    return tree.totals.sends, tree.totals.calls


NESTED = tree(
    send("cms.noise", call("cms.r.heard", send("shop.inner"))),
    send(
        "shop.paid",
        call("crm.notify", send(SAVE, call("audit.record"), sender="audit.Entry")),
        call("cms.r.count", raised=1, error="KeyError"),
    ),
    send("shop.lost", sender="app", sender_app="billing"),
)


def test_hidden_signals_and_receivers_are_in_no_number():
    selected = select_trace(NESTED, [], (), PanelOptions(hide=["cms"]))
    assert names(selected.tree) == [
        "shop.paid",
        "crm.notify",
        SAVE,
        "audit.record",
        "shop.lost",
    ]
    assert numbers(selected.tree) == (3, 2)
    assert (selected.hidden_sends, selected.hidden_calls) == (2, 2)
    assert selected.remarks == ()


def test_a_send_with_only_hidden_receivers_is_hidden_unless_it_is_always_shown():
    made = tree(send("shop.paid", call("cms.r.count")))
    options = PanelOptions(hide=["cms"], always_show=["shop"])
    assert names(select_trace(made, [], (), options).tree) == ["shop.paid"]
    options = PanelOptions(hide=["cms"])
    assert names(select_trace(made, [], (), options).tree) == []


def test_without_options_nothing_is_hidden():
    for options in None, PanelOptions():
        assert select_trace(NESTED, [], (), options).tree is NESTED


@pytest.mark.parametrize(
    ("patterns", "shown"),
    [
        (["NOTIFY"], ["shop.paid", "crm.notify", SAVE, "audit.record"]),
        (["audit.entry"], ["shop.paid", "crm.notify", SAVE, "audit.record"]),
        (["audit.record"], ["shop.paid", "crm.notify", SAVE, "audit.record"]),
        (["r.count"], ["shop.paid", "cms.r.count"]),
        (["billing"], ["shop.lost"]),
        (["inner", "lost"], ["cms.noise", "cms.r.heard", "shop.inner", "shop.lost"]),
        (["nothing"], []),
    ],
)
def test_a_match_stays_with_what_led_to_it_and_what_is_below_it(patterns, shown):
    assert names(select_trace(NESTED, [], patterns).tree) == shown


def test_the_overflow_is_selected_too():
    made = NESTED._replace(sends=(), overflow=NESTED.sends)
    selected = select_trace(made, [], ["lost"])
    assert [send.signal for send in selected.tree.overflow] == ["shop.lost"]
    assert numbers(selected.tree) == (1, 0)


def test_what_did_not_run_and_notes_are_selected_too():
    not_run = [
        NotRun("cms.noise", receiver("crm.a"), "not_sent", "x"),
        NotRun("shop.paid", None, "receiver_gone", "x"),
        NotRun("shop.paid", receiver("crm.b", sender="cms.Page"), "not_sent", "x"),
    ]
    made = tree(
        added=(Added("shop.paid", "cms.r", None, None), Added("a.b", "c", None, None)),
        waiting=(Waiting("cms.later", "default", False, None, None),),
    )
    selected = select_trace(made, not_run, (), PanelOptions(hide=["cms"]))
    assert selected.not_run == [not_run[1]]
    assert [remark.signal for remark in selected.remarks] == ["a.b"]
    selected = select_trace(made, not_run, ["page", "later"])
    assert selected.not_run == [not_run[2]]
    assert [remark.signal for remark in selected.remarks] == ["cms.later"]


def test_a_trace_of_any_depth_is_selected():
    deep = send("shop.paid", call("crm.a"))
    for _ in range(3_000):
        deep = send("shop.paid", call("crm.b", deep))
    selected = select_trace(tree(deep), [], ["crm.a"])
    assert numbers(selected.tree) == (3_001, 3_001)
