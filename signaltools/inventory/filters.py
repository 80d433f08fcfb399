"""
Select signals and receivers by what a person typed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from django.apps import apps
from django.conf import settings

from ..introspect.text import did_you_mean
from .django_signals import BUILTIN_SIGNALS
from .records import Problem, ReceiverRecord, SignalRecord, in_order

Signals = Sequence[SignalRecord]


class Filters(NamedTuple):
    """
    What to show: values of one field are alternatives, all given fields must match.

    ``patterns`` are substrings of the name of a signal, a receiver or a sender.
    ``apps`` are labels, ``senders`` model labels or dotted paths; receivers of any
    sender run for each of them. Case does not matter.
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
    for condition in _conditions(signals, filters):
        selected = _apply(selected, condition)
    return selected


def select_problems(
    problems: Sequence[Problem], selected: Signals, signals: Signals, filters: Filters
) -> list[Problem]:
    """
    Return what is wrong with the selected ones of ``signals``, problems before notes.

    A receiver that is gone is in no list, but a pattern may name it.
    """
    shown, connected = _names_by_signal(selected), _names_by_signal(signals)

    def is_shown(problem: Problem) -> bool:
        signal = problem.signal or ""
        if signal in shown and problem.name not in connected[signal]:
            return True
        if problem.name in shown.get(signal, ()):
            return True
        patterns, *others = filters
        return not any(others) and any(_named(each, [problem]) for each in patterns)

    found = filter(is_shown, problems) if any(filters) else problems
    return in_order(found)


def _names_by_signal(signals: Signals) -> dict[str, set[str]]:
    return {signal.name: {r.name for r in signal.receivers} for signal in signals}


def unmatched(
    signals: Signals, filters: Filters, problems: Sequence[Problem] = ()
) -> list[str]:
    """
    Return a sentence for each pattern, app and sender that matches nothing.
    """
    return [
        *(
            _no_match(pattern, signals)
            for pattern in filters.patterns
            if not _apply(signals, _pattern(pattern)) and not _named(pattern, problems)
        ),
        *(_no_app(label) for label in filters.apps if not _apply(signals, _app(label))),
        *(
            _no_sender(sender, signals)
            for sender in filters.senders
            if not _apply(signals, _sender(sender, signals))
        ),
    ]


def _named(pattern: str, problems: Sequence[Problem]) -> list[Problem]:
    return [each for each in problems if pattern.lower() in each.name.lower()]


class _Condition(NamedTuple):
    """
    A signal that matches keeps its receivers, any other those that match.
    """

    signal: Callable[[SignalRecord], bool]
    receiver: Callable[[SignalRecord, ReceiverRecord], bool]


def _apply(signals: Signals, condition: _Condition) -> list[SignalRecord]:
    selected = []
    for signal in signals:
        if condition.signal(signal):
            selected.append(signal)
        elif matching := [r for r in signal.receivers if condition.receiver(signal, r)]:
            selected.append(signal._replace(receivers=tuple(matching)))
    return selected


def _conditions(signals: Signals, filters: Filters) -> Iterator[_Condition]:
    if filters.patterns:
        yield _any_of([_pattern(pattern) for pattern in filters.patterns])
    if filters.apps:
        yield _any_of([_app(label) for label in filters.apps])
    if filters.senders:
        yield _any_of([_sender(sender, signals) for sender in filters.senders])
    if filters.kinds:
        yield _signals_only(lambda signal: signal.kind in filters.kinds)
    if filters.without_receivers:
        yield _signals_only(lambda signal: not signal.receivers)


def _any_of(conditions: list[_Condition]) -> _Condition:
    return _Condition(
        lambda signal: any(each.signal(signal) for each in conditions),
        lambda signal, r: any(each.receiver(signal, r) for each in conditions),
    )


def _signals_only(matches: Callable[[SignalRecord], bool]) -> _Condition:
    return _Condition(matches, lambda signal, receiver: False)


def _pattern(pattern: str) -> _Condition:
    pattern = pattern.lower()
    return _Condition(
        lambda signal: pattern in signal.name.lower(),
        lambda signal, receiver: any(
            pattern in name
            for name in (receiver.name.lower(), *_sender_names(receiver))
        ),
    )


def _app(label: str) -> _Condition:
    label = label.lower()
    return _Condition(
        lambda signal: signal.app is not None and signal.app.lower() == label,
        lambda _, receiver: receiver.app is not None and receiver.app.lower() == label,
    )


def _sender(sender: str, signals: Signals) -> _Condition:
    sender = sender.lower()
    roles = _model_roles().get(sender, set()) | _connected_kinds(sender, signals)

    def runs(signal: SignalRecord, receiver: ReceiverRecord) -> bool:
        if receiver.sender_kind is None:
            # Django's own signals are sent by some and not by others.
            return bool(roles) and BUILTIN_SIGNALS.get(signal.name) in {*roles, None}
        return sender in _sender_names(receiver)

    return _Condition(lambda signal: False, runs)


def _sender_names(receiver: ReceiverRecord) -> list[str]:
    names = (receiver.sender, receiver.sender_app)
    return [name.lower() for name in names if name]


def _connected_kinds(sender: str, signals: Signals) -> set[str]:
    return {
        receiver.sender_kind or ""
        for signal in signals
        for receiver in signal.receivers
        # A model that is not installed, or abstract, sends nothing.
        if sender in _sender_names(receiver) and receiver.sender_kind != "model"
    }


def _model_roles() -> dict[str, set[str]]:
    """
    Map the lower-case label of each model to the roles in which it sends signals.
    """
    models = apps.get_models(include_auto_created=True, include_swapped=True)
    roles = {
        model._meta.label_lower: (
            {"model"} if model._meta.auto_created else {"model", "saved model"}
        )
        for model in models
    }
    for model in models:
        for field in model._meta.local_many_to_many:
            if through := field.remote_field.through:
                roles.setdefault(through._meta.label_lower, set()).add("through")
    roles.get(settings.AUTH_USER_MODEL.lower(), set()).add("user")
    return roles


def _no_match(pattern: str, signals: Signals) -> str:
    absent = [name for name in BUILTIN_SIGNALS if pattern.lower() in name]
    if absent:
        return f"{absent[0]!r} is not imported, so nothing is connected to it."
    hint = did_you_mean(pattern, _words(signals))
    return f"No signal, receiver or sender matches {pattern!r}.{hint}"


def _words(signals: Signals) -> Iterator[str]:
    """
    Yield what a misspelt pattern may have meant: names, and their last parts.
    """
    for signal in signals:
        yield from _name_and_last_part(signal.name)
        for receiver in signal.receivers:
            yield from _name_and_last_part(receiver.name)
            if receiver.sender:
                yield from _name_and_last_part(receiver.sender)


def _name_and_last_part(name: str) -> tuple[str, str]:
    return name, name.rpartition(".")[2]


def _no_app(label: str) -> str:
    labels = {config.label.lower(): config.label for config in apps.get_app_configs()}
    if label.lower() in labels:
        return f"The app {labels[label.lower()]!r} has no signals and no receivers."
    names = {config.name: config.label for config in apps.get_app_configs()}
    known = names.get(label)
    hint = (
        f" Did you mean {known!r}?" if known else did_you_mean(label, labels.values())
    )
    return f"No installed app has the label {label!r}.{hint}"


def _no_sender(sender: str, signals: Signals) -> str:
    if sender.lower() in _model_roles():
        return f"No receiver runs for the sender {sender!r}."
    labels = [
        model._meta.label
        for model in apps.get_models(include_auto_created=True, include_swapped=True)
    ]
    connected = [
        receiver.sender
        for signal in signals
        for receiver in signal.receivers
        if receiver.sender
    ]
    hint = did_you_mean(sender, [*connected, *labels])
    return f"No model and no connected sender is named {sender!r}.{hint}"
