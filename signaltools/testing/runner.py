"""
Measure signal coverage with ``manage.py test``.
"""

from __future__ import annotations

import unittest
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError

if TYPE_CHECKING:
    from django.test.runner import DiscoverRunner as Base

    from .covering import Covering
else:
    Base = object


class SignalCoverageRunnerMixin(Base):
    """
    Add the options of ``pytest --signal-coverage`` to a ``DiscoverRunner``.

    It only counts what runs in its own process, so it refuses ``--parallel``.
    """

    _covering: Covering | None = None
    _too_low = ""

    def __init__(
        self,
        *args: Any,
        signal_coverage: str | None = None,
        signal_coverage_fail_under: float | None = None,
        signal_coverage_json: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        if not (
            signal_coverage
            or signal_coverage_fail_under is not None
            or signal_coverage_json
        ):
            return
        if self.parallel > 1:
            raise CommandError(
                "Signal coverage can't be measured with --parallel; remove one of the "
                "options."
            )
        from .covering import Covering

        self._covering = Covering(
            everything=signal_coverage == "all",
            fail_under=signal_coverage_fail_under,
            file=signal_coverage_json,
        )

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--signal-coverage",
            action="store_const",
            const="project",
            help="Print which receivers of the project never ran, and which of its "
            "signals were never sent.",
        )
        parser.add_argument(
            "--signal-coverage=all",
            dest="signal_coverage",
            action="store_const",
            const="all",
            help="The same for Django, installed packages, and the tests themselves.",
        )
        parser.add_argument(
            "--signal-coverage-fail-under",
            metavar="MIN",
            type=float,
            help="Fail if less than MIN percent of the receivers ran.",
        )
        parser.add_argument(
            "--signal-coverage-json",
            metavar="FILE",
            help="Write the number of calls of each receiver to FILE, as JSON.",
        )

    def run_tests(self, *args: Any, **options: Any) -> int:
        if self._covering is None:
            return super().run_tests(*args, **options)
        self._covering.start()
        try:
            return super().run_tests(*args, **options)
        finally:
            self._covering.stop()

    def run_suite(self, suite: unittest.TestSuite, **options: Any) -> Any:
        if self._covering is None:
            return super().run_suite(suite, **options)
        tests = {type(test).__module__ for test in _tests(suite)}
        self._covering.read(tests)
        result = super().run_suite(suite, **options)
        self._covering.read(tests)
        report, self._too_low = self._covering.report()
        print(report + self._too_low, end="\n" if self._too_low else "")
        return result

    def suite_result(
        self, suite: unittest.TestSuite, result: Any, **options: Any
    ) -> int:
        return super().suite_result(suite, result, **options) + bool(self._too_low)


def _tests(suite: Any) -> Iterator[Any]:
    for each in suite:
        if isinstance(each, unittest.TestSuite):
            yield from _tests(each)
        else:
            yield each
