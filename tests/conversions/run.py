"""
Run the tests of published packages before and after their signals become events.

    python run.py CACHE REPORTS [PACKAGE...]

The source distributions are downloaded to the folder CACHE, once. The folder beside
this file that has the name of a package holds what a conversion writes: ``signals.py``,
which declares an event in place of each ``Signal()``, and tests that use
``signaltools.testing``. Each test of the package must have the same result as before.
The results after the conversion are JUnit files in the folder REPORTS.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from tests.sources import download

HERE = Path(__file__).parent


class Package(NamedTuple):
    name: str
    version: str
    signals: str
    settings: str
    # What pytest needs to run its tests.
    options: tuple[str, ...]


PACKAGES = [
    Package(
        "django_organizations",
        "2.7.0",
        signals="organizations/signals.py",
        settings="conftest.py",
        options=("tests",),
    ),
    Package(
        "easy_thumbnails",
        "2.10.1",
        signals="easy_thumbnails/signals.py",
        settings="easy_thumbnails/tests/settings.py",
        options=("--ds=easy_thumbnails.tests.settings", "easy_thumbnails/tests"),
    ),
]


def convert(package: Package, source: Path, target: Path) -> None:
    """
    Copy the source of a package, and do there what its authors would do.
    """
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    shutil.copytree(HERE / package.name, target, dirs_exist_ok=True)

    # A signal that isn't declared would stay untested, and nothing would fail.
    code = (source / package.signals).read_text("utf-8")
    signals = re.findall(r"^(\w+) = .*\bSignal\(", code, re.MULTILINE)
    code = (target / package.signals).read_text("utf-8")
    events = re.findall(r"^@event\ndef (\w+)\(", code, re.MULTILINE)
    assert signals == events != []

    settings = target / package.settings
    code, count = re.subn(
        r"INSTALLED_APPS ?= ?[\[(]",
        r'\g<0>"signaltools", ',
        settings.read_text("utf-8"),
    )
    assert count == 1
    settings.write_text(code, "utf-8")


def run_tests(
    package: Package, source: Path, report: Path, *options: str
) -> dict[str, str]:
    """
    Run the tests of a package, and return the result of each one.
    """
    # Without these two, pytest finds the configuration of signaltools, further up.
    pytest = [sys.executable, "-m", "pytest", f"-c{os.devnull}", "--rootdir=."]
    pytest += ["-q", "--disable-warnings", "-p", "fast_passwords", *options]
    # A report of an earlier run must not count if pytest doesn't even begin.
    report.unlink(missing_ok=True)
    subprocess.run(
        [*pytest, f"--junit-xml={report}", *package.options],
        cwd=source,
        env={**os.environ, "PYTHONPATH": str(HERE)},
    )
    return {
        f"{test.get('classname')}.{test.get('name')}": result(test)
        for test in ElementTree.parse(report).iter("testcase")
    }


def result(test: ElementTree.Element) -> str:
    tags = {child.tag for child in test}
    return next(
        (tag for tag in ("error", "failure", "skipped") if tag in tags), "passed"
    )


def check(package: Package, cache: Path, reports: Path) -> bool:
    print(f"{package.name} {package.version}", flush=True)
    source = download(cache, package.name, package.version)
    target = cache / "converted" / package.name
    convert(package, source, target)
    before = run_tests(
        package, source, cache / f"{package.name}.xml", "-p", "no:signaltools"
    )
    after = run_tests(package, target, reports / f"conversions-{package.name}.xml")

    # Baseline tests that fail would prove nothing by failing again.
    failing = [test for test in before if before[test] in ("error", "failure")]
    expected = dict.fromkeys(after, "passed") | before
    wrong = [test for test in expected if after.get(test) != expected[test]]
    for test in failing + wrong:
        print(f"{test}: {before.get(test)} before, {after.get(test)} after")
    added = len(after) - len(before)
    print(f"{len(before)} tests of the package, {added} more with events", flush=True)
    return bool(before) and added > 0 and not failing + wrong


def main(cache: str, reports: str, *names: str) -> int:
    folder = Path(reports).resolve()
    folder.mkdir(exist_ok=True)
    packages = [each for each in PACKAGES if not names or each.name in names]
    results = [check(each, Path(cache).resolve(), folder) for each in packages]
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
