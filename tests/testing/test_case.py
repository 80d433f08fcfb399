from __future__ import annotations

import subprocess
import sys
import unittest
from pathlib import Path

import django
import pytest
from django.db.models.signals import post_save
from django.dispatch import Signal
from django.test import SimpleTestCase, TestCase

from signaltools.testing import SignalTestCaseMixin
from tests.sending import make
from tests.testapp.models import Order, Tag
from tests.testapp.receivers import audit
from tests.testapp.signals import order_cancelled, order_paid, order_shipped


def receive(**kwargs):
    return 1


async def receive_later(**kwargs):
    return 2


signal, other = make(receive, receive_later), Signal()


class Muted(SignalTestCaseMixin, TestCase):
    muted_signals = [signal, "django.db.models.signals.post_save"]

    @classmethod
    def setUpTestData(cls):
        cls.responses = signal.send(None), post_save.send(Tag)

    def test_class_is_muted(self):
        assert self.responses == ([], [])
        assert signal.send(None) == []

    async def test_coroutines_are_muted(self):
        assert await signal.asend(None) == []


class MutedExcept(SignalTestCaseMixin, TestCase):
    muted_signals = [signal]
    muted_except = [signal, post_save, audit, "tests.testapp.signals.order_cancelled"]

    @classmethod
    def setUpTestData(cls):
        other.connect(receive)
        cls.responses = signal.send(None), other.send(None)
        other.disconnect(receive)

    def test_class_is_muted_except_some(self):
        assert self.responses == ([], [])
        assert [each for each, _ in post_save.send(Tag)] == [audit]
        order_cancelled.connect(receive)
        other.connect(receive)
        assert order_cancelled.send(None) == [(receive, 1)]
        assert other.send(None) == []

    async def test_coroutines_are_muted_except_some(self):
        other.connect(receive_later)
        assert await other.asend(None) == []


class NothingMuted(MutedExcept):
    muted_signals = ()
    muted_except = None

    test_class_is_muted_except_some = None

    async def test_coroutines_are_muted_except_some(self):
        assert await signal.asend(None) == [(receive, 1), (receive_later, 2)]


class Isolated(SignalTestCaseMixin, SimpleTestCase):
    def setUp(self):
        other.connect(receive)

    def connect_twice(self):
        assert other.send(None) == [(receive, 1)]
        other.connect(receive_later)

    test_first = test_second = connect_twice

    def test_mute_lasts_to_the_end(self):
        self.muteSignals(other)
        assert other.send(None) == []


class Asserted(SignalTestCaseMixin, TestCase):
    def test_what_is_sent(self):
        with (
            self.assertSignalSent(order_shipped, {"parcels": 1}, times=1),
            self.captureOnCommitCallbacks(execute=True),
            self.assertSignalNotSent(order_paid),
            self.captureSignals(order_cancelled) as sent,
        ):
            order_shipped.send_on_commit(Order, order=Order())
            order_cancelled.send(None)
        sent.assert_sent(order_cancelled)

    def test_what_is_connected(self):
        self.assertSignalConnected(post_save, audit)
        self.assertSignalNotConnected(post_save, receive)

    def test_failure(self):
        with pytest.raises(AssertionError), self.assertSignalSent(order_paid):
            pass


class Later(SignalTestCaseMixin, unittest.IsolatedAsyncioTestCase):
    muted_signals = [signal]

    async def test_it(self):
        assert await signal.asend(None) == []
        other.connect(receive)


class LaterExcept(Later):
    muted_signals = ()
    muted_except = [other]

    async def test_it(self):
        other.connect(receive)
        assert await signal.asend(None) == []
        assert await other.asend(None) == [(receive, 1)]


def test_nothing_is_left_of_a_class():
    for case in (Isolated("test_first"), Later("test_it"), LaterExcept("test_it")):
        suite = unittest.TestSuite([case])
        result = unittest.TestResult()
        suite.run(result)
        assert result.errors == result.failures == []
        assert result.testsRun == 1
        assert other.receivers == []
    assert len(signal.send(None)) == 2


@pytest.mark.skipif(
    sys.version_info >= (3, 14) and django.VERSION < (6, 0),
    reason="Django 5.2 can't clone databases with the start method of Python 3.14.",
)
def test_tests_may_run_in_parallel():
    command = [sys.executable, "-m", "django", "test", "--settings=tests.settings"]
    # Django cannot send an IsolatedAsyncioTestCase to another process.
    cases = [Muted, MutedExcept, NothingMuted, Isolated, Asserted]
    cases = [f"{__name__}.{case.__name__}" for case in cases]
    done = subprocess.run(
        [*command, "--parallel=2", "--shuffle=1", *cases],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Ran 11 tests" in done.stderr
