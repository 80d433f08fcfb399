"""
Find out what ``list_signals --model`` shows: the signals of one model, in order.

The steps are derived from ``_meta`` and from the records of an inventory. Nothing is
saved, sent, or queried. The tests save and delete real objects, and compare.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.db import models

from ..introspect.models import (
    ModelClass,
    bases,
    cascades,
    concrete,
    incoming,
    installed_models,
    many_to_many,
    many_to_many_fields,
    parents,
    why_never_saved,
)
from ..introspect.objects import stored_attribute
from .records import ReceiverRecord, SignalRecord


class Step(NamedTuple):
    """
    One signal that ``action`` sends, and the receivers that run, in dispatch order.

    ``signal`` is the bare name of a signal of ``django.db.models.signals``. ``note``
    explains when it is sent if ``action`` doesn't.
    """

    action: str
    signal: str
    sender: str
    note: str
    receivers: tuple[ReceiverRecord, ...]


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
    receiver runs then. ``never`` lists the changes that send no signal.
    """

    label: str
    never_saved: str
    steps: tuple[Step, ...]
    cascades: tuple[str, ...]
    unrelated: tuple[Unrelated, ...]
    never: tuple[str, ...]

    @property
    def names(self) -> set[tuple[str, str]]:
        """
        Return the name of each receiver in here, with the name of its signal.
        """
        pairs = [(s.signal, receiver) for s in self.steps for receiver in s.receivers]
        pairs += [(each.signal, each.receiver) for each in self.unrelated]
        return {(_PATH + signal, receiver.name) for signal, receiver in pairs}


_PATH = "django.db.models.signals."
_INIT = ("pre_init", "post_init")
_SAVE = ("pre_save", "post_save")
_DELETE = ("pre_delete", "post_delete")
_SIGNALS = (*_INIT, *_SAVE, *_DELETE, "m2m_changed")

Receivers = dict[str, tuple[ReceiverRecord, ...]]


def read_model(signals: Sequence[SignalRecord], model: ModelClass) -> ModelSignals:
    """
    Return what runs for ``model``, according to the records of an inventory.
    """
    connected = {signal.name: signal.receivers for signal in signals}
    receivers = {name: connected.get(_PATH + name, ()) for name in _SIGNALS}
    never_saved = why_never_saved(model)
    steps = () if never_saved else tuple(_steps(model, receivers))
    return ModelSignals(
        label=model._meta.label,
        never_saved=never_saved,
        steps=steps,
        cascades=tuple(
            other._meta.label
            for other in ([] if never_saved else cascades(model))
            if any(_running(receivers[signal], other) for signal in _DELETE)
        ),
        unrelated=tuple(_unrelated(model, receivers, steps)),
        never=() if never_saved else tuple(_never(model)),
    )


# --- what runs ----------------------------------------------------------------------


def _steps(model: ModelClass, receivers: Receivers) -> Iterator[Step]:
    for action, signal, sender, note in _sends(model):
        running = _running(receivers[signal], sender)
        # Every model sends these two, but few have receivers for them.
        if running or signal not in _INIT:
            yield Step(action, signal, sender._meta.label, note, running)


def _sends(model: ModelClass) -> Iterator[tuple[str, str, ModelClass, str]]:
    for signal in _INIT:
        yield "create or load", signal, model, ""
    # Django sends no signals for the through models that it creates. In save(), it asks
    # the concrete model whether it is one; in delete(), it asks a proxy itself.
    if not concrete(model)._meta.auto_created:
        for signal in _SAVE:
            yield "save()", signal, model, ""
    if not model._meta.auto_created:
        for signal in _DELETE:
            yield "delete()", signal, model, ""
            for parent in parents(model):
                yield "delete()", signal, parent, "the parent row is deleted, too"
    fields = many_to_many_fields(model._meta.apps)
    as_through = [(name, through) for _, name, through in fields if through is model]
    for name, through in (*many_to_many(model), *as_through):
        action = f"{name}.add(), remove(), set(), clear()"
        yield action, "m2m_changed", through, "before and after the change"
        if not through._meta.auto_created:
            for signal in _DELETE:
                yield action, signal, through, "between them, for each deleted row"


def _running(
    receivers: Sequence[ReceiverRecord], sender: ModelClass
) -> tuple[ReceiverRecord, ...]:
    senders = {(None, None), ("model", sender._meta.label)}
    return tuple(r for r in receivers if (r.sender_kind, r.sender) in senders)


# --- what looks related -------------------------------------------------------------


def _unrelated(
    model: ModelClass, receivers: Receivers, steps: Sequence[Step]
) -> Iterator[Unrelated]:
    running = {(step.signal, step.sender) for step in steps}
    relatives = _relatives(model)
    rows = {
        through._meta.label: f"{name} sends m2m_changed only"
        if through._meta.auto_created
        else f"{name}.add() and set() use bulk_create()"
        for name, through in many_to_many(model)
    }
    # For each signal, the labels of senders that look related, and why they aren't.
    reasons = {
        **dict.fromkeys(_INIT, relatives),
        **{name: {**rows, **relatives} for name in (*_SAVE, *_DELETE)},
        "m2m_changed": _not_through(model, relatives),
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
    own = {through for _, through in many_to_many(model)}
    for relation in incoming(model):
        if relation.related_model not in own:
            label = relation.related_model._meta.label
            reasons[label] = f"not the through model of a field of {model._meta.label}"
    for other, name, through in many_to_many_fields(model._meta.apps):
        if other._meta.label in relatives and through not in own:
            reasons[through._meta.label] = f"belongs to {name}"
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
            elif _sets_a_value(on_delete):
                yield f"changes to {field.name} when its {parent} is deleted"
    for through in dict.fromkeys(through for _, through in many_to_many(model)):
        how = "removed by delete()"
        if not through._meta.auto_created:
            how = "that your code saves or deletes"
        yield f"{through._meta.label} rows {how} (no m2m_changed)"


def _sets_a_value(on_delete: Any) -> bool:
    # SET() makes a new function each time, so it can't be compared. What a function of
    # the project does is unknown.
    of_django = stored_attribute(on_delete, "__module__") == models.CASCADE.__module__
    keeps_values = (models.CASCADE, models.PROTECT, models.RESTRICT, models.DO_NOTHING)
    return of_django and not any(on_delete is each for each in keeps_values)
