"""
Show the default of an argument as Python would, without running code of the project.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import gc
import hashlib
import ipaddress
import pathlib
import re
import uuid
import zoneinfo
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import _FIELD, Field  # type: ignore[attr-defined]
from enum import Enum
from types import (
    BuiltinFunctionType,
    EllipsisType,
    FunctionType,
    MappingProxyType,
    NoneType,
)
from typing import Any

from ..introspect.objects import (
    class_attribute,
    class_path,
    exact,
    is_a,
    short_name,
    stored_attribute,
)
from ..introspect.text import MAX_LENGTH, printable

# Their repr() can be typed back into Python, and runs no code but their own.
_EXACT = (
    NoneType,
    EllipsisType,
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    range,
    decimal.Decimal,
    fractions.Fraction,
    datetime.date,
    datetime.timedelta,
    datetime.timezone,
    zoneinfo.ZoneInfo,
    uuid.UUID,
    re.Pattern,
    ipaddress.IPv4Address,
    ipaddress.IPv6Address,
    ipaddress.IPv4Network,
    ipaddress.IPv6Network,
    pathlib.PurePosixPath,
    pathlib.PureWindowsPath,
    pathlib.PosixPath,
    pathlib.WindowsPath,
)
_ZONED = (datetime.datetime, datetime.time)
_MAX_DEPTH = 5


def default_text(value: Any, depth: int = 0) -> str:
    """
    Return the source of ``value``, or its type for objects of other classes.
    """
    kind = type(value)
    text = short_name(kind)
    if is_a(value, Enum):
        text = _member(value, depth)
    elif is_a(value, type):
        text = class_path(value)[1]
    elif depth > _MAX_DEPTH:
        pass
    # The repr() includes that of the time zone.
    elif _is_exact(kind) or (
        any(kind is each for each in _ZONED) and _is_exact(type(value.tzinfo))
    ):
        # Python refuses to convert integers with thousands of digits to strings.
        with suppress(ValueError):
            text = repr(value)
    elif is_a(value, FunctionType) or is_a(value, BuiltinFunctionType):
        text = exact(value.__qualname__)
    elif fields := _fields(value):
        shown = (f"{name}={default_text(each, depth + 1)}" for name, each in fields)
        text = f"{class_path(kind)[1]}({', '.join(shown)})"
    elif kind is MappingProxyType:
        # Only the garbage collector can look behind it without running code.
        [mapping] = gc.get_referents(value)
        text = f"mappingproxy({default_text(mapping, depth + 1)})"
    elif kind is dict:
        items = (
            f"{default_text(key, depth + 1)}: {default_text(item, depth + 1)}"
            for key, item in value.items()
        )
        text = f"{{{', '.join(items)}}}"
    elif kind is list:
        text = f"[{_items(value, depth)}]"
    elif kind is tuple:
        text = f"({_items(value, depth)}{',' * (len(value) == 1)})"
    elif kind is set and value:
        text = f"{{{_sorted_items(value, depth)}}}"
    elif kind is set or kind is frozenset:
        text = f"{kind.__name__}({{{_sorted_items(value, depth)}}})"
        text = text.replace("({})", "()")
    text = printable(text)
    if len(text) <= MAX_LENGTH:
        return text
    # A change behind the end has to show as well.
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{text[: MAX_LENGTH - 12]}… ({digest})"


def _fields(value: Any) -> list[tuple[str, Any]]:
    """
    Return the fields of a dataclass or a namedtuple.
    """
    kind = type(value)
    fields = class_attribute(kind, "__dataclass_fields__")
    if type(fields) is dict:
        # Without the pseudo-fields of ClassVar and InitVar.
        return [
            (name, stored_attribute(value, name))
            for name, field in fields.items()
            if type(field) is Field and field._field_type is _FIELD and field.repr  # type: ignore[attr-defined]
        ]
    names = class_attribute(kind, "_fields")
    if is_a(value, tuple) and type(names) is tuple:
        items = tuple.__getitem__(value, slice(None))
        return [*zip(names, items, strict=False)]
    return []


def _is_exact(kind: type) -> bool:
    # With "is", because "in" would run the __eq__() of a metaclass.
    return any(kind is each for each in _EXACT)


def _member(value: Enum, depth: int) -> str:
    cls = class_path(type(value))[1]
    name = stored_attribute(value, "_name_")
    if type(name) is str:
        # Flags that are combined are called "READ|WRITE".
        return " | ".join(f"{cls}.{part}" for part in name.split("|"))
    return f"{cls}({default_text(stored_attribute(value, '_value_'), depth + 1)})"


def _items(values: Iterable[Any], depth: int) -> str:
    return ", ".join(default_text(item, depth + 1) for item in values)


def _sorted_items(values: Iterable[Any], depth: int) -> str:
    # Sets of strings have another order in each process.
    return ", ".join(sorted(default_text(item, depth + 1) for item in values))
