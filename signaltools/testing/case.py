"""
The test tools as methods of a test case.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar
from unittest import TestCase, TestResult

from django.dispatch import Signal

from . import capturing, muting
from . import connected as connections
from .isolating import isolate

# At run time, the class after the mixin is the TestCase.
if TYPE_CHECKING:
    Base = TestCase
else:
    Base = object


class SignalTestCaseMixin(Base):
    """
    Add assertions about signals to a ``TestCase``, which must come after it.

    After each test, its connect() and disconnect() calls are undone. The receivers of
    ``muted_signals`` don't run in the tests of the class or in ``setUpTestData()``. If
    ``muted_except`` is a list, all signals are muted except those, and except receivers
    that it lists; see ``mute()``.
    """

    muted_signals: ClassVar[Iterable[Signal | str]] = ()
    muted_except: ClassVar[Iterable[muting.SignalOrReceiver] | None] = None

    captureSignals = staticmethod(capturing.capture)
    assertSignalSent = staticmethod(capturing.assert_sent)
    assertSignalNotSent = staticmethod(capturing.assert_not_sent)
    assertSignalConnected = staticmethod(connections.assert_connected)
    assertSignalNotConnected = staticmethod(connections.assert_not_connected)

    @classmethod
    def setUpClass(cls) -> None:
        for mute in cls._mutes():
            cls.enterClassContext(mute)
        super().setUpClass()

    def setUp(self) -> None:
        # An IsolatedAsyncioTestCase runs its tests in a context that was copied before
        # setUpClass(). Everywhere else, this mutes what is muted already.
        for mute in self._mutes():
            self.enterContext(mute)
        super().setUp()

    @classmethod
    def _mutes(cls) -> list[muting.Mute]:
        mutes = []
        if cls.muted_signals:
            mutes.append(muting.mute(*cls.muted_signals))
        if cls.muted_except is not None:
            mutes.append(muting.mute(except_=cls.muted_except))
        return mutes

    def muteSignals(self, *signals: Signal | str, **options: Any) -> None:
        """
        Mute signals until the test ends; see ``mute()``.
        """
        self.enterContext(muting.mute(*signals, **options))

    def run(self, result: TestResult | None = None) -> TestResult | None:
        # Not setUp(): a subclass may override it without calling this one, and cleanups
        # may disconnect as well.
        with isolate():
            return super().run(result)
