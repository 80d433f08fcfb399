"""
Find the receiver behind a wrapper that another tool has put in its place.

Sentry, for example, patches ``Signal._live_receivers()``, which then returns a new
wrapper around each receiver for each send. A wrapper isn't connected, and it's another
object each time, so it is known by the receiver that it leads to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, islice
from types import CellType, FunctionType, MethodType, ModuleType
from typing import Any

from django.dispatch import Signal

from ..introspect.objects import stored_attribute
from ..inventory.receivers import connected_receivers, receiver_key

# A wrapper of a wrapper is usual. What is deeper, or among more, could be anything.
_MAX_LEVELS = 4
_MAX_WIDTH = 50


def receivers_behind(signal: Signal) -> Callable[[Any], Any]:
    """
    Return a function that returns the connected receiver behind an object.

    If it can't be seen which one that is, it returns the object itself.
    """
    known: dict[Any, Any] = {}

    def receiver_behind(found: Any) -> Any:
        if not known:
            connected = connected_receivers(signal)
            known.update((receiver_key(each), each) for each in connected)
        for level in _levels(found):
            behind = {receiver_key(each) for each in level} & known.keys()
            if behind:
                return known[behind.pop()] if len(behind) == 1 else found
        return found

    return receiver_behind


def _levels(found: Any) -> Iterator[list[Any]]:
    """
    Yield an object, what it says it wraps, and then what it holds, level by level.
    """
    wrapped, level = found, [found]
    for _ in range(_MAX_LEVELS):
        if wrapped is None:
            break
        yield [wrapped]
        wrapped = stored_attribute(wrapped, "__wrapped__")
    for _ in range(_MAX_LEVELS):
        level = [*islice(chain.from_iterable(map(_held, level)), _MAX_WIDTH)]
        yield level


def _held(value: Any) -> list[Any]:
    # Nothing of this runs code of the project.
    kind = type(value)
    if kind is FunctionType:
        cells = (_content(cell) for cell in value.__closure__ or ())
        named = (value.__kwdefaults__ or {}).values()
        return [*cells, *(value.__defaults__ or ()), *named]
    if kind is MethodType:
        return [value.__func__, value.__self__]
    if kind is partial:
        return [value.func, *value.args, *value.keywords.values()]
    if issubclass(kind, (type, ModuleType)):
        return []
    namespace = stored_attribute(value, "__dict__")
    held = [*namespace.values()] if type(namespace) is dict else []
    return [stored_attribute(value, "__wrapped__"), *held]


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    # A variable that nothing has been assigned to yet.
    except ValueError:
        return None
