"""
Tell whether a receiver can be called with what an event sends.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection
from inspect import Parameter
from typing import Any, NamedTuple, Protocol


class Misfit(NamedTuple):
    """
    What is wrong with a receiver: arguments that it requires and does not get, and
    whether it refuses arguments that are added later.
    """

    unknown: tuple[str, ...]
    is_closed: bool


def misfit(receiver: Any, sent: Collection[str]) -> Misfit:
    """
    Return what keeps ``receiver`` from being called with the arguments ``sent``.

    Only what is called counts, not what it wraps: a decorator may add arguments.
    """
    try:
        signature = inspect.signature(receiver, follow_wrapped=False)
    except Exception:
        return Misfit((), False)
    parameters = signature.parameters.values()
    unknown = [p.name for p in parameters if _is_required(p) and p.name not in sent]
    is_open = any(p.kind is Parameter.VAR_KEYWORD for p in parameters)
    return Misfit(tuple(unknown), not is_open)


def _is_required(parameter: Parameter) -> bool:
    return parameter.default is parameter.empty and parameter.kind in (
        parameter.POSITIONAL_ONLY,
        parameter.POSITIONAL_OR_KEYWORD,
        parameter.KEYWORD_ONLY,
    )


class _Nothing:
    pass


class OnlyKeywords(Protocol):
    """
    A receiver that names no argument, for type checkers.
    """

    # Whoever names an argument expects it to be of another type.
    def __call__(self, **kwargs: _Nothing) -> Any: ...
