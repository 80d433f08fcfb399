"""
Import what a running server has imported, so that its receivers are connected.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from importlib import import_module

from django.conf import settings

from ._text import error_text


def load_server() -> list[str]:
    """
    Import what a server has imported before its first request; return notes.

    That is the URLconf, the middleware (not instantiated) and Django's request
    handler. A module that cannot be imported becomes a note.
    """
    return [note for what, name in _server_modules() if (note := load(name, what))]


def load(name: str, what: str = "module") -> str:
    """
    Import a module; return "" or a note that tells why it could not be imported.

    What the module prints goes to stderr.
    """
    try:
        with redirect_stdout(sys.stderr):
            import_module(name)
    except (Exception, SystemExit) as error:
        return f"Could not import {what} {name!r} ({error_text(error)})."
    return ""


def _server_modules() -> Iterator[tuple[str, str]]:
    urlconf = getattr(settings, "ROOT_URLCONF", None)
    if isinstance(urlconf, str):
        yield "ROOT_URLCONF", urlconf
    for path in settings.MIDDLEWARE:
        yield "the module of middleware", path.rpartition(".")[0]
    yield "Django's", "django.core.handlers.wsgi"
