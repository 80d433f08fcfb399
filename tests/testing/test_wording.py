from __future__ import annotations

import pytest

from signaltools.introspect.text import text_list
from signaltools.testing.wording import suggest_receiver, value_text


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ("", ""),
        ("a", "a"),
        ("ab", "a or b"),
        ("abc", "a, b, or c"),
        ("abcdef", "a, b, c, d, e, or f"),
        ("abcdefg", "a, b, c, d, e, or 2 others"),
    ],
)
def test_items_are_listed_with_an_oxford_comma(items, expected):
    assert text_list(items, "or") == expected


def test_a_receiver_is_suggested_by_the_last_part_of_its_name():
    names = ["shop.receivers.index", "shop.receivers.audit"]
    assert suggest_receiver("shop.receivers.audits", names) == " Did you mean 'audit'?"
    assert suggest_receiver("shop.receivers.send", names) == ""


def test_values_are_shown_on_one_line():
    assert value_text("a\nb") == r"'a\nb'"
    assert value_text("x" * 300) == f"'{'x' * 198}…"
