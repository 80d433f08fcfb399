"""
Find out how the arguments of an event are written as JSON.

Annotations decide it. What they don't decide has no form in JSON: a value of
``int | str`` could be read as either.
"""

from __future__ import annotations

import dataclasses
import enum
import inspect
import sys
import typing
from types import ModuleType, NoneType, UnionType
from typing import Any, ForwardRef, NamedTuple, get_args, get_origin

from django.db.models import Model

from ..introspect.models import model_options
from ..introspect.objects import (
    class_attribute,
    class_namespace,
    class_path,
    is_a,
    module_namespace,
)
from ..introspect.text import stable_repr
from .annotations import ModuleNotLoaded, evaluate
from .base import Event
from .declaration import annotation_text
from .forms import Choice, Fields, Items, Member, Nullable, Row, Values, object_schema
from .model_forms import Instance, ModelClass
from .scalars import SCALARS, Form, Scalar, Schema

Scope = dict[str, Any]


class NoForm(Exception):
    """
    A type has no form in JSON; the message is a sentence that gives the reason.
    """


class EventSchema(NamedTuple):
    """
    The JSON Schema of the arguments of an event, without the sender.

    It is None if some arguments can't be written as JSON. ``problems`` has a sentence
    for each of these.
    """

    schema: Schema | None
    problems: dict[str, str]


def event_schema(event: Event[Any]) -> EventSchema:
    """
    Return the JSON Schema of what ``event`` sends.
    """
    forms, problems = event_forms(event)
    properties: dict[str, Schema] = {}
    for name, form in forms.items():
        try:
            properties[name] = form.schema
        except Exception:
            # A primary key may refer to a model that isn't installed, or to itself.
            problems[name] = "Its primary key can't be resolved."
    if problems:
        return EventSchema(None, problems)
    required = [argument.name for argument in event.arguments if argument.required]
    schema = object_schema(properties, required)
    about = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{event.label}, version {event.version}",
    }
    if doc := inspect.cleandoc(event.__doc__ or ""):
        about["description"] = doc
    return EventSchema({**about, **schema}, {})


def event_forms(event: Event[Any]) -> tuple[dict[str, Form], dict[str, str]]:
    """
    Return the forms of the arguments by name, and why other arguments have none.
    """
    function = event._declaration.function
    forms: dict[str, Form] = {}
    problems: dict[str, str] = {}
    for name, parameter in [*event._declaration.parameters.items()][1:]:
        try:
            forms[name] = find_form(parameter.annotation, function.__globals__)
        except NoForm as problem:
            problems[name] = str(problem)
    return forms, problems


def find_form(annotation: Any, scope: Scope) -> Form:
    """
    Return the form of the values that ``annotation`` allows.

    ``scope`` holds the globals of its module. Raises ``NoForm``.
    """
    try:
        return _find(annotation, scope, ())
    except NoForm:
        raise
    except ModuleNotLoaded as error:
        raise NoForm("Its type is in a module that hasn't been imported.") from error
    except Exception as error:
        # An annotation is code of the project, which may raise anything.
        raise NoForm("Its type can't be resolved.") from error


def _find(hint: Any, scope: Scope, outer: tuple[type, ...]) -> Form:
    """
    Return the form of an annotation inside the classes ``outer``.
    """
    origin, args = get_origin(hint), get_args(hint)
    if type(hint) is str or is_a(hint, ForwardRef):
        return _find(evaluate(hint, scope), scope, outer)
    if hint is None:
        return Scalar(NoneType)
    if origin is typing.Union or origin is UnionType:
        return _find_optional(hint, scope, outer)
    # On Python 3.11, Annotated is a class like any other: it has to come before these.
    if origin is typing.Annotated:
        return _find(args[0], scope, outer)
    if origin is typing.Literal:
        return Choice(tuple(map(_literal, args)))
    if origin is type:
        form = _find(args[0], scope, outer)
        if not is_a(form, Instance):
            raise NoForm("Only the classes of models can be written as JSON.")
        return ModelClass(form.model)
    # typing.List without brackets has an origin, too. tuple[()] has no arguments.
    is_bare = not args and (origin is not tuple or hint is typing.Tuple)  # noqa: UP006
    if _is_container(origin) and not is_bare:
        return _find_container(origin, args, scope, outer)
    if is_a(hint, typing.TypeVar):
        bound = hint.__bound__
        return _find(object if bound is None else bound, scope, outer)
    if is_a(hint, typing.NewType):
        return _find(hint.__supertype__, scope, outer)
    # "type OrderId = int", from Python 3.12.
    if is_a(hint, getattr(typing, "TypeAliasType", NoneType)):
        return _find(hint.__value__, scope, outer)
    cls = origin if _is_container(origin) else hint
    if is_a(cls, type):
        return _find_class(cls, outer)
    raise NoForm(f"{annotation_text(origin or hint)} can't be written as JSON.")


def _literal(value: Any) -> Any:
    if value is None or type(value) in (bool, int, str) or is_a(value, enum.Enum):
        return value
    raise NoForm(f"{stable_repr(value)} can't be written as JSON.")


def _find_optional(hint: Any, scope: Scope, outer: tuple[type, ...]) -> Form:
    first, *others = (each for each in get_args(hint) if each is not NoneType)
    if others:
        types = annotation_text(hint)
        raise NoForm(f"The types of {types} can't be told apart in JSON.")
    return Nullable(_find(first, scope, outer))


def _find_container(
    cls: Any, args: tuple[Any, ...], scope: Scope, outer: tuple[type, ...]
) -> Form:
    if cls is dict:
        key, value = args
        if _find(key, scope, outer) != Scalar(str):
            raise NoForm("The keys of an object in JSON are strings.")
        return Values(_find(value, scope, outer))
    if cls is tuple and args[1:] != (...,):
        return Row(tuple(_find(each, scope, outer) for each in args))
    return Items(cls, _find(args[0], scope, outer))


def _is_container(cls: Any) -> bool:
    # With "is", because "in" would run the __eq__() of a metaclass.
    return any(cls is each for each in (list, set, frozenset, tuple, dict))


def _find_class(cls: Any, outer: tuple[type, ...]) -> Form:
    if any(cls is each.cls for each in SCALARS):
        return Scalar(cls)
    if cls is object or cls is Any or cls is inspect.Parameter.empty:
        raise NoForm("It allows every type.")
    if _is_container(cls):
        raise NoForm(f"It doesn't declare the types in a {cls.__name__}.")
    # A combination of flags isn't a member.
    if issubclass(cls, enum.Enum) and not issubclass(cls, enum.Flag):
        return Member(cls)
    if cls is Model or model_options(cls) is not None:
        return Instance(cls)
    if any(cls is each for each in outer):
        raise NoForm(f"{annotation_text(cls)} contains itself.")
    fields = _fields(cls)
    if fields is None:
        raise NoForm(f"{annotation_text(cls)} can't be written as JSON.")
    # A field may be declared in a base class, which may be in another module.
    scope: Scope = {}
    for base in reversed(cls.__mro__):
        module = sys.modules.get(class_path(base)[0])
        scope |= module_namespace(module) if is_a(module, ModuleType) else {}
    inner = (*outer, cls)
    return Fields(
        cls, {name: _find(hint, scope, inner) for name, hint in fields.items()}
    )


def _fields(cls: type) -> dict[str, Any] | None:
    """
    Return the annotations of the fields of a dataclass or a named tuple, or None.
    """
    if class_attribute(cls, "__dataclass_fields__") is not None:
        fields = dataclasses.fields(cls)
        return {field.name: field.type for field in fields if field.init}
    names = class_namespace(cls).get("_fields")
    if issubclass(cls, tuple) and names is not None:
        annotations = inspect.get_annotations(cls)
        return {name: annotations.get(name, object) for name in names}
    return None
