"""
Describe the arguments of a send, without running any code of the project.
"""

from __future__ import annotations

import weakref
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Model
from django.views.debug import get_default_exception_reporter_filter

from ..introspect.objects import is_a, short_name, stored_attribute
from ..introspect.text import stable_text
from .secrets import SUBSTITUTE, has_secret_key


class ArgumentTypes:
    """
    Return the type of an argument. For a model instance, add its primary key.

    A key that isn't a number is hidden if Django's exception reports would hide the
    name of its field or model: it may be a token or the key of a session.
    """

    def __init__(self) -> None:
        # By the address of a class. A class that is gone may leave its address to
        # another one, so each entry has a weak reference to compare with.
        self._names: dict[int, tuple[weakref.ReferenceType[type], str]] = {}

    def __call__(self, name: str, value: Any) -> str:
        kind = type(value)
        reference, label = self._names.get(id(kind), (None, ""))
        if reference is None or reference() is not kind:
            label = kind._meta.label if issubclass(kind, Model) else short_name(kind)
            self._names[id(kind)] = weakref.ref(kind), label
        return f"{label} pk={_primary_key(value)}" if is_a(value, Model) else label


class ArgumentValues(ArgumentTypes):
    """
    Return an argument as a string, or only its type if that would run its code.

    Values that Django's exception reports hide because of their name are hidden, too.
    """

    def __call__(self, name: str, value: Any) -> str:
        label = super().__call__(name, value)
        # A project may have its own filter. If that fails, the send must not.
        try:
            reporter = get_default_exception_reporter_filter()
            return str(reporter.cleanse_setting(name, _plain_value(value) or label))
        except Exception:
            return label


def _plain_value(value: Any) -> str:
    kind = type(value)
    if kind is str:
        # Truncated before repr(), which would copy a long string.
        return _truncated(repr(value[: _MAX_LENGTH + 1]))
    if any(kind is plain for plain in _PLAIN) or _is_short_integer(value):
        return _truncated(repr(value))
    # repr() of these runs repr() of the time zone, which may be of the project's own.
    if (kind is datetime or kind is time) and type(value.tzinfo) in _TIME_ZONES:
        return repr(value)
    return ""


def _truncated(string: str) -> str:
    return string if len(string) <= _MAX_LENGTH else string[: _MAX_LENGTH - 1] + "…"


def _is_short_integer(value: Any) -> bool:
    # Python refuses to convert integers of more than 4,300 digits to a string.
    return type(value) is int and value.bit_length() < 1_000


# The exact types: a subclass may have its own __repr__().
_PLAIN = (bool, float, Decimal, date, timedelta, UUID, type(None))
_TIME_ZONES = (type(None), timezone, ZoneInfo)
_MAX_LENGTH = 100


def _primary_key(instance: Model) -> str:
    meta = type(instance)._meta
    # A composite primary key has several fields, and isn't stored itself.
    fields = getattr(meta, "pk_fields", None) or [meta.pk]
    keys = [_shown_key(instance, field) for field in fields]
    return keys[0] if len(keys) == 1 else f"({', '.join(keys)})"


def _shown_key(instance: Model, field: Any) -> str:
    # From __dict__: a deferred field would query the database.
    key = stored_attribute(instance, field.attname)
    if _is_short_integer(key):
        return str(key)
    if key is not None and has_secret_key(type(instance), field.name):
        return SUBSTITUTE
    return stable_text(key)
