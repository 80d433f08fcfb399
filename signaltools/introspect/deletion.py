"""
Find out which models lose rows, with signals, when Django deletes a row of one model.

This follows ``django.db.models.deletion.Collector``, which decides by the models and by
what is connected. Nothing is queried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.db import models
from django.db.models.fields.related import ForeignObjectRel

from .callables import describe
from .models import ModelClass, concrete, incoming
from .objects import stored_attribute


def parents(model: ModelClass) -> list[ModelClass]:
    """
    Return the parents of ``model``, direct and indirect, in the order of deletion.
    """
    # A dict keeps the order, and drops a parent that several models share.
    found: dict[ModelClass, None] = {}
    for parent in concrete(model)._meta.parents:
        found |= dict.fromkeys([parent, *parents(parent)])
    return list(found)


def cascades(
    model: ModelClass, has_receivers: Callable[[ModelClass], bool]
) -> list[ModelClass]:
    """
    Return the other models whose rows ``delete()`` may delete, sending their signals.

    ``has_receivers`` returns whether a receiver of ``pre_delete`` or ``post_delete``
    runs for a model. Without one, Django deletes the rows of many models with one
    query. Then it neither loads them nor deletes their parents, and sends nothing.
    """
    own = [model, *parents(model)]
    found: dict[ModelClass, None] = {}
    # Models may refer to each other in a circle, so each is followed once. The loop
    # also visits what is appended while it runs.
    reached = [model]
    for each in reached:
        for other, relation in _deleted_with(each):
            if other in reached or _is_fast(other, relation, has_receivers):
                continue
            reached.append(other)
            found |= dict.fromkeys([other, *parents(other)])
    # delete() of a child deletes its own parents anyway. Rows of automatic through
    # models are deleted without signals.
    return [each for each in found if each not in own and not each._meta.auto_created]


def _deleted_with(
    model: ModelClass,
) -> Iterator[tuple[ModelClass, ForeignObjectRel | None]]:
    for relation in _relations(model):
        if relation.on_delete is models.CASCADE:
            yield relation.related_model, relation
    for field in _generic_fields(model):
        yield field.related_model, None


def unknown_deletions(model: ModelClass) -> Iterator[tuple[str, str]]:
    """
    Yield each relation to ``model`` that a function of the project or a package handles
    when a row is deleted, and the name of that function.
    """
    for relation in _relations(model):
        if not _is_of_django(relation.on_delete):
            label = relation.related_model._meta.label
            name = describe(relation.on_delete).name
            yield f"{label}.{relation.field.name}", name


def _is_fast(
    model: ModelClass,
    relation: ForeignObjectRel | None,
    has_receivers: Callable[[ModelClass], bool],
) -> bool:
    """
    Return whether Django deletes the rows of ``model`` without loading them.
    """
    link = relation and relation.field
    return not (
        has_receivers(model)
        or any(each is not link for each in concrete(model)._meta.parents.values())
        or any(not _keeps_rows(each.on_delete) for each in _relations(model))
        or _generic_fields(model)
    )


def _relations(model: ModelClass) -> list[Any]:
    return [relation for relation in incoming(model) if not relation.many_to_many]


def _generic_fields(model: ModelClass) -> list[Any]:
    # Only a GenericRelation has this method. Its class can't be imported here: that
    # needs django.contrib.contenttypes to be installed.
    fields = model._meta.private_fields
    return [field for field in fields if hasattr(field, "bulk_related_objects")]


def _keeps_rows(on_delete: Any) -> bool:
    return on_delete is models.DO_NOTHING or deletes_in_database(on_delete)


def deletes_in_database(on_delete: Any) -> bool:
    """
    Return whether the database itself carries out ``on_delete``, as from Django 6.1.
    """
    # Django 5.2 and 6.0 don't have these.
    names = ("DB_CASCADE", "DB_SET_NULL", "DB_SET_DEFAULT")
    return any(on_delete is getattr(models, name, ()) for name in names)


def sets_a_value(on_delete: Any) -> bool:
    """
    Return whether ``on_delete`` is one of Django's functions that keep the row.
    """
    # SET() makes a new function each time, so it can't be compared. What a function of
    # the project does is unknown.
    keeps_values = (models.CASCADE, models.PROTECT, models.RESTRICT, models.DO_NOTHING)
    return _is_of_django(on_delete) and not any(
        on_delete is each for each in keeps_values
    )


def _is_of_django(on_delete: Any) -> bool:
    module: object = stored_attribute(on_delete, "__module__")
    return module == models.CASCADE.__module__
