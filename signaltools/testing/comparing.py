"""
Compare an argument with an expected value, and explain why they aren't equal.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from inspect import iscoroutine
from operator import eq
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from django.db.models import Model
from django.utils.functional import LazyObject, empty

from ..introspect.callables import describe
from ..introspect.objects import class_attribute, class_name, is_a, short_name
from ..introspect.text import error_text
from .wording import full_text, value_text

_FUNCTIONS = (FunctionType, MethodType, BuiltinFunctionType, partial)
_CONTAINERS = (list, tuple, set, dict)
# Before and after the first difference of two long strings.
_CONTEXT = 20
_MAX_DEPTH = 5


class Where:
    """
    An expected value that is equal to all values that satisfy a condition.
    """

    def __init__(self, condition: Callable[[Any], object]) -> None:
        self._condition = condition

    def __eq__(self, value: object) -> bool:
        result = self._condition(value)
        if iscoroutine(result):
            # It is always true, and a coroutine can't be awaited here.
            result.close()
            raise TypeError("it returns a coroutine")
        return bool(result)

    def __repr__(self) -> str:
        found = describe(self._condition)
        name = found.qualname.rpartition(".")[2]
        if name == "<lambda>" and found.filename:
            name += f" at {os.path.basename(found.filename)}:{found.line}"
        return f"where({name})"


def where(condition: Callable[[Any], object]) -> Where:
    """
    Return an expected value that any value matches for which ``condition`` is true.

    It can be used wherever a value is compared, for a sender or in a list, too. A plain
    function is compared as a value, because an argument can be a function itself.
    """
    if not callable(condition):
        raise TypeError(f"where() requires a function, not {condition!r}.")
    return Where(condition)


def is_equal(value: Any, expected: Any) -> bool:
    """
    Return whether ``value`` is what is expected. Never fails.
    """
    # Objects that aren't equal to themselves, such as NaN, are still what was sent.
    if value is expected:
        return True
    try:
        # On the left is the object that may be equal to anything, such as mock.ANY.
        return bool(expected == value)
    except Exception:
        # An array, for example, has no truth value.
        return False


def is_unevaluated(value: Any, depth: int = 0) -> bool:
    """
    Return whether comparing ``value`` would evaluate a lazy object.
    """
    if type(value) in _CONTAINERS and depth < _MAX_DEPTH:
        # A copy is made in one step, so other threads can go on changing the container.
        items = tuple(value.values() if type(value) is dict else value)
        return any(is_unevaluated(item, depth + 1) for item in items)
    # Not "value._wrapped": a subclass may have any __getattribute__().
    if not is_a(value, LazyObject):
        return False
    return object.__getattribute__(value, "__dict__").get("_wrapped") is empty


def explain(value: Any, expected: Any, shown: Callable[[Any], str] = value_text) -> str:
    """
    Return why two values aren't equal if their strings don't show it, else "".

    ``shown`` returns the strings that the reader sees.
    """
    reason = ""
    try:
        bool(expected == value)
    except Exception as error:
        subject = "the condition" if is_a(expected, Where) else "comparing them"
        reason = f"{subject} raises {error_text(error)}"
    else:
        if issubclass(type(expected), _FUNCTIONS) and not callable(value):
            reason = "use where() to check a condition"
        elif not is_a(expected, Where) and shown(value) == shown(expected):
            # The attributes of a value may do anything.
            with suppress(Exception):
                reason = _hidden_difference(value, expected)
    return f" ({reason})" if reason else ""


def _hidden_difference(
    value: Any, expected: Any, path: str = "", depth: int = 0
) -> str:
    """
    Return how two values differ whose strings look the same.

    ``path`` is the place in the argument, such as ``.order.lines[0]``.
    """
    start = f"{path} " if path else ""
    cls, other_cls, of = type(value), type(expected), "of "
    if is_a(value, type) and is_a(expected, type):
        cls, other_cls, of = value, expected, ""
    if cls is not other_cls:
        name, other_name = class_name(cls), class_name(other_cls)
        if name == other_name:
            return f"{start}{of}different classes, both named {name}"
        return f"{start}{of}{name}, not {other_name}"
    text, other_text = full_text(value), full_text(expected)
    if text != other_text:
        # Both are truncated where the reader sees them.
        same = [*map(eq, text, other_text), False].index(False)
        part = slice(max(0, same - _CONTEXT), same + _CONTEXT)
        return (
            f"from character {same + 1} on, {start}it is …{text[part]}, "
            f"not …{other_text[part]}"
        )
    if issubclass(cls, Model) and value.pk is expected.pk is None:
        return f"{start}neither is saved, and they are different objects"
    if issubclass(cls, Model) and value.pk != expected.pk:
        return f"{start}pk {value_text(value.pk)}, not {value_text(expected.pk)}"
    if class_attribute(cls, "__eq__") is object.__eq__:
        return f"{start}different objects: {short_name(cls)} doesn't define __eq__()"
    if depth < _MAX_DEPTH:
        others = _parts(expected)
        for name, part in _parts(value).items():
            if name in others and not is_equal(part, other := others[name]):
                if value_text(part) == value_text(other):
                    return _hidden_difference(part, other, path + name, depth + 1)
                return f"{path}{name} is {value_text(part)}, not {value_text(other)}"
    return f"{start}not equal, although they look the same"


def _parts(value: Any) -> dict[str, Any]:
    """
    Return the items or the attributes of a value, by what follows its name in Python.
    """
    if isinstance(value, list | tuple):
        return {f"[{index}]": item for index, item in enumerate(value)}
    if isinstance(value, dict):
        return {f"[{key!r}]": item for key, item in value.items()}
    attributes = getattr(value, "__dict__", {})
    return {f".{name}": part for name, part in attributes.items() if name != "_state"}
