"""
Give every signal a name.

The name of a signal is the dotted path that it can be imported by, from the module that
defines it: see ``name_signal()``. Loaded modules are read as they are. Nothing is
imported to find a signal.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from django.dispatch import Signal

from ..exceptions import SignalNameTaken, SignalNotFound
from ..introspect.objects import (
    class_name,
    is_a,
    loaded_modules,
    loaded_object,
    module_attribute,
)
from ..introspect.source import Assignment, assignments, imported_names, source_file
from ..introspect.text import clip, did_you_mean
from .namespaces import Attribute, find_places


class NamedSignal(NamedTuple):
    """
    A signal with its name, its other import paths, and the place that defines it.

    ``module`` is the defining module. For a signal that was registered by hand, it is
    the module that registered it. ``line`` is None if no source code assigns the
    signal. ``in_loop`` is true if the name is only that of a variable of a loop, which
    has kept its last value.
    """

    name: str
    signal: Signal
    aliases: tuple[str, ...] = ()
    module: str = ""
    file: str | None = None
    line: int | None = None
    doc: str = ""
    in_loop: bool = False


class Registry:
    """
    Name the signals of this process.

    A signal that is an attribute of a loaded module, or of a class in one, has a name
    without being registered. ``register()`` names any other signal. Every look-up reads
    the loaded modules again, which takes milliseconds: it is meant for tools and tests,
    not for code that runs on every request. Safe to use from any thread.
    """

    def __init__(self) -> None:
        self._registered: dict[str, NamedSignal] = {}

    def register(self, name: str, signal: Signal) -> None:
        """
        Name a signal that isn't an attribute of a module, such as one kept in a dict.

        A module that is imported again replaces what it registered before. Raises
        ``SignalNameTaken`` if the name belongs to a signal of another module, and
        ``TypeError`` if ``signal`` isn't a ``Signal``.
        """
        if not is_a(signal, Signal):
            raise TypeError(
                f"Cannot register {name!r}: expected a Signal, not {signal!r}."
            )
        frame = sys._getframe(1)
        module = str(frame.f_globals.get("__name__", ""))
        owner = None
        loaded, registered = _loaded_signal(name), self._registered.get(name)
        if loaded is not None and loaded is not signal:
            owner = name.rpartition(".")[0]
        # The same module again has been reloaded, and its signals are new objects.
        elif registered and registered.signal is not signal:
            owner = registered.module if registered.module != module else None
        if owner is not None:
            raise SignalNameTaken(
                name, f"The name {name!r} already belongs to a signal of {owner!r}."
            )
        file, line = frame.f_code.co_filename, frame.f_lineno
        self._registered[name] = NamedSignal(name, signal, (), module, file, line)

    def get(self, name: str) -> Signal:
        """
        Return the signal with this name or alias.

        Raises ``SignalNotFound``, a ``LookupError``, which suggests the nearest name.
        """
        # Most names are paths, and reading one module is much faster than reading all.
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
        return self.with_registered(_named_signals())

    def registered(self) -> dict[str, NamedSignal]:
        """
        Return the signals that were registered, by name.
        """
        # dict.copy() runs in one step, so other threads can register meanwhile.
        return self._registered.copy()

    def with_registered(self, named: Iterable[NamedSignal]) -> list[NamedSignal]:
        """
        Return ``named`` signals of modules and the registered ones, sorted by name.
        """
        by_id = {id(entry.signal): entry for entry in named}
        registered = self.registered()
        # A registered name is preferred to the path of an attribute. If a signal is
        # registered several times, the first name counts, and the others are aliases.
        for new_name, entry in registered.items():
            known = by_id.get(id(entry.signal), entry)
            name = known.name if known.name in registered else new_name
            aliases = {known.name, new_name, *known.aliases} - {name}
            by_id[id(entry.signal)] = known._replace(
                name=name, aliases=tuple(sorted(aliases))
            )
        return sorted(by_id.values(), key=lambda entry: entry.name)

    def __contains__(self, item: object) -> bool:
        """
        Return whether a name, an alias, or a signal is known.
        """
        # Only a plain str is compared: == of any other item may run its code.
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


registry = Registry()


def unnamed(signal: Signal) -> str:
    """
    Return what reports call a signal that doesn't have a name.
    """
    return f"unnamed Signal ({clip(class_name(type(signal)))})"


# The assignments in the source of each module, by the id() of the module: a module may
# be of a class that can't be hashed. They are read when they are first needed, for one
# reading only, because the source may change.
Sources = dict[int, dict[str, Assignment]]


def _named_signals() -> list[NamedSignal]:
    """
    Return the signals of all loaded modules with their names.
    """
    # By id(), because a subclass of Signal may define __eq__() and __hash__().
    found: dict[int, tuple[Signal, list[Attribute]]] = {}
    for signal, place in find_places(loaded_modules()):
        found.setdefault(id(signal), (signal, []))[1].append(place)
    sources: Sources = {}
    return [name_signal(signal, places, sources) for signal, places in found.values()]


def name_signal(
    signal: Signal,
    places: list[Attribute],
    sources: Sources,
    *,
    with_aliases: bool = True,
) -> NamedSignal:
    """
    Decide which attribute gives ``signal`` its name. The others give it aliases.

    1. The first one that the source of its module assigns a new object to. This
       distinguishes ``order_paid = Signal()`` from ``from .signals import order_paid``.
    2. If there isn't one, as for ``setattr()`` and compiled modules, the first one. The
       import system moves a module to the end of ``sys.modules`` when its import
       completes. A module that defines a signal therefore comes before those that
       import it, except in an import cycle.

    If a module is loaded under two names, its own name comes first. A variable that a
    loop has left behind gives a name only if nothing else does.
    """
    # Reading source takes most of the time, and most signals have just one place.
    if len(places) > 1:
        places = sorted(places, key=_is_second_name)
        place = _defining_place(places, sources)
        if with_aliases:
            others = (p for p in places if not _is_in_loop(p, sources))
            places = [place, *others]
    else:
        place = places[0]
    found = assignment(place, sources)
    return NamedSignal(
        name=place.path,
        signal=signal,
        aliases=tuple(sorted({other.path for other in places} - {place.path}))
        if with_aliases
        else (),
        module=place.module_name,
        file=source_file(place.module),
        line=found.line if found else None,
        doc=found.comment if found else "",
        in_loop=_is_in_loop(place, sources),
    )


def _defining_place(places: list[Attribute], sources: Sources) -> Attribute:
    creating = []
    for place in places:
        found = assignment(place, sources)
        if found and found.creates:
            # Nearly always the first one: the sources of the others aren't read.
            if not found.in_loop:
                return place
            creating.append(place)
    # Where a loop creates the signal, the loop may also give it a lasting name.
    modules = {id(place.module) for place in creating}
    lasting = [place for place in places if not _is_in_loop(place, sources)]
    beside = [place for place in lasting if id(place.module) in modules]
    return [*beside, *creating, *lasting, *places][0]


def _is_in_loop(place: Attribute, sources: Sources) -> bool:
    # Nearly all other names are imported ones, and parsing takes much longer.
    if place.attribute.partition(".")[0] in imported_names(place.module):
        return False
    found = assignment(place, sources)
    return found is not None and found.in_loop


def _is_second_name(place: Attribute) -> tuple[bool, bool, bool]:
    # A script runs as __main__ and may be imported by its own name as well. In a
    # process of multiprocessing, it is __mp_main__, too. Other modules may be in
    # sys.modules under several names.
    own_name = module_attribute(place.module, "__name__")
    has_other_name = type(own_name) is not str or own_name != place.module_name
    name = place.module_name
    return name == "__mp_main__", name == "__main__", has_other_name


def assignment(place: Attribute, sources: Sources) -> Assignment | None:
    key = id(place.module)
    if key not in sources:
        sources[key] = assignments(place.module)
    return sources[key].get(place.attribute)


def _loaded_signal(name: str) -> Signal | None:
    """
    Return the signal that is the module attribute ``name``, or None.
    """
    module_name, _, attribute = name.rpartition(".")
    value = loaded_object(module_name, attribute)
    return value if is_a(value, Signal) else None
