"""
Compare reading the inventory with a bare pass over the same rows.

The bare pass only dereferences each receiver and reads its line number. Run it with
``make bench``: absolute times depend on the machine, the ratios hardly do.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from types import ModuleType

import django
from django.conf import settings
from django.dispatch import Signal

SIGNALS = 1_000


def main() -> None:
    settings.configure(INSTALLED_APPS=["signaltools"], SIGNALTOOLS={})
    django.setup()
    from signaltools.inventory import read_inventory

    times = {}
    for receivers in (1_000, 10_000):
        signals = connect(receivers)
        bare = median(lambda: bare_pass(signals))  # noqa: B023
        times[receivers] = median(read_inventory)
        ratio = times[receivers] / bare
        print(
            f"{SIGNALS:,} signals, {receivers:,} receivers: "
            f"{times[receivers] * 1e3:.1f} ms, {ratio:.0f}x a bare pass"
        )
    growth = times[10_000] / times[1_000]
    print(f"ten times the receivers: {growth:.1f}x the time")


def connect(receivers: int) -> list[Signal]:
    """
    Make a module of signals, and that many module-level receivers for them.
    """
    module = ModuleType("bench_signals")
    sys.modules["bench_signals"] = module
    source = "\n".join(
        f"def receiver_{number}(sender, **kwargs): pass" for number in range(receivers)
    )
    exec(compile(source, __file__, "exec"), vars(module))
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


def median(function: Callable[[], object], rounds: int = 15) -> float:
    function()
    samples = []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        samples.append(time.perf_counter() - start)
    return statistics.median(samples)


if __name__ == "__main__":
    main()
