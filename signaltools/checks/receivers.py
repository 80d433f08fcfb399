"""
Find receivers that can't be called with what is sent (W012, W013, W101, W102), that
lack their decorators (W014) or aren't awaited (W015), or that run twice (W004).
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from types import FunctionType, MethodType
from typing import Any

from ..events import Event
from ..events.background import BackgroundReceiver
from ..events.fitting import find_mismatch
from ..introspect.callables import innermost_code
from ..introspect.objects import class_attribute, is_a, loaded_object, stored_attribute
from ..introspect.source import returned_calls
from ..introspect.text import did_you_mean
from ..inventory.django_signals import BUILTIN_ARGUMENTS
from ..inventory.places import short_place
from ..inventory.records import Problem
from .connection import Connection


def check_receiver(link: Connection) -> Iterator[Problem]:
    """
    Yield what is wrong with the receiver of a connection.
    """
    yield from _check_arguments(link)
    yield from _check_decorators(link)
    yield from _check_coroutine(link)


def _check_arguments(link: Connection) -> Iterator[Problem]:
    """
    Yield W013 and W012, or W101 and W102 for a declared event.
    """
    # None for a custom signal, which may be sent with any arguments.
    arguments = BUILTIN_ARGUMENTS.get(link.signal_name)
    event = link.signal if is_a(link.signal, Event) else None
    if event is not None:
        arguments = tuple(argument.name for argument in event.arguments)
    sent = ["sender", *(arguments or ())]
    receiver = _plain(link.row.receiver)
    not_sent, lacks_kwargs = find_mismatch(receiver, {"signal", *sent})
    for argument in not_sent:
        if argument in ("self", "cls"):
            hint = "Connect a bound method, or make the function a staticmethod."
        else:
            hint = did_you_mean(argument, sent).strip() or (
                f"Use only arguments that {link.bare_name!r} sends: {', '.join(sent)}."
            )
        if arguments is not None or argument == "self":
            yield link.problem(
                "W101" if event else "W013",
                f"The receiver {link.name!r} requires the argument {argument!r}, but "
                f"{link.signal_name!r} doesn't send it.",
                hint,
            )
    if lacks_kwargs:
        yield link.problem(
            "W102" if event else "W012",
            f"The receiver {link.name!r} of {link.signal_name!r} doesn't accept "
            "**kwargs.",
            "Add **kwargs, or the receiver will break as soon as the signal sends "
            "another argument.",
        )


# Decorators may wrap one another without end.
_MAX_LAYERS = 100
# A receiver with one of these describes its arguments itself, and may be wrong.
_CLAIMS = {"__signature__", "__partialmethod__", "_partialmethod"}


def _plain(receiver: Any) -> Any:
    """
    Return a callable with the arguments of ``receiver``, or None.

    Its signature can be read without running code of the project, as ``__getattr__`` or
    a ``__signature__`` property would. For a callable object it's the bound __call__.
    """
    kind = type(receiver)
    if issubclass(kind, BackgroundReceiver):
        # Its signature is that of its function without the context, and it's our own.
        return receiver
    if kind is functools.partial:
        inner = _plain(receiver.func)
        if inner is None:
            return None
        return functools.partial(inner, *receiver.args, **receiver.keywords)
    function, owner = receiver, None
    if kind is MethodType:
        function, owner = receiver.__func__, receiver.__self__
    elif kind is not FunctionType:
        function, owner = class_attribute(kind, "__call__"), receiver
    if type(function) is not FunctionType or _CLAIMS & vars(function).keys():
        return None
    return function if owner is None else MethodType(function, owner)


def _check_decorators(link: Connection) -> Iterator[Problem]:
    receiver = link.row.receiver
    # With a decorator above @receiver, the name of the function leads to the decorated
    # one, and the connected one is somewhere inside that.
    named = loaded_object(link.record.module, link.record.qualname)
    if type(receiver) is not FunctionType or named is receiver:
        return
    hint = "Move @receiver to the top."
    waiting, seen = [named], {id(named)}
    while waiting and len(seen) < _MAX_LAYERS:
        for inner in _wrapped(waiting.pop()):
            if inner is receiver:
                yield link.problem("W014", _what_is_lost(link.name, named), hint)
                return
            if id(inner) not in seen:
                seen.add(id(inner))
                waiting.append(inner)


def _what_is_lost(name: str, decorated: Any) -> str:
    if is_a(decorated, BackgroundReceiver):
        return (
            f"@in_background above @receiver has no effect on {name!r}: Django "
            "connects the function without it, so the sender runs the receiver."
        )
    return (
        f"Decorators above @receiver have no effect on {name!r}: Django connects the "
        "function without them."
    )


def _wrapped(value: Any) -> list[Any]:
    kind = type(value)
    if kind is functools.partial:
        return [value.func]
    if kind is FunctionType:
        # A decorator without functools.wraps() has the function only in its closure.
        return [getattr(value, "__wrapped__", None), *_captured(value).values()]
    # @staticmethod and @classmethod above @receiver are right: they change how a class
    # hands out the function, not what it does.
    is_static = kind in (staticmethod, classmethod)
    return [] if is_static else [stored_attribute(value, "__wrapped__")]


def _captured(function: FunctionType) -> dict[str, FunctionType]:
    """
    Return the functions in the closure of ``function``, by the names of variables.
    """
    captured = {}
    names = function.__code__.co_freevars
    for name, cell in zip(names, function.__closure__ or (), strict=True):
        # A cell is empty until its variable gets a value.
        with suppress(ValueError):
            if type(cell.cell_contents) is FunctionType:
                captured[name] = cell.cell_contents
    return captured


def _check_coroutine(link: Connection) -> Iterator[Problem]:
    if link.record.is_async:
        return
    receiver = link.row.receiver
    while type(receiver) is functools.partial:
        receiver = receiver.func
    if type(receiver) is MethodType:
        receiver = receiver.__func__
    if type(receiver) is FunctionType:
        # A wrapper that returns or drops the result of an async function. If it does
        # anything else with the function, it may run it in an event loop.
        names = {name for name, f in _captured(receiver).items() if _is_async(f)}
        code = receiver.__code__
        # Reading the source takes time, so it comes last.
        drops_coroutine = bool(names) and not names.isdisjoint(
            returned_calls(code.co_filename, code.co_firstlineno)
        )
    else:
        # Django looks at the object itself, which isn't a coroutine function.
        drops_coroutine = _is_async(class_attribute(type(receiver), "__call__"))
    if drops_coroutine:
        yield link.problem(
            "W015",
            f"The receiver {link.name!r} of {link.signal_name!r} returns a coroutine, "
            "but Django doesn't detect that the receiver is asynchronous, so the "
            "coroutine is never awaited.",
            "Make the receiver an async function, or mark it with "
            "asgiref.sync.markcoroutinefunction().",
        )


def _is_async(function: Any) -> bool:
    if type(function) is not FunctionType:
        return False
    return bool(function.__code__.co_flags & inspect.CO_COROUTINE)


def find_twins(links: Sequence[Connection]) -> Iterator[Problem]:
    """
    Yield receivers that one signal has twice, because their file was imported under two
    names: W004.
    """
    first: dict[Any, Connection] = {}
    for link in links:
        record = link.record
        place = record.file, record.line, record.qualname, id(link.row.sender)
        other = first.setdefault(place, link)
        if other.record.module != record.module and _are_one_file(other, link):
            file = short_place(record.file, None, os.getcwd())
            yield link.problem(
                "W004",
                f"The receiver {link.name!r} is connected to {link.signal_name!r} "
                f"twice: {file!r} was also imported as {other.record.module!r}.",
                "Import the file under only one of these names.",
            )


def _are_one_file(one: Connection, other: Connection) -> bool:
    # An import under a second name compiles the file again. One code object means that
    # only the __module__ of the function was changed.
    if innermost_code(one.row.receiver) is innermost_code(other.row.receiver):
        return False
    # Any object can be assigned to __file__.
    files = [loaded_object(link.record.module, "__file__") for link in (one, other)]
    are_paths = all(type(file) is str for file in files)
    return are_paths and len(set(map(os.path.realpath, files))) == 1
