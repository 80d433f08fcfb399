from __future__ import annotations

import uuid

import django
import jsonschema
import pytest
from django.apps.registry import Apps
from django.db import models
from django.utils.functional import SimpleLazyObject

from signaltools.events import model_forms
from signaltools.events.model_forms import Instance, ModelClass
from signaltools.events.scalars import WrongValue
from tests.testapp.models import GiftOrder, Order, RushOrder, Tag

STRING = {"type": "string"}


@pytest.fixture
def registry(monkeypatch):
    """
    A registry of apps for the models of a test.
    """
    registry = Apps(["tests.testapp"])
    monkeypatch.setattr(model_forms, "installed_models", registry.get_models)
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


def refused(call, value):
    with pytest.raises(WrongValue) as caught:
        call(value)
    return str(caught.value)


@pytest.mark.parametrize("model", [Order, RushOrder, GiftOrder])
def test_a_model_is_written_as_its_label(model):
    form = ModelClass(Order)

    assert form.write(model) == f"testapp.{model.__name__}"
    assert form.read(f"testapp.{model.__name__}") is model


@pytest.mark.parametrize(
    "data", ["testapp.Tag", "testapp.Nothing", "os.system", "Order", "", None, 3, []]
)
def test_another_model_is_not_read(data):
    assert refused(ModelClass(Order).read, data).startswith(
        "it must be type[tests.testapp.models.Order], not "
    )


@pytest.mark.parametrize("value", [Tag, int, "testapp.Order", None])
def test_another_model_is_not_written(value):
    assert refused(ModelClass(Order).write, value).startswith(
        "it must be type[tests.testapp.models.Order], not "
    )


@pytest.mark.django_db
@pytest.mark.parametrize("model", [Order, RushOrder, GiftOrder])
def test_a_row_is_read_from_its_database(model):
    row = model.objects.create()
    data = Instance(Order).write(row)

    assert data == [f"testapp.{model.__name__}", row.pk, "default"]
    read = Instance(Order).read(data)
    assert type(read) is model
    assert read == row


@pytest.mark.django_db
def test_a_lazy_object_is_evaluated():
    row = Order.objects.create()

    lazy = SimpleLazyObject(lambda: row)
    assert Instance(Order).write(lazy) == ["testapp.Order", row.pk, "default"]


@pytest.mark.django_db
def test_rows_that_are_not_in_the_database_are_not_written():
    write = Instance(Order).write
    row = Order.objects.create()
    row.delete()

    assert refused(write, Order()) == "it isn't saved"
    # A primary key with a default is there before the row is.
    assert refused(write, Order(pk=7)) == "it isn't saved"
    assert refused(write, row) == "it has been deleted"
    assert refused(write, Tag(pk=1)) == (
        "it must be tests.testapp.models.Order, not a tests.testapp.models.Tag"
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, "it must be tests.testapp.models.Order, not None"),
        (["testapp.Order", 1], "it must be tests.testapp.models.Order, not a list"),
        (
            ["testapp.Tag", 1, "default"],
            "it isn't a row of tests.testapp.models.Order",
        ),
        (["testapp.Order", "1", "default"], "it must be int, not a str"),
        (["testapp.Order", True, "default"], "it must be int, not True"),
        (["testapp.Order", 1, "other"], "there is no such database"),
        (["testapp.Order", 1, None], "there is no such database"),
        (["testapp.Order", 1, "default"], "its row has been deleted"),
    ],
)
def test_what_is_not_a_row_is_not_read(data, reason):
    assert refused(Instance(Order).read, data) == reason


def test_an_unknown_primary_key_is_a_string_of_its_field(registry):
    model = make_model(registry, "Cake", key=Short(primary_key=True))
    form = model_forms.Key(model._meta.pk)
    key = uuid.uuid4()

    assert form.write(key) == str(key)
    assert form.read(str(key)) == key
    assert refused(form.read, "no uuid") == "it must be a primary key, not a str"
    assert refused(form.read, 3) == "it must be a primary key, not 3"
