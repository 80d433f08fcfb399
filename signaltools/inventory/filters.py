"""
Select the signals, receivers, and problems that match the filters of a command.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from django.apps import apps
from django.conf import settings

from ..introspect.models import installed_models, many_to_many_fields
from ..introspect.text import did_you_mean
from .django_signals import BUILTIN_SIGNALS
from .records import Problem, ReceiverRecord, SignalRecord, in_order

Signals = Sequence[SignalRecord]

# Whether a receiver of a signal matches or, if it is None, the signal itself.
Condition = Callable[[SignalRecord, ReceiverRecord | None], bool]


class Filters(NamedTuple):
    """
    What to show: values of one field are alternatives, and all given fields must match.

    ``patterns`` are substrings of the names of signals, receivers, and senders.
    ``apps`` are app labels. ``senders`` are model labels or dotted paths; receivers
    that are connected without a sender run for each of them. Matching is
    case-insensitive.
    """

    patterns: Sequence[str] = ()
    apps: Sequence[str] = ()
    senders: Sequence[str] = ()
    kinds: Sequence[str] = ()
    without_receivers: bool = False


def select(signals: Signals, filters: Filters) -> list[SignalRecord]:
    """
    Return the matching signals, each with all or only its matching receivers.
    """
    selected = list(signals)
    for alternatives in (
        [_has_pattern(pattern) for pattern in filters.patterns],
        [_belongs_to_app(label) for label in filters.apps],
        [_runs_for_sender(sender, signals) for sender in filters.senders],
    ):
        if alternatives:
            selected = _matching(selected, alternatives)
    if filters.kinds:
        selected = [signal for signal in selected if signal.kind in filters.kinds]
    if filters.without_receivers:
        # A signal that lost all its receivers above isn't selected anymore.
        selected = [signal for signal in selected if not signal.receivers]
    return selected


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
    shown, connected = _receiver_names(selected), _receiver_names(signals)
    patterns, *other_filters = filters

    def is_selected(problem: Problem) -> bool:
        signal, name = problem.signal or "", problem.name
        if signal in shown and (name in shown[signal] or name not in connected[signal]):
            return True
        # A receiver that was garbage-collected isn't listed, but a pattern can name it.
        return not any(other_filters) and any(_is_in(p, problem) for p in patterns)

    return in_order(filter(is_selected, problems))


def _receiver_names(signals: Signals) -> dict[str, set[str]]:
    return {signal.name: {r.name for r in signal.receivers} for signal in signals}


def unmatched(
    signals: Signals, filters: Filters, problems: Sequence[Problem] = ()
) -> Iterator[str]:
    """
    Yield a sentence for each pattern, app, and sender that matches nothing.
    """
    for pattern in filters.patterns:
        is_in_problem = any(_is_in(pattern, problem) for problem in problems)
        if not is_in_problem and not _matching(signals, [_has_pattern(pattern)]):
            yield _no_match(pattern, signals)
    for label in filters.apps:
        if not _matching(signals, [_belongs_to_app(label)]):
            yield _no_app(label)
    for sender in filters.senders:
        if not _matching(signals, [_runs_for_sender(sender, signals)]):
            yield _no_sender(sender, signals)


def _is_in(pattern: str, problem: Problem) -> bool:
    return pattern.lower() in problem.name.lower()


# --- conditions ---------------------------------------------------------------------


def _has_pattern(pattern: str) -> Condition:
    pattern = pattern.lower()

    def matches(signal: SignalRecord, receiver: ReceiverRecord | None) -> bool:
        if receiver is None:
            return pattern in signal.name.lower()
        names = [receiver.name.lower(), *_sender_names(receiver)]
        return any(pattern in name for name in names)

    return matches


def _belongs_to_app(label: str) -> Condition:
    label = label.lower()

    def matches(signal: SignalRecord, receiver: ReceiverRecord | None) -> bool:
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

    def matches(signal: SignalRecord, receiver: ReceiverRecord | None) -> bool:
        if receiver is None:
            return False
        if receiver.sender_kind is not None:
            return sender in _sender_names(receiver)
        # Each of Django's signals has senders of one role. A custom signal isn't in
        # that mapping (None), so any sender can send it.
        return bool(roles) and BUILTIN_SIGNALS.get(signal.name) in {*roles, None}

    return matches


def _sender_names(receiver: ReceiverRecord) -> list[str]:
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
    names = [signal.name for signal in signals]
    for signal in signals:
        for receiver in signal.receivers:
            names += filter(None, [receiver.name, receiver.sender])
    # Users often type only the last part of a name.
    last_parts = [name.rpartition(".")[2] for name in names]
    hint = did_you_mean(pattern, [*names, *last_parts])
    return f"No signal, receiver, or sender matches {pattern!r}.{hint}"


def _no_app(label: str) -> str:
    labels = {config.label.lower(): config.label for config in apps.get_app_configs()}
    if installed := labels.get(label.lower()):
        return f"The app {installed!r} has no signals or receivers."
    sentence = f"No installed app has the label {label!r}."
    # "django.contrib.auth" doesn't resemble its label, "auth".
    for config in apps.get_app_configs():
        if config.name == label:
            return f"{sentence} Did you mean {config.label!r}?"
    return sentence + did_you_mean(label, labels.values())


def _no_sender(sender: str, signals: Signals) -> str:
    labels = [model._meta.label for model in installed_models()]
    if sender.lower() in map(str.lower, labels):
        return f"No receiver runs for the sender {sender!r}."
    for signal in signals:
        labels += filter(None, [receiver.sender for receiver in signal.receivers])
    hint = did_you_mean(sender, labels)
    return f"No model or connected sender is named {sender!r}.{hint}"
