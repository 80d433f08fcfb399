"""
Find out late which values an annotation allows.

What cannot be told by looking at types (protocols, type variables, what a list holds)
is allowed: a check that is wrong is worse than none.
"""

from __future__ import annotations

import sys
import typing
from collections.abc import Iterator
from importlib.util import resolve_name
from inspect import Parameter
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    ForwardRef,
    Literal,
    NamedTuple,
    NewType,
    TypeVar,
    Union,
    get_args,
    get_origin,
)

from django.utils.functional import Promise

from ..introspect.objects import class_attribute, class_path, is_a
from ..introspect.source import guarded_imports


class Unresolved(Exception):
    """
    Say that an annotation names what cannot be found.
    """


class NotLoaded(Unresolved):
    """
    Say that the module is not loaded that has what an annotation names.
    """


class SubclassOf(NamedTuple):
    """
    What ``type[...]`` allows.
    """

    base: type


class OneOf(NamedTuple):
    """
    What ``Literal[...]`` allows.
    """

    values: tuple[Any, ...]


Allowed = tuple[type | SubclassOf | OneOf, ...]

#: Whatever is sent is allowed.
ANYTHING: Allowed = (object,)


def allowed(annotation: Any, scope: dict[str, Any]) -> Allowed:
    """
    Return what ``annotation`` allows, found in ``scope``, the globals of its module.

    Raises ``Unresolved``.
    """
    if annotation is Parameter.empty:
        return ANYTHING
    try:
        parts = tuple(_parts(annotation, scope))
    except Unresolved:
        raise
    except Exception as error:
        raise Unresolved from error
    return ANYTHING if any(part is object for part in parts) else parts


def fits(value: Any, parts: Allowed) -> bool:
    """
    Tell whether ``value`` is allowed, without waking a lazy object.
    """
    if any(type(value) is part for part in parts):
        return True
    return _stands_in(value) or any(_fits(value, part) for part in parts)


def _fits(value: Any, part: type | SubclassOf | OneOf) -> bool:
    try:
        if isinstance(part, SubclassOf):
            return is_a(value, type) and (
                issubclass(value, part.base) or _is_of_migration(value)
            )
        if isinstance(part, OneOf):
            return any(_equals(value, other) for other in part.values)
        return isinstance(value, part) or _is_of_migration(type(value))
    except Exception:
        # Somebody's __instancecheck__, which cannot tell either.
        return True


def _equals(value: Any, other: Any) -> bool:
    kind = type(value)
    if kind is not type(other):
        # A member of TextChoices is a string as well.
        return issubclass(kind, type(other)) and kind is not bool
    return value is other or (kind in _PLAIN and value == other)


_PLAIN = (str, int, bytes)


def _stands_in(value: Any) -> bool:
    """
    Tell whether ``value`` pretends to be something else: a lazy object, a mock.
    """
    cls = type(value)
    return issubclass(cls, Promise) or (
        class_attribute(cls, "__class__") is not object.__dict__["__class__"]
    )


def _is_of_migration(cls: type) -> bool:
    # Migrations send with models that Django makes up to look like the real ones.
    return class_path(cls)[0] == "__fake__"


def _parts(hint: Any, scope: dict[str, Any]) -> Iterator[type | SubclassOf | OneOf]:
    origin = get_origin(hint)
    if type(hint) is str or is_a(hint, ForwardRef):
        yield from _parts(_evaluated(hint, scope), scope)
    elif hint is None:
        yield NoneType
    elif origin is Union or origin is UnionType:
        for arg in get_args(hint):
            yield from _parts(arg, scope)
    elif origin is Annotated:
        # On Python 3.11 it is a class like any other.
        yield from _parts(get_args(hint)[0], scope)
    elif origin is Literal:
        yield OneOf(get_args(hint))
    elif origin is type:
        yield from _class_parts(get_args(hint)[0], scope)
    elif is_a(origin, type):
        yield from _instances(origin)
    elif is_a(hint, type):
        yield from _instances(hint)
    else:
        yield from _parts(_meaning(hint), scope)


def _meaning(hint: Any) -> Any:
    """
    Return what stands behind another name for a type.
    """
    if is_a(hint, TypeVar):
        return object if hint.__bound__ is None else hint.__bound__
    if is_a(hint, NewType):
        return hint.__supertype__
    alias = getattr(typing, "TypeAliasType", NoneType)
    return hint.__value__ if is_a(hint, alias) else object


def _class_parts(
    hint: Any, scope: dict[str, Any]
) -> Iterator[type | SubclassOf | OneOf]:
    for part in allowed(hint, scope):
        if part is object or not isinstance(part, type):
            yield type
        else:
            yield SubclassOf(part)


def _instances(cls: type) -> Iterator[type]:
    if cls is Any or getattr(cls, "_is_protocol", False):
        yield object
    elif typing.is_typeddict(cls):
        yield dict
    else:
        yield cls
        yield from _PROMOTED.get(cls, ())


# What Python's typing allows in place of a number or bytes.
_PROMOTED: dict[Any, tuple[type, ...]] = {
    float: (int,),
    complex: (float, int),
    bytes: (bytearray, memoryview),
}


def _evaluated(hint: str | ForwardRef, scope: dict[str, Any]) -> Any:
    text = hint if isinstance(hint, str) else hint.__forward_arg__
    found: dict[str, Any] = {}
    while True:
        try:
            return eval(text, scope, found)
        except NameError as error:
            name = error.name or ""
            if name in found:
                raise
            found[name] = _guarded(name, scope)


def _guarded(name: str, scope: dict[str, Any]) -> Any:
    """
    Return what a module imports for type checkers only, if it has been loaded.
    """
    module = sys.modules.get(scope.get("__name__", ""))
    imports = guarded_imports(module) if module is not None else {}
    if name not in imports:
        raise Unresolved
    source, attribute = imports[name]
    source = resolve_name(source, scope.get("__package__") or "")
    path = f"{source}.{attribute}" if attribute else source
    if path in sys.modules:
        return sys.modules[path]
    if attribute is None or source not in sys.modules:
        raise NotLoaded
    return getattr(sys.modules[source], attribute)
