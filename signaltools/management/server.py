"""
Import what a running server has imported, so that its receivers are connected.
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
    Import what a server has imported when it answers requests; return notes.

    That is the URLconf, the middleware and the template backends (not instantiated),
    and Django's request handler. What cannot be imported becomes a note.
    """
    urlconf = getattr(settings, "ROOT_URLCONF", None)
    middleware = settings.MIDDLEWARE or ()
    # A project may have forgotten what the type says is always there.
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
    Import ``name``; return "" or a note that tells why it could not be imported.

    What the import prints goes to stderr.
    """
    try:
        with redirect_stdout(sys.stderr):
            import_name(name)
    except (Exception, SystemExit) as error:
        return f"Could not import {what} {name!r} ({error_text(error)})."
    return ""
