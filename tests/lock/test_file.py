from __future__ import annotations

import pytest

from signaltools.events.background import Background
from signaltools.events.declaration import Argument
from signaltools.inventory.records import EventRecord
from signaltools.lock.file import (
    LockError,
    LockFile,
    make_lock_file,
    parse_arguments,
    parse_entry,
    parse_lock_file,
)
from tests.records import builtin, receiver, signal
from tests.shapes import SHAPES

COMMAND = "python manage.py lock_signals"
HEADER = f"""\
# django-signaltools lock file, format 1
# Signal connections and declared events, one per line.
# Do not edit. Written by: {COMMAND}
"""
ORDER = {"sender": "shop.Order", "sender_kind": "model"}
BY = Argument("by", "str", "''", required=False)
AMOUNT = Argument("amount", "Decimal", None, required=True)
EVENT = EventRecord(
    "shop.order_paid",
    2,
    "(sender: type[Order], *, by: str = '', amount: Decimal)",
    (BY, AMOUNT),
)


def lines_of(*receivers, everything=False):
    """
    Return the lines of a signal with ``receivers``, as a string.
    """
    signals = [signal("shop.signals.done", *receivers)]
    lock_file = make_lock_file(signals, COMMAND, everything=everything)
    assert lock_file.content.startswith(HEADER)
    assert parse_lock_file(lock_file.content.encode(), "signals.lock") == lock_file
    return lock_file.content.removeprefix(HEADER)


def parse(text):
    return parse_lock_file(text.encode("utf-8", "surrogateescape"), "signals.lock")


def problem(text):
    with pytest.raises(LockError) as raised:
        parse(text)
    return str(raised.value)


# --- records to lines ---------------------------------------------------------------


def test_lock_file_is_a_header_and_sorted_lines():
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

    lock_file = make_lock_file(signals, COMMAND)

    assert lock_file.content == HEADER + (
        "django.db.models.signals.post_save -> shop.search.index  sender=shop.Order\n"
        "shop.signals.order_paid  event=shop.order_paid  version=2\n"
        "    sender: type[Order]\n"
        "    amount: Decimal\n"
        "    by: str = ''\n"
        "shop.signals.order_paid -> crm.receivers.notify"
        '  any sender  uid="crm"  async\n'
        "shop.signals.order_paid -> stock.receivers.reserve  any sender\n"
        "shop.signals.order_paid_late -> crm.receivers.remind  any sender\n"
    )
    assert lock_file.counts == (4, 1)
    assert parse(lock_file.content) == lock_file


def test_project_without_receivers_has_an_empty_lock_file():
    lock_file = make_lock_file([], COMMAND)

    assert (lock_file.content, lock_file.counts) == (HEADER, (0, 0))
    assert parse(lock_file.content) == lock_file


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
        ({"background": Background("default", "mail", True)}, "any sender  background"),
        (
            {**ORDER, "dispatch_uid": "a", "is_async": True, "weak": False},
            'sender=shop.Order  uid="a"  async  strong',
        ),
    ],
)
def test_line_has_what_differs_from_the_default(changes, shown):
    line = lines_of(receiver("shop.search.index", **changes))

    assert line == f"shop.signals.done -> shop.search.index  {shown}\n"


def test_equal_connections_share_a_line_with_their_number():
    one = receiver("shop.Desk.book")
    others = [one._replace(order=2, line=99, file=None), one._replace(weak=False)]

    assert lines_of(one, *others) == (
        "shop.signals.done -> shop.Desk.book  any sender  strong\n"
        "shop.signals.done -> shop.Desk.book  any sender  x2\n"
    )


def test_order_of_connection_changes_nothing():
    receivers = [receiver(f"shop.{name}", order=n) for n, name in enumerate("cab")]

    assert lines_of(*receivers) == lines_of(*reversed(receivers))


def test_collapsed_receivers_are_left_out_unless_everything_is_asked_for():
    collapsed = [
        receiver("django.core.cache.close_caches", component="django"),
        receiver("debug_toolbar.panels.sql.record"),
        receiver("shop.files.Storage.forget", storage=True),
    ]

    assert lines_of(*collapsed) == ""
    assert lines_of(*collapsed, everything=True) == (
        "shop.signals.done -> debug_toolbar.panels.sql.record  any sender\n"
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
def test_odd_name_stays_within_its_line(name, shown):
    record = receiver("x")._replace(name=name)

    assert lines_of(record) == f"shop.signals.done -> {shown}  any sender\n"


def test_odd_uid_stays_within_its_line():
    record = receiver("shop.index", dispatch_uid='a\n"b"  strong')

    assert lines_of(record) == (
        r'shop.signals.done -> shop.index  any sender  uid="a\\n\"b\"  strong"' "\n"
    )


def test_every_shape_of_receiver_is_read_as_it_was_written():
    text = lines_of(*(receiver("x")._replace(name=shape.name) for shape in SHAPES))

    assert 1 < text.count("\n") <= len(SHAPES)


def test_order_of_arguments_changes_nothing():
    other = EVENT._replace(
        signature="(sender: type[Order], *, amount: Decimal, by: str = '')",
        arguments=(AMOUNT, BY),
    )

    first, second = (
        make_lock_file([signal("shop.done", event=event)], COMMAND)
        for event in (EVENT, other)
    )

    assert first == second


def test_event_without_arguments_has_a_sender():
    event = EventRecord("shop.done", 1, "(sender: object = None)", ())
    lock_file = make_lock_file([signal("shop.done", event=event)], COMMAND)

    assert lock_file.content == HEADER + (
        "shop.done  event=shop.done  version=1\n    sender: object = None\n"
    )
    assert parse(lock_file.content) == lock_file


def test_odd_event_stays_within_its_lines():
    odd = Argument("a", "'\n\\n', *, b", "'  x2\n'", required=False)
    event = EventRecord("shop label", 1, f"(sender, *, {odd})", (odd,))
    lock_file = make_lock_file([signal("shop.done", event=event)], COMMAND)

    assert lock_file.content == HEADER + (
        'shop.done  event="shop label"  version=1\n'
        "    sender\n"
        r"    a: '\n\n', *, b = '  x2\n'"
        "\n"
    )
    assert parse(lock_file.content) == lock_file


# --- content to lines ---------------------------------------------------------------

ONE = "shop.done -> shop.search.index  any sender"


@pytest.mark.parametrize(
    "text",
    [
        HEADER + ONE,
        HEADER + f"{ONE}\n\n\n",
        (HEADER + f"{ONE}\n").replace("\n", "\r\n"),
        HEADER.replace("# Which", "# In a later release: which") + ONE,
    ],
)
def test_line_endings_and_words_of_the_header_may_differ(text):
    assert parse(text) == LockFile(COMMAND, (ONE,))


def test_header_need_not_name_a_command():
    assert parse(HEADER.splitlines()[0]) == LockFile("", ())


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
        "shop.done  event=shop.done  version=1\x1b[31m",
        "shop.done  event=shop.done  version=01",
        "shop.done  event=shop.done  version=1  (sender)",
        "    sender",
    ],
)
def test_invalid_line_is_quoted(line):
    assert problem(f"{HEADER}{line}\n{ONE}\n") == (
        f"Line 4 of 'signals.lock' isn't a valid entry, {line.rstrip()!r}; "
        "restore the file, or delete it and write it again."
    )


@pytest.mark.parametrize(
    "line",
    [
        "   sender",
        "     sender",
        "    ",
        "    2nd: int",
        "    sender int",
        "    sender:int",
        "    sender: int\x1b[31m",
        "    sender=",
    ],
)
def test_invalid_line_of_an_event_is_quoted(line):
    event = "shop.done  event=shop.done  version=1\n    sender"

    assert problem(f"{HEADER}{event}\n{line}\n{ONE}\n") == (
        f"Line 6 of 'signals.lock' isn't a valid entry, {line.rstrip()!r}; "
        "restore the file, or delete it and write it again."
    )


def test_argument_below_a_connection_is_invalid():
    assert problem(f"{HEADER}{ONE}\n    sender\n") == (
        "Line 5 of 'signals.lock' isn't a valid entry, '    sender'; "
        "restore the file, or delete it and write it again."
    )


def test_number_that_int_refuses_is_invalid():
    line = f"{ONE}  x{'9' * 5_000}"

    assert problem(HEADER + line) == (
        f"Line 4 of 'signals.lock' isn't a valid entry, '{line[:59]}…'; "
        "restore the file, or delete it and write it again."
    )


@pytest.mark.parametrize(
    ("text", "number", "line"),
    [
        (HEADER + f"<<<<<<< HEAD\n{ONE}\n=======\n", 4, "<<<<<<< HEAD"),
        (HEADER + f"{ONE}\n||||||| base\n", 5, "||||||| base"),
        (HEADER + f"{ONE}\n=======\n", 5, "======="),
        (HEADER + f"{ONE}\r\n>>>>>>> topic\r\n", 5, ">>>>>>> topic"),
        (f"<<<<<<< HEAD\n{HEADER}=======\n{HEADER}", 1, "<<<<<<< HEAD"),
        (HEADER + "a  event=a  version=1\n    x: int\n=======\n", 6, "======="),
    ],
)
def test_conflict_marker_is_quoted(text, number, line):
    assert problem(text) == (
        f"Line {number} of 'signals.lock' is a conflict marker, {line!r}; "
        "delete the file and write it again."
    )


def test_line_above_the_header_is_invalid():
    assert problem(f"# Foo\n{HEADER}") == (
        "Line 1 of 'signals.lock' isn't a valid entry, '# Foo'; "
        "restore the file, or delete it and write it again."
    )


def test_line_that_is_not_utf_8_is_quoted():
    assert problem(f"{HEADER}{ONE}\nshop.\udcff\n") == (
        "Line 5 of 'signals.lock' isn't valid UTF-8, 'shop.\\udcff'; "
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
def test_file_of_another_program_is_refused_with_its_first_line(text, first):
    assert problem(text) == (
        "'signals.lock' wasn't written by lock_signals: "
        f"line 1 is {first!r}; choose another file."
    )


def test_later_format_needs_an_upgrade():
    later = HEADER.replace("format 1", "format 2") + "[shop]\n"

    assert problem(later) == (
        "Line 1 of 'signals.lock' is '# django-signaltools lock file, format 2', "
        "but this version of signaltools only supports format 1; upgrade signaltools."
    )


# --- fields --------------------------------------------------------------------------


def test_fields_of_a_line_are_unquoted():
    line = (
        r'"two words" -> "say\"x\""  sender="app shop"'
        r'  uid="a\\b c"  async  strong  background  x12'
    )

    assert parse_entry(line) == {
        "signal": "two words",
        "receiver": 'say"x"',
        "sender": "app shop",
        "dispatch_uid": r"a\b c",
        "async": True,
        "weak": False,
        "background": True,
        "count": 12,
    }
    event = '"a b"  event="c d"  version=30\n    sender\n    a=1\n    b: int'
    assert parse_entry(event) == {
        "event": "a b",
        "label": "c d",
        "version": 30,
        "signature": "(sender, *, a=1, b: int)",
    }


@pytest.mark.parametrize(
    ("line", "annotation", "default"),
    [
        ("a", "", None),
        ("a=1", "", "1"),
        ("a: int", "int", None),
        ("a: int = 1", "int", "1"),
        ("a: str = ' = '", "str", "' = '"),
        ("a: Literal[' = ']", "Literal[' = ']", None),
        ("""a: Literal["'", ' = '] = '"'""", """Literal["'", ' = ']""", "'\"'"),
        (r"a: Literal['\' = '] = 1", r"Literal['\' = ']", "1"),
        ("a: it's = 1", "it's = 1", None),
        ("a: x == 1", "x == 1", None),
    ],
)
def test_argument_is_taken_apart(line, annotation, default):
    entry = f"shop.done  event=shop.done  version=1\n    sender\n    {line}"

    argument = Argument("a", annotation, default, required=default is None)
    assert parse_arguments(entry)["a"] == argument
    assert str(argument) == line
