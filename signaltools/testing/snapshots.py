"""
Copy the arguments of a send, because what happens next may change them.
"""

from __future__ import annotations

import copy
from dataclasses import is_dataclass
from typing import Any

from django.db.models import Model
from django.db.models.base import ModelState

from ..introspect.objects import class_attribute, is_a

# A container may contain itself.
_MAX_DEPTH = 5


def snapshot(value: Any, depth: int = 0) -> Any:
    """
    Return a copy of a model instance, a dataclass, or a built-in container.

    Any other object is returned itself: copying it could run its code.
    """
    kind = type(value)
    try:
        if depth > _MAX_DEPTH:
            return value
        # A subclass may have any constructor, so only exact types are copied.
        if kind is list or kind is tuple or kind is set:
            return kind([snapshot(item, depth + 1) for item in value])
        if kind is dict:
            return {key: snapshot(item, depth + 1) for key, item in value.items()}
        if issubclass(kind, Model) or is_dataclass(kind):
            return _copy(value)
    except Exception:
        # Another thread may change a container meanwhile.
        return value
    return value


def _copy(value: Any) -> Any:
    kind = type(value)
    # The __del__() of a copy would release what the original still uses.
    if class_attribute(kind, "__del__") is not None:
        return value
    # No method of the class is run: __init__() of a model sends signals, and
    # copy.copy() calls __reduce__().
    copied = object.__new__(kind)
    namespace = object.__getattribute__(copied, "__dict__")
    namespace.update(object.__getattribute__(value, "__dict__"))
    state = namespace.get("_state")
    if is_a(state, ModelState):
        namespace["_state"] = state = copy.copy(state)
        # A related object that a condition loads must not appear in the original.
        if "fields_cache" in vars(state):
            state.fields_cache = state.fields_cache.copy()
    return copied
