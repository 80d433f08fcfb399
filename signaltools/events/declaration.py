"""
Read what the function below ``@event`` declares.
"""

from __future__ import annotations

import dis
import inspect
import re
from types import FunctionType
from typing import Any, NamedTuple

from ..introspect.objects import class_path, is_a, short_name
from ..introspect.text import did_you_mean, stable_repr


class Argument(NamedTuple):
    """
    What an event is sent with, as the declaration has it.

    ``annotation`` and ``default`` are text, "" and None where there is none.
    """

    name: str
    annotation: str
    default: str | None
    required: bool

    def __str__(self) -> str:
        text = f"{self.name}: {self.annotation}" if self.annotation else self.name
        if self.default is None:
            return text
        return (
            f"{text} = {self.default}" if self.annotation else f"{text}={self.default}"
        )


class Declaration(NamedTuple):
    """
    A validated declaration; ``parameters`` are the sender and the arguments.
    """

    function: Any
    name: str
    version: int
    parameters: tuple[inspect.Parameter, ...]

    @property
    def defaults(self) -> dict[str, Any]:
        return {p.name: p.default for p in self.parameters if p.default is not p.empty}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(parameter.name for parameter in self.parameters)

    @property
    def arguments(self) -> tuple[Argument, ...]:
        return tuple(map(_argument, self.parameters[1:]))

    @property
    def signature(self) -> str:
        sender, *arguments = map(str, map(_argument, self.parameters))
        return f"({', '.join([sender, '*', *arguments] if arguments else [sender])})"

    def annotation(self, name: str) -> str:
        [annotation] = (p.annotation for p in self.parameters if p.name == name)
        return annotation_text(annotation)

    def suggest(self, name: str) -> str:
        return did_you_mean(name, self.names)


def declare(function: Any, version: int) -> Declaration:
    """
    Return the declaration that ``function`` makes.

    Raises ``TypeError`` for a function that declares no event.
    """
    if not is_a(function, FunctionType):
        raise TypeError(f"@event needs a function, not {function!r}.")
    name = f"{function.__module__}.{function.__qualname__}"
    if type(version) is not int or version < 1:
        raise TypeError(
            f"The version of event {name!r} must be a number from 1, not {version!r}."
        )
    parameters = tuple(inspect.Signature.from_callable(function).parameters.values())
    problem = _body_problem(function) or _problem(parameters)
    if problem:
        raise TypeError(f"Event {name!r} {problem}.")
    return Declaration(function, name, version, parameters)


def _body_problem(function: FunctionType) -> str:
    if inspect.iscoroutinefunction(function):
        return "must not be async: it declares arguments and never runs"
    for instruction in dis.get_instructions(function.__code__):
        is_empty = instruction.opname in _EMPTY_BODY and instruction.argval in _NOTHING
        if not is_empty:
            return "must hold nothing but a docstring: its body would never run"
    return ""


# The instructions of a function that returns None, and their arguments.
_EMPTY_BODY = {"RESUME", "NOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"}
_NOTHING = (None, 0)


def _problem(parameters: tuple[inspect.Parameter, ...]) -> str:
    first = parameters[0] if parameters else None
    if first is None or first.name != "sender" or first.kind not in _NAMED:
        return "must have 'sender' as its first argument"
    problems = (_parameter_problem(parameter) for parameter in parameters[1:])
    return next(filter(None, problems), "")


_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def _parameter_problem(parameter: inspect.Parameter) -> str:
    name = parameter.name
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        return f"must name each argument, not take {str(parameter).partition(':')[0]!r}"
    if parameter.kind is not parameter.KEYWORD_ONLY:
        return f"needs a '*' before {name!r}: all but the sender is sent by keyword"
    if name in _TAKEN:
        return f"must not declare {name!r}: {_TAKEN[name]}"
    # The methods that are made of the names have private names of their own.
    if name.startswith("__"):
        return f"must not declare {name!r}: such names are Python's"
    return ""


_TAKEN = {
    "self": "no signal can be sent with it",
    "signal": "every receiver gets the event itself by this name",
}


def _argument(parameter: inspect.Parameter) -> Argument:
    required = parameter.default is parameter.empty
    return Argument(
        parameter.name,
        annotation_text(parameter.annotation),
        None if required else stable_repr(parameter.default),
        required,
    )


def annotation_text(annotation: Any) -> str:
    """
    Return an annotation as a person would write it, "" for none.
    """
    if annotation is inspect.Parameter.empty:
        return ""
    if type(annotation) is str:
        return annotation
    if annotation is None:
        return "None"
    if is_a(annotation, type):
        return class_path(annotation)[1]
    kind = type(annotation)
    # Whatever else stands there, its repr() may be anyone's code.
    if class_path(kind)[0] not in ("types", "typing"):
        return short_name(kind)
    text = repr(annotation).replace("typing.", "")
    return text if "'" in text else _MODULES.sub("", text)


_MODULES = re.compile(r"\b(?:\w+\.)+(?=\w)")
