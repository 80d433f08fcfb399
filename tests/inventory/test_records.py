from __future__ import annotations

from signaltools.inventory.records import Problem, distinct

WRONG = Problem("W012", "shop.pay", "No **kwargs.", "Add them.", "shop.paid", 0)


def test_findings_that_read_the_same_are_one():
    twice = WRONG._replace(receiver=1)
    other = WRONG._replace(signal="shop.lost")
    assert distinct([WRONG, twice, other]) == [twice, other]


def test_notes_are_distinguished_from_problems():
    assert not WRONG.is_note
    assert WRONG._replace(id="I003").is_note
