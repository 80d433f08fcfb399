"""
Resolve annotations late, and compare values with them.

A check that is wrong is worse than none. Therefore whatever types alone can't answer is
allowed: protocols, type variables without a bound, the items of a container.
"""

from __future__ import annotations

import sys
import typing
from collections.abc import Iterator
from importlib.util import resolve_name
from inspect import Parameter
from types import NoneType, UnionType
from typing import Any, ForwardRef, NamedTuple, get_args, get_origin

from django.utils.functional import Promise

from ..introspect.objects import class_attribute, class_path, is_a
from ..introspect.source import guarded_imports


class UnresolvedAnnotation(Exception):
    """
    An annotation uses a name that doesn't exist, or can't be evaluated.
    """


class ModuleNotLoaded(UnresolvedAnnotation):
    """
    An annotation uses a name from a module that hasn't been imported.
    """


class SubclassOf(NamedTuple):
    """
    The values that ``type[...]`` allows.
    """

    base: type


class OneOf(NamedTuple):
    """
    The values that ``Literal[...]`` allows.
    """

    values: tuple[Any, ...]


AllowedType = type | SubclassOf | OneOf
AllowedTypes = tuple[AllowedType, ...]

#: Every value is allowed.
ANYTHING: AllowedTypes = (object,)

# What type checkers accept in place of these classes, although they aren't subclasses.
_PROMOTED: dict[Any, tuple[type, ...]] = {
    float: (int,),
    complex: (float, int),
    bytes: (bytearray, memoryview),
}
# Literals of other classes (None, bool, enums) are unique objects.
_COMPARED_BY_VALUE = (str, int, bytes)


def allowed_types(annotation: Any, scope: dict[str, Any]) -> AllowedTypes:
    """
    Return what ``annotation`` allows; ``scope`` holds the globals of its module.

    Raises ``UnresolvedAnnotation``.
    """
    if annotation is Parameter.empty:
        return ANYTHING
    try:
        types = tuple(_expand(annotation, scope))
    except UnresolvedAnnotation:
        raise
    except Exception as error:
        # An annotation is code of the project, which may raise anything.
        raise UnresolvedAnnotation from error
    return ANYTHING if any(each is object for each in types) else types


def is_allowed(value: Any, types: AllowedTypes) -> bool:
    """
    Return whether ``value`` is allowed, without evaluating lazy objects.
    """
    cls = type(value)
    if any(cls is each for each in types):
        return True
    # Strings of gettext_lazy() aren't instances of str, and a class with a __class__ of
    # its own pretends to be another one: SimpleLazyObject, whose __class__ runs a query
    # for request.user, and mocks. They are allowed everywhere.
    if issubclass(cls, Promise) or (
        class_attribute(cls, "__class__") is not object.__dict__["__class__"]
    ):
        return True
    return any(_matches(value, each) for each in types)


def refers_forward(annotation: Any) -> bool:
    """
    Return whether ``annotation`` contains a name that is to be resolved later.
    """
    return is_a(annotation, ForwardRef) or any(
        map(refers_forward, get_args(annotation))
    )


def _matches(value: Any, allowed: AllowedType) -> bool:
    try:
        if isinstance(allowed, OneOf):
            return any(_equals_literal(value, literal) for literal in allowed.values)
        if isinstance(allowed, SubclassOf):
            cls = value
            matches = is_a(value, type) and issubclass(value, allowed.base)
        else:
            cls = type(value)
            matches = isinstance(value, allowed)
    except Exception:
        # An __instancecheck__() or __subclasscheck__() of the project has failed, which
        # doesn't prove that the value is wrong.
        return True
    # Migrations send signals with models that Django creates to look like the real
    # ones, which aren't their subclasses. It gives them this module.
    return matches or (is_a(cls, type) and class_path(cls)[0] == "__fake__")


def _equals_literal(value: Any, literal: Any) -> bool:
    cls = type(value)
    if cls is type(literal):
        return value is literal or (cls in _COMPARED_BY_VALUE and value == literal)
    # A member of TextChoices is a string as well. Its __eq__() may be code of the
    # project, so it isn't compared. True is an int, but Literal[1] doesn't include it.
    return issubclass(cls, type(literal)) and cls is not bool


def _expand(hint: Any, scope: dict[str, Any]) -> Iterator[AllowedType]:
    """
    Yield the classes that an annotation allows; ``object`` if it can't be checked.
    """
    origin = get_origin(hint)
    # Optional[list[int]] has the origin Union, and list[int] the origin list.
    cls = origin if is_a(origin, type) else hint
    if type(hint) is str or is_a(hint, ForwardRef):
        yield from _expand(evaluate(hint, scope), scope)
    elif hint is None:
        yield NoneType
    elif origin is typing.Union or origin is UnionType:
        for arg in get_args(hint):
            yield from _expand(arg, scope)
    # On Python 3.11, Annotated is a class like any other: it has to come before these.
    elif origin is typing.Annotated:
        yield from _expand(get_args(hint)[0], scope)
    elif origin is typing.Literal:
        yield OneOf(get_args(hint))
    elif origin is type:
        for each in allowed_types(get_args(hint)[0], scope):
            if isinstance(each, type) and each is not object:
                yield SubclassOf(each)
            else:
                # With type[Any] or type[type[...]], every class is allowed.
                yield type
    elif is_a(hint, typing.TypeVar):
        bound = hint.__bound__
        yield from _expand(object if bound is None else bound, scope)
    elif is_a(hint, typing.NewType):
        yield from _expand(hint.__supertype__, scope)
    # "type OrderId = int", from Python 3.12.
    elif is_a(hint, getattr(typing, "TypeAliasType", NoneType)):
        yield from _expand(hint.__value__, scope)
    elif not is_a(cls, type):
        # Self, ParamSpecArgs, or something that isn't an annotation at all.
        yield object
    # Any is a class from Python 3.11. Protocols compare methods only, and raise if they
    # aren't decorated with @runtime_checkable.
    elif cls is Any or getattr(cls, "_is_protocol", False) or _is_file(cls):
        yield object
    elif typing.is_typeddict(cls):
        # isinstance() raises for a TypedDict.
        yield dict
    else:
        yield cls
        yield from _PROMOTED.get(cls, ())


def _is_file(cls: type) -> bool:
    # No file is an instance of these, whatever type checkers assume.
    return cls is typing.IO or cls is typing.TextIO or cls is typing.BinaryIO


def evaluate(hint: str | ForwardRef, scope: dict[str, Any]) -> Any:
    """
    Evaluate a string, with the names that its module imports for type checkers only.

    Nothing is imported for this: it could be the circular import that the project
    avoids by ``if TYPE_CHECKING:``.
    """
    code = hint if isinstance(hint, str) else hint.__forward_arg__
    found: dict[str, Any] = {}
    while True:
        try:
            # ``found`` is for the names that the module itself doesn't have.
            return eval(code, scope, found)
        except NameError as error:
            name = error.name or ""
            # A lambda or a comprehension in an annotation doesn't see ``found``.
            if name in found:
                raise
        # Each round finds one more name, as NameError reports only the first one.
        found[name] = _guarded_import(name, scope)


def _guarded_import(name: str, scope: dict[str, Any]) -> Any:
    module = sys.modules.get(scope.get("__name__", ""))
    imports = guarded_imports(module) if module is not None else {}
    if name not in imports:
        raise UnresolvedAnnotation
    source, attribute = imports[name]
    source = resolve_name(source, scope.get("__package__") or "")
    # "from shop import models" may import a module or an attribute.
    path = f"{source}.{attribute}" if attribute else source
    if path in sys.modules:
        return sys.modules[path]
    if attribute is None or source not in sys.modules:
        raise ModuleNotLoaded
    return getattr(sys.modules[source], attribute)
