"""
The forms that values have in JSON, and how JSON Schema describes them.

A type that one value in JSON can hold is in ``SCALARS``. The other forms are classes.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import uuid
from collections.abc import Iterable, Mapping
from types import NoneType
from typing import Any, NamedTuple, Protocol

from django.db import models
from django.db.models import Model

from ..introspect.models import installed_models
from ..introspect.objects import class_namespace, is_a

Schema = dict[str, Any]

# A date and time without a time zone has no offset.
SCALARS: tuple[tuple[type, Schema], ...] = (
    (NoneType, {"type": "null"}),
    (bool, {"type": "boolean"}),
    (int, {"type": "integer"}),
    (float, {"type": "number"}),
    (str, {"type": "string"}),
    (bytes, {"type": "string", "contentEncoding": "base64"}),
    (decimal.Decimal, {"type": "string", "format": "decimal"}),
    (uuid.UUID, {"type": "string", "format": "uuid"}),
    (datetime.datetime, {"type": "string", "format": "date-time"}),
    (datetime.date, {"type": "string", "format": "date"}),
    (datetime.time, {"type": "string", "format": "time"}),
    (datetime.timedelta, {"type": "string", "format": "duration"}),
)

# What the primary keys of Django's own fields are in Python. A subclass comes before
# its base class: DateTimeField is a DateField.
_FIELDS: tuple[tuple[type[models.Field[Any, Any]], type], ...] = (
    (models.BooleanField, bool),
    (models.IntegerField, int),
    (models.FloatField, float),
    (models.DecimalField, decimal.Decimal),
    (models.UUIDField, uuid.UUID),
    (models.DateTimeField, datetime.datetime),
    (models.DateField, datetime.date),
    (models.TimeField, datetime.time),
    (models.DurationField, datetime.timedelta),
    (models.BinaryField, bytes),
)


class Form(Protocol):
    """
    How the values of one type are written as JSON.
    """

    @property
    def schema(self) -> Schema: ...


class Scalar(NamedTuple):
    """
    A value that is one value in JSON as well.
    """

    cls: type

    @property
    def schema(self) -> Schema:
        return next(dict(schema) for cls, schema in SCALARS if cls is self.cls)


class Nullable(NamedTuple):
    """
    A value or None.
    """

    form: Form

    @property
    def schema(self) -> Schema:
        return {"anyOf": [self.form.schema, {"type": "null"}]}


class Choice(NamedTuple):
    """
    One of the values of ``Literal[...]``.
    """

    values: tuple[Any, ...]

    @property
    def schema(self) -> Schema:
        is_member = (is_a(each, enum.Enum) for each in self.values)
        pairs = zip(self.values, is_member, strict=True)
        return {"enum": [each.name if member else each for each, member in pairs]}


class Member(NamedTuple):
    """
    A member of an enumeration, by its name.
    """

    cls: type[enum.Enum]

    @property
    def schema(self) -> Schema:
        return {"enum": list(class_namespace(self.cls)["_member_names_"])}


class Items(NamedTuple):
    """
    Any number of items of the same type, in a list, a set, or a tuple.
    """

    cls: type
    item: Form

    @property
    def schema(self) -> Schema:
        unique = {"uniqueItems": True} if self.cls in (set, frozenset) else {}
        return {"type": "array", "items": self.item.schema, **unique}


class Row(NamedTuple):
    """
    A tuple of a fixed length.
    """

    items: tuple[Form, ...]

    @property
    def schema(self) -> Schema:
        return array_schema([item.schema for item in self.items])


class Values(NamedTuple):
    """
    A dict with strings as keys.
    """

    value: Form

    @property
    def schema(self) -> Schema:
        return {"type": "object", "additionalProperties": self.value.schema}


class Fields(NamedTuple):
    """
    A dataclass or a named tuple, by the names of its fields.
    """

    fields: Mapping[str, Form]

    @property
    def schema(self) -> Schema:
        properties = {name: form.schema for name, form in self.fields.items()}
        return object_schema(properties, properties)


class ModelClass(NamedTuple):
    """
    A model, or one that inherits from it, by its label.
    """

    model: type[Model]

    @property
    def schema(self) -> Schema:
        return {"enum": sorted(each._meta.label for each in _models(self.model))}


class Instance(NamedTuple):
    """
    A row of a model: the label of the model, the primary key, and the database.
    """

    model: type[Model]

    @property
    def schema(self) -> Schema:
        keys: list[Schema] = []
        for model in _models(self.model):
            key = _key_schema(model._meta.pk)
            keys += [] if key in keys else [key]
        # The models that inherit from an abstract one may have different keys. One that
        # isn't installed has no key, but then there is no label either.
        key = {"anyOf": keys} if keys[1:] else next(iter(keys), {})
        return array_schema([ModelClass(self.model).schema, key, {"type": "string"}])


def _models(base: type[Model]) -> list[type[Model]]:
    # A value of an abstract model is an instance of one that inherits from it.
    return [each for each in installed_models() if issubclass(each, base)]


def _key_schema(field: Any) -> Schema:
    # From Django 5.2, a primary key may consist of several fields.
    if parts := getattr(field, "fields", None):
        return array_schema([_key_schema(part) for part in parts])
    if field.remote_field:
        return _key_schema(field.target_field)
    # A field of the project may have other values than its base class.
    if type(field).__module__.startswith("django.db.models."):
        for cls, python_type in _FIELDS:
            if isinstance(field, cls):
                return Scalar(python_type).schema
    # Any field can turn its values into strings: value_to_string().
    return {"type": "string"}


def array_schema(items: list[Schema]) -> Schema:
    # The metaschema doesn't allow an empty prefixItems.
    first = {"prefixItems": items} if items else {}
    return {"type": "array", **first, "items": False, "minItems": len(items)}


def object_schema(properties: Mapping[str, Schema], required: Iterable[str]) -> Schema:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }
