"""
What the panel costs a request: see ``make bench``.

A request with the toolbar's default panels is compared with the same one in which our
panel stands in the place of the toolbar's own signals panel, in turns, in one process;
the median of the rounds counts. The limit is in brackets.
"""

from __future__ import annotations

import json
import time
from statistics import median
from typing import Any

import recording
from django.utils.module_loading import import_string

ROUNDS = 61


def main() -> None:
    recording.setup(
        DEBUG=True,
        INTERNAL_IPS=["127.0.0.1"],
        STATIC_URL="static/",
        ROOT_URLCONF=__name__,
        apps=["django.contrib.staticfiles", "debug_toolbar"],
        middleware=["debug_toolbar.middleware.DebugToolbarMiddleware"],
    )
    client, pages = recording.busy_site()
    globals()["urlpatterns"] = pages + toolbar_urls()
    theirs, ours = panels()
    for _ in range(5):
        visit(client, theirs), visit(client, ours)
    pairs = [(visit(client, theirs), visit(client, ours)) for _ in range(ROUNDS)]
    stats = stored_stats(client)
    totals = stats["totals"]
    name = f"a request with {totals['sends']} sends and {totals['calls']} calls"
    recording.show(name, median(second / first for first, second in pairs), 1.10)
    stats = stored_stats(client, "/instances/")
    size = len(json.dumps(stats))
    print(f"10,000 instances: {size:,} bytes of JSON (at most 131,072)")


def toolbar_urls() -> list[Any]:
    from debug_toolbar.toolbar import debug_toolbar_urls

    urls: list[Any] = debug_toolbar_urls()
    return urls


def panels() -> tuple[list[Any], list[Any]]:
    """
    Return the default panels of the toolbar, without and with ours.
    """
    from debug_toolbar.panels.signals import SignalsPanel
    from debug_toolbar.settings import PANELS_DEFAULTS

    from signaltools.panels import SignalToolsPanel

    SignalToolsPanel.ready()
    theirs = [import_string(path) for path in PANELS_DEFAULTS]
    return theirs, [
        SignalToolsPanel if panel is SignalsPanel else panel for panel in theirs
    ]


def visit(client: Any, classes: list[Any]) -> float:
    from debug_toolbar.toolbar import DebugToolbar

    DebugToolbar._panel_classes = classes
    start = time.perf_counter()
    assert client.get("/").status_code == 200
    return time.perf_counter() - start


def stored_stats(client: Any, url: str = "/") -> Any:
    from debug_toolbar.store import get_store

    response = client.get(url)
    return get_store().panel(response["djdt-request-id"], "SignalToolsPanel")


if __name__ == "__main__":
    main()
