"""
Read from ``_meta`` what decides which signals Django sends for which models.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.apps import apps
from django.apps.registry import Apps
from django.db import models
from django.db.models import Model
from django.db.models.base import ModelBase
from django.db.models.fields.related import ManyToManyDescriptor
from django.db.models.options import Options

from .objects import class_attribute, class_namespace, is_a, short_name
from .text import did_you_mean, text_list

ModelClass = type[Model]


def model_options(model: object) -> Options[Any] | None:
    """
    Return the ``_meta`` of a model, None for anything else.
    """
    return class_namespace(model).get("_meta") if is_a(model, ModelBase) else None


def find_models(name: str) -> list[ModelClass]:
    """
    Return the model with this label, even if abstract or swapped out, or all models
    with this bare name. Upper and lower case are the same.
    """
    lower = name.lower()
    found = _all_models()
    if "." in name:
        return [each for each in found if each._meta.label_lower == lower][:1]
    named = [each for each in found if each._meta.model_name == lower]
    # Of equal names, the one that has rows is meant: an abstract or swapped-out model
    # often has the name of the model that takes its place.
    return [each for each in named if not why_never_saved(each)] or named


def no_model(name: str, found: Sequence[ModelClass] = ()) -> str:
    """
    Return the error for a name that no model has, or that all of ``found`` have.
    """
    labels = [model._meta.label for model in found or _all_models()]
    if found:
        which = text_list((repr(label) for label in labels), "or")
        return f"{len(found)} models are named {name!r}. Choose {which}."
    bare = [label.rpartition(".")[2] for label in labels]
    hint = did_you_mean(name, labels if "." in name else [*labels, *bare])
    return f"No model is named {name!r}.{hint}"


def installed_models(registry: Apps = apps) -> list[ModelClass]:
    """
    Return all models that aren't abstract.
    """
    return list(registry.get_models(include_auto_created=True, include_swapped=True))


def bases(model: ModelClass) -> list[ModelClass]:
    """
    Return the models that ``model`` inherits from, including abstract ones.
    """
    # A base may be a plain mixin, which has no _meta.
    options = ((cls, class_namespace(cls).get("_meta")) for cls in model.__mro__[1:])
    return [cls for cls, meta in options if meta is not None and meta.app_label]


def _all_models() -> list[ModelClass]:
    # Installed models come first: an abstract model may have the name of one of them.
    installed = installed_models()
    inherited = [base for model in installed for base in bases(model)]
    return list(dict.fromkeys([*installed, *inherited]))


def why_never_saved(model: ModelClass) -> str:
    """
    Return the reason why ``model`` has no rows, "" if it can have some.
    """
    if model._meta.abstract:
        return "it is abstract, so it has no instances"
    if model._meta.swapped:
        return f"it is swapped out for {model._meta.swapped}, so it has no table"
    return ""


def concrete(model: ModelClass) -> ModelClass:
    """
    Return the model whose table a proxy uses, else ``model`` itself.
    """
    # It is None for an abstract model.
    return model._meta.concrete_model or model


class ManyToMany(NamedTuple):
    """
    A many-to-many field as one model sees it: the name that code uses, and the model
    whose rows are the relations.

    ``manager`` is the class that changes the rows if that isn't Django's manager, else
    "". ``saves`` and ``deletes`` are the same for the rows that Django's manager leaves
    to the manager or the queryset of the through model.
    """

    name: str
    through: ModelClass
    manager: str = ""
    saves: str = ""
    deletes: str = ""


def many_to_many(model: ModelClass) -> Iterator[ManyToMany]:
    """
    Yield each many-to-many field of ``model``, from either side.
    """
    for field in model._meta.many_to_many:
        if through := _through(field.remote_field):
            yield _many_to_many(field.name, through, model, field.name, field)
    for relation in incoming(model):
        through = _through(relation)
        if through and not relation.hidden:
            name = relation.get_accessor_name()
            # A field of another kind need not add the attribute of its other side, and
            # a proxy that a field refers to is the only model that gets it.
            if class_attribute(model, name) is not None:
                yield _many_to_many(name, through, model, name, relation.field)


def many_to_many_fields(
    registry: Apps = apps,
) -> Iterator[tuple[ModelClass, ManyToMany]]:
    """
    Yield each model and its many-to-many fields, which have their full names.
    """
    for model in installed_models(registry):
        # Inherited fields are those of a parent.
        for field in model._meta.local_many_to_many:
            if through := _through(field.remote_field):
                name = f"{model._meta.label}.{field.name}"
                yield model, _many_to_many(name, through, model, field.name, field)


def _many_to_many(
    name: str, through: ModelClass, model: ModelClass, attribute: str, field: object
) -> ManyToMany:
    # Packages have fields of their own: that of django-taggit saves each row, and that
    # of django-modelcluster waits until the object is saved. What they send is theirs.
    if type(class_attribute(model, attribute)) is not ManyToManyDescriptor:
        return ManyToMany(name, through, short_name(type(field)))
    manager = type(through._meta.default_manager)
    return ManyToMany(
        name,
        through,
        saves=_overriding(manager, "bulk_create"),
        deletes=_overriding(manager, "delete"),
    )


def _overriding(manager: type, name: str) -> str:
    """
    Return the class that has a method of the queryset of its own, "" for Django's.
    """
    queryset = class_attribute(manager, "_queryset_class")
    for cls, of_django in ((manager, models.Manager), (queryset, models.QuerySet)):
        if class_attribute(cls, name) is not class_attribute(of_django, name):
            return short_name(cls)
    return ""


def _through(relation: Any) -> ModelClass | None:
    # A relation of an abstract model has a string here, because the model it names may
    # not be loaded yet. A relation of a model that is swapped out has None.
    through = getattr(relation, "through", None)
    return through if is_a(through, ModelBase) else None  # type: ignore[return-value]


def incoming(model: ModelClass) -> list[Any]:
    """
    Return the relations of other models to ``model``.
    """
    # Fields can't refer to an abstract model.
    if model._meta.abstract:
        return []
    fields = model._meta.get_fields(include_hidden=True)
    return [field for field in fields if field.auto_created and not field.concrete]
