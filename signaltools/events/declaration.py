"""
Read the declaration of an event: the function below ``@event``.
"""

from __future__ import annotations

import dis
import inspect
import re
from collections.abc import Mapping
from inspect import Parameter
from types import FunctionType
from typing import Any, Literal, NamedTuple, get_args, get_origin

from ..introspect.objects import class_path, is_a, short_name
from .annotations import (
    ANYTHING,
    AllowedTypes,
    UnresolvedAnnotation,
    allowed_types,
    refers_forward,
)
from .defaults import default_text
from .fitting import annotations_as

Resolved = tuple[dict[str, AllowedTypes], dict[str, UnresolvedAnnotation]]

# What an empty function is compiled to differs from one Python version to the next. A
# docstring or "..." may leave a NOP.
_EMPTY_BODY = {
    (each.opname, each.argval) for each in dis.get_instructions(lambda: None)
}
_EMPTY_BODY.add(("NOP", None))
_RESOLVED = annotations_as("FORWARDREF")
_AS_STRINGS = annotations_as("STRING")
_RESERVED = {
    "self": "a method can't have two arguments of this name",
    "signal": "every receiver gets the event itself under this name",
}
_FORWARD_REFERENCE = re.compile(r"ForwardRef\('([^']*)'\)")
_MODULES = re.compile(r"\b(?:\w+\.)+(?=\w)")


class Argument(NamedTuple):
    """
    An argument of an event as it was declared.

    ``annotation`` and ``default`` are strings. Without an annotation it is "", without
    a default it is None.
    """

    name: str
    annotation: str
    default: str | None
    required: bool

    def __str__(self) -> str:
        if not self.annotation:
            return self.name if self.default is None else f"{self.name}={self.default}"
        default = "" if self.default is None else f" = {self.default}"
        return f"{self.name}: {self.annotation}{default}"


class Declaration(NamedTuple):
    """
    A valid declaration; ``parameters`` are the sender and the arguments.
    """

    function: Any
    name: str
    version: int
    parameters: Mapping[str, Parameter]

    @property
    def arguments(self) -> tuple[Argument, ...]:
        return tuple(map(_argument, self.parameters.values()))[1:]

    @property
    def signature(self) -> str:
        sender, *arguments = map(str, map(_argument, self.parameters.values()))
        return f"({', '.join([sender, '*', *arguments] if arguments else [sender])})"

    def resolve(self) -> Resolved:
        """
        Return the allowed types by argument, and why some can't be checked.
        """
        allowed = dict.fromkeys(self.parameters, ANYTHING)
        unresolved: dict[str, UnresolvedAnnotation] = {}
        scope = self.function.__globals__
        for name, parameter in self.parameters.items():
            try:
                allowed[name] = allowed_types(parameter.annotation, scope)
            except UnresolvedAnnotation as error:
                unresolved[name] = error
        return allowed, unresolved


def declare(function: Any, version: int) -> Declaration:
    """
    Return the declaration that ``function`` makes.

    Raises ``TypeError`` for a function that doesn't declare an event.
    """
    if not is_a(function, FunctionType):
        raise TypeError(f"@event can only decorate a function, not {function!r}.")
    name = f"{function.__module__}.{function.__qualname__}"
    if type(version) is not int or version < 1:
        raise TypeError(
            f"The version of event {name!r} must be a positive integer, "
            f"not {version!r}."
        )
    parameters = _read_parameters(function)
    problem = _find_problem(function, [*parameters.values()])
    if problem:
        raise TypeError(f"Event {name!r} {problem}.")
    return Declaration(function, name, version, parameters)


def _read_parameters(function: FunctionType) -> Mapping[str, Parameter]:
    """
    Return the parameters; names that don't exist yet leave annotations as strings.
    """
    parameters = inspect.signature(function, **_RESOLVED).parameters
    if not any(refers_forward(each.annotation) for each in parameters.values()):
        return parameters
    written = inspect.signature(function, **_AS_STRINGS).parameters
    return {
        name: written[name] if refers_forward(parameter.annotation) else parameter
        for name, parameter in parameters.items()
    }


def _find_problem(function: FunctionType, parameters: list[Parameter]) -> str:
    if inspect.iscoroutinefunction(function):
        return "must not be async: its body is never run"
    # The source of the function may not be there, but its byte code always is.
    for instruction in dis.get_instructions(function.__code__):
        if (instruction.opname, instruction.argval) not in _EMPTY_BODY:
            return "must contain only a docstring: its body is never run"
    first = parameters[0] if parameters else None
    by_keyword = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    if first is None or first.name != "sender" or first.kind not in by_keyword:
        return "must have 'sender' as its first argument"
    for parameter in parameters[1:]:
        name = parameter.name
        if parameter.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD):
            variadic = str(parameter).partition(":")[0]
            return f"must name each argument instead of taking {variadic!r}"
        if parameter.kind is not Parameter.KEYWORD_ONLY:
            return f"must declare {name!r} as keyword-only: add a '*' after 'sender'"
        if name in _RESERVED:
            return f"must not declare {name!r}: {_RESERVED[name]}"
        # The generated methods of an event use such names for themselves.
        if name.startswith("__"):
            return f"must not declare {name!r}: names that begin with '__' are reserved"
    return ""


def _argument(parameter: Parameter) -> Argument:
    required = parameter.default is Parameter.empty
    return Argument(
        parameter.name,
        annotation_text(parameter.annotation),
        None if required else default_text(parameter.default),
        required,
    )


def annotation_text(annotation: Any) -> str:
    """
    Return an annotation as it is written in source code; "" if there isn't one.
    """
    if annotation is Parameter.empty:
        return ""
    # With "from __future__ import annotations" it is a string already.
    if type(annotation) is str:
        return annotation
    if annotation is None:
        return "None"
    if is_a(annotation, type):
        return class_path(annotation)[1]
    cls = type(annotation)
    # Any object can be an annotation. Its repr() may be code of the project, so only
    # those of Python's own classes are called.
    if class_path(cls)[0] not in ("types", "typing"):
        return short_name(cls)
    if get_origin(annotation) is Literal:
        return f"Literal[{', '.join(map(default_text, get_args(annotation)))}]"
    try:
        text = repr(annotation).replace("typing.", "")
    except Exception:
        # It includes that of a member of an enum, in Literal[...] | None.
        return short_name(cls)
    text = _FORWARD_REFERENCE.sub(r"\1", text)
    # A dot in a literal string, as in Literal["a.b"], doesn't follow a module.
    return text if "'" in text else _MODULES.sub("", text)
