"""
Render signals as JSON, the contract that other tools build on.

``list_signals.schema.json`` and ``model.schema.json`` beside this file describe it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import django

from ..events.codec import EventSchema
from ..inventory.model_signals import ModelSignals
from ..inventory.records import EventRecord, Problem, ReceiverRecord, SignalRecord

VERSION = 1


def render_json(
    signals: Sequence[SignalRecord],
    notes: Sequence[str],
    problems: Sequence[Problem] = (),
    *,
    with_storage: bool = False,
    schemas: Mapping[str, EventSchema] | None = None,
) -> str:
    """
    Return the signals, notes, and problems as a JSON document.

    Methods of file storage objects are only included if ``with_storage`` is true: they
    come and go with the object. ``schemas`` has those of events by name.
    """
    schemas = schemas or {}
    return document(
        notes,
        problems,
        signals=[
            _signal(signal, with_storage, schemas.get(signal.name))
            for signal in signals
        ],
    )


def render_model_json(
    model: ModelSignals, notes: Sequence[str], problems: Sequence[Problem] = ()
) -> str:
    """
    Return the signals and receivers of a model as a JSON document.
    """
    return document(
        notes,
        problems,
        model=model.label,
        never_saved=model.never_saved or None,
        steps=[
            {
                **step._asdict(),
                "note": step.note or None,
                "decided_by": step.decided_by or None,
                "receivers": [_receiver(receiver) for receiver in step.receivers],
                "triggers": _triggers(step.receivers),
            }
            for step in model.steps
        ],
        cascades=list(model.cascades),
        unrelated=[
            {**each._asdict(), "receiver": _receiver(each.receiver)}
            for each in model.unrelated
        ],
        never=list(model.never),
        unseen=list(model.unseen),
    )


def document(notes: Sequence[str], problems: Sequence[Problem], **content: Any) -> str:
    """
    Return a JSON document with what all of them have, and with ``content``.
    """
    values = {
        "version": VERSION,
        "django": django.get_version(),
        "notes": list(notes),
        "problems": [_problem(problem) for problem in problems],
        **content,
    }
    return json.dumps(values, indent=2) + "\n"


def _problem(problem: Problem) -> dict[str, Any]:
    fields = problem._asdict()
    # An index, which means nothing in a list that may be filtered.
    del fields["receiver"]
    fields["unconnected"] = [each._asdict() for each in problem.unconnected]
    return fields


def _signal(
    signal: SignalRecord, with_storage: bool, schema: EventSchema | None
) -> dict[str, Any]:
    return {
        "name": signal.name,
        "kind": signal.kind,
        "class": signal.class_name,
        "app": signal.app,
        "imported": signal.imported,
        "file": signal.file,
        "line": signal.line,
        "doc": signal.doc,
        **_event(signal.event),
        "schema": schema and schema.schema,
        "schema_problems": schema and schema.problems,
        "aliases": list(signal.aliases),
        "receivers": [
            _receiver(receiver)
            for receiver in signal.receivers
            if with_storage or not receiver.storage
        ],
        "sent_by": [
            {
                name: getattr(send, name)
                for name in ("function", "method", "file", "line")
            }
            for send in signal.sent_by or ()
        ],
        "triggers": _triggers(signal.receivers),
    }


def _triggers(receivers: Sequence[ReceiverRecord]) -> list[dict[str, str]]:
    pairs = [(each.name, signal) for each in receivers for signal in each.triggers]
    # A function may be connected several times, for different senders.
    return [
        {"receiver": receiver, "signal": signal}
        for receiver, signal in dict.fromkeys(pairs)
    ]


def _event(event: EventRecord | None) -> dict[str, Any]:
    if event is None:
        return {"label": None, "version": None, "signature": None, "arguments": None}
    return {
        "label": event.label,
        "version": event.version,
        "signature": event.signature,
        "arguments": [
            {
                "name": argument.name,
                "type": argument.annotation or None,
                "default": argument.default,
                "required": argument.required,
            }
            for argument in event.arguments
        ],
    }


def _receiver(receiver: ReceiverRecord) -> dict[str, Any]:
    values = receiver._asdict()
    del values["storage"], values["triggers"]
    background = receiver.background
    values["background"] = background and background._asdict()
    # A field can't be named "async", a keyword of Python.
    return {
        "async" if name == "is_async" else name: value for name, value in values.items()
    }
