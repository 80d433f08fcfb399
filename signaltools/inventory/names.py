"""
Give every signal a name.

The name of a signal is the dotted path it can be imported by, from the module that
defines it. Modules are read as they are: nothing is imported to find a signal.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterable, Iterator, Sequence
from types import ModuleType
from typing import Any, NamedTuple

from django.dispatch import Signal

from ..exceptions import SignalNameTaken, SignalNotFound
from ..introspect.objects import (
    class_name,
    class_namespace,
    is_a,
    loaded_modules,
    module_attribute,
    module_namespace,
)
from ..introspect.source import Assignment, assignments, source_file
from ..introspect.text import clip, did_you_mean


class NamedSignal(NamedTuple):
    """
    A signal with its name, its other import paths and the place that defines it.

    ``module`` is the defining module, for a signal named by hand the one that
    registered it. ``line`` is None where no source assigns the signal.
    """

    name: str
    signal: Signal
    aliases: tuple[str, ...]
    module: str
    file: str | None
    line: int | None
    doc: str


class Registry:
    """
    Name the signals of this process.

    Signals that are attributes of a loaded module, or of a class in one, have a
    name by themselves; ``register()`` names any other. Every look-up reads the
    loaded modules anew, which takes milliseconds: it is meant for tools and tests,
    not for code that runs on every request. Safe to use from any thread.
    """

    def __init__(self) -> None:
        self._registered: dict[str, NamedSignal] = {}
        self._recent = _Recent((), ())

    def register(self, name: str, signal: Signal) -> None:
        """
        Name a signal that no module attribute holds, such as one kept in a dict.

        A module that is imported again replaces what it registered before. Raises
        ``SignalNameTaken`` when the name belongs to another module's signal, and
        ``TypeError`` when ``signal`` is no ``Signal``.
        """
        if not is_a(signal, Signal):
            raise TypeError(
                f"Cannot register {name!r}: expected a Signal, not {signal!r}."
            )
        frame = sys._getframe(1)
        module = str(frame.f_globals.get("__name__", ""))
        self._refuse_taken(name, signal, module)
        file, line = frame.f_code.co_filename, frame.f_lineno
        self._registered[name] = NamedSignal(name, signal, (), module, file, line, "")
        self._recent = _Recent((), ())

    def get(self, name: str) -> Signal:
        """
        Return the signal with this name or alias.

        Raises ``SignalNotFound``, a ``LookupError``, with the nearest name.
        """
        loaded = _loaded_signal(name)
        if loaded is not None:
            return loaded
        entries = self.entries()
        for entry in entries:
            if name == entry.name or name in entry.aliases:
                return entry.signal
        hint = did_you_mean(name, (entry.name for entry in entries))
        raise SignalNotFound(name, f"No loaded signal is named {name!r}.{hint}")

    def name_of(self, signal: Signal) -> str:
        """
        Return the name of ``signal``, or "unnamed Signal" with its class.
        """
        for entry in self.entries():
            if entry.signal is signal:
                return entry.name
        return unnamed(signal)

    def entries(self) -> list[NamedSignal]:
        """
        Return every named signal, sorted by name.
        """
        found = _discover()
        by_id = {id(entry.signal): entry for entry in found}
        registered = self._registered.copy()
        for name, entry in registered.items():
            known = by_id.get(id(entry.signal), entry)
            first = known.name if known.name in registered else name
            by_id[id(entry.signal)] = _renamed(known, first, name)
        return sorted(by_id.values(), key=lambda entry: entry.name)

    def recent_entries(self) -> list[NamedSignal]:
        """
        Return every signal that had a name when a module was last imported.

        This is for those who ask on every request: it takes a hundredth of the time,
        and misses only what was assigned to a module that had been imported before.
        """
        state = (*sys.modules, *self._registered)
        found = self._recent.entries() if self._recent.state == state else None
        if found is None:
            found = self.entries()
            self._recent = _Recent(state, found)
        return found

    def _refuse_taken(self, name: str, signal: Signal, module: str) -> None:
        loaded = _loaded_signal(name)
        if loaded is not None and loaded is not signal:
            raise _taken(name, name.rpartition(".")[0])
        known = self._registered.get(name)
        if known and known.signal is not signal and known.module != module:
            raise _taken(name, known.module)

    def __contains__(self, item: object) -> bool:
        """
        Tell whether a name, an alias or a signal is known.
        """
        return any(
            item is entry.signal
            or (type(item) is str and (item == entry.name or item in entry.aliases))
            for entry in self.entries()
        )

    def __iter__(self) -> Iterator[str]:
        return (entry.name for entry in self.entries())

    def __len__(self) -> int:
        return len(self.entries())

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self)} signals>"


class _Recent:
    """
    What was found in these modules, without keeping any signal alive.
    """

    def __init__(self, state: tuple[str, ...], found: Iterable[NamedSignal]) -> None:
        self.state = state
        self._found = [(weakref.ref(e.signal), e.name, e[2:]) for e in found]

    def entries(self) -> list[NamedSignal] | None:
        """
        Return the entries, None if a signal is gone: another may have its name now.
        """
        alive = [
            NamedSignal(name, signal, *rest)
            for reference, name, rest in self._found
            if (signal := reference()) is not None
        ]
        return alive if len(alive) == len(self._found) else None


registry = Registry()


def unnamed(signal: Signal) -> str:
    """
    Return what a signal is called that has no name.
    """
    return f"unnamed Signal ({clip(class_name(type(signal)))})"


def _taken(name: str, module: str) -> SignalNameTaken:
    return SignalNameTaken(
        name, f"The name {name!r} already belongs to a signal of {module!r}."
    )


class _Place(NamedTuple):
    """
    An attribute that holds a signal.
    """

    module_name: str
    module: ModuleType
    attribute: str

    @property
    def path(self) -> str:
        return f"{self.module_name}.{self.attribute}"


class _Sources:
    """
    The assignments of each module, read when first asked for, for one discovery.
    """

    def __init__(self) -> None:
        self._read: dict[int, dict[str, Assignment]] = {}

    def assignment(self, place: _Place) -> Assignment | None:
        key = id(place.module)
        if key not in self._read:
            self._read[key] = assignments(place.module)
        return self._read[key].get(place.attribute)


def find_signals(
    modules: Iterable[tuple[str, ModuleType]], *, in_classes: bool = True
) -> dict[str, Signal]:
    """
    Return the signals that ``modules`` hold, by the first path found for each.

    To leave out those in classes takes a third of the time.
    """
    found: dict[int, tuple[str, Signal]] = {}
    for signal, place in _places(modules, in_classes):
        found.setdefault(id(signal), (place.path, signal))
    return dict(found.values())


def _discover() -> list[NamedSignal]:
    places: dict[int, list[_Place]] = {}
    signals: dict[int, Signal] = {}
    for signal, place in _places(loaded_modules()):
        signals[id(signal)] = signal
        places.setdefault(id(signal), []).append(place)
    sources = _Sources()
    return [_named(signals[key], places[key], sources) for key in signals]


def _places(
    modules: Iterable[tuple[str, ModuleType]], in_classes: bool = True
) -> Iterator[tuple[Signal, _Place]]:
    walk = _Walk()
    for module_name, module in modules:
        for attribute, value in walk.select(module_namespace(module), in_classes):
            for path, signal in walk.signals(attribute, value):
                yield signal, _Place(module_name, module, path)


class _Walk:
    """
    One walk over many objects: types are told by id, and classes looked at once.

    It keeps few objects of its own, so that Python does not collect garbage because of
    them, which would take longer than the walk.
    """

    def __init__(self) -> None:
        self._signal_types = _subclass_ids(Signal)
        self._types = self._signal_types | _subclass_ids(type)
        # The classes are kept, so that an id stays that of its class.
        self._seen: dict[int, type] = {}
        self._found: dict[int, list[tuple[str, Signal]]] = {}

    def select(
        self, namespace: dict[str, Any], with_classes: bool = True
    ) -> list[tuple[str, Any]]:
        """
        Return the signals and, with classes, the classes in a namespace.
        """
        types = self._types if with_classes else self._signal_types
        return [
            (name, value)
            for name, value in namespace.items()
            if id(type(value)) in types and type(name) is str
        ]

    def signals(self, path: str, value: Any) -> list[tuple[str, Signal]]:
        """
        Return the signal that ``value`` is, or those in a class, with their paths.
        """
        if id(type(value)) in self._signal_types:
            return [(path, value)]
        found = self._in_class(value)
        return [(f"{path}.{inner}", signal) for inner, signal in found]

    def _in_class(self, cls: type) -> Sequence[tuple[str, Signal]]:
        if id(cls) not in self._seen:
            # A class that holds itself shall find nothing there.
            self._seen[id(cls)] = cls
            if held := self.select(class_namespace(cls)):
                self._found[id(cls)] = self._in_classes(held)
        return self._found.get(id(cls), ())

    def _in_classes(self, held: Iterable[tuple[str, Any]]) -> list[tuple[str, Signal]]:
        found: list[tuple[str, Signal]] = []
        for attribute, value in held:
            # One way in will do: classes that hold each other have many.
            known = {id(signal) for _, signal in found}
            found += (
                (path, signal)
                for path, signal in self.signals(attribute, value)
                if id(signal) not in known or value is signal
            )
        return found


def _subclass_ids(cls: type) -> set[int]:
    below: list[type] = type.__subclasses__(cls)
    return {id(cls)}.union(*map(_subclass_ids, below))


def _named(signal: Signal, places: list[_Place], sources: _Sources) -> NamedSignal:
    place = _defining_place(places, sources)
    assignment = sources.assignment(place)
    return NamedSignal(
        name=place.path,
        signal=signal,
        aliases=tuple(sorted({other.path for other in places} - {place.path})),
        module=place.module_name,
        file=source_file(place.module),
        line=assignment.line if assignment else None,
        doc=assignment.comment if assignment else "",
    )


def _defining_place(places: list[_Place], sources: _Sources) -> _Place:
    """
    Return the place where the source creates the signal, as far as can be told.

    Modules are in the order in which their imports completed, so one that defines
    a signal comes before those that import it, except in an import cycle.
    """
    if len(places) == 1:
        return places[0]
    ordered = sorted(places, key=_is_second_name)
    for place in ordered:
        assignment = sources.assignment(place)
        if assignment and assignment.creates:
            return place
    return ordered[0]


def _is_second_name(place: _Place) -> tuple[bool, bool]:
    # A module may be loaded under two names, and a script runs as __main__.
    own_name = module_attribute(place.module, "__name__")
    has_other_name = type(own_name) is not str or own_name != place.module_name
    return place.module_name == "__main__", has_other_name


def _renamed(entry: NamedSignal, name: str, alias: str) -> NamedSignal:
    paths = {entry.name, alias, *entry.aliases} - {name}
    return entry._replace(name=name, aliases=tuple(sorted(paths)))


def _loaded_signal(name: str) -> Signal | None:
    """
    Return the signal that the module attribute ``name`` holds, if it does.
    """
    module_name, _, attribute = name.rpartition(".")
    module = sys.modules.get(module_name)
    value = module_attribute(module, attribute) if is_a(module, ModuleType) else None
    return value if is_a(value, Signal) else None
