from __future__ import annotations

import pytest

from signaltools.inventory.records import Problem, distinct, sender_name, split_name

WRONG = Problem("W012", "shop.pay", "No **kwargs.", "Add them.", "shop.paid", 0)


def test_problems_that_read_the_same_are_one():
    twice = WRONG._replace(receiver=1)
    other = WRONG._replace(message="No arguments.")
    assert distinct([WRONG, twice, other]) == [WRONG, other]


def test_notes_are_distinguished_from_problems():
    assert not WRONG.is_note
    assert WRONG._replace(id="I003").is_note


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("shop.signals.paid", ("shop.signals", "paid")),
        ("pay.signals.Kind.PAID", ("pay.signals.Kind", "PAID")),
        ("pay.HOOKS['order.paid'].done", ("pay", "HOOKS['order.paid'].done")),
        ("paid", ("", "paid")),
        ("unnamed Signal (shop.Own)", ("", "unnamed Signal (shop.Own)")),
    ],
)
def test_a_name_is_split_before_its_last_attribute(name, parts):
    assert split_name(name) == parts


def test_a_sender_that_is_a_string_is_quoted():
    assert sender_name("auth.User", "string", None) == "'auth.User'"
