"""
Connect receivers as ``django.dispatch.receiver`` does, with types for events.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    ParamSpec,
    Protocol,
    TypeVar,
    overload,
)

import django.dispatch
from django.dispatch import Signal

from .base import Event
from .fitting import OnlyKeywords

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])

if TYPE_CHECKING:
    # Type checkers compare receivers with the event. The decorated function keeps its
    # return type but not its signature, as it may take fewer arguments than the event
    # sends.
    #
    # Every receiver gets the event as ``signal``, which isn't an argument of the event,
    # so a receiver that has ``signal`` first or second matches an overload of its own.
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

    # An Event is a Signal as well, so both of these match; the first one is used.
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
        Connect the decorated function to a signal, or to each of several signals.
        """

else:
    receiver = django.dispatch.receiver
