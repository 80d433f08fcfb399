"""
Give every signal a name.

The name of a signal is the dotted path that it can be imported by, from the module that
defines it: see ``name_signal()``. Loaded modules are read as they are. Nothing is
imported to find a signal.
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
    loaded_object,
    module_attribute,
    module_namespace,
)
from ..introspect.source import Assignment, assignments, source_file
from ..introspect.text import clip, did_you_mean


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
        # The modules and registered names at the last call of recent_entries(), and its
        # result. One attribute, so another thread never sees just one of them updated.
        self._recent: tuple[tuple[str, ...], list[Any]] = ((), [])

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
        # The name may have been registered before, for another signal.
        self._recent = ((), [])

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
        by_id = {id(entry.signal): entry for entry in _named_signals()}
        # dict.copy() runs in one step, so other threads can register meanwhile.
        registered = self._registered.copy()
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

    def recent_entries(self) -> list[NamedSignal]:
        """
        Return every signal that had a name when a module was last imported.

        This is for code that runs on every request. It takes a hundredth of the time of
        ``entries()``, and only misses signals that were assigned to a module after its
        import.
        """
        names = (*sys.modules, *self._registered)
        recent_names, recent = self._recent
        if names == recent_names:
            entries = [
                NamedSignal(name, signal, *rest)
                for reference, name, rest in recent
                if (signal := reference()) is not None
            ]
            # If a signal is gone, another one may have its name now.
            if len(entries) == len(recent):
                return entries
        entries = self.entries()
        # Weak references, because a cache must not keep a project's signals alive.
        recent = [(weakref.ref(e.signal), e.name, e[2:]) for e in entries]
        self._recent = names, recent
        return entries

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


def find_signals(
    modules: Iterable[tuple[str, ModuleType]], *, in_classes: bool = True
) -> dict[str, Signal]:
    """
    Return the signals of ``modules``, by the first path found for each.

    Leaving out the signals in classes takes a third of the time.
    """
    found: dict[int, tuple[str, Signal]] = {}
    for signal, place in _places(modules, in_classes):
        found.setdefault(id(signal), (place.path, signal))
    return dict(found.values())


class Attribute(NamedTuple):
    """
    An attribute whose value is a signal.
    """

    module_name: str
    module: ModuleType
    attribute: str

    @property
    def path(self) -> str:
        return f"{self.module_name}.{self.attribute}"


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
    for signal, place in _places(loaded_modules()):
        found.setdefault(id(signal), (signal, []))[1].append(place)
    sources: Sources = {}
    return [name_signal(signal, places, sources) for signal, places in found.values()]


def name_signal(
    signal: Signal, places: list[Attribute], sources: Sources
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
        lasting = [p for p in places if not _is_in_loop(p, sources)]
        creating = [
            place
            for place in places
            if (found := assignment(place, sources)) and found.creates
        ]
        # Where a loop creates the signal, the loop may also give it a lasting name.
        modules = {id(place.module) for place in creating}
        best = [
            *(place for place in creating if place in lasting),
            *(place for place in lasting if id(place.module) in modules),
            *(creating or lasting or places),
        ]
        place = best[0]
        places = [place, *lasting]
    else:
        place = places[0]
    found = assignment(place, sources)
    return NamedSignal(
        name=place.path,
        signal=signal,
        aliases=tuple(sorted({other.path for other in places} - {place.path})),
        module=place.module_name,
        file=source_file(place.module),
        line=found.line if found else None,
        doc=found.comment if found else "",
        in_loop=_is_in_loop(place, sources),
    )


def _is_in_loop(place: Attribute, sources: Sources) -> bool:
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


def _places(
    modules: Iterable[tuple[str, ModuleType]], in_classes: bool = True
) -> Iterator[tuple[Signal, Attribute]]:
    search = _Search(in_classes)
    for module_name, module in modules:
        for path, signal in search.in_namespace(module_namespace(module)):
            yield signal, Attribute(module_name, module, path)


class _Search:
    """
    Look for signals in modules and classes.

    A project has tens of thousands of module attributes. To search them in
    milliseconds, types are compared by ``id()``, and each class is read once, however
    many modules import it. Few objects are created: many would make Python collect
    garbage, which takes longer than the search.
    """

    def __init__(self, in_classes: bool) -> None:
        self._signal_types = subclass_ids(Signal)
        class_types = subclass_ids(type) if in_classes else set()
        self._types = self._signal_types | class_types
        # The classes are kept, because the id() of one that is gone can be reused.
        self._classes: dict[int, type] = {}
        self._in_classes: dict[int, list[tuple[str, Signal]]] = {}

    def in_namespace(
        self, namespace: dict[str, Any], all_paths: bool = True
    ) -> list[tuple[str, Signal]]:
        """
        Return the signals in a namespace and in its classes, with their paths.
        """
        types = self._types
        found: list[tuple[str, Signal]] = []
        for name, value in namespace.items():
            # The __dict__ of a module may have keys of any type.
            if id(type(value)) not in types or type(name) is not str:
                continue
            if id(type(value)) in self._signal_types:
                found.append((name, value))
            elif in_class := self._in_class(value):
                done = set() if all_paths else {id(signal) for _, signal in found}
                found += [
                    (f"{name}.{path}", signal)
                    for path, signal in in_class
                    if id(signal) not in done
                ]
        return found

    def _in_class(self, cls: type) -> Sequence[tuple[str, Signal]]:
        if id(cls) not in self._classes:
            # Added before the class is read: a class that is its own attribute would
            # be read forever.
            self._classes[id(cls)] = cls
            # One path through each nested class is enough: there are exponentially many
            # through classes that are attributes of each other.
            if found := self.in_namespace(class_namespace(cls), all_paths=False):
                self._in_classes[id(cls)] = found
        return self._in_classes.get(id(cls), ())


def subclass_ids(cls: type) -> set[int]:
    # type.__subclasses__(cls) works for metaclasses too, and never calls an override.
    subclasses: list[type] = type.__subclasses__(cls)
    return {id(cls)}.union(*map(subclass_ids, subclasses))
