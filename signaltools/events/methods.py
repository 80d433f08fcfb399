"""
Make the methods that send an event, with its own signature.

Python's binding of arguments then is the check of their names, as in any call. What a
method does besides is as little as possible: it compares exact types, and leaves all
else to the event. It goes on to the method of ``Signal`` that is there at that moment,
so that whoever patches or records it meets events too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from inspect import Parameter
from types import FunctionType, NoneType
from typing import Any

from django.dispatch import Signal, dispatcher

from .annotations import Allowed, OneOf, SubclassOf

# All private names begin with "__", which those of arguments must not.
_SEND = """
{define} {method}(self, /, {parameters}):
    {checks}
    __method = __Signal.{method}
    if __method is not __{method}:
        return {wait}self._method_of_signal({method!r})({keywords})
    if not self.receivers:
        return []
    return {wait}__method(self, {keywords})
"""
_ON_COMMIT = """
def {caller}(self, /, {parameters}):
    {checks}
    self._on_commit({method!r}, {arguments})
"""
_LENIENT_SEND = """
{define} {method}(self, /, sender, **named):
    named = self._completed({method!r}, sender, named)
    return {wait}self._method_of_signal({method!r})(**named)
"""
_LENIENT_ON_COMMIT = """
def {caller}(self, /, sender, **named):
    named = self._completed({caller!r}, sender, named)
    self._on_commit({method!r}, named)
"""

# Source, the methods of Signal that it is for, and what it adds to their names.
Templates = tuple[tuple[str, tuple[str, ...], str], ...]

SENDING = ("send", "send_robust", "asend", "asend_robust")


#: Check the names of arguments as Python does.
STRICT: Templates = (
    (_SEND, SENDING, ""),
    (_ON_COMMIT, SENDING[:2], "_on_commit"),
)
#: Take any arguments, and let the event say what is wrong.
LENIENT: Templates = (
    (_LENIENT_SEND, SENDING, ""),
    (_LENIENT_ON_COMMIT, SENDING[:2], "_on_commit"),
)

# Not a file, but in this folder: nobody looks for the caller of a signal here.
_FILENAME = os.path.join(os.path.dirname(__file__), "<methods of an event>")


def make_methods(
    templates: Templates,
    parameters: Sequence[Parameter],
    allowed: Mapping[str, Allowed],
) -> dict[str, FunctionType]:
    """
    Return the methods for arguments whose names have been validated.
    """
    names = [parameter.name for parameter in parameters]
    namespace = {"__Signal": Signal, "__type": type, **_DJANGOS_OWN}
    parts = {
        "parameters": ", ".join(_parameters(parameters, namespace)),
        "arguments": f"{{{', '.join(f'{name!r}: {name}' for name in names)}}}",
        "keywords": ", ".join(f"{name}={name}" for name in names),
        "checks": "\n    ".join(_checks(names, allowed, namespace)),
    }
    source = "".join(
        _source(template, method, suffix, parts)
        for template, methods, suffix in templates
        for method in methods
    )
    made: dict[str, Any] = {}
    exec(compile(source, _FILENAME, "exec"), namespace, made)
    return made


def _source(template: str, method: str, suffix: str, parts: Mapping[str, str]) -> str:
    define, wait = ("async def", "await ") if method[0] == "a" else ("def", "")
    names = {"method": method, "caller": method + suffix}
    checks = parts["checks"].format(**names)
    return template.format(
        **{**parts, **names, "checks": checks, "define": define, "wait": wait}
    )


def _djangos_own(name: str) -> Any:
    """
    Return a method of ``Signal``, None if somebody has patched it by now.
    """
    method = vars(Signal)[name]
    own = getattr(method, "__globals__", None) is vars(dispatcher)
    return method if own else None


_DJANGOS_OWN = {f"__{name}": _djangos_own(name) for name in SENDING}


def _parameters(
    parameters: Sequence[Parameter], namespace: dict[str, Any]
) -> Iterator[str]:
    for index, parameter in enumerate(parameters):
        if index == 1:
            yield "*"
        if parameter.default is Parameter.empty:
            yield parameter.name
        else:
            namespace[f"__default{index}"] = parameter.default
            yield f"{parameter.name}=__default{index}"


def _checks(
    names: Sequence[str], allowed: Mapping[str, Allowed], namespace: dict[str, Any]
) -> Iterator[str]:
    """
    Yield a statement for each argument that may be wrong.
    """
    for name in names:
        tests = []
        for part in allowed[name]:
            if part is object:
                break
            if not isinstance(part, OneOf):
                tests.append(_test(name, part, namespace))
        else:
            unlike = " and ".join(tests) or "True"
            yield f"if {unlike}: self._check_type({{caller!r}}, {name!r}, {name})"


def _test(name: str, part: type | SubclassOf, namespace: dict[str, Any]) -> str:
    if part is NoneType:
        return f"{name} is not None"
    exact = part.base if isinstance(part, SubclassOf) else part
    private = f"__class{len(namespace)}"
    namespace[private] = exact
    value = name if isinstance(part, SubclassOf) else f"__type({name})"
    return f"{value} is not {private}"
