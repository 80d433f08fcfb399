"""
Run Django's own tests while a recorder is active.

    python run.py CACHE REPORT [--frozen|--sentry] [MODULE...]

The tests are those of the installed Django; its source distribution is downloaded to
the folder CACHE, once. One trace is active from before they are loaded to the end.
Each test has one of its own inside of that, so that it fills an empty tree. REPORT is
a JUnit file with the sums and the names of what failed. With --frozen, all
of this happens in a time that freezegun has changed. With --sentry, Sentry is active,
and just the tests that fail beside it without a recorder may fail.
"""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
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
    #: The tests that fail without a recorder, None if there shall be no recorder.
    expected: set[str] | None = set()

    def startTest(self, test: TestCase) -> None:
        super().startTest(test)
        if test.id().endswith(UNSTABLE):
            method = UNSTABLE.partition(".")[2]
            setattr(test, method, skip("compares times")(getattr(test, method)))
        self.trace = signaltools.trace()
        if self.expected is not None:
            self.trace.start()

    def stopTest(self, test: TestCase) -> None:
        self.trace.stop()
        # Not each time: reading walks all loaded modules, and here there are many.
        if self.testsRun % 20 == 0 and self.expected is not None:
            str(self.trace)
        super().stopTest(test)

    def addSuccess(self, test: TestCase) -> None:
        super().addSuccess(test)
        self.passed += 1

    def stopTestRun(self) -> None:
        super().stopTestRun()
        failures = [*(test for test, _ in self.failures), *self.unexpectedSuccesses]
        errors = [test for test, _ in self.errors]
        expected = self.expected or set()
        self.passed += len(self.expectedFailures) + len(expected)
        # One that no longer fails is a difference as well.
        failed = {test.id() for test in failures}
        assert expected <= failed, expected - failed
        failures = [test for test in failures if test.id() not in expected]
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


def start_sentry() -> None:
    import sentry_sdk
    from sentry_sdk.integrations.django import DjangoIntegration

    sentry_sdk.init(integrations=[DjangoIntegration()])


def failing_beside_sentry(cache: str, modules: list[str]) -> set[str]:
    """
    Return the tests that fail in another process, without a recorder.
    """
    with TemporaryDirectory() as folder:
        report = Path(folder) / "alone.xml"
        command = [sys.executable, __file__, cache, str(report), "--sentry-alone"]
        subprocess.run([*command, *modules], check=False)
        cases = ElementTree.parse(report).iter("testcase")
        return {str(case.get("name")) for case in cases}


def main(cache: str, report: str, *modules: str) -> int | str | None:
    if modules[:1] == ("--sentry",):
        Result.expected = failing_beside_sentry(cache, [*modules[1:]])
        start_sentry()
        main(cache, report, *modules[1:])
        failures = ElementTree.parse(Path(report)).iter("failure")
        return len([*failures])
    if modules[:1] == ("--sentry-alone",):
        Result.expected = None
        start_sentry()
        tests = download(Path(cache).resolve(), "django", django.__version__) / "tests"
        Result.report = Path(report)
        DiscoverRunner.get_resultclass = lambda runner: Result
        return run_tests(tests, [*modules[1:]])
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
