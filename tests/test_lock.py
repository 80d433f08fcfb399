from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import signaltools.reports
from signaltools.inventory.records import EventRecord, ReceiverRecord
from signaltools.lock import (
    Connection,
    EventDeclaration,
    LockError,
    Wiring,
    compare,
    difference_document,
    make_wiring,
    parse_wiring,
    render_difference,
)
from tests.records import builtin, receiver, signal
from tests.shapes import SHAPES

SCHEMA = json.loads(
    Path(signaltools.reports.__file__)
    .with_name("lock_signals.schema.json")
    .read_text(encoding="utf-8")
)
COMMAND = "python manage.py lock_signals"
HEADER = f"""\
# django-signaltools wiring, format 1
# Which receivers are connected to which signals, one connection a line.
# Do not edit. Written by: {COMMAND}
"""
ORDER = {"sender": "shop.Order", "sender_kind": "model"}
EVENT = EventRecord("shop.order_paid", 2, "(sender: type[Order], *, by: str = '')", ())


def text_of(*receivers: ReceiverRecord, everything: bool = False) -> str:
    """
    Return the lines of a signal with ``receivers``.
    """
    signals = [signal("shop.signals.done", *receivers)]
    wiring = make_wiring(signals, COMMAND, everything=everything)
    assert wiring.text.startswith(HEADER)
    assert parse_wiring(wiring.text.encode(), "signals.lock") == wiring
    return wiring.text.removeprefix(HEADER)


def parse(text: str) -> Wiring:
    return parse_wiring(text.encode("utf-8", "surrogateescape"), "signals.lock")


def problem(text: str) -> str:
    with pytest.raises(LockError) as raised:
        parse(text)
    return str(raised.value)


# --- records to lines ---------------------------------------------------------------


def test_wiring_is_a_header_and_sorted_lines():
    signals = [
        signal("shop.signals.order_paid_late", receiver("crm.receivers.remind")),
        signal(
            "shop.signals.order_paid",
            receiver("stock.receivers.reserve"),
            receiver("crm.receivers.notify", dispatch_uid="crm", is_async=True),
            kind="event",
            event=EVENT,
        ),
        signal("shop.signals.without_receivers"),
        builtin("db.models.signals.post_save", receiver("shop.search.index", **ORDER)),
    ]

    wiring = make_wiring(signals, COMMAND)

    assert wiring.text == HEADER + (
        "django.db.models.signals.post_save -> shop.search.index  sender=shop.Order\n"
        "shop.signals.order_paid  event=shop.order_paid  version=2"
        "  (sender: type[Order], *, by: str = '')\n"
        "shop.signals.order_paid -> crm.receivers.notify"
        '  any sender  uid="crm"  async\n'
        "shop.signals.order_paid -> stock.receivers.reserve  any sender\n"
        "shop.signals.order_paid_late -> crm.receivers.remind  any sender\n"
    )
    assert wiring.counts == (4, 1)
    assert parse(wiring.text) == wiring


def test_project_without_receivers_has_a_wiring():
    wiring = make_wiring([], COMMAND)

    assert (wiring.text, wiring.counts) == (HEADER, (0, 0))
    assert parse(wiring.text) == wiring


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, "any sender"),
        (ORDER, "sender=shop.Order"),
        (
            {"sender": "x.Config", "sender_kind": "app_config", "sender_app": "shop"},
            'sender="app shop"',
        ),
        (
            {"sender": "shop.Desk", "sender_kind": "instance"},
            'sender="shop.Desk instance"',
        ),
        ({"sender_kind": "unknown"}, 'sender="unknown sender"'),
        ({"dispatch_uid": "a b"}, 'any sender  uid="a b"'),
        ({"dispatch_uid": ""}, 'any sender  uid=""'),
        ({"is_async": True, "order": None}, "any sender  async"),
        ({"weak": False}, "any sender  strong"),
        (
            {**ORDER, "dispatch_uid": "a", "is_async": True, "weak": False},
            'sender=shop.Order  uid="a"  async  strong',
        ),
    ],
)
def test_line_tells_what_a_connection_is(changes: dict[str, Any], shown: str):
    line = text_of(receiver("shop.search.index", **changes))

    assert line == f"shop.signals.done -> shop.search.index  {shown}\n"


def test_connections_that_do_not_differ_are_counted():
    one = receiver("shop.Desk.book")
    others = [one._replace(order=2, line=99, file=None), one._replace(weak=False)]

    assert text_of(one, *others) == (
        "shop.signals.done -> shop.Desk.book  any sender  strong\n"
        "shop.signals.done -> shop.Desk.book  any sender  x2\n"
    )


def test_order_of_connection_changes_nothing():
    receivers = [receiver(f"shop.{name}", order=n) for n, name in enumerate("cab")]

    assert text_of(*receivers) == text_of(*reversed(receivers))


def test_what_the_list_collapses_is_left_out_unless_everything_is_asked_for():
    collapsed = [
        receiver("django.core.cache.close_caches", component="django"),
        receiver("debug_toolbar.panels.queries.record"),
        receiver("shop.files.Storage.forget", storage=True),
    ]

    assert text_of(*collapsed) == ""
    assert text_of(*collapsed, everything=True) == (
        "shop.signals.done -> debug_toolbar.panels.queries.record  any sender\n"
        "shop.signals.done -> django.core.cache.close_caches  any sender\n"
        "shop.signals.done -> shop.files.Storage.forget  any sender\n"
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("shop.api.wire.<locals>.on_save", "shop.api.wire.<locals>.on_save"),
        ("größe.empfänger", "größe.empfänger"),
        ("->", "->"),
        ("", '""'),
        ("two words", '"two words"'),
        ('say"x"', r'"say\"x\""'),
        ('"\n', r'"\"\\n"'),
        ("# comment", '"# comment"'),
        ("#", '"#"'),
        ("a\nb", r"a\nb"),
        ("a\tb\rc", r"a\tb\rc"),
        ("back\\slash", r"back\slash"),
        ("left\u202eright", r"left\u202eright"),
        ("two\u2028lines", r"two\u2028lines"),
        ("\ud800\udc00", r"\ud800\udc00"),
        ("x\x1b[31m", r"x\x1b[31m"),
        ("  any sender  x2", '"  any sender  x2"'),
    ],
)
def test_odd_names_stay_within_their_line(name: str, shown: str):
    record = receiver("x")._replace(name=name)

    assert text_of(record) == f"shop.signals.done -> {shown}  any sender\n"


def test_odd_uid_stays_within_its_line():
    record = receiver("shop.index", dispatch_uid='a\n"b"  strong')

    assert text_of(record) == (
        r'shop.signals.done -> shop.index  any sender  uid="a\\n\"b\"  strong"' "\n"
    )


def test_every_shape_of_receiver_is_read_as_it_was_written():
    text = text_of(*(receiver("x")._replace(name=shape.name) for shape in SHAPES))

    assert 1 < text.count("\n") <= len(SHAPES)


def test_odd_event_stays_within_its_line():
    event = EventRecord("shop label", 1, "(sender, *, a: '\n\\n', b='  x2')", ())
    wiring = make_wiring([signal("shop.done", event=event)], COMMAND)

    assert wiring.text == HEADER + (
        'shop.done  event="shop label"  version=1'
        r"  (sender, *, a: '\n\n', b='  x2')"
        "\n"
    )
    assert parse(wiring.text) == wiring


# --- lines to entries ---------------------------------------------------------------

ONE_LINE = "shop.done -> shop.search.index  any sender"
ONE = Connection("shop.done", "shop.search.index", None, None, False, True)


@pytest.mark.parametrize(
    "text",
    [
        HEADER + ONE_LINE,
        HEADER + f"{ONE_LINE}\n\n\n",
        (HEADER + f"{ONE_LINE}\n").replace("\n", "\r\n"),
        HEADER.replace("# Which", "# In a later release: which") + ONE_LINE,
    ],
)
def test_ends_of_lines_and_words_of_the_header_are_free(text: str):
    assert parse(text) == Wiring(COMMAND, (ONE,))


def test_header_need_not_name_a_command():
    assert parse(HEADER.splitlines()[0]) == Wiring("", ())


@pytest.mark.parametrize(
    "line",
    [
        "",
        "# a comment",
        "shop.done",
        "shop.done -> shop.search.index",
        "shop.done -> shop.search.index any sender",
        "shop.done -> shop.search.index  any sender  ",
        " shop.done -> shop.search.index  any sender",
        "shop.done -> shop.search.index  any sender  x1",
        "shop.done -> shop.search.index  any sender  x02",
        "shop.done -> shop.search.index  any sender  strong  async",
        "shop.done -> shop.search.index  any sender  uid=a",
        "shop.done -> shop.search.index  sender=a b",
        'shop.done -> "shop.search.index"  any sender',
        r'shop.done -> "a b\q"  any sender',
        'shop.done -> "a b\u202e"  any sender',
        "shop.done  event=shop.done  version=1  (sender\x1b[31m)",
        "shop.done  event=shop.done  version=01  (sender)",
        "shop.done  event=shop.done  version=1  sender",
    ],
)
def test_line_that_is_no_wiring_is_quoted(line: str):
    assert problem(f"{HEADER}{line}\n{ONE_LINE}\n") == (
        f"Line 4 of 'signals.lock' is no wiring, {line.rstrip()!r}: "
        "restore the file, or delete it and write it again."
    )


def test_number_that_python_refuses_to_read_is_no_wiring():
    line = f"{ONE_LINE}  x{'9' * 5_000}"

    assert problem(HEADER + line) == (
        f"Line 4 of 'signals.lock' is no wiring, '{line[:59]}…': "
        "restore the file, or delete it and write it again."
    )


@pytest.mark.parametrize(
    ("text", "number", "line"),
    [
        (HEADER + f"<<<<<<< HEAD\n{ONE_LINE}\n=======\n", 4, "<<<<<<< HEAD"),
        (HEADER + f"{ONE_LINE}\n||||||| base\n", 5, "||||||| base"),
        (HEADER + f"{ONE_LINE}\n=======\n", 5, "======="),
        (HEADER + f"{ONE_LINE}\r\n>>>>>>> topic\r\n", 5, ">>>>>>> topic"),
        (f"<<<<<<< HEAD\n{HEADER}=======\n{HEADER}", 1, "<<<<<<< HEAD"),
    ],
)
def test_merge_conflict_is_named(text: str, number: int, line: str):
    assert problem(text) == (
        f"Line {number} of 'signals.lock' marks a merge conflict, {line!r}: "
        "delete the file and write it again."
    )


def test_text_above_the_header_is_no_wiring():
    assert problem(f"# Foo\n{HEADER}") == (
        "Line 1 of 'signals.lock' is no wiring, '# Foo': "
        "restore the file, or delete it and write it again."
    )


def test_bytes_that_are_no_utf_8_are_told_with_their_line():
    assert problem(f"{HEADER}{ONE_LINE}\nshop.\udcff\n") == (
        "Line 5 of 'signals.lock' is not UTF-8, 'shop.\ufffd': "
        "restore the file, or delete it and write it again."
    )


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("# Read me\n\n<<<<<<< HEAD\n", "# Read me"),
        ("\x7fELF\x02\x00\n\udcff", "\x7fELF\x02\x00"),
        ("x" * 61, "x" * 59 + "…"),
        ("# django-signaltools", "# django-signaltools"),
    ],
)
def test_file_of_somebody_else_is_told_by_its_first_line(text: str, first: str):
    assert problem(text) == (
        "'signals.lock' was not written by lock_signals, "
        f"its line 1 is {first!r}: name another file."
    )


def test_format_of_the_future_needs_an_upgrade():
    later = HEADER.replace("format 1", "format 2") + "[shop]\n"

    assert problem(later) == (
        "Line 1 of 'signals.lock' is '# django-signaltools wiring, format 2', "
        "and this signaltools knows format 1: upgrade it."
    )


# --- two wirings --------------------------------------------------------------------

PAID = EventDeclaration("shop.paid", "shop.paid", 1, "(sender)")
OLD = Wiring(COMMAND, (ONE, ONE._replace(receiver="shop.old", weak=False), PAID))
NEW = Wiring(
    f"{COMMAND} --all",
    (
        ONE._replace(times=2),
        ONE._replace(receiver="shop.new"),
        PAID._replace(version=2),
    ),
)


def test_command_is_no_difference():
    assert compare(OLD, OLD._replace(command="other")) == ((), ())


def test_order_of_lines_is_no_difference():
    assert compare(OLD, OLD._replace(entries=OLD.entries[::-1])) == ((), ())


def test_line_that_a_merge_has_repeated_is_a_difference():
    assert compare(Wiring(COMMAND, (ONE, ONE)), Wiring(COMMAND, (ONE,))) == ((), (ONE,))


def test_difference_reads_like_a_diff_of_each_signal():
    assert render_difference(compare(OLD, NEW), "signals.lock") == (
        "--- signals.lock\n"
        "+++ this project\n"
        "- shop.done -> shop.old  any sender  strong\n"
        "- shop.done -> shop.search.index  any sender\n"
        "+ shop.done -> shop.new  any sender\n"
        "+ shop.done -> shop.search.index  any sender  x2\n"
        "- shop.paid  event=shop.paid  version=1  (sender)\n"
        "+ shop.paid  event=shop.paid  version=2  (sender)\n"
    )


def test_difference_for_tools_has_the_lines_taken_apart():
    document = difference_document(compare(OLD, NEW), "signals.lock")

    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert document["file"] == "signals.lock"
    assert document["removed"] == [
        {
            "signal": "shop.done",
            "receiver": "shop.old",
            "sender": None,
            "dispatch_uid": None,
            "async": False,
            "weak": False,
            "count": 1,
        },
        {
            "signal": "shop.done",
            "receiver": "shop.search.index",
            "sender": None,
            "dispatch_uid": None,
            "async": False,
            "weak": True,
            "count": 1,
        },
        {
            "event": "shop.paid",
            "label": "shop.paid",
            "version": 1,
            "signature": "(sender)",
        },
    ]
    assert [entry.get("count") for entry in document["added"]] == [1, 2, None]
