from __future__ import annotations

import gc

import pytest
from django.dispatch import Signal

import signaltools
from signaltools.recording import nested
from signaltools.recording.totals import _is_connected_for


class First:
    pass


class Second:
    pass


def receive(**kwargs): ...


@pytest.fixture
def full(monkeypatch):
    """
    Let no node of an inner trace fit into the tree of the outer one.
    """
    monkeypatch.setattr(nested, "MAX_TREE", 0)


@pytest.mark.usefixtures("full")
def test_an_inner_trace_is_added_by_the_senders_that_receivers_are_connected_for():
    signal = Signal()
    signal.connect(receive, sender=First)
    with signaltools.trace() as outer, signaltools.trace():
        for sender in (First, Second, None):
            signal.send(sender)

    labels = {each.sender: each.count for each in outer.overflow}
    assert labels == {f"{__name__}.First": 1, "other senders": 2}
    assert [(each.receiver, each.calls) for each in outer.receivers] == [
        (f"{__name__}.receive", 1)
    ]


@pytest.mark.usefixtures("full")
def test_a_signal_of_an_inner_trace_that_is_gone_is_added_too():
    with signaltools.trace() as outer, signaltools.trace():
        Signal().send(First)
        gc.collect()

    assert [(each.sender, each.count) for each in outer.overflow] == [
        ("other senders", 1)
    ]


def test_rows_of_another_shape_count_as_connected():
    signal = Signal()
    signal.receivers.append((1, "another shape"))

    assert _is_connected_for(signal, First)
