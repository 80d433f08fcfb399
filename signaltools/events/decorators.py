"""
Connect receivers as ``django.dispatch.receiver`` does, with types for events.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import (
    TYPE_CHECKING,
    Any,
    ParamSpec,
    Protocol,
    TypeVar,
    overload,
)

import django.dispatch
from django.dispatch import Signal

from ..introspect.callables import describe
from ..introspect.objects import is_a
from .base import Event
from .protocols import OnlyKeywords, PlainSignal, SignalFirst, SignalSecond

P = ParamSpec("P")
Rest = ParamSpec("Rest")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])

if TYPE_CHECKING:
    # Type checkers compare receivers with the event. The decorated function keeps its
    # return type but not its signature, as it may take fewer arguments than the event
    # sends. Every receiver gets the event as ``signal``, which isn't an argument of the
    # event, so a receiver that has ``signal`` first or second matches an overload of
    # its own.
    class _Connect(Protocol[P]):
        @overload
        def __call__(self, receiver: Callable[P, R], /) -> Callable[..., R]: ...
        @overload
        def __call__(self, receiver: SignalFirst[P, R], /) -> Callable[..., R]: ...
        @overload
        def __call__(self, receiver: SignalSecond[Rest, R], /) -> Callable[..., R]: ...
        @overload
        def __call__(self, receiver: OnlyKeywords, /) -> Callable[..., Any]: ...
        # The first one again: mypy explains an error with the first overload, pyright
        # with the last, and only this one names the argument that is wrong.
        @overload
        def __call__(  # type: ignore[overload-cannot-match]
            self, receiver: Callable[P, R], /
        ) -> Callable[..., R]: ...

    # An event must match one overload only. If it matches several, and one of its
    # arguments is of type Any, mypy doesn't choose, and checks nothing. Therefore lists
    # have an overload of their own, too.
    @overload
    def receiver(
        signal: Event[P],
        *,
        sender: object | None = None,
        weak: bool = True,
        dispatch_uid: Any = None,
    ) -> _Connect[P]: ...
    @overload
    def receiver(
        signal: PlainSignal,
        *,
        sender: object | None = None,
        weak: bool = True,
        dispatch_uid: Any = None,
    ) -> Callable[[F], F]: ...
    @overload
    def receiver(
        signal: Sequence[Signal],
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

    def receiver(signal, **options):
        """
        Connect the decorated function to a signal, or to each of several signals.

        If one of several refuses the function, it isn't connected to any of them.
        """
        if not isinstance(signal, (list, tuple)):
            connect = django.dispatch.receiver(signal, **options)
            return connect if is_a(signal, Event) else partial(_connect_plain, connect)
        return partial(_connect_all, signal, options)


def _connect_plain(connect: Callable[[Any], Any], function: Any) -> Any:
    _refuse_background(function)
    return connect(function)


def _refuse_background(function: Any) -> None:
    # Without a receiver in the background, the module need not be imported.
    background = sys.modules.get(f"{__package__}.background")
    if background and is_a(function, background.BackgroundReceiver):
        raise TypeError(background.refusal(describe(function).name))


def _connect_all(
    signals: Sequence[Signal], options: dict[str, Any], function: Any
) -> Any:
    if not all(is_a(signal, Event) for signal in signals):
        _refuse_background(function)
    connected: list[Signal] = []
    try:
        for signal in signals:
            before = _connections(signal)
            signal.connect(function, **options)
            if _connections(signal) - before:
                connected.append(signal)
    except BaseException:
        sender, uid = options.get("sender"), options.get("dispatch_uid")
        for signal in connected:
            signal.disconnect(function, sender, uid)
        raise
    return function


def _connections(signal: Signal) -> set[Any]:
    # Only the keys: connecting the same function twice has no effect, and must not be
    # undone.
    return {entry[0] for entry in signal.receivers}
