"""
Measure what listing signals costs, as ratios within one run: see ``make bench``.

The bare pass only dereferences each receiver and reads its line number.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import NamedTuple

import django
from django.conf import settings
from django.dispatch import Signal

SIGNALS = 1_000
ROUNDS = 15
ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "example_project"
WAGTAIL = ROOT / "tests" / "projects" / "wagtail_site"
# What manage.py does, with or without signaltools among the apps.
MANAGE = """
import sys

from django.conf import settings
from django.core.management import execute_from_command_line

if sys.argv.pop(1) == "without":
    settings.INSTALLED_APPS.remove("signaltools")
execute_from_command_line(sys.argv)
"""


def main() -> None:
    settings.configure(INSTALLED_APPS=["signaltools"])
    django.setup()
    few, many = (reading(receivers) for receivers in (1_000, 10_000))
    print(f"ten times the receivers: {many / few:.1f}x the time (at most 25x)")
    commands("the example", Project(EXAMPLE, "config.settings"), "order_paid")
    if find_spec("wagtail"):
        project = Project(WAGTAIL, "settings")
        commands("Wagtail", project, "page_published")
        ratio = project.ratio("with check", "without check")
        print(f"check, Wagtail: {ratio:.2f}x without signaltools (at most 1.05x)")


def commands(name: str, project: Project, signal: str) -> None:
    ratio = project.ratio("with list_signals", "with check")
    print(f"list_signals, {name}: {ratio:.2f}x manage.py check (at most 1.05x)")
    # With a filter, the sources are read to show what sends the signal.
    ratio = project.ratio(f"with list_signals {signal}", "with list_signals")
    print(f"list_signals {signal}: {ratio:.2f}x list_signals (at most 1.30x)")


class Project(NamedTuple):
    folder: Path
    settings: str

    def ratio(self, command: str, other: str) -> float:
        """
        Return how long one process takes in terms of another, with its start-up.
        """
        pairs = [(self.run(command), self.run(other)) for _ in range(ROUNDS)]
        return median(first / second for first, second in pairs)

    def run(self, command: str) -> float:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": self.settings,
            "PYTHONPATH": os.pathsep.join([str(ROOT), "..", "."]),
            # An installed package is compiled, as all others are here.
            "PYTHONDONTWRITEBYTECODE": "",
        }
        return seconds(
            lambda: subprocess.run(
                [sys.executable, "-c", MANAGE, *command.split()],
                cwd=self.folder,
                env=environment,
                check=True,
                capture_output=True,
            )
        )


def reading(receivers: int) -> float:
    """
    Print what reading ``receivers`` costs, and return the seconds.
    """
    from signaltools.inventory.names import registry
    from signaltools.inventory.reading import read_connected

    signals = connect(receivers)
    bare, read = [], []
    for _ in range(ROUNDS):
        bare_pass(signals)  # warms the memory up for what is timed next
        bare.append(seconds(lambda: bare_pass(signals)))
        read.append(seconds(lambda: read_connected(registry.entries())))
    print(
        f"{SIGNALS:,} signals, {receivers:,} receivers: {median(read) * 1e3:.1f} ms, "
        f"{median(read) / median(bare):.0f}x a bare pass (at most 100x for 10,000)"
    )
    return median(read)


def connect(receivers: int) -> list[Signal]:
    """
    Make a module of signals, and module-level receivers for them.
    """
    module = sys.modules["bench_signals"] = ModuleType("bench_signals")
    functions = (
        f"def receiver_{number}(sender, **kwargs): pass" for number in range(receivers)
    )
    exec(compile("\n".join(functions), __file__, "exec"), vars(module))
    signals = [Signal() for _ in range(SIGNALS)]
    for number, signal in enumerate(signals):
        setattr(module, f"signal_{number}", signal)
    for number in range(receivers):
        signals[number % SIGNALS].connect(getattr(module, f"receiver_{number}"))
    return signals


def bare_pass(signals: list[Signal]) -> None:
    for signal in signals:
        for row in signal.receivers:
            _ = row[1]().__code__.co_firstlineno


def seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
