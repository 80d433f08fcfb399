"""
Select the signals, receivers, and problems that match the filters of a command.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from inspect import CO_VARKEYWORDS
from types import FunctionType
from typing import NamedTuple

from django.apps import apps
from django.conf import settings

from ..introspect.callables import describe
from ..introspect.models import installed_models, many_to_many_fields
from ..introspect.objects import loaded_modules, module_namespace
from ..introspect.text import did_you_mean
from .django_signals import BUILTIN_SIGNALS
from .places import place_of, short_place
from .records import (
    Kind,
    Problem,
    ReceiverRecord,
    SignalRecord,
    Unconnected,
    in_order,
)

Signals = Sequence[SignalRecord]

# Whether a receiver of a signal matches or, if it is None, the signal itself.
Condition = Callable[[SignalRecord, ReceiverRecord | Unconnected | None], bool]


class Filters(NamedTuple):
    """
    What to show: values of one field are alternatives, and all given fields must match.

    ``patterns`` are substrings of the names of signals, receivers, and senders.
    ``apps`` are app labels. ``senders`` are model labels or dotted paths; receivers
    that are connected without a sender run for each of them. Matching is
    case-insensitive. ``unsent`` needs signals whose ``sent_by`` has been read.
    """

    patterns: Sequence[str] = ()
    apps: Sequence[str] = ()
    senders: Sequence[str] = ()
    kinds: Sequence[str] = ()
    without_receivers: bool = False
    unsent: bool = False


def select(signals: Signals, filters: Filters) -> list[SignalRecord]:
    """
    Return the matching signals, each with all or only its matching receivers.
    """
    selected = list(signals)
    for alternatives in _alternatives(signals, filters):
        selected = _matching(selected, alternatives)
    if filters.kinds:
        selected = [signal for signal in selected if signal.kind in filters.kinds]
    if filters.without_receivers:
        # A signal that lost all its receivers above isn't selected anymore.
        selected = [signal for signal in selected if not signal.receivers]
    if filters.unsent:
        # Django sends its own signals.
        selected = [s for s in selected if s.kind != "builtin" and not s.sent_by]
    return selected


def _alternatives(signals: Signals, filters: Filters) -> list[list[Condition]]:
    """
    Return the conditions of each field that is given: one of them has to match.
    """
    fields = (
        [_has_pattern(pattern) for pattern in filters.patterns],
        [_belongs_to_app(label) for label in filters.apps],
        [_runs_for_sender(sender, signals) for sender in filters.senders],
    )
    return [alternatives for alternatives in fields if alternatives]


def _matching(signals: Signals, alternatives: list[Condition]) -> list[SignalRecord]:
    selected = []
    for signal in signals:
        if any(matches(signal, None) for matches in alternatives):
            selected.append(signal)
            continue
        receivers = tuple(
            receiver
            for receiver in signal.receivers
            if any(matches(signal, receiver) for matches in alternatives)
        )
        if receivers:
            selected.append(signal._replace(receivers=receivers))
    return selected


def select_problems(
    problems: Sequence[Problem], selected: Signals, signals: Signals, filters: Filters
) -> list[Problem]:
    """
    Return the problems and notes that concern the selected ones of ``signals``.
    """
    if not any(filters):
        return in_order(problems)
    shown = {signal.name: {r.name for r in signal.receivers} for signal in selected}
    receivers = {signal.name: signal.receivers for signal in signals}
    alternatives = _alternatives(signals, filters)
    in_modules = {
        (check, receiver.module)
        for signal in selected
        for receiver in signal.receivers
        for check in receiver.problems
    }

    def is_selected(problem: Problem) -> bool:
        signal, names = problem.signal or "", {problem.name}
        if problem.receiver is not None:
            # A problem may be named after a receiver that this one keeps out.
            names.add(receivers[signal][problem.receiver].name)
        # A problem named after the signal is about a receiver that isn't known.
        if not names.isdisjoint([*shown.get(signal, ()), *({signal} & shown.keys())]):
            return True
        # A problem of a whole module concerns the receivers in it.
        if not signal and (problem.id, problem.name) in in_modules:
            return True
        if (filters.without_receivers or filters.unsent) and signal not in shown:
            return False
        return any(
            (not filters.kinds or stub.kind in filters.kinds)
            and all(
                any(matches(stub, each) or matches(stub, None) for matches in group)
                for group in alternatives
            )
            for stub, each in _unconnected(problem, signals)
        )

    return in_order(filter(is_selected, problems))


def _unconnected(
    problem: Problem, signals: Signals
) -> Iterator[tuple[SignalRecord, Unconnected]]:
    """
    Yield what isn't connected because of a problem, with the record of its signal.

    A receiver that isn't connected isn't in any record, but filters have to find it.
    The module or the class that the problem is named after counts as one.
    """
    # A receiver that is connected is found by its record.
    found = problem.unconnected
    if problem.receiver is None:
        found += (Unconnected(problem.name, problem.signal, None, "unknown", None),)
    records = {signal.name: signal for signal in signals} if found else {}
    for each in found:
        name = each.signal or ""
        if not name and each.sender_kind is None:
            # It isn't known which senders a signal has that can't be seen.
            each = each._replace(sender_kind="unknown")
        kind: Kind = "builtin" if name in BUILTIN_SIGNALS else "custom"
        stub = SignalRecord(name, kind, None, None, "project", imported=False)
        yield records.get(name, stub), each


def unconnected_for(
    problems: Sequence[Problem], signals: Signals, sends: Iterable[tuple[str, str]]
) -> list[Problem]:
    """
    Return the problems because of which a receiver isn't connected that would run for
    one of ``sends``, each of them the name of a signal and the label of a sender.
    """
    pairs = set(sends)
    runs_for = {label: _runs_for_sender(label, signals) for _, label in pairs}
    return [
        problem
        for problem in problems
        if any(
            signal == stub.name and runs_for[label](stub, each)
            for stub, each in _unconnected(problem, signals)
            for signal, label in pairs
        )
    ]


def unmatched(
    signals: Signals,
    filters: Filters,
    problems: Sequence[Problem] = (),
    *,
    may_be_empty: bool = False,
) -> Iterator[str]:
    """
    Yield a sentence for each pattern, app, and sender that matches nothing.

    If ``may_be_empty`` is true, installed apps and models need not match anything.
    """

    def is_found(alone: Filters) -> bool:
        selected = select(signals, alone)
        return bool(selected or select_problems(problems, selected, signals, alone))

    for pattern in filters.patterns:
        if not is_found(Filters(patterns=[pattern])):
            yield _no_match(pattern, signals)
    for label in filters.apps:
        is_known = may_be_empty and _installed_label(label) is not None
        if not is_known and not is_found(Filters(apps=[label])):
            yield _no_app(label)
    for sender in filters.senders:
        is_known = may_be_empty and _is_installed_model(sender)
        if not is_known and not is_found(Filters(senders=[sender])):
            yield _no_sender(sender, signals)


# --- conditions ---------------------------------------------------------------------


def _has_pattern(pattern: str) -> Condition:
    pattern = pattern.lower()

    def matches(
        signal: SignalRecord, receiver: ReceiverRecord | Unconnected | None
    ) -> bool:
        if receiver is None:
            return pattern in signal.name.lower()
        names = [receiver.name.lower(), *_sender_names(receiver)]
        return any(pattern in name for name in names)

    return matches


def _belongs_to_app(label: str) -> Condition:
    label = label.lower()

    def matches(
        signal: SignalRecord, receiver: ReceiverRecord | Unconnected | None
    ) -> bool:
        if isinstance(receiver, Unconnected):
            app = place_of(receiver.name).app
        else:
            app = signal.app if receiver is None else receiver.app
        return app is not None and app.lower() == label

    return matches


def _runs_for_sender(sender: str, signals: Signals) -> Condition:
    sender = sender.lower()
    roles = _model_roles()[sender]
    for signal in signals:
        for receiver in signal.receivers:
            # The roles of models are known already. If receivers are connected for a
            # model that isn't installed or is abstract, it doesn't send anything.
            if sender in _sender_names(receiver) and receiver.sender_kind != "model":
                roles.add(receiver.sender_kind or "")

    def matches(
        signal: SignalRecord, receiver: ReceiverRecord | Unconnected | None
    ) -> bool:
        if receiver is None:
            return False
        if receiver.sender_kind is not None:
            return sender in _sender_names(receiver)
        # Each of Django's signals has senders of one role. A custom signal isn't in
        # that mapping (None), so any sender can send it.
        return bool(roles) and BUILTIN_SIGNALS.get(signal.name) in {*roles, None}

    return matches


def _sender_names(receiver: ReceiverRecord | Unconnected) -> list[str]:
    names = (receiver.sender, receiver.sender_app)
    return [name.lower() for name in names if name]


def _model_roles() -> dict[str, set[str]]:
    """
    Map the lowercase label of each model to the roles in which it sends signals.
    """
    roles: dict[str, set[str]] = defaultdict(set)
    for model in installed_models():
        roles[model._meta.label_lower].add("model")
        # Django creates and deletes the rows of its own through models in bulk.
        if not model._meta.auto_created:
            roles[model._meta.label_lower].add("saved model")
    for _, field in many_to_many_fields():
        roles[field.through._meta.label_lower].add("through")
    # A project without django.contrib.auth doesn't install this model.
    roles.get(settings.AUTH_USER_MODEL.lower(), set()).add("user")
    return roles


# --- what matches nothing -----------------------------------------------------------


def _no_match(pattern: str, signals: Signals) -> str:
    for builtin in BUILTIN_SIGNALS:
        if pattern.lower() in builtin:
            return f"{builtin!r} isn't imported, so it has no receivers."
    if functions := " ".join(_defined_functions(pattern)):
        return functions
    names = [signal.name for signal in signals]
    for signal in signals:
        for receiver in signal.receivers:
            names += filter(None, [receiver.name, receiver.sender])
    # Users often type only the last part of a name.
    last_parts = [name.rpartition(".")[2] for name in names]
    hint = did_you_mean(pattern, [*names, *last_parts])
    return f"No signal, receiver, or sender matches {pattern!r}.{hint}"


def _defined_functions(pattern: str) -> Iterator[str]:
    """
    Yield a sentence for each function in a loaded module that ``pattern`` names, with
    or without its module.
    """
    is_bare, last = "." not in pattern, pattern.rpartition(".")[2]
    for module_name, module in loaded_modules():
        value, path = module_namespace(module).get(last), f"{module_name}.{last}"
        if not f".{path}".endswith(f".{pattern}") or type(value) is not FunctionType:
            continue
        name, _, _, file, line = describe(value)
        # Many functions may have a common name, but few are written as receivers.
        code = value.__code__
        takes_sender = "sender" in code.co_varnames[: code.co_argcount]
        is_receiver = takes_sender and code.co_flags & CO_VARKEYWORDS
        # A name that was imported or assigned isn't that of the receiver.
        if name == path and (is_receiver or not is_bare):
            place = short_place(file, line, os.getcwd())
            yield f"{path!r} is defined at {place}, but isn't connected to a signal."


def _no_app(label: str) -> str:
    if installed := _installed_label(label):
        return f"The app {installed!r} has no signals or receivers."
    sentence = f"No installed app has the label {label!r}."
    # "django.contrib.auth" doesn't resemble its label, "auth".
    for config in apps.get_app_configs():
        if config.name == label:
            return f"{sentence} Did you mean {config.label!r}?"
    labels = [config.label for config in apps.get_app_configs()]
    return sentence + did_you_mean(label, labels)


def _installed_label(label: str) -> str | None:
    labels = {config.label.lower(): config.label for config in apps.get_app_configs()}
    return labels.get(label.lower())


def _is_installed_model(label: str) -> bool:
    return label.lower() in {each._meta.label_lower for each in installed_models()}


def _no_sender(sender: str, signals: Signals) -> str:
    labels = [model._meta.label for model in installed_models()]
    if _is_installed_model(sender):
        return f"No receiver runs for the sender {sender!r}."
    for signal in signals:
        labels += filter(None, [receiver.sender for receiver in signal.receivers])
    hint = did_you_mean(sender, labels)
    return f"No model or connected sender is named {sender!r}.{hint}"
