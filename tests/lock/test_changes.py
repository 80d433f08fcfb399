from __future__ import annotations

import functools

import pytest
from django.dispatch import Signal

from signaltools import event
from signaltools.inventory.names import NamedSignal
from signaltools.inventory.reading import read_connected
from signaltools.lock.changes import find_changes
from signaltools.lock.file import LockFile
from tests.shapes import SHAPES

NAME = "shop.paid"


def declared(*arguments, name=NAME, label=NAME, version=1):
    """
    Return the entry of an event with these arguments.
    """
    head = f"{name}  event={label}  version={version}"
    return "\n    ".join([head, "sender: object", *arguments])


def changes(old, new, connected=()):
    """
    Return how the entries of a lock file have changed.
    """
    return find_changes(LockFile("", tuple(old)), LockFile("", tuple(new)), connected)


def read_paid(*receivers, signal=None):
    """
    Return the connections of ``shop.paid``, as if it were still there.
    """
    signal = signal or Signal()
    for receiver in receivers:
        signal.connect(receiver, weak=False)
    return read_connected([NamedSignal(NAME, signal, (), "shop", None, None, "")])


# --- arguments ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "kind", "compatibility", "message"),
    [
        (
            None,
            "by: str = ''",
            "argument_added",
            "compatible",
            "was added, with the default ''.",
        ),
        (
            None,
            "by=None",
            "argument_added",
            "compatible",
            "was added, with the default None.",
        ),
        (
            None,
            "by: str",
            "argument_added",
            "breaking",
            "was added, and is required. Senders that don't pass it fail.",
        ),
        (
            "by: str = ''",
            None,
            "argument_removed",
            "breaking",
            "was removed. Senders that pass it fail, and receivers don't get it.",
        ),
        (
            "by: str",
            None,
            "argument_removed",
            "breaking",
            "was removed. Senders that pass it fail, and receivers don't get it.",
        ),
        (
            "by: str",
            "by: str = ''",
            "argument_optional",
            "compatible",
            "is now optional, with the default ''.",
        ),
        (
            "by: str = ''",
            "by: str",
            "argument_required",
            "breaking",
            "is now required. Senders that don't pass it fail.",
        ),
        (
            "by: str = ''",
            "by: str = 'web'",
            "default_changed",
            "breaking",
            "has the default 'web' instead of ''. Receivers get another value if it "
            "isn't sent.",
        ),
        (
            "by: str",
            "by: str | None",
            "type_widened",
            "breaking",
            "allows more types: str | None instead of str. Receivers may not expect "
            "them.",
        ),
        (
            "by: str | None",
            "by: str",
            "type_narrowed",
            "breaking",
            "allows fewer types: str instead of str | None. Senders may still pass the "
            "others.",
        ),
        (
            "by: str",
            "by: int",
            "type_changed",
            "breaking",
            "has another type: int instead of str. Senders may still pass the old one, "
            "and receivers may still expect it.",
        ),
        (
            "by: str | None",
            "by: Optional[str]",
            "type_rewritten",
            "compatible",
            "has Optional[str] instead of str | None, which allows the same values.",
        ),
        (
            "by: Any",
            "by",
            "type_rewritten",
            "compatible",
            "has no type instead of Any, which allows the same values.",
        ),
    ],
)
def test_change_of_an_argument_is_named(old, new, kind, compatibility, message):
    before = declared(*[old] if old else [])
    after = declared(*[new] if new else [])

    [change] = changes([before], [after])

    assert (change.kind, change.compatibility) == (kind, compatibility)
    assert change.message == f"The argument 'by' of 'shop.paid' {message}"
    assert (change.event, change.argument) == (NAME, "by")
    assert (change.old, change.new) == (old, new)


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("int", "int | str", "type_widened"),
        ("int", "Union[str, int]", "type_widened"),
        ("int", "typing.Optional[int]", "type_widened"),
        ("int", "object", "type_widened"),
        ("int", "typing.Any", "type_widened"),
        ("int | None", "int | Any", "type_widened"),
        ("int", "", "type_widened"),
        ("int", "float", "type_widened"),
        ("Literal['a']", "Literal['a', 'b']", "type_widened"),
        ("Literal['a']", "Literal['a'] | None", "type_widened"),
        ("type[Order]", "type[Order] | type[Line]", "type_widened"),
        ("", "int", "type_narrowed"),
        ("Any", "int", "type_narrowed"),
        ("complex", "int", "type_narrowed"),
        ("Optional[Order]", "Order", "type_narrowed"),
        ("Literal['a', 'b']", "Literal['b']", "type_narrowed"),
        ("int | str", "int | bytes", "type_changed"),
        ("list[int]", "list[int | None]", "type_changed"),
        ("Order", "Invoice", "type_changed"),
        ("Literal['1']", "Literal[1]", "type_changed"),
        ("it's", "it is", "type_changed"),
        ("'", "'x'", "type_changed"),
        ("Optional[str]", "Union[None, str]", "type_rewritten"),
        ("int | str", "str | int", "type_rewritten"),
        ("'Order'", "Order", "type_rewritten"),
        ("Order | 'Line'", "Order | Line", "type_rewritten"),
        ("float", "float | int", "type_rewritten"),
        ("list[ int ]", "list[int]", "type_rewritten"),
        ("list['Order']", "list[Order]", "type_rewritten"),
        ("list[typing.Any]", "list[Any]", "type_rewritten"),
        ("dict[str, Optional[int]]", "dict[str, int | None]", "type_rewritten"),
        ("Annotated[int, 'in pence']", "int", "type_rewritten"),
        ("tuple[int, ...]", "tuple[int]", "type_changed"),
        ("Callable[[int], None]", "Callable[[str], None]", "type_changed"),
        ("", "object", "type_rewritten"),
    ],
)
def test_types_are_compared_by_what_they_allow(old, new, kind):
    old, new = (f"by: {each}" if each else "by" for each in (old, new))

    [change] = changes([declared(old)], [declared(new)])

    assert change.kind == kind


def test_annotation_without_end_is_compared_as_a_string():
    deep = "x" + "[x" * 500

    [change] = changes([declared(f"by: {deep}")], [declared("by: x")])

    assert change.kind == "type_changed"


def test_sender_is_an_argument_as_well():
    [change] = changes([declared()], [declared().replace("object", "type[Order]")])

    assert (change.kind, change.compatibility) == ("type_narrowed", "breaking")
    assert change.message == (
        "The argument 'sender' of 'shop.paid' allows fewer types: type[Order] instead "
        "of object. Senders may still pass the others."
    )


def test_type_and_default_of_an_argument_are_two_changes():
    found = changes([declared("by: str")], [declared("by: str | None = None")])

    assert [(each.kind, each.compatibility) for each in found] == [
        ("type_widened", "breaking"),
        ("argument_optional", "compatible"),
    ]


def test_renamed_argument_is_removed_and_added():
    found = changes([declared("by: str")], [declared("user: str")])

    assert [(each.kind, each.argument, each.compatibility) for each in found] == [
        ("argument_removed", "by", "breaking"),
        ("argument_added", "user", "breaking"),
    ]


def test_order_of_arguments_is_no_change():
    assert changes([declared("a: int", "b")], [declared("b", "a: int")]) == []


# --- events ---------------------------------------------------------------------------


def test_same_entries_and_connections_are_no_change():
    connection = f"{NAME} -> shop.tell  any sender"

    assert changes([declared(), connection], [declared()]) == []


def test_new_event_is_compatible():
    [change] = changes([], [declared("by: str")])

    assert change.lines == ["Compatible: 'shop.paid' is a new event."]
    assert (change.kind, change.old, change.new) == ("event_added", None, "version 1")


def test_higher_version_is_a_new_version_whatever_has_changed():
    old = declared("by: str", "on: date")
    new = declared("by: str = ''", "at: datetime", version=2, label="shop.order_paid")

    assert [each.lines[0] for each in changes([old], [new])] == [
        "New version: 'shop.paid' has version 2 instead of 1.",
        "New version: 'shop.paid' has the label 'shop.order_paid' instead of "
        "'shop.paid'. Other systems still expect the old one.",
        "New version: The argument 'at' of 'shop.paid' was added, and is required. "
        "Senders that don't pass it fail.",
        "New version: The argument 'by' of 'shop.paid' is now optional, with the "
        "default ''.",
        "New version: The argument 'on' of 'shop.paid' was removed. Senders that pass "
        "it fail, and receivers don't get it. No receiver names 'on'.",
    ]


def test_higher_version_without_other_changes_is_a_new_version():
    [change] = changes([declared()], [declared(version=10)])

    assert change.lines == ["New version: 'shop.paid' has version 10 instead of 1."]


def test_lower_version_is_breaking():
    [change] = changes([declared(version=2)], [declared(version=1)])

    assert (change.kind, change.old, change.new) == (
        "version_changed",
        "version 2",
        "version 1",
    )
    assert change.lines == [
        "Breaking: 'shop.paid' has version 1 instead of 2. The lower one may already "
        "have had other arguments."
    ]


def test_another_label_is_breaking():
    [change] = changes([declared()], [declared(label="shop.order_paid")])

    assert (change.kind, change.old, change.new) == (
        "label_changed",
        "shop.paid",
        "shop.order_paid",
    )
    assert change.lines == [
        "Breaking: 'shop.paid' has the label 'shop.order_paid' instead of 'shop.paid'. "
        "Other systems still expect the old one."
    ]


def test_version_beside_another_one_is_a_new_version():
    new = declared("on: date", name="shop.paid_2", version=2)

    [change] = changes([declared()], [declared(), new])

    assert change.lines == [
        "New version: 'shop.paid_2' is version 2 of 'shop.paid'. 'shop.paid' is "
        "version 1."
    ]


def test_version_that_a_later_one_replaces_is_a_new_version():
    tell = f"{NAME} -> shop.tell  any sender"
    new = declared("on: date", name="shop.paid_2", version=2)

    removed, added = changes([declared(), tell], [new])

    assert removed.lines == [
        "New version: 'shop.paid' is no longer declared. 'shop.paid_2' is version 2 of "
        "'shop.paid'. These receivers were connected:",
        "  shop.tell",
    ]
    assert added.compatibility == "new version"


def test_event_that_is_moved_is_removed_and_added():
    tell = f"{NAME} -> shop.tell  any sender"

    found = changes([declared(), tell], [declared(name="shop.events.paid")])

    assert [(each.kind, each.compatibility) for each in found] == [
        ("event_added", "compatible"),
        ("event_removed", "breaking"),
    ]


def test_removing_an_event_is_breaking_for_its_receivers():
    tell = f"{NAME} -> shop.tell  any sender"
    index = f"{NAME} -> shop.index  any sender  async"
    other = "shop.sent -> shop.tell_others  any sender"

    [change] = changes([declared(), tell, index, other], [])

    assert (change.old, change.new) == ("version 1", None)
    assert change.receivers == ("shop.index", "shop.tell")
    assert change.lines == [
        "Breaking: 'shop.paid' is no longer declared. These receivers were connected:",
        "  shop.index",
        "  shop.tell",
    ]


def test_removing_an_event_without_receivers_is_compatible():
    [change] = changes([declared()], [])

    assert change.lines == [
        "Compatible: 'shop.paid' is no longer declared. No receiver was connected."
    ]


def test_event_that_becomes_a_plain_signal_is_breaking():
    [change] = changes([declared("by: str = ''")], [], read_paid())

    assert change.lines == [
        "Breaking: 'shop.paid' is still a signal, but no longer declares its "
        "arguments. Receivers don't get the defaults of arguments that aren't sent."
    ]


def test_changes_of_several_events_are_sorted_by_event():
    names = ["shop.c", "shop.a", "shop.b"]
    old = [declared(name=name, label=name) for name in names]
    new = [declared("by", name=name, label=name) for name in reversed(names)]

    found = changes(old, new)

    assert [each.event for each in found] == ["shop.a", "shop.b", "shop.c"]


# --- receivers ------------------------------------------------------------------------


def by_name(sender, by, **kwargs):
    pass


def by_keyword(sender, *, by=None, **kwargs):
    pass


def from_kwargs(sender, **kwargs):
    return kwargs["by"]


def get_from_kwargs(sender, **kwargs):
    return kwargs.get("by", "")


def other_name(sender, user, **kwargs):
    by = user
    kwargs["user"] = by


def other_string(*args, **kwargs):
    return kwargs["by_user"]


def decorator(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        pass

    return wrapper


@decorator
def decorated(sender, by, **kwargs):
    pass


class Desk:
    def book(self, sender, by, **kwargs):
        pass


DESK = Desk()


def test_receivers_that_name_the_argument_are_named():
    signal = Signal()
    signal.connect(by_name, sender=Desk)
    connected = read_paid(
        by_name,
        by_keyword,
        from_kwargs,
        get_from_kwargs,
        decorated,
        DESK.book,
        other_name,
        other_string,
        signal=signal,
    )

    [change] = changes([declared("by: str")], [declared()], connected)

    assert change.lines[0] == (
        "Breaking: The argument 'by' of 'shop.paid' was removed. Senders that pass it "
        "fail, and receivers don't get it. These receivers name 'by':"
    )
    assert change.receivers == (
        "tests.lock.test_changes.Desk.book",
        "tests.lock.test_changes.by_keyword",
        "tests.lock.test_changes.by_name",
        "tests.lock.test_changes.decorated",
        "tests.lock.test_changes.from_kwargs",
        "tests.lock.test_changes.get_from_kwargs",
    )
    assert change.lines[1:] == [f"  {name}" for name in change.receivers]


@pytest.mark.parametrize(
    ("old", "new", "concerned"),
    [
        ("by: str", "", True),
        ("by: str", "by: str | None", True),
        ("by: str", "by: int", True),
        ("by: str = ''", "by: str = 'web'", True),
        ("", "by: str", False),
        ("by: str | None", "by: str", False),
        ("by: str = ''", "by: str", False),
        ("by: str", "by: str = ''", False),
        ("", "by: str = ''", False),
    ],
)
def test_receivers_are_named_if_the_change_concerns_them(old, new, concerned):
    before, after = (declared(*filter(None, [each])) for each in (old, new))

    [change] = changes([before], [after], read_paid(by_name))

    names = ("tests.lock.test_changes.by_name",)
    assert change.receivers == (names if concerned else None)


def test_event_names_its_receivers_while_it_is_declared():
    @event
    def paid(sender: object) -> None:
        pass

    connected = read_paid(by_keyword, signal=paid)

    [change] = changes([declared("by: str")], [declared()], connected)

    assert change.receivers == ("tests.lock.test_changes.by_keyword",)


def test_no_code_of_receivers_runs():
    receivers = [shape.receiver for shape in SHAPES if shape.connectable]

    [change] = changes([declared("a")], [declared()], read_paid(*receivers))

    assert change.receivers == ()
