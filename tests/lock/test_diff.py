from __future__ import annotations

import json
from pathlib import Path

import jsonschema

import signaltools.reports
from signaltools.lock.changes import Change
from signaltools.lock.diff import compare, diff_document, diff_text
from signaltools.lock.file import LockFile
from tests.lock.test_file import COMMAND, ONE

SCHEMA = json.loads(
    Path(signaltools.reports.__file__)
    .with_name("lock_signals.schema.json")
    .read_text(encoding="utf-8")
)
OLD_RECEIVER = "shop.done -> shop.old  any sender  strong"
NEW_RECEIVER = "shop.done -> shop.new  any sender"
PAID = "shop.paid  event=shop.paid  version=1\n    sender"
OLD = LockFile(COMMAND, (OLD_RECEIVER, ONE, PAID))
NEW = LockFile(
    f"{COMMAND} --all",
    (NEW_RECEIVER, f"{ONE}  x2", PAID.replace("version=1", "version=2")),
)


def test_another_command_is_no_difference():
    assert compare(OLD, OLD._replace(command="other")) == ([], [])


def test_order_of_lines_is_no_difference():
    assert compare(OLD, OLD._replace(entries=OLD.entries[::-1])) == ([], [])


def test_line_that_a_merge_has_repeated_is_a_difference():
    repeated = LockFile(COMMAND, (ONE, ONE))

    assert compare(repeated, LockFile(COMMAND, (ONE,))) == ([], [ONE])


def test_difference_reads_like_a_diff_of_each_signal():
    assert diff_text(*compare(OLD, NEW), "signals.lock") == (
        "--- signals.lock\n"
        "+++ this project\n"
        "- shop.done -> shop.old  any sender  strong\n"
        "- shop.done -> shop.search.index  any sender\n"
        "+ shop.done -> shop.new  any sender\n"
        "+ shop.done -> shop.search.index  any sender  x2\n"
        "- shop.paid  event=shop.paid  version=1\n"
        "+ shop.paid  event=shop.paid  version=2\n"
    )


def test_difference_for_tools_has_the_fields_of_each_line():
    change = Change("shop.paid", "version_changed", "new version", "It has.")
    document = diff_document(*compare(OLD, NEW), [change], "signals.lock")

    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    connection = {
        "signal": "shop.done",
        "sender": None,
        "dispatch_uid": None,
        "async": False,
        "background": False,
    }
    event = {"event": "shop.paid", "label": "shop.paid", "signature": "(sender)"}
    old = {"receiver": "shop.old", "weak": False, "count": 1}
    index = {"receiver": "shop.search.index", "weak": True}
    new = {"receiver": "shop.new", "weak": True, "count": 1}
    assert document == {
        "version": 1,
        "file": "signals.lock",
        "added": [
            {**connection, **new},
            {**connection, **index, "count": 2},
            {**event, "version": 2},
        ],
        "removed": [
            {**connection, **old},
            {**connection, **index, "count": 1},
            {**event, "version": 1},
        ],
        "changes": [
            {
                "event": "shop.paid",
                "kind": "version_changed",
                "compatibility": "new version",
                "message": "It has.",
                "argument": None,
                "old": None,
                "new": None,
                "receivers": None,
            }
        ],
    }


def test_arguments_that_differ_are_below_their_event():
    head = "shop.paid  event=shop.paid  version=1"
    old = f"{head}\n    sender\n    amount: int\n    by: str\n    on"
    new = f"{head}\n    sender\n    amount: float\n    coupon: str = ''\n    on"

    assert diff_text([new], [old], "signals.lock") == (
        "--- signals.lock\n"
        "+++ this project\n"
        "  shop.paid  event=shop.paid  version=1\n"
        "-     amount: int\n"
        "+     amount: float\n"
        "-     by: str\n"
        "+     coupon: str = ''\n"
    )


def test_event_that_only_one_file_has_is_shown_as_a_whole():
    removed = f"{PAID}\n    amount: int"
    added = "shop.paid_again  event=shop.paid_again  version=1\n    sender"

    assert diff_text([added], [removed], "signals.lock") == (
        "--- signals.lock\n"
        "+++ this project\n"
        "- shop.paid  event=shop.paid  version=1\n"
        "-     sender\n"
        "-     amount: int\n"
        "+ shop.paid_again  event=shop.paid_again  version=1\n"
        "+     sender\n"
    )


def test_event_that_a_merge_has_repeated_is_shown_as_a_whole():
    other = PAID.replace("version=1", "version=2")
    added, removed = compare(LockFile("", (PAID, other)), LockFile("", (PAID,)))

    assert diff_text(added, removed, "signals.lock").splitlines()[2:] == [
        "- shop.paid  event=shop.paid  version=2",
        "-     sender",
    ]


def test_signal_that_has_become_an_event_keeps_its_connections():
    old, new = (
        f"{ONE}  strong",
        [PAID.replace("shop.paid  event", "shop.done  event"), ONE],
    )

    assert diff_text(new, [old], "signals.lock").splitlines()[2:] == [
        "- shop.done -> shop.search.index  any sender  strong",
        "+ shop.done  event=shop.paid  version=1",
        "+     sender",
        "+ shop.done -> shop.search.index  any sender",
    ]
