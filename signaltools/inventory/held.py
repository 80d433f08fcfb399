"""
Find signals with receivers that aren't attributes of a module or a class.

Only ``list_signals`` and ``lock_signals`` look for them, because it takes a walk over
the whole heap.
"""

from __future__ import annotations

import gc
import re
import weakref
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, compress, groupby
from types import MethodType

from django.dispatch import Signal

from ..introspect.objects import class_attribute
from .containers import name_held
from .names import NamedSignal, unnamed
from .namespaces import subclass_ids
from .receivers import connected_receivers
from .records import Component, Connected, SignalRecord


def with_held(
    entries: Sequence[NamedSignal], watched: Callable[[], Iterable[Signal]]
) -> list[NamedSignal]:
    """
    Return ``entries`` and one for each other signal that has receivers.

    ``watched`` returns signals that receivers were seen to connect to. The garbage
    collector has the others. A signal whose only name is the variable of a loop gets
    the name that a container gives it.
    """
    known = {id(entry.signal) for entry in entries}
    others = _others(known, watched())
    weak_names = [
        e.signal for e in entries if e.in_loop and connected_receivers(e.signal)
    ]
    held = name_held([*others, *weak_names])
    known |= {id(entry.signal) for entry in held}
    if any(id(signal) not in known for signal in others):
        # A signal that only a reference cycle keeps alive is gone for the project.
        references = [weakref.ref(s) for s in others if id(s) not in known]
        others.clear()
        gc.collect()
        held += [NamedSignal(unnamed(s), s) for s in _held_by_project(references)]
    renamed = {id(entry.signal) for entry in held}
    return sorted(
        [*(each for each in entries if id(each.signal) not in renamed), *held],
        key=lambda entry: entry.name,
    )


def _others(known: set[int], watched: Iterable[Signal]) -> list[Signal]:
    is_signal_type = subclass_ids(Signal).__contains__
    objects = gc.get_objects()
    # There may be a million objects, so Python code doesn't see each of them.
    live = compress(objects, map(is_signal_type, map(id, map(type, objects))))
    found = {
        id(signal): signal
        for signal in chain(watched, live)
        if id(signal) not in known and connected_receivers(signal)
    }
    return [*found.values()]


def _held_by_project(
    references: Iterable[weakref.ReferenceType[Signal]],
) -> list[Signal]:
    """
    Return the signals that are alive, without those that only Django keeps alive.

    Django 5.2 and 6.0 give each receiver a finalizer, which holds the signal for as
    long as the receiver exists, although nothing can send the signal any longer.
    """
    names = ("_remove_receiver", "_flag_dead_receivers")
    finalizers = {id(class_attribute(Signal, name)) for name in names}
    # No other variable may hold a signal now: it would count as a holder.
    signals = tuple(s for s in (r() for r in references) if s is not None)
    finalized, held = set(), set()
    for holder in gc.get_referrers(*signals):
        if type(holder) is MethodType and id(holder.__func__) in finalizers:
            finalized.add(id(holder.__self__))
        elif holder is not signals:
            # What a signal holds itself doesn't count.
            parts = {id(part) for part in gc.get_referents(holder)}
            held |= parts - {id(holder)}
    return [s for s in signals if id(s) in held or id(s) not in finalized]


def number_names(connected: Iterable[Connected]) -> list[Connected]:
    """
    Number the signals that have one name, such as "unnamed Signal (...)".

    The first one keeps the name, and the next one is "unnamed Signal (...) (2)". They
    are in the order of their receivers, because their own order isn't always the same.
    """
    found: list[Connected] = []
    for name, group in groupby(connected, key=lambda each: each.record.name):
        same = [*group]
        if len(same) > 1:
            # Comparing records would compare None with strings.
            same.sort(key=lambda each: repr(each.record.receivers))
        for number, each in enumerate(same, 1):
            label = name if number == 1 else f"{name} ({number})"
            record = each.record._replace(name=label, component=_component(each.record))
            found.append(each._replace(record=record))
    return found


def _component(record: SignalRecord) -> Component:
    # Where some signals were created isn't known, but a package that connects all
    # receivers of a signal has most likely created it.
    components = {receiver.component for receiver in record.receivers}
    is_unknown = record.kind != "builtin" and record.name.startswith(_NO_PLACE)
    is_clear = is_unknown and len(components) == 1
    return components.pop() if is_clear else record.component


def without_number(name: str) -> str:
    """
    Return the name of a signal as it was before ``number_names()``.
    """
    return re.sub(r" \([0-9]+\)$", "", name)


_NO_PLACE = ("unnamed ", "django.")
