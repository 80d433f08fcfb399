"""
How models and their rows are written as JSON, read, and described.
"""

from __future__ import annotations

import datetime
import decimal
import uuid
from typing import Any, NamedTuple

from django.apps import apps
from django.core.exceptions import ObjectDoesNotExist
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models import Model
from django.db.models.base import ModelBase

from ..introspect.models import installed_models
from ..introspect.objects import is_a, short_name
from .forms import Row, array_schema
from .scalars import Form, Scalar, Schema, WrongValue, wrong

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


class ModelClass(NamedTuple):
    """
    A model, or one that inherits from it, by its label.
    """

    model: type[Model]

    @property
    def schema(self) -> Schema:
        return {"enum": sorted(each._meta.label for each in _models(self.model))}

    def write(self, value: Any) -> Any:
        if not is_a(value, ModelBase) or not issubclass(value, self.model):
            raise wrong(value, f"type[{short_name(self.model)}]")
        return value._meta.label

    def read(self, data: Any) -> Any:
        model = _find_model(data)
        if model is None or not issubclass(model, self.model):
            raise wrong(data, f"type[{short_name(self.model)}]")
        return model


class Instance(NamedTuple):
    """
    A row of a model: the label of the model, the primary key, and the database.
    """

    model: type[Model]

    @property
    def schema(self) -> Schema:
        keys: list[Schema] = []
        for model in _models(self.model):
            key = _key_form(model._meta.pk).schema
            keys += [] if key in keys else [key]
        # The models that inherit from an abstract one may have different keys. One that
        # isn't installed has no key, but then there is no label either.
        key = {"anyOf": keys} if keys[1:] else next(iter(keys), {})
        return array_schema([ModelClass(self.model).schema, key, {"type": "string"}])

    def write(self, value: Any) -> Any:
        # isinstance() also evaluates a lazy object, such as request.user.
        if not isinstance(value, self.model):
            raise wrong(value, short_name(self.model))
        # A primary key with a default exists before the row does.
        if value._state.adding:
            raise WrongValue("it isn't saved")
        if value.pk is None:
            raise WrongValue("it has been deleted")
        key = _key_form(value._meta.pk).write(value.pk)
        return [value._meta.label, key, value._state.db or DEFAULT_DB_ALIAS]

    def read(self, data: Any) -> Any:
        if type(data) is not list or len(data) != 3:
            raise wrong(data, short_name(self.model))
        label, key, alias = data
        model = _find_model(label)
        if model is None or not issubclass(model, self.model):
            raise WrongValue(f"it isn't a row of {short_name(self.model)}")
        key = _key_form(model._meta.pk).read(key)
        if type(alias) is not str or alias not in connections.settings:
            raise WrongValue("there is no such database")
        try:
            return model._base_manager.using(alias).get(pk=key)
        except ObjectDoesNotExist:
            raise WrongValue("its row has been deleted") from None


class Key(NamedTuple):
    """
    The primary key of a field that isn't one of Django's own.
    """

    # Any field can turn its values into strings and back.
    field: Any

    @property
    def schema(self) -> Schema:
        return {"type": "string"}

    def write(self, value: Any) -> Any:
        return str(self.field.get_prep_value(value))

    def read(self, data: Any) -> Any:
        if type(data) is str:
            try:
                return self.field.to_python(data)
            except Exception:
                # A field of the project may raise anything.
                pass
        raise wrong(data, "a primary key")


def _models(base: type[Model]) -> list[type[Model]]:
    # A value of an abstract model is an instance of one that inherits from it.
    return [each for each in installed_models() if issubclass(each, base)]


def _find_model(label: Any) -> type[Model] | None:
    if type(label) is not str:
        return None
    try:
        return apps.get_model(label)
    except (LookupError, ValueError):
        return None


def _key_form(field: Any) -> Form:
    # From Django 5.2, a primary key may consist of several fields.
    if parts := getattr(field, "fields", None):
        return Row(tuple(map(_key_form, parts)))
    if field.remote_field:
        return _key_form(field.target_field)
    # A field of the project may have other values than its base class.
    if type(field).__module__.startswith("django.db.models."):
        for cls, python_type in _FIELDS:
            if isinstance(field, cls):
                return Scalar(python_type)
    return Key(field)
