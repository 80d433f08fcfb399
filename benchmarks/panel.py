"""
What the panel costs a request: see ``make bench``.

A request with the toolbar's default panels is compared with the same one in which our
panel stands in the place of the toolbar's own signals panel, in turns, in one process;
the median of the rounds counts. The limit is in brackets.

The first request of a process, and one that imports a module, cost more. What they cost
is the CPU time of the whole request, less that of one that does the same with the
toolbar's own panel.
"""

from __future__ import annotations

import json
import sys
import time
from statistics import median
from types import ModuleType
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
    from django.urls import path

    client, pages = recording.busy_site()
    globals()["urlpatterns"] = [path("quiet/", quiet), *pages, *toolbar_urls()]
    theirs, ours = panels()
    visit(client, theirs)
    first = cpu_time(client, ours)
    for _ in range(5):
        visit(client, theirs), visit(client, ours)
    pairs = [(visit(client, theirs), visit(client, ours)) for _ in range(ROUNDS)]
    stats = stored_stats(client)
    totals = stats["totals"]
    name = f"a request with {totals['sends']} sends and {totals['calls']} calls"
    recording.show(name, median(second / first for first, second in pairs), 1.10)
    usual = [median(cpu_time(client, each) for _ in range(31)) for each in panels()]
    more = (first - usual[0]) * 1_000
    print(f"the first request: {more:.1f} ms more (at most 15)")
    new = [median(new_module(client, each) for _ in range(31)) for each in panels()]
    more = (new[1] - new[0] - usual[1] + usual[0]) * 1_000
    print(f"a request that imports a module: {more:.1f} ms more (at most 3)")
    size = len(json.dumps(stats))
    print(f"what is stored of a request: {size:,} bytes of JSON (at most 24,576)")
    connect_many()
    size = len(json.dumps(stored_stats(client, "/quiet/")))
    print(f"a quiet one, with 300 receivers: {size:,} bytes (at most 20,480)")
    stats = stored_stats(client, "/instances/")
    size = len(json.dumps(stats))
    print(f"10,000 instances: {size:,} bytes of JSON (at most 131,072)")


def quiet(request: Any) -> Any:
    from django.http import HttpResponse

    return HttpResponse("<body></body>")


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


def cpu_time(client: Any, classes: list[Any]) -> float:
    started = time.thread_time()
    visit(client, classes)
    return time.thread_time() - started


def new_module(client: Any, classes: list[Any]) -> float:
    name = f"imported_{len(sys.modules)}"
    # Importing one takes time of its own, which has nothing to do with the panel.
    sys.modules[name] = ModuleType(name)
    return cpu_time(client, classes)


def connect_many() -> None:
    from django.db.models.signals import post_save, pre_delete

    # Functions of their own, as those of an app are.
    for number in range(150):
        name = f"receive_{number}"
        namespace: dict[str, Any] = {"__name__": "benchmark.receivers"}
        exec(f"def {name}(sender, **kwargs): ...", namespace)
        for signal in (post_save, pre_delete):
            signal.connect(namespace[name], weak=False)


def stored_stats(client: Any, url: str = "/") -> Any:
    from debug_toolbar.store import get_store

    response = client.get(url)
    return get_store().panel(response["djdt-request-id"], "SignalToolsPanel")


if __name__ == "__main__":
    main()
