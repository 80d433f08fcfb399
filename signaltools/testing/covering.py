"""
Measure signal coverage in a run of tests, of one process or several.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

from django.apps import apps

from ..checks.watch import watched_signals
from ..inventory.held import number_names, with_held
from ..inventory.names import registry
from ..inventory.reading import read_connected
from ..recording.counting import start_counting, stop_counting
from ..recording.coverage import Observed, combined
from ..reports.coverage import render_coverage_json, render_coverage_text, too_low


class Covering:
    """
    Count the calls of receivers, and report which connected ones never ran.

    ``everything`` includes receivers of Django, of packages, and of the tests.
    """

    def __init__(
        self,
        *,
        everything: bool = False,
        fail_under: float | None = None,
        file: str | None = None,
    ) -> None:
        self._everything = everything
        self._fail_under = fail_under
        self._file = file
        self._observed = Observed()
        self._others: list[Any] = []
        self._notes: list[str] = []

    def start(self) -> None:
        start_counting()

    def stop(self) -> None:
        stop_counting()

    def read(self, tests: Collection[str] = ()) -> None:
        """
        Read what is connected: when the tests are known, and when they have run.
        """
        entries = with_held(registry.entries(), watched_signals)
        self._observed.read(number_names(read_connected(entries)), tests)

    def results(self) -> tuple[list[Any], list[Any]]:
        """
        Return what was counted in this process, for ``add()`` in another one.
        """
        return self._observed.results()

    @property
    def has_others(self) -> bool:
        """
        Return whether other processes have run the tests.
        """
        return bool(self._others)

    def add(self, results: Any) -> None:
        self._others.append(results)

    def note(self, text: str) -> None:
        self._notes.append(text)

    def report(self) -> tuple[str, str]:
        """
        Write the JSON file. Return the report, and a sentence if too few receivers ran.
        """
        results = self._others or [self.results()]
        coverage = combined(results, everything=self._everything)
        failure = ""
        if self._fail_under is not None:
            failure = too_low(coverage, self._fail_under)
            # Then there are no receivers, and a limit would be of no use.
            if not (coverage.receivers or apps.ready):
                failure = (
                    "Signal coverage can't be measured, because Django isn't set up; "
                    "install pytest-django, or call django.setup() in conftest.py."
                )
        if self._file is not None:
            text = render_coverage_json(coverage, self._notes)
            try:
                Path(self._file).write_text(text, encoding="utf-8", newline="\n")
            except OSError as error:
                failure = f"Cannot write {self._file!r}: {error.strerror}."
        return render_coverage_text(coverage, self._notes, os.getcwd()), failure
