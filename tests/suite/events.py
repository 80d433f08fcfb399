"""
Run Django's own tests of signals with declared events in place of ``Signal()``.

    python events.py CACHE REPORT
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import django.dispatch
from django.conf import global_settings
from run import main

import signaltools
from signaltools.inventory.django_signals import BUILTIN_SIGNALS

made = []


def declared(use_caching: bool = False) -> signaltools.events.Event[Any]:
    @signaltools.event(use_caching=use_caching)
    def event(sender: Any, *, val: Any = None, attempt: Any = None) -> None: ...

    made.append(event)
    return event


def replace_signal() -> None:
    # Django's own signals stay what they are, and so does what reads them.
    import_module("signaltools.tracing")
    for name in BUILTIN_SIGNALS:
        import_module(name.rpartition(".")[0])
    django.dispatch.Signal = declared  # type: ignore[assignment,misc]
    global_settings.SIGNALTOOLS = {"CHECK_EVENTS": True}  # type: ignore[attr-defined]


if __name__ == "__main__":
    replace_signal()
    status = main(*sys.argv[1:], "dispatch", "signals")
    assert made
    sys.exit(status)
