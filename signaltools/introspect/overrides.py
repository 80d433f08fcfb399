"""
Find the classes whose methods never call those that they override.
"""

from __future__ import annotations

from itertools import takewhile
from types import CodeType

from .callables import innermost_code
from .objects import class_attribute, class_namespace, short_name


def replacing(cls: type, base: type, name: str) -> str:
    """
    Return the class that replaces a method of ``base`` for ``cls``, "" if none does.

    A method whose code doesn't contain the name of the method can't call the one that
    it overrides. A call of another method that does so can't be seen.
    """
    for each in takewhile(lambda each: each is not base, cls.__mro__):
        method = class_namespace(each).get(name)
        if method is class_attribute(base, name):
            # A class may bring back what its own base has replaced.
            break
        if method is not None:
            code = innermost_code(method)
            if code is None or not _has_name(code, name):
                return short_name(each)
    return ""


def _has_name(code: CodeType, name: str) -> bool:
    # A string may be an argument of getattr(), and code an inner function.
    return name in (*code.co_names, *code.co_consts) or any(
        _has_name(inner, name) for inner in code.co_consts if type(inner) is CodeType
    )
