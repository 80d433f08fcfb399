from __future__ import annotations

import pytest

from signaltools.inventory.records import EventRecord
from signaltools.reports.panel_options import PanelOptions
from signaltools.reports.panel_receivers import problems_of_connections, show_signal
from tests import records
from tests.records import receiver
from tests.reports.panel import (
    NOT_SENT,
    groups,
    outcome,
    shown_signal,
    stats,
)


def test_receiver_has_everything_about_it():
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


def test_signals_are_by_component():
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


def test_signals_without_receivers_are_only_named_unless_they_are_the_projects():
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


def test_reason_of_all_receivers_is_said_once():
    record = records.signal("shop.paid", receiver("a.b"), receiver("a.c"))
    [signal] = groups(outcome(record, "was sent only by a.B", "was sent only by a.B"))[
        "project"
    ]["signals"]
    assert signal["reason"] == "was sent only by a.B"
    assert ["reason" in one for one in signal["receivers"]] == [False, False]


def test_signal_that_was_not_sent_is_not_named_again():
    record = records.signal("shop.paid", receiver("a.b"))
    [signal] = groups(outcome(record, NOT_SENT))["project"]["signals"]
    assert signal["reason"] == "not sent"


def test_signal_that_was_sent_without_receivers_says_so():
    sent = outcome(records.signal("shop.paid"))._replace(sent=True)
    other = outcome(records.signal("shop.lost"))
    [first, second] = groups(sent, other)["project"]["signals"]
    assert first["reason"] == "sent, no receivers"
    assert "reason" not in second


def test_first_sentence_about_a_signal_is_shown():
    doc = "Sent when\nan order is \x1b paid. And so on.\n\nMore."
    record = records.signal("shop.paid", doc=doc)
    [signal] = groups(outcome(record))["project"]["signals"]
    assert signal["doc"] == "Sent when an order is \\x1b paid."

    record = records.signal("shop.long", doc="x" * 1_000)
    [signal] = groups(outcome(record))["project"]["signals"]
    assert signal["doc"] == "x" * 199 + "…"


def test_declaration_of_an_event_is_shown():
    event = EventRecord("shop.paid", 1, "paid(order: Order, \x1b)", ())
    [signal] = groups(outcome(records.signal("shop.paid", event=event)))["project"][
        "signals"
    ]
    assert signal["signature"] == "paid(order: Order, \\x1b)"


def test_different_reasons_are_said_each():
    record = records.signal("shop.paid", receiver("a.b"), receiver("a.c"))
    [signal] = groups(outcome(record, "one", "other"))["project"]["signals"]
    assert "reason" not in signal
    assert [one["reason"] for one in signal["receivers"]] == ["one", "other"]


def test_receivers_that_are_gone_have_only_their_reason():
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
def test_signals_receivers_and_senders_are_hidden(hide, shown, hidden):
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


def test_signal_with_only_hidden_receivers_is_hidden():
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


def test_receivers_of_a_hidden_app_config_are_hidden():
    one = receiver("a.b", sender="x.Config", sender_kind="app_config", sender_app="app")
    record = records.builtin("db.models.signals.post_migrate", one, receiver("a.c"))
    [signal] = groups(outcome(record, 1, 1), hide=["app"])["django"]["signals"]
    assert [one["name"] for one in signal["receivers"]] == ["a.c"]


def test_receivers_that_are_always_shown_belong_to_no_component():
    record = records.signal("shop.paid", receiver("crm.notify"))
    [signal] = groups(outcome(record, 1), hide=["crm"], always_show=["crm.notify"])[
        "project"
    ]["signals"]
    assert [one["component"] for one in signal["receivers"]] == [""]


def test_receiver_has_its_problems_with_what_they_mean():
    problems = {
        ("crm.notify", "W012"): ("No **kwargs.\n", "Add them.\n"),
        ("crm.notify", "I005"): ("No name.", "Name it."),
    }
    one = receiver("crm.notify", problems=("I005", "W012", "W099"))
    other = receiver("crm.other", problems=("W012",))
    known = outcome(records.signal("shop.paid", one, other), 1, 1)
    found = groups(known, problems=problems)
    first, second = found["project"]["signals"][0]["receivers"]
    assert first["details"] == "[I005, W012, W099]"
    assert first["problems"] == [
        {"id": "I005", "text": "No name.", "hint": "Name it."},
        {"id": "W012", "text": "No **kwargs.\\n", "hint": "Add them.\\n"},
    ]
    assert "problems" not in second


def test_hidden_receivers_of_the_same_outcome_are_counted_each_time():
    known = outcome(records.signal("shop.paid", receiver("crm.notify")), "not sent")
    for _ in range(2):
        assert stats(signals=(known,), hide=["crm"])["hidden"] == 1


def problems_of(*receivers, texts):
    known = outcome(records.signal("shop.paid", *receivers), *[1] * len(receivers))
    options = PanelOptions(folder="/srv/site")
    return problems_of_connections([shown_signal(known, options, texts)])


def test_problems_of_the_project_stand_out():
    one = receiver("crm.notify", problems=("W012", "I005"))
    other = receiver("lib.notify", problems=("W012",), component="third_party")
    texts = {
        ("crm.notify", "W012"): ("No **kwargs.", "Add them."),
        ("crm.notify", "I005"): ("A note.", ""),
        ("lib.notify", "W012"): ("Not ours.", ""),
    }
    assert problems_of(one, other, texts=texts) == [
        {
            "level": "warning",
            "id": "W012",
            "signal": "shop.paid",
            "receiver": "crm.notify",
            "text": "No **kwargs.",
            "hint": "Add them.",
            "count": 1,
            "at": "W012 shop.paid crm.notify",
            "place": "crm.py:12",
        }
    ]


def test_problem_of_a_module_stands_out_once():
    receivers = [receiver(f"crm.{name}", problems=("W019",)) for name in "abc"]
    texts = {(each.name, "W019"): ("Nothing imports crm.", "") for each in receivers}
    [found] = problems_of(*receivers, texts=texts)
    assert (found["id"], found["count"]) == ("W019", 3)


def test_signals_without_receivers_have_no_problems():
    assert (
        problems_of_connections(
            [
                show_signal(
                    outcome(records.builtin("core.signals.setting_changed")),
                    PanelOptions(),
                    [],
                )
            ]
        )
        == []
    )
