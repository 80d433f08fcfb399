"""
Look at modules, classes and objects without running any of their code.

Ordinary attribute access may execute a lazily loaded module, force a lazy object
or run a property. Everything here reads CPython's own slots instead.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from inspect import getattr_static
from types import ModuleType
from typing import Any, TypeGuard, TypeVar

T = TypeVar("T")

_module_dict = ModuleType.__getattribute__
_class_dict = type.__dict__["__dict__"].__get__
_class_module = type.__dict__["__module__"].__get__
_class_qualname = type.__dict__["__qualname__"].__get__
_class_mro = type.__dict__["__mro__"].__get__


def is_a(value: object, cls: type[T]) -> TypeGuard[T]:
    """
    Tell whether ``value`` is an instance of ``cls`` by its type alone.

    ``isinstance`` also asks ``value.__class__``, which wakes lazy objects.
    """
    return issubclass(type(value), cls)


def loaded_modules() -> list[tuple[str, ModuleType]]:
    """
    Return the loaded modules by the name they are loaded under, oldest first.
    """
    # dict.copy() runs in one step, so other threads may go on importing.
    return [
        (name, module)
        for name, module in sys.modules.copy().items()
        if type(name) is str and is_a(module, ModuleType)
    ]


def module_namespace(module: ModuleType) -> dict[str, Any]:
    """
    Return a copy of the attributes that ``module`` holds by now.
    """
    return _module_dict(module, "__dict__").copy()  # type: ignore[no-any-return]


def module_attribute(module: ModuleType, name: str) -> Any:
    """
    Return an attribute that ``module`` holds by now, or None.
    """
    return _module_dict(module, "__dict__").get(name)


def class_namespace(cls: type) -> dict[str, Any]:
    """
    Return a copy of the attributes that ``cls`` itself holds, without its bases'.
    """
    return _class_dict(cls).copy()  # type: ignore[no-any-return]


def class_attribute(cls: type, name: str) -> Any:
    """
    Return an attribute of ``cls`` or its bases as it is stored, or None.
    """
    for base in _class_mro(cls):
        namespace = _class_dict(base)
        if name in namespace:
            return namespace[name]
    return None


def class_path(cls: type) -> tuple[str, str]:
    """
    Return the module and the qualified name of ``cls``.
    """
    module = _class_module(cls)
    return module if type(module) is str else "", exact(_class_qualname(cls))


def class_name(cls: type) -> str:
    """
    Return the dotted path of ``cls``.
    """
    return ".".join(part for part in class_path(cls) if part)


def exact(text: str) -> str:
    """
    Return ``text`` as a plain ``str``: the methods of a subclass may be anyone's.
    """
    return text if type(text) is str else str.__str__(text)


def stored_attribute(value: object, name: str) -> Any:
    """
    Return an attribute as it is stored on ``value`` or its class, or None.
    """
    return getattr_static(value, name, None)


def live_classes() -> Iterator[type]:
    """
    Yield every class there is.
    """
    waiting: list[type] = [object]
    seen = {id(object)}
    while waiting:
        cls = waiting.pop()
        yield cls
        subclasses: list[type] = type.__subclasses__(cls)
        for subclass in subclasses:
            if id(subclass) not in seen:
                seen.add(id(subclass))
                waiting.append(subclass)
