"""
Name signals that a container or an object in a module holds.

The name is the expression that reaches the signal: ``pay.signals.WEBHOOKS['paid']``.
Containers are dicts, lists, and tuples, the members of enums, and the attributes of
classes and objects. They are copied before they are read, and none of their own code
runs. Sets and functions aren't looked into.
"""

from __future__ import annotations

import gc
import re
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from functools import partial
from types import FunctionType, MappingProxyType, MethodType, ModuleType
from typing import Any, NamedTuple

from django.dispatch import Signal

from ..introspect.objects import (
    class_attribute,
    class_namespace,
    class_path,
    instance_namespace,
    is_a,
    loaded_modules,
    module_namespace,
    slots,
    stored_attribute,
)
from ..introspect.text import printable, stable_repr
from .names import NamedSignal, Sources, assignment, name_signal
from .namespaces import Attribute

# How many steps lead from the attribute of a module to a signal at most.
MAX_STEPS = 4
# Larger containers aren't looked into, and the search ends after so many containers.
MAX_ITEMS = 10_000
MAX_CONTAINERS = 50_000

# A step, and what it leads to. The step is an attribute, or the key of a subscript.
_Items = Iterator[tuple[bool, Any, Any]]
_Reader = Callable[[Any], _Items]
_ATTRIBUTE, _KEY = False, True


class _Path(NamedTuple):
    """
    A step to an object. The first one has no parent; its key is the id of the object.
    """

    parent: _Path | None
    is_key: bool
    key: Any


def name_held(wanted: Sequence[Signal]) -> list[NamedSignal]:
    """
    Return those of ``wanted`` that a container holds, named by the shortest path.
    """
    search = _Search(wanted)
    found = search.run() if wanted else {}
    sources: Sources = {}
    names = []
    for signal in wanted:
        if path := found.get(id(signal)):
            steps = [path]
            while steps[0].parent:
                steps.insert(0, steps[0].parent)
            root, places = search.roots[steps.pop(0).key]
            entry = name_signal(signal, _own_module_first(root, places), sources)
            end = _expression(entry.name, steps)
            # The comment above a container isn't about one of its signals, but a member
            # of an enum has its own line.
            place = next(place for place in places if place.path == entry.name)
            member = place._replace(attribute=place.attribute + end)
            found_at = assignment(member, sources)
            entry = entry._replace(
                name=entry.name + end,
                aliases=(),
                line=found_at.line if found_at else entry.line,
                doc=found_at.comment if found_at else "",
                in_loop=False,
            )
            # An attribute of an AppConfig is found in Django's registry of apps, but
            # isn't one of Django's signals.
            if entry.module.partition(".")[0] == "django":
                entry = entry._replace(module="", file=None, line=None)
            names.append(entry)
    return names


def _own_module_first(root: Any, places: list[Attribute]) -> list[Attribute]:
    if not is_a(root, type):
        return places
    # Source that creates an object is recognized, but a class has its own module.
    module = class_path(root)[0]
    return [p for p in places if p.module_name == module][:1] or places


class _Search:
    """
    Look through the containers of all modules, breadth-first, for certain signals.
    """

    def __init__(self, wanted: Sequence[Signal]) -> None:
        self._wanted = {id(signal) for signal in wanted}
        # The types are kept, because the id() of one that is gone can be reused.
        self._readers: dict[int, tuple[type, _Reader | None]] = {}
        #: What the modules hold, with the places that hold it, by id.
        self.roots: dict[int, tuple[Any, list[Attribute]]] = {}

    def run(self) -> dict[int, _Path]:
        """
        Return the path to each signal that was found, by the id of the signal.
        """
        for module_name, module in loaded_modules():
            for name, value in module_namespace(module).items():
                # Names such as "__builtins__" belong to Python.
                if type(name) is str and name[:2] != "__" and self._reader(value):
                    place = Attribute(module_name, module, name)
                    self.roots.setdefault(id(value), (value, []))[1].append(place)
        # Whatever is known by its id() is kept.
        seen = {key: value for key, (value, _) in self.roots.items()}
        level = [(value, _Path(None, _KEY, key)) for key, value in seen.items()]
        found: dict[int, _Path] = {}
        for _ in range(MAX_STEPS):
            following = []
            for value, path in level:
                reader = self._reader(value)
                for is_key, key, item in reader(value) if reader else ():
                    if id(item) in self._wanted:
                        found.setdefault(id(item), _Path(path, is_key, key))
                    elif self._reader(item) and id(item) not in seen:
                        seen[id(item)] = item
                        following.append((item, _Path(path, is_key, key)))
                if len(found) == len(self._wanted) or len(seen) > MAX_CONTAINERS:
                    return found
            level = following
        return found

    def _reader(self, value: Any) -> _Reader | None:
        kind = type(value)
        known = self._readers.get(id(kind))
        if known is None:
            known = self._readers[id(kind)] = kind, _reader(kind)
        return known[1]


def _reader(kind: type) -> _Reader | None:
    """
    Return the function that yields what an object of this type holds, if any can.
    """
    # Types are compared with "is": a metaclass may define __eq__().
    if any(kind is each for each in (dict, OrderedDict, defaultdict)):
        return _dict_items
    if kind is MappingProxyType:
        return _proxy_items
    if kind is list or kind is tuple:
        return _sequence_items
    if issubclass(kind, type):
        return _class_items
    if issubclass(kind, (ModuleType, FunctionType, MethodType, Signal)):
        return None
    if issubclass(kind, tuple):
        return _named_tuple_items
    names = slots(kind)
    has_attributes = names or class_attribute(kind, "__dict__") is not None
    return partial(_object_items, names) if has_attributes else None


def _dict_items(value: dict[Any, Any]) -> _Items:
    if len(value) <= MAX_ITEMS:
        for key, item in dict.copy(value).items():
            yield _KEY, key, item


def _proxy_items(value: Any) -> _Items:
    # The proxy itself would call the methods of the mapping.
    for mapping in gc.get_referents(value):
        if type(mapping) is dict:
            yield from _dict_items(mapping)


def _sequence_items(value: Any) -> _Items:
    if len(value) <= MAX_ITEMS:
        for index, item in enumerate(value[:]):
            yield _KEY, index, item


def _named_tuple_items(value: Any) -> _Items:
    fields = class_attribute(type(value), "_fields")
    if type(fields) is tuple:
        items = tuple.__getitem__(value, slice(None))
        for name, item in zip(fields, items, strict=False):
            if type(name) is str:
                yield _ATTRIBUTE, name, item


def _class_items(cls: Any) -> _Items:
    namespace = class_namespace(cls)
    members = namespace.get("_member_map_") if issubclass(cls, Enum) else None
    for name, member in members.copy().items() if type(members) is dict else ():
        if is_a(value := stored_attribute(member, "_value_"), Signal):
            yield _ATTRIBUTE, name, value
        yield _ATTRIBUTE, name, member
    for name, item in namespace.items():
        if type(name) is str and name[:2] != "__" and name not in _OF_ENUMS:
            yield _ATTRIBUTE, name, item


def _object_items(names: tuple[str, ...], value: Any) -> _Items:
    for name, item in instance_namespace(value).items():
        # Code may put any key into the __dict__ of an object.
        if type(name) is str and name.isidentifier() and name != "__objclass__":
            yield _ATTRIBUTE, "value" if name == "_value_" else name, item
    for name in names:
        yield _ATTRIBUTE, name, stored_attribute(value, name)


# These lead to the members of an enum by other names.
_OF_ENUMS = ("_member_map_", "_value2member_map_")


def _expression(name: str, steps: list[_Path]) -> str:
    """
    Return the steps as Python, without keys that may be secrets.
    """
    text = ""
    is_secret = bool(_SECRET_NAME.search(name.rpartition(".")[2]))
    for step in steps:
        if step.is_key:
            key = None if is_secret else _key(step.key)
            text += f"[{key or '…'}]"
        else:
            is_secret = is_secret or bool(_SECRET_NAME.search(step.key))
            text += f".{printable(step.key)}"
    return text


def _key(key: Any) -> str | None:
    """
    Return a key that can be shown, else None.
    """
    kind = type(key)
    if issubclass(kind, Enum):
        name = stored_attribute(key, "_name_")
        is_plain = type(name) is str and name.isidentifier()
        return f"{class_path(kind)[1]}.{name}" if is_plain else None
    if kind is str:
        # The key may be an address, or end up in a lock file.
        is_shown = len(key) <= _MAX_KEY and stable_repr(key) == repr(key)
        return None if not is_shown or _SECRET.search(key) else repr(key)
    # A large number may be the id() of an object.
    return repr(key) if kind is int and stable_repr(key) == repr(key) else None


_MAX_KEY = 80
_SECRET_NAME = re.compile(
    "api_?key|credential|passw|secret|session|token", re.IGNORECASE
)
# What services begin their keys with, addresses, and long words with digits in them.
_SECRET = re.compile(
    r"""
    ^(?:sk|pk|rk|whsec|gh[a-z]|glpat|xox[a-z]|AKIA|eyJ)(?:[-_]|(?<=A)|(?<=J))
    | @
    | (?=[A-Za-z+/=_-]*[0-9])[A-Za-z0-9+/=_-]{20,}
    | (?=[a-f]*[0-9])[0-9a-f-]{12,}
    """,
    re.VERBOSE,
)
