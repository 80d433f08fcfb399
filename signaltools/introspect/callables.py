"""
Tell what a receiver is called and where the code is that will run.
"""

from __future__ import annotations

import functools
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    MethodType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any, NamedTuple

from .objects import (
    class_attribute,
    class_path,
    exact,
    is_a,
    short_name,
    stored_attribute,
)
from .text import MAX_LENGTH, clip

# Decorators nest a few levels deep; a cycle of __wrapped__ never ends.
_MAX_LAYERS = 100

_partial_func = functools.partial.__dict__["func"].__get__


class Described(NamedTuple):
    """
    Name and place of a callable; the place is None for compiled code.
    """

    name: str
    module: str
    qualname: str
    filename: str | None
    line: int | None


class Unreadable:
    """
    Stands where a receiver should be that could not be read.
    """

    def __init__(self, error: Exception) -> None:
        self.cause = short_name(type(error))


def describe(receiver: Any) -> Described:
    """
    Describe any callable without running its code; never fails.

    A partial has the name of its function, a bound method that of its object's own
    class, a callable object that of its class. The place is that of the innermost
    function that runs.
    """
    if is_a(receiver, Unreadable):
        return _unreadable(receiver)
    try:
        return _describe(receiver)
    except Exception as error:
        return _unreadable(Unreadable(error))


def _describe(receiver: Any) -> Described:
    module, qualname = _name(receiver)
    name = f"{module}.{qualname}" if module else qualname
    if len(name) > MAX_LENGTH:
        name, module, qualname = clip(name), clip(module), clip(qualname)
    code = innermost_code(receiver)
    if code is None:
        return Described(name, module, qualname, None, None)
    return Described(name, module, qualname, code.co_filename, code.co_firstlineno)


def _unreadable(receiver: Unreadable) -> Described:
    name = f"unreadable receiver ({receiver.cause})"
    return Described(name, "", name, None, None)


def _name(value: Any) -> tuple[str, str]:
    kind = type(value)
    # Neither functions nor methods can be subclassed.
    if kind is FunctionType:
        return _text(value.__module__), exact(value.__qualname__)
    if kind is MethodType:
        return _method_name(value)
    if issubclass(kind, functools.partial):
        return _name(_partial_func(value))
    if issubclass(kind, type):
        return class_path(value)
    # Compiled methods that know their class are of a subclass.
    if issubclass(kind, BuiltinFunctionType):
        return _builtin_name(value)
    return _object_name(value)


def _method_name(method: MethodType) -> tuple[str, str]:
    owner: Any = method.__self__
    module, qualname = class_path(owner if is_a(owner, type) else type(owner))
    _, function = _name(method.__func__)
    return module, f"{qualname}.{function.rpartition('.')[2]}"


def _builtin_name(value: Any) -> tuple[str, str]:
    owner = value.__self__
    name = exact(value.__name__)
    if owner is None or is_a(owner, ModuleType):
        return _text(value.__module__), name
    module, qualname = class_path(owner if is_a(owner, type) else type(owner))
    return module, f"{qualname}.{name}"


def _object_name(value: Any) -> tuple[str, str]:
    # An object that stands for a function has taken over its name as well.
    wrapped = stored_attribute(value, "__wrapped__")
    if wrapped is not None and type(stored_attribute(value, "__qualname__")) is str:
        return _name(wrapped)
    return class_path(type(value))


def _text(value: object) -> str:
    return exact(value) if is_a(value, str) else ""


def innermost_code(value: Any) -> CodeType | None:
    """
    Return the code that runs in the end, through all wrappers, None if compiled.
    """
    code = None
    for _ in range(_MAX_LAYERS):
        if type(value) is FunctionType:
            code = value.__code__
        value = _inner(value)
        if value is None:
            break
    return code


def _inner(value: Any) -> Any:
    """
    Return what ``value`` calls in its turn, as far as can be seen from outside.
    """
    kind = type(value)
    if kind is FunctionType:
        # A function has no __getattr__ of its own that this could run.
        return getattr(value, "__wrapped__", None)
    if issubclass(kind, (MethodType, staticmethod, classmethod)):
        return value.__func__
    if issubclass(kind, functools.partial):
        return _partial_func(value)
    if issubclass(kind, type):
        return _constructor(value)
    wrapped = stored_attribute(value, "__wrapped__")
    return _call_method(kind) if wrapped is None else wrapped


def _call_method(cls: type) -> Any:
    # A compiled __call__ has a __call__ of its own, and so on for ever.
    call = class_attribute(cls, "__call__")
    return None if is_a(call, WrapperDescriptorType) else call


def _constructor(cls: type) -> Any:
    for name in ("__init__", "__new__"):
        function = class_attribute(cls, name)
        if issubclass(type(function), (FunctionType, staticmethod)):
            return function
    return None
