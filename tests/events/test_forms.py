from __future__ import annotations

import datetime
from decimal import Decimal

import django
import jsonschema
import pytest
from django.apps.registry import Apps
from django.db import models

from signaltools.events import forms
from signaltools.events.forms import Instance, ModelClass

STRING = {"type": "string"}


@pytest.fixture
def registry(monkeypatch):
    """
    A registry of apps for the models of a test.
    """
    registry = Apps(["tests.testapp"])
    monkeypatch.setattr(forms, "installed_models", registry.get_models)
    return registry


def make_model(registry, name, **attributes):
    meta = type("Meta", (), {"apps": registry, "app_label": "testapp"})
    namespace = {"__module__": __name__, "Meta": meta, **attributes}
    return type(name, (models.Model,), namespace)


def key_schema(model):
    schema = Instance(model).schema
    jsonschema.Draft202012Validator.check_schema(schema)
    label, key, database = schema["prefixItems"]
    assert label == {"enum": [f"testapp.{model.__name__}"]}
    assert database == STRING
    return key


class Slug(models.CharField):
    pass


class Short(models.UUIDField):
    pass


@pytest.mark.parametrize(
    ("field", "schema"),
    [
        (models.BigAutoField, {"type": "integer"}),
        (models.SmallAutoField, {"type": "integer"}),
        (models.PositiveIntegerField, {"type": "integer"}),
        (models.BooleanField, {"type": "boolean"}),
        (models.FloatField, {"type": "number"}),
        (models.CharField, STRING),
        (models.SlugField, STRING),
        (models.UUIDField, {"type": "string", "format": "uuid"}),
        (models.DecimalField, {"type": "string", "format": "decimal"}),
        (models.DateField, {"type": "string", "format": "date"}),
        (models.DateTimeField, {"type": "string", "format": "date-time"}),
        (models.TimeField, {"type": "string", "format": "time"}),
        (models.DurationField, {"type": "string", "format": "duration"}),
        (models.BinaryField, {"type": "string", "contentEncoding": "base64"}),
        (Slug, STRING),
        (Short, STRING),
    ],
)
def test_primary_key_has_the_form_of_its_field(registry, field, schema):
    model = make_model(registry, "Cake", key=field(primary_key=True))

    assert key_schema(model) == schema


def test_primary_key_that_is_a_foreign_key_has_the_form_of_its_target(registry):
    cake = make_model(registry, "Cake", key=models.UUIDField(primary_key=True))
    relation = models.OneToOneField(cake, models.CASCADE, primary_key=True)
    recipe = make_model(registry, "Recipe", cake=relation)
    relation = models.OneToOneField(recipe, models.CASCADE, primary_key=True)
    page = make_model(registry, "Page", recipe=relation)

    assert key_schema(page) == {"type": "string", "format": "uuid"}


@pytest.mark.skipif(django.VERSION < (5, 2), reason="needs composite primary keys")
def test_composite_primary_key_is_an_array(registry):
    key = models.CompositePrimaryKey("shelf", "day")
    model = make_model(
        registry, "Cake", pk=key, shelf=models.IntegerField(), day=models.DateField()
    )

    assert key_schema(model) == {
        "type": "array",
        "prefixItems": [{"type": "integer"}, {"type": "string", "format": "date"}],
        "items": False,
        "minItems": 2,
    }


def test_models_that_inherit_from_an_abstract_one_may_have_different_keys(registry):
    meta = type("Meta", (), {"abstract": True, "app_label": "testapp"})
    base = type("Base", (models.Model,), {"__module__": __name__, "Meta": meta})
    meta = type("Meta", (), {"apps": registry, "app_label": "testapp"})
    for name, field in (("A", None), ("B", models.CharField), ("C", models.TextField)):
        key = {"key": field(primary_key=True)} if field else {}
        type(name, (base,), {"__module__": __name__, "Meta": meta, **key})

    label, key, _ = Instance(base).schema["prefixItems"]

    assert label == {"enum": ["testapp.A", "testapp.B", "testapp.C"]}
    assert key == {"anyOf": [{"type": "integer"}, STRING]}


def test_model_that_is_not_installed_has_no_label(registry):
    cake = make_model(Apps(), "Cake")

    assert ModelClass(cake).schema == {"enum": []}
    schema = Instance(cake).schema
    jsonschema.Draft202012Validator.check_schema(schema)
    assert not jsonschema.Draft202012Validator(schema).is_valid(["testapp.Cake", 1, ""])


def test_scalars_are_not_shared():
    first, second = (forms.Scalar(Decimal).schema for _ in range(2))

    first["title"] = "Amount"
    assert "title" not in second
    assert forms.Scalar(datetime.date).schema == {"type": "string", "format": "date"}
