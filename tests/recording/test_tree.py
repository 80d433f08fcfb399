from __future__ import annotations

import pytest

from signaltools.recording.tree import Tree
from tests.records import call, send, totals


def test_totals_of_receivers_have_all_their_calls_and_the_slowest_is_first():
    inner = send("c", call("a.slow", self_time=0.002, count=3, raised=2))
    tree = Tree(
        (send("a", call("a.fast"), call("a.slow", inner, self_time=0.001)),),
        (send("b", call("a.fast", self_time=0.0015, count=5, self_queries=7)),),
        totals(),
    )
    slow, fast = tree.receivers
    assert (slow.receiver, slow.calls, slow.errors) == ("a.slow", 4, 2)
    assert (fast.receiver, fast.calls, fast.queries) == ("a.fast", 6, 7)
    assert slow.self_time == pytest.approx(0.003)


def test_receivers_of_one_name_in_two_places_are_two():
    lines = [call("a.<lambda>", line=line) for line in (3, 4, 3)]
    tree = Tree((send("a", *lines),), (), totals())
    assert [(each.line, each.calls) for each in tree.receivers] == [(3, 2), (4, 1)]
