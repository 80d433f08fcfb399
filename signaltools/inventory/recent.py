"""
Know the named signals of the process on every request, in a fraction of a millisecond.
"""

from __future__ import annotations

import sys
import weakref
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NamedTuple

from django.dispatch import Signal

from ..introspect.objects import (
    is_a,
    loaded_modules,
    module_attribute,
    module_size,
)
from ..introspect.source import source_file
from .django_signals import BUILTIN_SIGNALS
from .names import NamedSignal, Registry, Sources, name_signal
from .namespaces import Attribute, find_places


class _Seen(NamedTuple):
    """
    A module as it was when it was read, and the signals that it held.
    """

    module: weakref.ref[ModuleType]
    size: int
    signals: list[tuple[weakref.ref[Signal], str]]


class RecentSignals:
    """
    The signals that had a name when a module was last imported.

    After an import, only modules that are new, or that have more or fewer attributes
    than before, are read. This misses a signal that is assigned in place of another
    value after the import of its module. Keeps no signal alive. Any thread may use it.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        # One attribute, so another thread never sees just a part of it updated.
        self._recent: tuple[Any, dict[str, _Seen], list[Any]] = (None, {}, [])

    def entries(self) -> list[NamedSignal]:
        """
        Return the named signals, sorted by name, without aliases.
        """
        registered = self._registry.registered()
        names = (
            *sys.modules,
            *((name, id(e.signal)) for name, e in registered.items()),
        )
        recent_names, seen, recent = self._recent
        entries = [
            NamedSignal(name, signal, *rest)
            for reference, name, rest in recent
            if (signal := reference()) is not None
        ]
        # If a signal is gone, another one may have its name now.
        is_complete = len(entries) == len(recent)
        if names == recent_names and is_complete:
            return entries
        seen, is_importing = _read(loaded_modules(), seen if is_complete else {})
        entries = self._registry.with_registered(_named(seen))
        # Weak references, because a cache must not keep a project's signals alive.
        recent = [(weakref.ref(e.signal), e.name, e[2:]) for e in entries]
        # A module that is still being imported gets more signals, but no new name.
        self._recent = (None if is_importing else names, seen, recent)
        return entries


def _read(
    modules: list[tuple[str, ModuleType]], seen: dict[str, _Seen]
) -> tuple[dict[str, _Seen], bool]:
    """
    Return what the modules hold, and whether one of them is being imported.
    """
    found: dict[str, _Seen] = {}
    changed: list[tuple[str, ModuleType]] = []
    is_importing = False
    for name, module in modules:
        known = seen.get(name)
        size = module_size(module)
        if known and known.module() is module and known.size == size:
            found[name] = known
        else:
            is_importing |= _is_being_imported(module)
            found[name] = _Seen(weakref.ref(module), size, [])
            changed.append((name, module))
    for signal, place in find_places(changed):
        held = found[place.module_name].signals
        held.append((weakref.ref(signal), place.attribute))
    return found, is_importing


def _is_being_imported(module: ModuleType) -> bool:
    spec = module_attribute(module, "__spec__")
    return is_a(spec, ModuleSpec) and bool(getattr(spec, "_initializing", False))


def _named(seen: dict[str, _Seen]) -> list[NamedSignal]:
    # By id(), because a subclass of Signal may define __eq__() and __hash__().
    found: dict[int, tuple[Signal, list[Attribute]]] = {}
    for name, (reference, _, signals) in seen.items():
        module = reference()
        for held, attribute in signals:
            signal = held()
            if signal is not None and module is not None:
                place = Attribute(name, module, attribute)
                found.setdefault(id(signal), (signal, []))[1].append(place)
    sources: Sources = {}
    return [_name(signal, places, sources) for signal, places in found.values()]


def _name(signal: Signal, places: list[Attribute], sources: Sources) -> NamedSignal:
    # Reading the sources of Django would take a third of the first request.
    for place in places:
        if place.path in BUILTIN_SIGNALS:
            file = source_file(place.module)
            return NamedSignal(place.path, signal, (), place.module_name, file)
    return name_signal(signal, places, sources, with_aliases=False)
