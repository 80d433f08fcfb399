"""
Read what surrounds a send: who made it, and in which transaction.
"""

from __future__ import annotations

import asyncio
import functools
import os
import sys
import sysconfig
import weakref
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from types import FrameType
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import asgiref
import django
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model
from django.views.debug import get_default_exception_reporter_filter

from ..introspect.objects import is_a, short_name, stored_attribute
from ..introspect.text import stable_text


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


class ArgumentTypes:
    """
    Return the type of an argument; for a model instance also its primary key.
    """

    def __init__(self) -> None:
        # What an address was called, which may soon be that of another class.
        self._names: dict[int, tuple[weakref.ReferenceType[type], str]] = {}

    def __call__(self, name: str, value: Any) -> str:
        kind = type(value)
        known = self._names.get(id(kind))
        if known is None or known[0]() is not kind:
            text = kind._meta.label if issubclass(kind, Model) else short_name(kind)
            known = self._names[id(kind)] = weakref.ref(kind), text
        return f"{known[1]} pk={_key(value)}" if is_a(value, Model) else known[1]


class ArgumentValues(ArgumentTypes):
    """
    Return an argument as text, or only its type if writing it out would run code.

    What Django's exception reports hide for its name is hidden here as well.
    """

    def __call__(self, name: str, value: Any) -> str:
        type_text = super().__call__(name, value)
        # A project may have its own filter, which shall not break what is recorded.
        try:
            reporter = get_default_exception_reporter_filter()
            text = _plain_value(value) or type_text
            return str(reporter.cleanse_setting(name, text))
        except Exception:
            return type_text


def _plain_value(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return _cut(repr(value[: _MAX_VALUE + 1]))
    if any(kind is plain for plain in _PLAIN) or (
        kind is int and value.bit_length() < _MAX_BITS
    ):
        return _cut(repr(value))
    if (kind is datetime or kind is time) and type(value.tzinfo) in _TIME_ZONES:
        return repr(value)
    return ""


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_VALUE else text[: _MAX_VALUE - 1] + "…"


# Anything else may write itself out by code of the project.
_PLAIN = (bool, float, Decimal, date, timedelta, UUID, type(None))
_TIME_ZONES = (type(None), timezone, ZoneInfo)
_MAX_VALUE = 100
# Python refuses to print integers of more than 4,300 digits.
_MAX_BITS = 1_000


def _key(instance: Model) -> str:
    key = stored_attribute(instance, type(instance)._meta.pk.attname)
    short = type(key) is int and key.bit_length() < _MAX_BITS
    return str(key) if short else stable_text(key)
