"""
Find receivers that cannot be called with what is sent, or are not what they seem.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from types import FunctionType, MethodType, ModuleType
from typing import Any

from ..events import Event
from ..events.fitting import find_mismatch
from ..introspect.callables import innermost_code
from ..introspect.objects import (
    class_attribute,
    is_a,
    loaded_object,
    module_attribute,
    stored_attribute,
)
from ..introspect.source import returned_calls
from ..introspect.text import did_you_mean
from ..inventory.django_signals import BUILTIN_ARGUMENTS
from ..inventory.records import Problem
from .connection import Connection, place_text


def check_receiver(link: Connection) -> Iterator[Problem]:
    """
    Yield what is wrong with the receiver of a connection.
    """
    yield from _arguments(link)
    yield from _decorators(link)
    yield from _coroutines(link)


def _arguments(link: Connection) -> Iterator[Problem]:
    event = link.signal if is_a(link.signal, Event) else None
    sent = _sent(link)
    unknown, is_closed = find_mismatch(
        _plain(link.row.receiver), {"signal", "sender", *sent}
    )
    # Of other signals nobody knows what they are sent with.
    is_known = event is not None or link.signal_name in BUILTIN_ARGUMENTS
    for argument in unknown:
        if is_known or argument == "self":
            yield link.problem(
                "W101" if event else "W013",
                f"The receiver {link.name!r} asks for {argument!r}, which "
                f"{link.signal_name!r} does not send.",
                _argument_hint(argument, ["sender", *sent]),
            )
    if is_closed:
        yield link.problem(
            "W102" if event else "W012",
            f"The receiver {link.name!r} of {link.signal_name!r} does not accept "
            "**kwargs.",
            "Add **kwargs: it breaks as soon as an argument is added.",
        )


def _sent(link: Connection) -> list[str]:
    if is_a(link.signal, Event):
        return [argument.name for argument in link.signal.arguments]
    return list(BUILTIN_ARGUMENTS.get(link.signal_name, ()))


def _argument_hint(argument: str, sent: Sequence[str]) -> str:
    if argument in ("self", "cls"):
        return "Connect a method of an object, or make it a staticmethod."
    return did_you_mean(argument, sent).strip() or f"It sends {', '.join(sent)}."


def _plain(receiver: Any) -> Any:
    """
    Return what has the same arguments and can be looked at without running anything.

    That is the bound __call__ of an object; None for what has no such thing, or only
    says what its arguments are.
    """
    kind = type(receiver)
    if kind is FunctionType:
        return None if _CLAIMS & vars(receiver).keys() else receiver
    if kind is functools.partial:
        function = _plain(receiver.func)
        if function is None:
            return None
        return functools.partial(function, *receiver.args, **receiver.keywords)
    if kind is MethodType:
        function, owner = receiver.__func__, receiver.__self__
    else:
        function, owner = class_attribute(kind, "__call__"), receiver
    is_plain = type(function) is FunctionType and _plain(function) is function
    return MethodType(function, owner) if is_plain else None


_CLAIMS = {"__signature__", "__partialmethod__", "_partialmethod"}


def _decorators(link: Connection) -> Iterator[Problem]:
    receiver = link.row.receiver
    named = loaded_object(link.record.module, link.record.qualname)
    if type(receiver) is not FunctionType or named is receiver:
        return
    if any(layer is receiver for layer in _inside(named)):
        yield link.problem(
            "W014",
            f"The decorators above @receiver do not apply to {link.name!r}: the "
            "function below them is connected.",
            "Move @receiver to the top.",
        )


def _inside(decorated: Any) -> Iterator[Any]:
    """
    Yield what a decorator has wrapped, down to the innermost function.
    """
    waiting, seen = [decorated], {id(decorated)}
    while waiting and len(seen) < _MAX_LAYERS:
        for inner in _wrapped(waiting.pop()):
            if id(inner) not in seen:
                seen.add(id(inner))
                waiting.append(inner)
                yield inner


_MAX_LAYERS = 100


def _wrapped(value: Any) -> list[Any]:
    kind = type(value)
    if kind is functools.partial:
        return [value.func]
    if kind is not FunctionType:
        # A static method is what its function is for.
        is_static = kind in (staticmethod, classmethod)
        return [] if is_static else [stored_attribute(value, "__wrapped__")]
    return [getattr(value, "__wrapped__", None), *_captured(value).values()]


def _captured(function: FunctionType) -> dict[str, FunctionType]:
    """
    Return the functions that a nested function uses from around it.
    """
    captured = {}
    names = function.__code__.co_freevars
    for name, cell in zip(names, function.__closure__ or (), strict=True):
        # A cell is empty until its variable gets a value.
        with suppress(ValueError):
            if type(cell.cell_contents) is FunctionType:
                captured[name] = cell.cell_contents
    return captured


def _coroutines(link: Connection) -> Iterator[Problem]:
    if link.record.is_async:
        return
    receiver = link.row.receiver
    while type(receiver) is functools.partial:
        receiver = receiver.func
    if _drops_coroutine(receiver):
        yield link.problem(
            "W015",
            f"The receiver {link.name!r} of {link.signal_name!r} returns a coroutine, "
            "but Django does not see that it is asynchronous and never awaits it.",
            "Make it an async function, or mark it with "
            "asgiref.sync.markcoroutinefunction().",
        )


def _drops_coroutine(receiver: Any) -> bool:
    if type(receiver) is MethodType:
        receiver = receiver.__func__
    if type(receiver) is not FunctionType:
        call = class_attribute(type(receiver), "__call__")
        return inspect.CO_COROUTINE & _flags(call) != 0
    awaited = {
        name
        for name, function in _captured(receiver).items()
        if _flags(function) & inspect.CO_COROUTINE
    }
    if not awaited:
        return False
    code = receiver.__code__
    return bool(awaited & returned_calls(code.co_filename, code.co_firstlineno))


def _flags(function: Any) -> int:
    return function.__code__.co_flags if type(function) is FunctionType else 0


def find_twins(links: Sequence[Connection]) -> Iterator[Problem]:
    """
    Yield receivers that one signal has twice, because their file was imported twice.
    """
    first: dict[Any, Connection] = {}
    for link in links:
        record = link.record
        place = record.file, record.line, record.qualname, id(link.row.sender)
        other = first.setdefault(place, link)
        if other.record.module != record.module and _are_one_file(other, link):
            file = place_text(record.file, None).removeprefix(" at ")
            yield link.problem(
                "W004",
                f"The receiver {link.name!r} is connected to {link.signal_name!r} "
                f"twice: {file!r} was imported as {other.record.module!r} as well.",
                "Import it by one of these names only.",
            )


def _are_one_file(one: Connection, other: Connection) -> bool:
    codes = [innermost_code(link.row.receiver) for link in (one, other)]
    files = [_file(link.record.module) for link in (one, other)]
    return codes[0] is not codes[1] and files[0] is not None and files[0] == files[1]


def _file(module_name: str) -> str | None:
    module = sys.modules.get(module_name)
    file = module_attribute(module, "__file__") if is_a(module, ModuleType) else None
    return os.path.realpath(file) if type(file) is str else None
