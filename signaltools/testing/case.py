"""
The same as methods of a test case.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar
from unittest import TestCase, TestResult

from django.dispatch import Signal

from . import capturing, muting
from . import connected as connections
from .isolating import isolate

if TYPE_CHECKING:
    Base = TestCase
else:
    Base = object


class SignalTestCaseMixin(Base):
    """
    Tests of signals for any ``TestCase``, to be named before it.

    What a test connects and disconnects is undone after it. Receivers of
    ``muted_signals`` do not run in the tests of the class, nor in ``setUpTestData()``.
    """

    muted_signals: ClassVar[Iterable[Signal | str]] = ()

    captureSignals = staticmethod(capturing.capture)
    assertSignalSent = staticmethod(capturing.assert_sent)
    assertSignalNotSent = staticmethod(capturing.assert_not_sent)
    assertSignalConnected = staticmethod(connections.assert_connected)
    assertSignalNotConnected = staticmethod(connections.assert_not_connected)

    @classmethod
    def setUpClass(cls) -> None:
        if cls.muted_signals:
            cls.enterClassContext(muting.mute(*cls.muted_signals))
        super().setUpClass()

    def setUp(self) -> None:
        # An IsolatedAsyncioTestCase runs in a context that is older than its class's.
        if self.muted_signals:
            self.enterContext(muting.mute(*self.muted_signals))
        super().setUp()

    def muteSignals(self, *signals: Signal | str, **options: Any) -> None:
        """
        Mute for the rest of the test.
        """
        self.enterContext(muting.mute(*signals, **options))

    def run(self, result: TestResult | None = None) -> TestResult | None:
        # Around setUp() and clean-up, whoever overrides them.
        with isolate():
            return super().run(result)
