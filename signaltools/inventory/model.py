"""
Work out what the signals of one model run when it is loaded, saved or deleted.

Everything is taken from records and from ``_meta``: nothing is sent, no SQL is run.
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
    fields_through,
    incoming,
    installed_models,
    is_automatic,
    many_to_many,
    own_many_to_many,
    parents,
    why_never_saved,
)
from ..introspect.objects import stored_attribute
from .records import ReceiverRecord, SignalRecord


class Step(NamedTuple):
    """
    One signal that ``action`` sends, and the receivers that run, in dispatch order.

    ``signal`` is the bare name of a signal of ``django.db.models.signals``. ``note``
    says when it is sent, where ``action`` does not say enough.
    """

    action: str
    signal: str
    sender: str
    note: str
    receivers: tuple[ReceiverRecord, ...]


class Unrelated(NamedTuple):
    """
    A receiver that looks as if it would run, and why it does not.
    """

    signal: str
    receiver: ReceiverRecord
    reason: str


class ModelSignals(NamedTuple):
    """
    What runs for the model ``label``, in the order in which Django sends.

    ``never_saved`` is why there are no rows of this model, "" if there are.
    ``cascades`` are the models whose rows ``delete()`` deletes as well and for which
    a receiver runs then. ``never`` says which changes send no signal.
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
        Return the names of the signals and receivers that this is about.
        """
        pairs = [(s.signal, receiver) for s in self.steps for receiver in s.receivers]
        pairs += [(each.signal, each.receiver) for each in self.unrelated]
        return {
            (f"django.db.models.signals.{signal}", receiver.name)
            for signal, receiver in pairs
        }


def read_model(signals: Sequence[SignalRecord], model: ModelClass) -> ModelSignals:
    """
    Return what runs for ``model``, according to the records of an inventory.
    """
    connected = _Connected(signals)
    never_saved = why_never_saved(model)
    steps = () if never_saved else tuple(_steps(model, connected))
    return ModelSignals(
        label=model._meta.label,
        never_saved=never_saved,
        steps=steps,
        cascades=() if never_saved else tuple(_heard_cascades(model, connected)),
        unrelated=tuple(_unrelated(model, connected, steps)),
        never=() if never_saved else tuple(_never(model)),
    )


_INIT = ("pre_init", "post_init")
_SAVE = ("pre_save", "post_save")
_DELETE = ("pre_delete", "post_delete")
_SIGNALS = (*_INIT, *_SAVE, *_DELETE, "m2m_changed")


class _Connected:
    """
    The receivers of Django's model signals.
    """

    def __init__(self, signals: Sequence[SignalRecord]) -> None:
        known = {signal.name: signal.receivers for signal in signals}
        self.receivers = {
            name: known.get(f"django.db.models.signals.{name}", ()) for name in _SIGNALS
        }

    def running(self, signal: str, sender: ModelClass) -> tuple[ReceiverRecord, ...]:
        return tuple(
            receiver
            for receiver in self.receivers[signal]
            if receiver.sender_kind is None
            or (receiver.sender_kind, receiver.sender) == ("model", sender._meta.label)
        )


# --- what runs ----------------------------------------------------------------------


def _steps(model: ModelClass, connected: _Connected) -> Iterator[Step]:
    for action, signal, sender, note in _sent(model):
        receivers = connected.running(signal, sender)
        # Few models have receivers that run whenever one is loaded.
        if receivers or signal not in _INIT:
            yield Step(action, signal, sender._meta.label, note, receivers)


class _Sent(NamedTuple):
    action: str
    signal: str
    sender: ModelClass
    note: str = ""


def _sent(model: ModelClass) -> Iterator[_Sent]:
    for signal in _INIT:
        yield _Sent("create or load", signal, model)
    # Before it saves a proxy, Django looks at the model behind it; otherwise not.
    if not is_automatic(concrete(model)):
        for signal in _SAVE:
            yield _Sent("save()", signal, model)
    if not is_automatic(model):
        for signal in _DELETE:
            yield _Sent("delete()", signal, model)
            for parent in parents(model):
                yield _Sent("delete()", signal, parent, "the parent is deleted as well")
    for name, through in [*many_to_many(model), *fields_through(model)]:
        action = f"{name}.add(), remove(), set(), clear()"
        yield _Sent(action, "m2m_changed", through, "before and after the change")
        if not is_automatic(through):
            for signal in _DELETE:
                yield _Sent(action, signal, through, "between them, for rows that go")


def _heard_cascades(model: ModelClass, connected: _Connected) -> Iterator[str]:
    for other in cascades(model):
        if any(connected.running(signal, other) for signal in _DELETE):
            yield other._meta.label


# --- what looks related -------------------------------------------------------------

Reasons = Iterator[tuple[str, str]]


def _unrelated(
    model: ModelClass, connected: _Connected, steps: Sequence[Step]
) -> Iterator[Unrelated]:
    running = {(step.signal, step.sender) for step in steps}
    relatives = dict(_relatives(model))
    rows = dict(_rows_of_fields(model))
    reasons = {signal: {**rows, **relatives} for signal in (*_SAVE, *_DELETE)}
    reasons["m2m_changed"] = dict(_no_through_models(model, relatives))
    for signal in _SIGNALS:
        for receiver in connected.receivers[signal]:
            sender = receiver.sender or ""
            reason = reasons.get(signal, relatives).get(sender)
            is_model = receiver.sender_kind == "model"
            if reason and is_model and (signal, sender) not in running:
                yield Unrelated(signal, receiver, reason)


def _relatives(model: ModelClass) -> Reasons:
    """
    Yield the label of each model that a person may take for this one, and why not.
    """
    if never_saved := why_never_saved(model):
        yield model._meta.label, never_saved
    elif is_automatic(concrete(model)):
        yield model._meta.label, "Django sends m2m_changed instead"
    family = dict.fromkeys([*bases(model), *installed_models(model._meta.apps)])
    for other in family:
        if other is not model and (kinship := _kinship(other, model)):
            yield other._meta.label, kinship


def _kinship(other: ModelClass, model: ModelClass) -> str:
    exactly = "Django compares senders exactly, not by class"
    if other._meta.swapped == model._meta.label:
        return f"swapped out for {model._meta.label}"
    if model._meta.swapped == other._meta.label:
        return "swapped in for this model"
    if issubclass(model, other) and other._meta.abstract:
        return f"abstract base: {exactly}"
    if concrete(other) is concrete(model):
        kind = "proxy" if other._meta.proxy else "the model behind this proxy"
        return f"{kind}: {exactly}"
    if issubclass(model, other):
        return f"parent: {exactly}"
    return f"child: {exactly}" if issubclass(other, model) else ""


def _rows_of_fields(model: ModelClass) -> Reasons:
    for name, through in many_to_many(model):
        if is_automatic(through):
            yield through._meta.label, f"{name} sends m2m_changed only"
        else:
            yield through._meta.label, f"{name}.add() and set() use bulk_create()"


def _no_through_models(model: ModelClass, relatives: dict[str, str]) -> Reasons:
    own = {through for _, through in many_to_many(model)}
    for relation in incoming(model):
        if relation.related_model not in own:
            label = relation.related_model._meta.label
            yield label, f"no many-to-many field of {model._meta.label} goes through it"
    for other in installed_models(model._meta.apps):
        if other._meta.label in relatives:
            for name, through in own_many_to_many(other):
                if through not in own:
                    yield through._meta.label, f"belongs to {name}"
    for label in (model._meta.label, *relatives):
        yield label, "the sender of m2m_changed is the through model of a field"


# --- what sends nothing -------------------------------------------------------------


def _never(model: ModelClass) -> Iterator[str]:
    yield "QuerySet.update(), bulk_create(), bulk_update(), raw SQL"
    if is_automatic(concrete(model)):
        which = "save() and delete()" if is_automatic(model) else "save()"
        yield f"{which} of a model that Django made for a many-to-many field"
    for field in model._meta.concrete_fields:
        if field.remote_field and field.related_model:
            yield from _changed_by_parent(field)
    through_models = dict.fromkeys(through for _, through in many_to_many(model))
    for through in through_models:
        how = "go with a delete()" if is_automatic(through) else "code saves or deletes"
        yield f"rows of {through._meta.label} that {how} (no m2m_changed)"


def _changed_by_parent(field: Any) -> Iterator[str]:
    on_delete, parent = field.remote_field.on_delete, field.related_model._meta.label
    # Before Django 6.1 there is none.
    if on_delete is getattr(models, "DB_CASCADE", ()):
        yield f"rows that the database deletes with their {parent} (DB_CASCADE)"
    elif _sets_a_value(on_delete):
        yield f"{field.name}, changed when its {parent} is deleted"


def _sets_a_value(on_delete: Any) -> bool:
    # SET() makes a new function each time. What code of the project does is not known.
    of_django = stored_attribute(on_delete, "__module__") == models.CASCADE.__module__
    return of_django and not any(on_delete is other for other in _SETTING_NOTHING)


_SETTING_NOTHING = (models.CASCADE, models.PROTECT, models.RESTRICT, models.DO_NOTHING)
