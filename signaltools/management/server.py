"""
Import what a running server has imported, so that the same receivers are connected.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from importlib import import_module
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from ..introspect.text import error_text


def load_server() -> list[str]:
    """
    Import what a server imports before it answers requests; return notes.

    These are the URLconf, the middleware, and the template backends (none of them is
    instantiated), and Django's request handler. A note names each failed import.
    """
    urlconf = getattr(settings, "ROOT_URLCONF", None)
    middleware = settings.MIDDLEWARE or ()
    # django-stubs types "BACKEND" as required, but a project may have forgotten it.
    engines: list[Any] = list(settings.TEMPLATES)
    backends = [engine["BACKEND"] for engine in engines if "BACKEND" in engine]
    notes = [
        load(urlconf, "ROOT_URLCONF") if isinstance(urlconf, str) else "",
        *(load(path, "middleware", import_string) for path in middleware),
        *(load(path, "template backend", import_string) for path in backends),
        load("django.core.handlers.wsgi"),
    ]
    return [note for note in notes if note]


def load(
    name: str,
    what: str = "module",
    import_name: Callable[[str], object] = import_module,
) -> str:
    """
    Import ``name``; return "" or a note that explains why the import failed.
    """
    try:
        # A module that prints while it is imported must not break a JSON report.
        with redirect_stdout(sys.stderr):
            import_name(name)
    # Settings and plugins may call sys.exit() on import; Ctrl-C isn't caught.
    except (Exception, SystemExit) as error:
        return f"Could not import {what} {name!r} ({error_text(error)})."
    return ""
