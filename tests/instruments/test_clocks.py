"""
Traces in tests whose time is frozen.
"""

from __future__ import annotations

import functools

import pytest
import time_machine
from freezegun import freeze_time

import signaltools
from tests.sending import make

FREEZERS = [
    functools.partial(freeze_time, "2035-01-01"),
    functools.partial(freeze_time, "1970-01-02", tick=True),
    functools.partial(freeze_time, "2035-01-01", auto_tick_seconds=3_600),
    functools.partial(time_machine.travel, "2035-01-01"),
    functools.partial(time_machine.travel, "1970-01-02", tick=False),
]
SENDERS = [int, str, float, bytes]

signal = make(lambda sender, **kwargs: None)


def check(trace):
    assert [send.sender for send in trace.sends] == [
        f"builtins.{sender.__name__}" for sender in SENDERS
    ]
    moments = [send.start for send in trace.sends]
    assert moments == sorted(moments)
    assert 0 <= moments[0] <= moments[-1] <= trace.totals.time < 60
    for node in (*trace.sends, *trace.calls):
        assert 0 <= node.self_time <= node.time <= node.longest < 60


@pytest.mark.parametrize("freeze", FREEZERS)
def test_time_is_frozen_for_a_part_of_a_trace(freeze):
    with signaltools.trace() as trace:
        signal.send(int)
        with freeze():
            signal.send(str)
            signal.send(float)
        signal.send(bytes)

    check(trace)


@pytest.mark.parametrize("freeze", FREEZERS)
def test_time_is_frozen_around_a_trace(freeze):
    with freeze(), signaltools.trace() as trace:
        for sender in SENDERS:
            signal.send(sender)

    check(trace)


@pytest.mark.parametrize("freeze", FREEZERS)
def test_trace_starts_or_ends_while_time_is_frozen(freeze):
    with freeze():
        trace = signaltools.trace()
        trace.start()
        signal.send(int)
        signal.send(str)
    signal.send(float)
    with freeze():
        signal.send(bytes)
        trace.stop()

    check(trace)
