"""
Read modules, classes, and objects without running any of their code.

Ordinary attribute access may execute a lazily loaded module, evaluate a lazy object, or
run a property. Everything here reads CPython's own slots instead.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from types import GetSetDescriptorType, MemberDescriptorType, ModuleType
from typing import Any, TypeGuard, TypeVar

T = TypeVar("T")

# The getters of the slots themselves. A subclass of ModuleType or a metaclass may
# override __dict__ and __getattribute__(), but that has no effect on these.
_module_dict = vars(ModuleType)["__dict__"].__get__
_class_dict = type.__dict__["__dict__"].__get__
_class_module = type.__dict__["__module__"].__get__
_class_qualname = type.__dict__["__qualname__"].__get__
_class_mro = type.__dict__["__mro__"].__get__


def is_a(value: object, cls: type[T]) -> TypeGuard[T]:
    """
    Return whether ``value`` is an instance of ``cls``, by its type alone.

    ``isinstance()`` also reads ``value.__class__``, which evaluates lazy objects.
    """
    return issubclass(type(value), cls)


def loaded_modules() -> list[tuple[str, ModuleType]]:
    """
    Return the loaded modules by the name they are loaded under, oldest first.
    """
    # dict.copy() runs in one step, so other threads can go on importing. Code may put
    # any object into sys.modules, and None blocks an import.
    return [
        (name, module)
        for name, module in sys.modules.copy().items()
        if type(name) is str and is_a(module, ModuleType)
    ]


def module_namespace(module: ModuleType) -> dict[str, Any]:
    """
    Return a copy of the present attributes of ``module``.
    """
    return _module_dict(module).copy()  # type: ignore[no-any-return]


def module_size(module: ModuleType) -> int:
    """
    Return the number of attributes of ``module``.
    """
    return len(_module_dict(module))


def module_attribute(module: ModuleType, name: str) -> Any:
    """
    Return an attribute of ``module`` if it is there now, or None.
    """
    return _module_dict(module).get(name)


def module_values(name: str) -> list[Any]:
    """
    Return the present values of a module, or none if it isn't loaded.
    """
    module = sys.modules.get(name)
    return [*module_namespace(module).values()] if is_a(module, ModuleType) else []


def loaded_object(module_name: str, qualname: str) -> Any:
    """
    Return the object with this name in a loaded module or its classes, or None.
    """
    module = sys.modules.get(module_name)
    first, *rest = qualname.split(".")
    value = module_attribute(module, first) if is_a(module, ModuleType) else None
    for name in rest:
        value = class_namespace(value).get(name) if is_a(value, type) else None
    return value


def class_namespace(cls: type) -> dict[str, Any]:
    """
    Return a copy of the attributes of ``cls`` itself, without those of its bases.
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
    try:
        module = _class_module(cls)
    # A class that exec() created in a namespace without __name__ has no module.
    except AttributeError:
        module = None
    return module if type(module) is str else "", exact(_class_qualname(cls))


def class_name(cls: type) -> str:
    """
    Return the dotted path of ``cls``.
    """
    return ".".join(part for part in class_path(cls) if part)


def short_name(cls: type) -> str:
    """
    Return the dotted path of ``cls``, or the bare name of a built-in class.
    """
    return class_name(cls).removeprefix("builtins.")


def exact(text: str) -> str:
    """
    Return ``text`` as a plain ``str``.
    """
    # Reports call methods of strings, and a subclass may override them.
    return text if type(text) is str else str.__str__(text)


def stored_attribute(value: object, name: str) -> Any:
    """
    Return an attribute as it is stored on ``value`` or its class, or None.

    A property isn't run. Slots and the attributes of compiled classes are read.
    """
    namespace = _instance_dict(value)
    if name in namespace:
        return namespace[name]
    return _read_slot(class_attribute(type(value), name), value)


def instance_namespace(value: object) -> dict[Any, Any]:
    """
    Return a copy of the attributes that are stored on ``value``, without its slots.
    """
    return _instance_dict(value).copy()


def _instance_dict(value: object) -> dict[Any, Any]:
    # vars() would run a __dict__ that the class defines as a property.
    namespace = _read_slot(class_attribute(type(value), "__dict__"), value)
    return namespace if type(namespace) is dict else {}


def slots(cls: type) -> tuple[str, ...]:
    """
    Return the names of the slots that ``cls`` and its bases define in Python.
    """
    return tuple(
        name
        for base in _class_mro(cls)
        if "__slots__" in _class_dict(base)
        for name, stored in _class_dict(base).items()
        if type(stored) is MemberDescriptorType
    )


def _read_slot(stored: Any, value: object) -> Any:
    if is_a(stored, property):
        return None
    if not issubclass(type(stored), (GetSetDescriptorType, MemberDescriptorType)):
        return stored
    try:
        return stored.__get__(value)
    # A slot that nothing has been assigned to.
    except AttributeError:
        return None


def heap_is_frozen() -> bool:
    """
    Return whether ``gc.freeze()`` has hidden objects from the garbage collector.
    """
    return gc.get_freeze_count() > _MAX_FROZEN


# Python 3.12 starts with a few hundred frozen objects.
_MAX_FROZEN = 1_000


def live_classes(base: type = object) -> Iterator[type]:
    """
    Yield ``base`` and every class of the process that is derived from it.
    """
    # From the base downward. This is several times faster than gc.get_objects(). A
    # class can be reached through several bases.
    waiting: list[type] = [base]
    seen = {id(base)}
    while waiting:
        cls = waiting.pop()
        yield cls
        subclasses: list[type] = type.__subclasses__(cls)
        for subclass in subclasses:
            if id(subclass) not in seen:
                seen.add(id(subclass))
                waiting.append(subclass)
