"""
What type checkers need to know about signals and receivers.
"""

from __future__ import annotations

from typing import Any, ParamSpec, Protocol, TypeVar

from django.dispatch import Signal

P = ParamSpec("P")
Rest = ParamSpec("Rest")
R_co = TypeVar("R_co", covariant=True)


class _Nothing:
    pass


class PlainSignal(Protocol):
    """
    A signal that isn't an event.
    """

    # A plain signal sends any argument. No event may declare one called "signal", so
    # none of them matches, not even one whose arguments are all of type Any.
    def send(self, sender: Any, *, signal: _Nothing) -> Any: ...


# These two are protocols, because ``Callable`` can't require the name of an argument.
class SignalFirst(Protocol[P, R_co]):
    """
    A receiver whose first argument is the event.
    """

    def __call__(self, signal: Signal, *args: P.args, **named: P.kwargs) -> R_co: ...


class ContextFirst(Protocol[P, R_co]):
    """
    A receiver in the background whose first argument is the context of its task.
    """

    def __call__(self, context: Any, *args: P.args, **named: P.kwargs) -> R_co: ...


class SignalSecond(Protocol[Rest, R_co]):
    """
    A receiver whose second argument is the event; what follows isn't compared.
    """

    def __call__(
        self, sender: Any, signal: Signal, *args: Rest.args, **named: Rest.kwargs
    ) -> R_co: ...


class OnlyKeywords(Protocol):
    """
    A receiver that names no argument.
    """

    # A receiver that names an argument expects it to be of another type than this one,
    # so it doesn't match.
    def __call__(self, **kwargs: _Nothing) -> Any: ...
