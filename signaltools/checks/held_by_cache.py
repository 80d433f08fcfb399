"""
Find receivers that only a cache of Django keeps alive.

Under ``DEBUG``, ``connect()`` reads the signature of each receiver, and the cache of
signatures keeps a strong reference to the receiver. So a local function, a lambda, or a
partial works on every laptop, and is garbage-collected in production.

Only the garbage collector knows what keeps an object alive: ``gc.get_referrers()``
walks over the whole heap. It has three traps. Whatever looks at a receiver holds it as
well, such as the list of receivers here. A reference cycle holds the receiver, but
doesn't keep it alive. And after ``gc.freeze()``, which servers call before they fork,
frozen objects aren't found at all.
"""

from __future__ import annotations

import gc
from collections.abc import Collection, Sequence
from functools import _lru_cache_wrapper
from types import FrameType, FunctionType, MethodType, ModuleType
from typing import Any

from django.utils import inspect

from ..introspect.callables import describe
from ..introspect.objects import heap_is_frozen, loaded_object
from ..inventory.receivers import Row
from ..inventory.records import Connected

# Cycles through a receiver are short: a function and its closure, an object and its
# attributes. Each step is a walk over the heap.
_MAX_STEPS = 5
_MAX_PARTS = 1_000


def without_cached(connected: Sequence[Connected]) -> list[Connected]:
    """
    Return ``connected`` without the receivers that would be gone without the cache.
    """
    suspects = [
        row
        for each in connected
        for row in each.rows
        if row.weak and not _is_attribute(row.receiver)
    ]
    # Only this list may hold the receivers.
    receivers = [row.receiver for row in suspects]
    cached = only_cached(receivers)
    gone = {row.id for row, is_gone in zip(suspects, cached, strict=True) if is_gone}
    found = []
    for each in connected:
        pairs = zip(each.rows, each.record.receivers, strict=True)
        kept = [(row, receiver) for row, receiver in pairs if row.id not in gone]
        record = each.record._replace(receivers=tuple(pair[1] for pair in kept))
        found.append(each._replace(record=record, rows=tuple(pair[0] for pair in kept)))
    return found


def _is_attribute(receiver: Any) -> bool:
    # The object of a bound method isn't in the cache.
    if type(receiver) is MethodType:
        return True
    module, qualname = describe(receiver)[1:3]
    return loaded_object(module, qualname) is receiver


def only_cached(receivers: Sequence[Any]) -> list[bool]:
    """
    Return, for each of ``receivers``, whether it would be gone without the cache.

    The result is false after ``gc.freeze()``. A receiver that only a variable of a
    running function holds counts as gone. The caller must hold the receivers in the
    list ``receivers`` alone.
    """
    if not receivers or heap_is_frozen():
        return [False] * len(receivers)
    # The dict of an lru_cache can't be read from Python, except this way.
    caches = [v for v in vars(inspect).values() if type(v) is _lru_cache_wrapper]
    dicts = [each for each in gc.get_referents(*caches) if type(each) is dict]
    ignored = {id(receivers), *(id(key) for keys in dicts for key in keys)}
    # One walk over the heap finds the holders of all receivers.
    holders: dict[int, list[Any]] = {id(receiver): [] for receiver in receivers}
    for holder in _referrers(receivers, ignored):
        for held in gc.get_referents(holder):
            if id(held) in holders:
                holders[id(held)].append(holder)
    # These lists, too, are found as holders in the next walks.
    ignored |= {id(each) for each in holders.values()}
    return [_is_in_cycle(each, holders[id(each)], ignored) for each in receivers]


def _referrers(held: Sequence[Any], ignored: Collection[int]) -> list[Any]:
    """
    Return what holds one of ``held``, except for what only looks at it right now.
    """
    # The tuple of arguments is a holder as well. As a variable, it can be recognized.
    arguments = tuple(held)
    return [
        holder
        for holder in gc.get_referrers(*arguments)
        if holder is not arguments
        and id(holder) not in ignored
        # Frames are those of the functions that run, such as this one. Rows are what
        # signaltools itself has read of the connections.
        and type(holder) not in (FrameType, Row)
    ]


def _is_in_cycle(receiver: Any, holders: list[Any], ignored: Collection[int]) -> bool:
    """
    Return whether only parts of ``receiver`` hold it, and nothing else holds these.
    """
    parts = _parts(receiver) if holders else set()
    seen = set(ignored)
    # Each step goes from the holders to what holds them.
    for _ in range(_MAX_STEPS):
        if not holders:
            return True
        if any(id(holder) not in parts for holder in holders):
            return False
        seen |= {id(holders), id(receiver), *map(id, holders)}
        holders = _referrers(holders, seen)
    # When in doubt, the receiver isn't reported.
    return False


def _parts(receiver: Any) -> set[int]:
    """
    Return the ids of what a receiver holds: its closure, its attributes, and so on.
    """
    parts: set[int] = set()
    waiting = [receiver]
    while waiting and len(parts) < _MAX_PARTS:
        value = waiting.pop()
        # From a module or a class, everything can be reached, so these aren't parts.
        # The same is true of the namespaces of the module that a function is from.
        is_function = type(value) is FunctionType
        namespaces = (value.__globals__, value.__builtins__) if is_function else ()
        shared = {id(namespace) for namespace in namespaces}
        for part in gc.get_referents(value):
            is_shared = id(part) in shared or id(part) in parts
            if not is_shared and not issubclass(type(part), (type, ModuleType)):
                parts.add(id(part))
                waiting.append(part)
    return parts
