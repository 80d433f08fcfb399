"""
Know of models what decides for which of them Django sends which signals.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    Return the model, be it abstract or swapped out; case does not matter.
    """
    by_label = {model._meta.label_lower: model for model in _known_models()}
    return by_label.get(label.lower())


def no_model(label: str) -> str:
    """
    Return a sentence about a label that no model has.
    """
    labels = [model._meta.label for model in _known_models()]
    return f"No model is named {label!r}.{did_you_mean(label, labels)}"


def installed_models(registry: Apps = apps) -> list[ModelClass]:
    """
    Return all models that are not abstract.
    """
    return list(registry.get_models(include_auto_created=True, include_swapped=True))


def bases(model: ModelClass) -> list[ModelClass]:
    """
    Return the models that ``model`` inherits from, abstract ones included.
    """
    return _models(model.__mro__[1:])


def _known_models() -> list[ModelClass]:
    # First those that are installed: an abstract model may share its name with one.
    installed = installed_models()
    inherited = [base for model in installed for base in bases(model)]
    return list(reversed(dict.fromkeys([*installed, *inherited])))


def _models(classes: Sequence[type]) -> list[ModelClass]:
    options = ((cls, class_namespace(cls).get("_meta")) for cls in classes)
    return [cls for cls, meta in options if meta is not None and meta.app_label]


def why_never_saved(model: ModelClass) -> str:
    """
    Return why there are no rows of ``model``, "" if there are.
    """
    if model._meta.abstract:
        return "it is abstract, so there are no objects of it"
    if model._meta.swapped:
        return f"it has been swapped out for {model._meta.swapped} and has no table"
    return ""


def is_automatic(model: ModelClass) -> bool:
    """
    Tell whether Django made ``model`` for a many-to-many field.
    """
    return bool(model._meta.auto_created)


def concrete(model: ModelClass) -> ModelClass:
    """
    Return the model that a proxy stands for, else ``model`` itself.
    """
    return model._meta.concrete_model or model


def parents(model: ModelClass) -> list[ModelClass]:
    """
    Return the models whose rows a row of ``model`` extends, as Django deletes them.
    """
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


def own_many_to_many(model: ModelClass) -> Iterator[tuple[str, ModelClass]]:
    """
    Yield the full name and the through model of each such field that is not inherited.
    """
    for field in model._meta.local_many_to_many:
        if through := _through(field.remote_field):
            yield f"{model._meta.label}.{field.name}", through


def fields_through(model: ModelClass) -> Iterator[tuple[str, ModelClass]]:
    """
    Yield the full name of each many-to-many field that goes through ``model``.
    """
    for owner in installed_models(model._meta.apps):
        for name, through in own_many_to_many(owner):
            if through is model:
                yield name, through


def _through(relation: Any) -> ModelClass | None:
    # It is a string in an abstract model, and None after a model was swapped out.
    through = getattr(relation, "through", None)
    return through if is_a(through, ModelBase) else None  # type: ignore[return-value]


def incoming(model: ModelClass) -> list[Any]:
    """
    Return the relations that other models have to ``model``.
    """
    if model._meta.abstract:
        return []
    fields = model._meta.get_fields(include_hidden=True)
    return [field for field in fields if field.auto_created and not field.concrete]


def cascades(model: ModelClass) -> list[ModelClass]:
    """
    Return the other models of which Django deletes rows, with signals, in a delete().
    """
    found: dict[ModelClass, None] = {}
    waiting, done = [model], {model}
    while waiting:
        for other in _deleted_with(waiting.pop(0)):
            if other not in done:
                done.add(other)
                waiting.append(other)
                found |= dict.fromkeys([other, *parents(other)])
    inherited = {model, *parents(model)}
    return [each for each in found if each not in inherited and not is_automatic(each)]


def _deleted_with(model: ModelClass) -> Iterator[ModelClass]:
    for relation in incoming(model):
        if not relation.many_to_many and relation.on_delete is models.CASCADE:
            yield relation.related_model
    for field in model._meta.private_fields:
        # A GenericRelation.
        if hasattr(field, "bulk_related_objects"):
            yield field.related_model
