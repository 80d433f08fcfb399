"""
Run Django's own tests while a recorder is active.

    python run.py CACHE REPORT [--frozen] [MODULE...]

The tests are those of the installed Django; its source distribution is downloaded to
the folder CACHE, once. One trace is active from before they are loaded to the end.
Each test has one of its own inside of that, so that it fills an empty tree. REPORT is
a JUnit file with the sums and the names of what failed. With --frozen, all
of this happens in a time that freezegun has changed.
"""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path
from typing import Any
from unittest import TestCase, TextTestResult, skip
from xml.etree import ElementTree

import django
from django.db.backends.utils import CursorWrapper
from django.db.models.signals import ModelSignal
from django.dispatch import Signal
from django.test.runner import DiscoverRunner

import signaltools
from tests.sources import download

# Also all of auth_tests but the password hashers: slow, and nothing is sent.
MODULES = """
    dispatch signals m2m_signals migrate_signals async asgi handlers delete
    contenttypes_tests model_regress serializers update bulk_create
"""
# Compares times, and fails on a busy machine with and without a recorder.
UNSTABLE = "TestDeserializer.test_crafted_xml_performance"


class Result(TextTestResult):
    report: Path
    passed = 0

    def startTest(self, test: TestCase) -> None:
        super().startTest(test)
        if test.id().endswith(UNSTABLE):
            method = UNSTABLE.partition(".")[2]
            setattr(test, method, skip("compares times")(getattr(test, method)))
        self.trace = signaltools.trace()
        self.trace.start()

    def stopTest(self, test: TestCase) -> None:
        self.trace.stop()
        # Not each time: reading walks all loaded modules, and here there are many.
        if self.testsRun % 20 == 0:
            str(self.trace)
        super().stopTest(test)

    def addSuccess(self, test: TestCase) -> None:
        super().addSuccess(test)
        self.passed += 1

    def stopTestRun(self) -> None:
        super().stopTestRun()
        failures = [*(test for test, _ in self.failures), *self.unexpectedSuccesses]
        errors = [test for test, _ in self.errors]
        self.passed += len(self.expectedFailures)
        sums = {
            "tests": self.passed + len(failures + errors + self.skipped),
            "failures": len(failures),
            "errors": len(errors),
            "skipped": len(self.skipped),
        }
        suite = ElementTree.Element("testsuite", {k: str(v) for k, v in sums.items()})
        for test in failures + errors:
            case = ElementTree.SubElement(suite, "testcase", name=test.id())
            ElementTree.SubElement(case, "failure")
        self.report.parent.mkdir(exist_ok=True)
        ElementTree.ElementTree(suite).write(self.report)


def default_modules(tests: Path) -> list[str]:
    auth = sorted(file.stem for file in tests.glob("auth_tests/test_*.py"))
    return [*MODULES.split(), *(f"auth_tests.{m}" for m in auth if m != "test_hashers")]


def run_tests(tests: Path, modules: list[str]) -> int | str | None:
    os.chdir(tests)
    sys.path[0] = str(tests)
    sys.argv = ["runtests.py", "--parallel=1", *modules]
    try:
        runpy.run_path("runtests.py", run_name="__main__")
    except SystemExit as stop:
        return stop.code
    return 0


def hooked() -> list[dict[str, Any]]:
    return [dict(vars(cls)) for cls in (Signal, ModelSignal, CursorWrapper)]


def main(cache: str, report: str, *modules: str) -> int | str | None:
    if "--frozen" in modules:
        from freezegun import freeze_time

        modules = tuple(name for name in modules if name != "--frozen")
        freeze_time("2035-01-01", tick=True).start()
    tests = download(Path(cache).resolve(), "django", django.__version__) / "tests"
    Result.report = Path(report).resolve()
    DiscoverRunner.get_resultclass = lambda runner: Result
    before = hooked()
    with signaltools.trace() as trace:
        assert hooked() != before
        status = run_tests(tests, list(modules) or default_modules(tests))
    print(repr(trace))
    assert trace.totals.sends > (0 if modules else 1000)
    # Functions are equal only if they are the same.
    assert hooked() == before
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
