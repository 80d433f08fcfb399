"""
Read from ``_meta`` what decides which signals Django sends for which models.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.apps.registry import Apps
from django.db import models
from django.db.models import Model
from django.db.models.base import ModelBase
from django.db.models.options import Options

from .objects import class_namespace, is_a
from .text import did_you_mean

ModelClass = type[Model]


def model_options(model: object) -> Options[Any] | None:
    """
    Return the ``_meta`` of a model, None for anything else.
    """
    return class_namespace(model).get("_meta") if is_a(model, ModelBase) else None


def find_model(label: str) -> ModelClass | None:
    """
    Return the model with this label in any case, even if abstract or swapped out.
    """
    found = (each for each in _all_models() if each._meta.label_lower == label.lower())
    return next(found, None)


def no_model(label: str) -> str:
    """
    Return the error for a label that no model has.
    """
    labels = [model._meta.label for model in _all_models()]
    return f"No model is named {label!r}.{did_you_mean(label, labels)}"


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


def parents(model: ModelClass) -> list[ModelClass]:
    """
    Return the parents of ``model``, direct and indirect, in the order of deletion.
    """
    # A dict keeps the order, and drops a parent that several models share.
    found: dict[ModelClass, None] = {}
    for parent in concrete(model)._meta.parents:
        found |= dict.fromkeys([parent, *parents(parent)])
    return list(found)


def many_to_many(model: ModelClass) -> Iterator[tuple[str, ModelClass]]:
    """
    Yield the name and the through model of each many-to-many field, from either side.
    """
    for field in model._meta.many_to_many:
        if through := _through(field.remote_field):
            yield field.name, through
    for relation in incoming(model):
        through = _through(relation)
        if through and not relation.hidden:
            yield relation.get_accessor_name(), through


def many_to_many_fields(
    registry: Apps = apps,
) -> Iterator[tuple[ModelClass, str, ModelClass]]:
    """
    Yield the model, the full name, and the through model of each many-to-many field.
    """
    for model in installed_models(registry):
        # Inherited fields are those of a parent.
        for field in model._meta.local_many_to_many:
            if through := _through(field.remote_field):
                yield model, f"{model._meta.label}.{field.name}", through


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


def cascades(model: ModelClass) -> list[ModelClass]:
    """
    Return the other models whose rows delete() deletes, too, sending their signals.
    """
    found: dict[ModelClass, None] = {}
    # Models may refer to each other in a circle, so each is followed once. The loop
    # also visits what is appended while it runs.
    reached = [model]
    for each in reached:
        deleted = [
            relation.related_model
            for relation in incoming(each)
            if not relation.many_to_many and relation.on_delete is models.CASCADE
        ]
        # Only a GenericRelation has this method. Its class can't be imported here: that
        # needs django.contrib.contenttypes to be installed.
        generic = [
            field.related_model
            for field in each._meta.private_fields
            if hasattr(field, "bulk_related_objects")
        ]
        for other in [*deleted, *generic]:
            if other not in reached:
                reached.append(other)
                found |= dict.fromkeys([other, *parents(other)])
    # delete() of a child deletes its own parents anyway. Rows of automatic through
    # models are deleted without signals.
    inherited = {model, *parents(model)}
    return [
        each for each in found if each not in inherited and not each._meta.auto_created
    ]
