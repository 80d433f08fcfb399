"""
Compare the signature of a receiver with the arguments that an event sends.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection
from inspect import Parameter
from typing import Any, NamedTuple, Protocol

_VARIADIC = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


class Mismatch(NamedTuple):
    """
    Why a receiver can't be called with the arguments of a signal, now or later.

    ``not_sent`` are the arguments that it requires and that aren't sent. A receiver
    that ``lacks_kwargs`` breaks as soon as another argument is sent.
    """

    not_sent: tuple[str, ...]
    lacks_kwargs: bool


def find_mismatch(receiver: Any, sent: Collection[str]) -> Mismatch:
    """
    Return why ``receiver`` can't be called with the arguments ``sent``.
    """
    try:
        # The signature of a decorated function is that of the wrapper, which is called.
        # The wrapper may well pass further arguments to the function.
        signature = inspect.signature(receiver, follow_wrapped=False)
    except Exception:
        # Some classes and builtins have no signature, and __signature__ may be code of
        # the project. What isn't callable is refused by Django.
        return Mismatch((), False)
    parameters = signature.parameters.values()
    not_sent = tuple(
        parameter.name
        for parameter in parameters
        if parameter.default is Parameter.empty
        and parameter.kind not in _VARIADIC
        and parameter.name not in sent
    )
    return Mismatch(
        not_sent,
        lacks_kwargs=all(each.kind is not Parameter.VAR_KEYWORD for each in parameters),
    )


class _Nothing:
    pass


class OnlyKeywords(Protocol):
    """
    A receiver that names no argument, for type checkers.
    """

    # A receiver that names an argument expects it to be of another type than this one,
    # so it doesn't match.
    def __call__(self, **kwargs: _Nothing) -> Any: ...
