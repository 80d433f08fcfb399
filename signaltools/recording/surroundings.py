"""
Read what surrounds a send: who made it, and in which transaction.
"""

from __future__ import annotations

import asyncio
import functools
import os
import sys
import sysconfig
from collections.abc import Mapping
from types import FrameType
from typing import Any, NamedTuple

import asgiref
import django
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from .._introspect import is_a, short_name, stored_attribute
from .._text import stable_text


class Site(NamedTuple):
    """
    The line of code that sent a signal.
    """

    file: str
    line: int


def call_site() -> Site | None:
    """
    Return the nearest caller outside of Django, asgiref and the standard library.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if file == _EVENT_LOOP:
            # What is further up has started the loop, and knows nothing of this.
            return None
        if not _is_between(file):
            return Site(file, frame.f_lineno)
        frame = frame.f_back
    return None


@functools.cache
def _is_between(file: str) -> bool:
    return file.startswith(_BETWEEN) or (
        file.startswith(_STANDARD_LIBRARY) and "-packages" not in file
    )


def _folder(path: str | None) -> str:
    return os.path.join(os.path.dirname(path or ""), "")


_BETWEEN = (
    "<frozen ",
    _folder(django.__file__),
    _folder(asgiref.__file__),
    _folder(os.path.dirname(__file__)),
)
_EVENT_LOOP = asyncio.events.__file__
_STANDARD_LIBRARY = os.path.join(sysconfig.get_path("stdlib"), "")


def connection_of(arguments: Mapping[str, Any]) -> Any:
    """
    Return the connection that a send is about, None if this thread has not used it.
    """
    using = arguments.get("using")
    alias = using if type(using) is str else DEFAULT_DB_ALIAS
    # connections[alias] would make one.
    connection = getattr(connections._connections, alias, None)  # type: ignore[attr-defined]
    return connection if is_a(connection, BaseDatabaseWrapper) else None


def in_atomic(connection: Any) -> bool:
    """
    Tell whether an ``atomic()`` block is open, other than those of a ``TestCase``.
    """
    blocks = connection.atomic_blocks
    # Those of a TestCase are around all others.
    return bool(blocks) and not blocks[-1]._from_testcase


def argument_type(value: Any) -> str:
    """
    Return the type of an argument; for a model instance also its primary key.
    """
    if not is_a(value, Model):
        return short_name(type(value))
    options = type(value)._meta
    key = stored_attribute(value, options.pk.attname)
    # Python refuses to print integers of more than 4,300 digits.
    short = type(key) is int and key.bit_length() < 1_000
    text = str(key) if short else stable_text(key)
    return f"{options.label} pk={text}"
