"""
Read what surrounds a send: the line that sends, and the transaction it is in.
"""

from __future__ import annotations

import asyncio
import functools
import os
import sys
import sysconfig
from collections.abc import Mapping
from types import FrameType
from typing import Any

import asgiref
import django
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from ..introspect.objects import is_a

#: A file and a line in it.
Site = tuple[str, int]


def call_site() -> Site | None:
    """
    Return the nearest caller outside Django, asgiref, and the standard library.
    """
    # Frames cost about a microsecond; the traceback module, which reads source files,
    # costs forty times as much.
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if file == _EVENT_LOOP:
            # The frames above this one started the event loop. They don't know which
            # of its tasks sends.
            return None
        if not _is_skipped(file):
            return file, frame.f_lineno
        frame = frame.f_back
    return None


@functools.cache
def _is_skipped(file: str) -> bool:
    # Installed packages are in a subfolder of the standard library: site-packages or
    # dist-packages.
    return file.startswith(_SKIPPED) or (
        file.startswith(_STANDARD_LIBRARY) and "-packages" not in file
    )


# With a separator at the end: "django_extensions" isn't part of "django".
_SKIPPED = (
    "<frozen ",
    *(
        os.path.join(os.path.dirname(str(path)), "")
        for path in (django.__file__, asgiref.__file__, os.path.dirname(__file__))
    ),
)
_EVENT_LOOP = asyncio.events.__file__
_STANDARD_LIBRARY = os.path.join(sysconfig.get_path("stdlib"), "")


def connection_of(arguments: Mapping[str, Any]) -> Any:
    """
    Return the connection for the argument ``using``, None if this thread has none.
    """
    using = arguments.get("using")
    alias = using if type(using) is str else DEFAULT_DB_ALIAS
    # Not connections[alias], which would create a connection.
    connection = getattr(connections._connections, alias, None)  # type: ignore[attr-defined]
    return connection if is_a(connection, BaseDatabaseWrapper) else None


def in_atomic(arguments: Mapping[str, Any]) -> bool | None:
    """
    Return whether an ``atomic()`` block is open, not counting those of ``TestCase``.

    None if this thread has no connection for the argument ``using``.
    """
    connection = connection_of(arguments)
    if connection is None:
        return None
    # Those of a TestCase are the outermost ones, so the innermost one decides.
    blocks = connection.atomic_blocks
    return bool(blocks) and not blocks[-1]._from_testcase
