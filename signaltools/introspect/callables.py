"""
Find out what a receiver is called and which code it runs in the end.
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

# Decorators nest a few levels deep. A cycle of __wrapped__ never ends.
_MAX_LAYERS = 100

# partial.func itself could be overridden in a subclass of partial.
_partial_func = functools.partial.__dict__["func"].__get__


class Described(NamedTuple):
    """
    The name and place of a callable. The place is None for compiled code.
    """

    name: str
    module: str
    qualname: str
    filename: str | None
    line: int | None


class Unreadable:
    """
    Take the place of a receiver that can't be read.
    """

    def __init__(self, error: Exception) -> None:
        self.cause = short_name(type(error))


def describe(receiver: Any) -> Described:
    """
    Describe any callable without running its code. Never fails.

    A partial has the name of its function, a bound method that of the class of its
    object, and a callable object that of its class. The place is that of the innermost
    function that runs.
    """
    if is_a(receiver, Unreadable):
        cause = receiver.cause
    else:
        try:
            module, qualname = _name(receiver)
            # A process of multiprocessing runs the script under this second name.
            if module == "__mp_main__":
                module = "__main__"
            name = f"{module}.{qualname}" if module else qualname
            # Shortening is rare, so the three strings are usually not copied.
            if len(name) > MAX_LENGTH:
                name, module, qualname = clip(name), clip(module), clip(qualname)
            code = innermost_code(receiver)
            if code is None:
                return Described(name, module, qualname, None, None)
            file, line = code.co_filename, code.co_firstlineno
            return Described(name, module, qualname, file, line)
        except Exception as error:
            cause = short_name(type(error))
    name = f"unreadable receiver ({cause})"
    return Described(name, "", name, None, None)


def _name(value: Any) -> tuple[str, str]:
    """
    Return the module and the qualified name of a callable.
    """
    kind = type(value)
    # Neither functions nor methods can be subclassed.
    if kind is FunctionType:
        return _module(value), exact(value.__qualname__)
    if kind is MethodType:
        # An inherited method is named by the class of the object, which is what the
        # project connected. The name of a decorated method may have dots in it.
        _, function = _name(value.__func__)
        return _member(value.__self__, function.rpartition(".")[2])
    if issubclass(kind, functools.partial):
        return _name(_partial_func(value))
    if issubclass(kind, type):
        return class_path(value)
    # A compiled method that knows its class is of a subclass of this type.
    if issubclass(kind, BuiltinFunctionType):
        owner = value.__self__
        function = exact(value.__name__)
        # The owner of a compiled function is its module.
        if owner is None or is_a(owner, ModuleType):
            return _module(value), function
        return _member(owner, function)
    # An object that wraps a function, such as lru_cache() makes, has also copied its
    # name. An object with only one of these attributes has them for another purpose.
    wrapped = stored_attribute(value, "__wrapped__")
    if wrapped is not None and type(stored_attribute(value, "__qualname__")) is str:
        return _name(wrapped)
    return class_path(kind)


def _member(owner: Any, function: str) -> tuple[str, str]:
    module, qualname = class_path(owner if is_a(owner, type) else type(owner))
    return module, f"{qualname}.{function}"


def _module(function: Any) -> str:
    # Code can assign anything to __module__.
    module = function.__module__
    return exact(module) if is_a(module, str) else ""


def innermost_code(value: Any) -> CodeType | None:
    """
    Return the code that runs in the end, through all wrappers, or None if compiled.
    """
    code = None
    for _ in range(_MAX_LAYERS):
        if type(value) is FunctionType:
            code = value.__code__
        value = _wrapped(value)
        if value is None:
            break
    return code


def _wrapped(value: Any) -> Any:
    """
    Return what ``value`` calls, as far as that can be seen from outside, or None.
    """
    kind = type(value)
    if kind is FunctionType:
        # A function can't have a __getattr__() that this could run.
        return getattr(value, "__wrapped__", None)
    if issubclass(kind, (MethodType, staticmethod, classmethod)):
        return value.__func__
    if issubclass(kind, functools.partial):
        return _partial_func(value)
    if issubclass(kind, type):
        # Calling a class runs its constructor. object has compiled ones.
        for name in ("__init__", "__new__"):
            function = class_attribute(value, name)
            if issubclass(type(function), (FunctionType, staticmethod)):
                return function
        return None
    wrapped = stored_attribute(value, "__wrapped__")
    if wrapped is not None:
        return wrapped
    # A compiled __call__() has a __call__() itself, and so on forever.
    call = class_attribute(kind, "__call__")
    return None if is_a(call, WrapperDescriptorType) else call
