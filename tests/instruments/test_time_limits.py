"""
Time limits that raise an exception in the middle of what is recorded.
"""

from __future__ import annotations

import signal
import time

import pytest

import signaltools
from signaltools.recording.current import current
from tests.sending import make


class TimeLimit(Exception):
    pass


def raise_time_limit(*args):
    raise TimeLimit


def receive(**kwargs):
    pass


@pytest.fixture
def alarm():
    before = signal.signal(signal.SIGALRM, raise_time_limit)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("alarm")
@pytest.mark.timeout(0)
def test_a_thousand_time_limits_leave_the_right_node():
    inner, later = make(receive), make(receive)
    first = make(lambda sender, **kwargs: inner.send(sender))
    rounds = 1_000
    with signaltools.trace() as trace:
        here = current.get()
        for number in range(rounds):
            try:
                # From one to two milliseconds, which is after about a hundred sends.
                signal.setitimer(signal.ITIMER_REAL, 0.001 + number / 1e6)
                while True:
                    first.send(int)
            except TimeLimit:
                pass
            assert current.get() is here
            later.send(str)

    [*sends] = (send for send in trace.tree if send.sender == "builtins.str")
    assert sum(send.count for send in sends) == rounds


@pytest.mark.timeout(0.2, method="signal", func_only=True)
def test_timeout_of_pytest_leaves_the_right_node():
    slow, later = make(lambda **kwargs: time.sleep(5)), make(receive)
    with signaltools.trace() as trace:
        with pytest.raises(pytest.fail.Exception, match="Timeout"):
            slow.send(int)
        later.send(str)

    assert [send.sender for send in trace.tree] == ["builtins.int", "builtins.str"]
    assert [call.outcome for call in trace.calls] == ["raised", "returned"]
    assert current.get() is None
