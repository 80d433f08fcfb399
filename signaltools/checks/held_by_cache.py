"""
Find receivers that nothing keeps alive but a cache of Django.

Under ``DEBUG``, ``connect()`` looks at the signature of each receiver, and the cache
of signatures holds what it has seen. A local function, a lambda or a partial works on
every laptop then, and is garbage-collected in production.
"""

from __future__ import annotations

import functools
import gc
from collections.abc import Collection, Iterator, Sequence
from types import FrameType, FunctionType, ModuleType
from typing import Any

from django.utils import inspect

from ..inventory.rows import Row

# Circles of a receiver and what belongs to it are short.
_MAX_STEPS = 5
_MAX_PARTS = 1_000
# Python 3.12 begins with a few hundred objects frozen.
_MAX_FROZEN = 1_000


def only_cached(receivers: Sequence[Any]) -> list[bool]:
    """
    Tell of each of ``receivers`` whether it would be gone without the cache.

    None is after ``gc.freeze()``, which hides what holds them. What only a variable of
    a running function holds counts as gone. The caller must hold the receivers in the
    list ``receivers`` alone.
    """
    if not receivers or gc.get_freeze_count() > _MAX_FROZEN:
        return [False] * len(receivers)
    ignored = {id(receivers), *map(id, _cache_keys())}
    holders: dict[int, list[Any]] = {id(receiver): [] for receiver in receivers}
    for holder in _referrers(receivers, ignored):
        for held in gc.get_referents(holder):
            if id(held) in holders:
                holders[id(held)].append(holder)
    ignored |= {id(each) for each in holders.values()}
    return [_is_circle(each, holders[id(each)], ignored) for each in receivers]


def _cache_keys() -> Iterator[Any]:
    """
    Yield the keys of the caches in the module that looks at signatures.
    """
    for value in vars(inspect).values():
        if type(value) is functools._lru_cache_wrapper:
            for cache in gc.get_referents(value):
                yield from cache if type(cache) is dict else ()


def _referrers(held: Sequence[Any], ignored: Collection[int]) -> list[Any]:
    """
    Return what holds one of ``held``, except for what looks at it right now.
    """
    asked = tuple(held)
    return [
        holder
        for holder in gc.get_referrers(*asked)
        if holder is not asked
        and id(holder) not in ignored
        and type(holder) not in (FrameType, Row)
    ]


def _is_circle(receiver: Any, holders: list[Any], ignored: Collection[int]) -> bool:
    """
    Tell whether only parts of ``receiver`` itself hold it, and nothing holds these.
    """
    parts = _parts(receiver) if holders else set()
    seen = set(ignored)
    for _ in range(_MAX_STEPS):
        if not holders:
            return True
        if any(id(holder) not in parts for holder in holders):
            return False
        seen |= {id(holders), id(receiver), *map(id, holders)}
        holders = _referrers(holders, seen)
    return False


def _parts(receiver: Any) -> set[int]:
    """
    Return the ids of what a receiver holds: its closure, attributes, and so on.
    """
    parts: set[int] = set()
    waiting = [receiver]
    while waiting and len(parts) < _MAX_PARTS:
        for part in _own_referents(waiting.pop()):
            if id(part) not in parts:
                parts.add(id(part))
                waiting.append(part)
    return parts


def _own_referents(value: Any) -> Iterator[Any]:
    """
    Yield what ``value`` holds, but not its module and its classes.
    """
    is_function = type(value) is FunctionType
    shared = {id(value.__globals__), id(value.__builtins__)} if is_function else set()
    for held in gc.get_referents(value):
        if id(held) not in shared and not issubclass(type(held), (type, ModuleType)):
            yield held
