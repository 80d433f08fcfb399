"""
Generate the methods that send an event, with the signature of its declaration.

That way Python itself checks the names of arguments and fills in defaults, which costs
next to nothing. A method that takes ``**named`` packs the keywords twice instead: its
send to one receiver takes 1.7 times as long as that of a plain signal, a generated one
takes 1.1 times as long.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from inspect import Parameter
from types import FunctionType, MethodType, NoneType
from typing import Any

from django.dispatch import Signal, dispatcher

from .annotations import AllowedTypes, OneOf, SubclassOf

# What the templates name by themselves begins with "__", as no argument does.
#
# A method goes on to that of ``Signal``, which an APM or the recorder may have replaced
# since. Such a replacement gets every send, as with a plain signal. Django's own method
# isn't called if there is nothing to do.
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
# ``self`` may be a ``Using``, which has been given the database.
_ON_COMMIT = """
{define} {method}(self, /, {parameters}):
    {checks}
    {wait}self._{on_commit}({method!r}, {arguments})
"""
_LENIENT_SEND = """
{define} {method}(self, /, sender, **named):
    named = self._complete({method!r}, sender, named)
    return {wait}self._method_of_signal({method!r})(**named)
"""
_LENIENT_ON_COMMIT = """
{define} {method}(self, /, sender, **named):
    {wait}self._{on_commit}({method!r}, self._complete({method!r}, sender, named))
"""

SENDING = ("send", "send_robust", "asend", "asend_robust")
ON_COMMIT = tuple(f"{name}_on_commit" for name in SENDING)

#: The template for ``SENDING``, and that for ``ON_COMMIT``.
Templates = tuple[str, str]
#: Let Python check the names of arguments.
STRICT: Templates = (_SEND, _ON_COMMIT)
#: Accept any arguments, and let the event warn about them.
LENIENT: Templates = (_LENIENT_SEND, _LENIENT_ON_COMMIT)

# Not a file, but in this folder: its frames are skipped when the recorder or a warning
# looks for the line that sends a signal.
_FILENAME = os.path.join(os.path.dirname(__file__), "<methods of an event>")


def _djangos_own(name: str) -> Any:
    method = vars(Signal)[name]
    # An APM may have replaced it before signaltools is imported.
    is_own = getattr(method, "__globals__", None) is vars(dispatcher)
    return method if is_own else None


_DJANGOS_OWN = {f"__{name}": _djangos_own(name) for name in SENDING}


def make_method(
    templates: Templates,
    method: str,
    parameters: Mapping[str, Parameter],
    allowed: Mapping[str, AllowedTypes],
) -> FunctionType:
    """
    Return a method by its name, for parameters whose names have been validated.
    """
    namespace = {"__Signal": Signal, "__type": type, **_DJANGOS_OWN}
    signature = []
    for index, (name, parameter) in enumerate(parameters.items()):
        # All arguments but the sender are sent by keyword.
        if index == 1:
            signature.append("*")
        if parameter.default is Parameter.empty:
            signature.append(name)
        else:
            namespace[f"__default{index}"] = parameter.default
            signature.append(f"{name}=__default{index}")
    checks = "\n    ".join(_checks(allowed, namespace))
    is_async = method.startswith("a")
    sending, on_commit = templates
    template = on_commit if method in ON_COMMIT else sending
    source = template.format(
        method=method,
        parameters=", ".join(signature),
        arguments=f"{{{', '.join(f'{name!r}: {name}' for name in parameters)}}}",
        keywords=", ".join(f"{name}={name}" for name in parameters),
        checks=checks.format(method=method),
        on_commit="aon_commit" if is_async else "on_commit",
        define="async def" if is_async else "def",
        wait="await " if is_async else "",
    )
    methods: dict[str, Any] = {}
    exec(compile(source, _FILENAME, "exec"), namespace, methods)
    return methods[method]  # type: ignore[no-any-return]


def is_generated(method: Any) -> bool:
    """
    Return whether a method is one of these, and not a mock or a wrapper.
    """
    return (
        type(method) is MethodType
        and type(method.__func__) is FunctionType
        and method.__func__.__code__.co_filename == _FILENAME
    )


def _checks(
    allowed: Mapping[str, AllowedTypes], namespace: dict[str, Any]
) -> Iterator[str]:
    """
    Yield a statement for each argument that isn't of one of its exact types.

    ``type(x) is not C`` is all that most sends pay for. A subclass, a literal, or a
    wrong value is left to the event, which also knows whether types are checked at all.
    """
    for name, types in allowed.items():
        if any(each is object for each in types):
            continue
        tests = []
        for each in types:
            if each is NoneType:
                tests.append(f"{name} is not None")
            elif not isinstance(each, OneOf):
                constant = f"__class{len(namespace)}"
                if isinstance(each, SubclassOf):
                    namespace[constant] = each.base
                    tests.append(f"{name} is not {constant}")
                else:
                    namespace[constant] = each
                    tests.append(f"__type({name}) is not {constant}")
        condition = " and ".join(tests) or "True"
        yield f"if {condition}: self._check_type({{method!r}}, {name!r}, {name})"
