"""
Find out what ``list_signals --model`` shows: the signals of one model, in order.

The steps are derived from ``_meta`` and from the records of an inventory. Nothing is
saved, sent, or queried. The tests save and delete real objects, and compare.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from django.db import models

from ..introspect.deletion import cascades, parents, sets_a_value, unknown_deletions
from ..introspect.models import (
    ManyToMany,
    ModelClass,
    bases,
    concrete,
    incoming,
    installed_models,
    many_to_many,
    many_to_many_fields,
    why_never_saved,
)
from ..introspect.objects import class_attribute
from ..introspect.overrides import replacing
from .records import ReceiverRecord, SignalRecord


class Step(NamedTuple):
    """
    One signal that ``action`` sends, and the receivers that run, in dispatch order.

    ``signal`` is the name of a signal of ``django.db.models.signals``. ``note``
    explains when it is sent if ``action`` doesn't. ``decided_by`` is the class that
    decides whether it is sent, "" if Django does: what a class of a package or the
    project does can't be seen without running it.
    """

    action: str
    signal: str
    sender: str
    note: str
    receivers: tuple[ReceiverRecord, ...]
    decided_by: str = ""


class Unrelated(NamedTuple):
    """
    A receiver that looks as if it would run, and the reason why it doesn't.
    """

    signal: str
    receiver: ReceiverRecord
    reason: str


class ModelSignals(NamedTuple):
    """
    What runs for the model ``label``, in the order in which Django sends.

    ``never_saved`` is the reason why the model has no rows, "" if it can have some.
    ``cascades`` are the models whose rows ``delete()`` deletes, too, and for which a
    receiver runs then. ``never`` lists the changes that send no signal, and ``unseen``
    what else ``delete()`` may do.
    """

    label: str
    never_saved: str
    steps: tuple[Step, ...]
    cascades: tuple[str, ...]
    unrelated: tuple[Unrelated, ...]
    never: tuple[str, ...]
    unseen: tuple[str, ...] = ()

    @property
    def names(self) -> set[tuple[str, str]]:
        """
        Return the name of each receiver in here, with the name of its signal.
        """
        pairs = [(s.signal, receiver) for s in self.steps for receiver in s.receivers]
        pairs += [(each.signal, each.receiver) for each in self.unrelated]
        return {(signal, receiver.name) for signal, receiver in pairs}


INIT_SIGNALS, _SAVE, _DELETE = (
    (f"django.db.models.signals.pre_{name}", f"django.db.models.signals.post_{name}")
    for name in ("init", "save", "delete")
)
_M2M_CHANGED = "django.db.models.signals.m2m_changed"
_SIGNALS = (*INIT_SIGNALS, *_SAVE, *_DELETE, _M2M_CHANGED)

Receivers = dict[str, tuple[ReceiverRecord, ...]]


def read_model(signals: Sequence[SignalRecord], model: ModelClass) -> ModelSignals:
    """
    Return what runs for ``model``, according to the records of an inventory.
    """
    connected = {signal.name: signal.receivers for signal in signals}
    receivers = {name: connected.get(name, ()) for name in _SIGNALS}
    never_saved = why_never_saved(model)
    steps = () if never_saved else tuple(_steps(model, receivers))
    deleted = [] if never_saved else _deleted(model, receivers)
    return ModelSignals(
        label=model._meta.label,
        never_saved=never_saved,
        steps=steps,
        cascades=tuple(
            other._meta.label
            for other in deleted
            if _is_deletion_seen(other, receivers)
        ),
        unrelated=tuple(_unrelated(model, receivers, steps, deleted)),
        never=() if never_saved else tuple(_never(model)),
        unseen=() if never_saved else tuple(_unseen(model, deleted)),
    )


def _deleted(model: ModelClass, receivers: Receivers) -> list[ModelClass]:
    return cascades(model, lambda other: _is_deletion_seen(other, receivers))


def _is_deletion_seen(model: ModelClass, receivers: Receivers) -> bool:
    return any(_running(receivers[signal], model) for signal in _DELETE)


# --- what runs ----------------------------------------------------------------------


def _steps(model: ModelClass, receivers: Receivers) -> Iterator[Step]:
    for action, signal, sender, note, decided_by in _sends(model):
        running = _running(receivers[signal], sender)
        # Every model sends these two, but few have receivers for them. What only may be
        # sent when a field changes matters only if a receiver would run.
        is_main = action in ("save()", "delete()") or signal == _M2M_CHANGED
        if running or (signal not in INIT_SIGNALS and (is_main or not decided_by)):
            yield Step(action, signal, sender._meta.label, note, running, decided_by)


def _sends(model: ModelClass) -> Iterator[tuple[str, str, ModelClass, str, str]]:
    for signal in INIT_SIGNALS:
        yield "create or load", signal, model, "", ""
    # Django sends no signals for the through models that it creates. In save(), it asks
    # the concrete model whether it is one; in delete(), it asks a proxy itself.
    if not concrete(model)._meta.auto_created:
        saved_by = replacing(model, models.Model, "save")
        for signal in _SAVE:
            yield "save()", signal, model, "", saved_by
    if not model._meta.auto_created:
        deleted_by = replacing(model, models.Model, "delete")
        note = _note_on_queryset(model)
        for signal in _DELETE:
            yield "delete()", signal, model, note, deleted_by
            note_on_parent = "the parent row is deleted, too"
            for parent in parents(model):
                yield "delete()", signal, parent, note_on_parent, deleted_by
    fields = many_to_many_fields(model._meta.apps)
    as_through = [field for _, field in fields if field.through is model]
    for field in (*many_to_many(model), *as_through):
        yield from _field_sends(field)


def _note_on_queryset(model: ModelClass) -> str:
    manager = type(model._meta.default_manager)
    queryset = class_attribute(manager, "_queryset_class") or models.QuerySet
    decided_by = replacing(queryset, models.QuerySet, "delete")
    return decided_by and f"for one object; {decided_by} decides for a queryset"


def _unseen(model: ModelClass, deleted: Sequence[ModelClass]) -> Iterator[str]:
    if decided_by := replacing(model, models.Model, "delete"):
        yield f"what {decided_by} sends instead"
    relations = [p for each in (model, *deleted) for p in unknown_deletions(each)]
    for relation, function in dict.fromkeys(relations):
        yield f"what {function} deletes, the on_delete of {relation}"


def _field_sends(
    field: ManyToMany,
) -> Iterator[tuple[str, str, ModelClass, str, str]]:
    action, through = f"{field.name}.add(), remove(), set(), clear()", field.through
    # A manager that isn't Django's may do things at other times.
    note = "" if field.manager else "before and after the change"
    yield action, _M2M_CHANGED, through, note, field.manager
    if through._meta.auto_created:
        return
    if saved_by := field.manager or field.saves:
        for signal in _SAVE:
            yield action, signal, through, "", saved_by
    note = "" if field.manager else "between them, for each deleted row"
    for signal in _DELETE:
        yield action, signal, through, note, field.manager or field.deletes


def _running(
    receivers: Sequence[ReceiverRecord], sender: ModelClass
) -> tuple[ReceiverRecord, ...]:
    senders = {(None, None), ("model", sender._meta.label)}
    return tuple(r for r in receivers if (r.sender_kind, r.sender) in senders)


# --- what looks related -------------------------------------------------------------


def _unrelated(
    model: ModelClass,
    receivers: Receivers,
    steps: Sequence[Step],
    deleted: Sequence[ModelClass],
) -> Iterator[Unrelated]:
    running = {(step.signal, step.sender) for step in steps}
    # Rows that are deleted one by one are loaded first, and so are their parents.
    with_delete = [other._meta.label for other in (*deleted, *parents(model))]
    running |= {
        (name, each) for name in (*INIT_SIGNALS, *_DELETE) for each in with_delete
    }
    relatives = _relatives(model)
    rows = {
        field.through._meta.label: f"{field.name} sends m2m_changed only"
        if field.through._meta.auto_created
        else f"{field.name}.add() and set() use bulk_create()"
        for field in many_to_many(model)
    }
    # For each signal, the labels of senders that look related, and why they aren't.
    reasons = {
        **dict.fromkeys(INIT_SIGNALS, relatives),
        **{name: {**rows, **relatives} for name in (*_SAVE, *_DELETE)},
        _M2M_CHANGED: _not_through(model, relatives),
    }
    for signal in _SIGNALS:
        for receiver in receivers[signal]:
            sender = receiver.sender or ""
            reason = reasons[signal].get(sender)
            is_model = receiver.sender_kind == "model"
            if reason and is_model and (signal, sender) not in running:
                yield Unrelated(signal, receiver, reason)


def _relatives(model: ModelClass) -> dict[str, str]:
    """
    Map the label of each model that may be taken for ``model`` to the difference.
    """
    reasons = {}
    if never_saved := why_never_saved(model):
        reasons[model._meta.label] = never_saved
    elif concrete(model)._meta.auto_created:
        reasons[model._meta.label] = "Django sends m2m_changed instead"
    for other in [*bases(model), *installed_models(model._meta.apps)]:
        if other is not model and (kinship := _kinship(other, model)):
            reasons[other._meta.label] = kinship
    return reasons


def _kinship(other: ModelClass, model: ModelClass) -> str:
    if other._meta.swapped == model._meta.label:
        return f"swapped out for {model._meta.label}"
    if model._meta.swapped == other._meta.label:
        return "swapped in for this model"
    if concrete(other) is concrete(model):
        kind = "proxy" if other._meta.proxy else "the concrete model of this proxy"
    elif issubclass(model, other):
        kind = "abstract base" if other._meta.abstract else "parent"
    elif issubclass(other, model):
        kind = "child"
    else:
        return ""
    return f"{kind}: Django compares senders exactly, not by class"


def _not_through(model: ModelClass, relatives: dict[str, str]) -> dict[str, str]:
    """
    Map the label of each wrong sender of ``m2m_changed`` to the reason.
    """
    reasons = {}
    own = {field.through for field in many_to_many(model)}
    for relation in incoming(model):
        if relation.related_model not in own:
            label = relation.related_model._meta.label
            reasons[label] = f"not the through model of a field of {model._meta.label}"
    for other, field in many_to_many_fields(model._meta.apps):
        if other._meta.label in relatives and field.through not in own:
            reasons[field.through._meta.label] = f"belongs to {field.name}"
    for label in (model._meta.label, *relatives):
        reasons[label] = "the sender of m2m_changed is the through model of a field"
    return reasons


# --- what sends no signals ----------------------------------------------------------


def _never(model: ModelClass) -> Iterator[str]:
    yield "QuerySet.update(), bulk_create(), bulk_update(), raw SQL"
    if concrete(model)._meta.auto_created:
        which = "save() and delete()" if model._meta.auto_created else "save()"
        yield f"{which} of a model that Django created for a many-to-many field"
    for field in model._meta.concrete_fields:
        if field.remote_field and field.related_model:
            on_delete = field.remote_field.on_delete
            parent = field.related_model._meta.label
            # DB_CASCADE is new in Django 6.1.
            if on_delete is getattr(models, "DB_CASCADE", ()):
                yield f"rows that the database deletes with their {parent} (DB_CASCADE)"
            elif sets_a_value(on_delete):
                yield f"changes to {field.name} when its {parent} is deleted"
    for through in dict.fromkeys(field.through for field in many_to_many(model)):
        how = "removed by delete()"
        if not through._meta.auto_created:
            how = "that your code saves or deletes"
        yield f"{through._meta.label} rows {how} (no m2m_changed)"
