"""
Tell whether a receiver can be called with what an event sends.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Sequence
from inspect import Parameter
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    NamedTuple,
    ParamSpec,
    Protocol,
    TypeVar,
    overload,
)

import django.dispatch
from django.dispatch import Signal

if TYPE_CHECKING:
    from .base import Event

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])


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


if TYPE_CHECKING:
    # Type checkers compare receivers with the event. What is decorated keeps its
    # return type but not its signature, which need not be that of the event.
    class _Nothing:
        pass

    class OnlyKeywords(Protocol):
        # Whoever names an argument expects it to be of another type.
        def __call__(self, **kwargs: _Nothing) -> Any: ...

    class _Connect(Protocol[P]):
        @overload
        def __call__(self, receiver: Callable[P, R], /) -> Callable[..., R]: ...
        @overload
        def __call__(
            self, receiver: Callable[Concatenate[Signal, P], R], /
        ) -> Callable[..., R]: ...
        @overload
        def __call__(
            self, receiver: Callable[Concatenate[Any, Signal, ...], R], /
        ) -> Callable[..., R]: ...
        @overload
        def __call__(self, receiver: OnlyKeywords, /) -> Callable[..., Any]: ...

    @overload
    def receiver(  # type: ignore[overload-overlap]
        signal: Event[P] | list[Event[P]] | tuple[Event[P], ...],
        *,
        sender: object | None = None,
        weak: bool = True,
        dispatch_uid: Any = None,
    ) -> _Connect[P]: ...
    @overload
    def receiver(
        signal: Signal | Sequence[Signal],
        *,
        sender: object | None = None,
        weak: bool = True,
        dispatch_uid: Any = None,
    ) -> Callable[[F], F]: ...
    def receiver(signal: Any, **options: Any) -> Any:
        """
        Connect the decorated function to a signal, or to each of several.
        """

else:
    receiver = django.dispatch.receiver
