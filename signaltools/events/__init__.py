"""
Declare events: signals whose arguments are known.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, ParamSpec, overload

from .base import Event, LenientEvent
from .declaration import declare
from .decorators import receiver

__all__ = ["Event", "event", "receiver"]

P = ParamSpec("P")
Check = Literal["error", "warn"]
_CLASSES: dict[str, Any] = {"error": Event, "warn": LenientEvent}


@overload
def event(function: Callable[P, None], /) -> Event[P]: ...
@overload
def event(
    *,
    version: int = 1,
    name: str | None = None,
    check: Check = "error",
    use_caching: bool = False,
) -> Callable[[Callable[P, None]], Event[P]]: ...
def event(
    function: Any = None,
    /,
    *,
    version: int = 1,
    name: str | None = None,
    check: Check = "error",
    use_caching: bool = False,
) -> Any:
    """
    Declare an event with the signature of a receiver that takes every argument.

    ``sender`` is the first argument; all others follow a ``*``. The function gives the
    event its name and its docstring, and is never run. Sends with other arguments raise
    ``TypeError``, as any Python call does, or only warn if ``check`` is "warn".
    ``name`` replaces the default label, app label and function name. Raises
    ``TypeError`` for a function that doesn't declare an event.
    """
    if function is None:
        return partial(
            event, version=version, name=name, check=check, use_caching=use_caching
        )
    if check not in _CLASSES:
        raise ValueError(f"check must be 'error' or 'warn', not {check!r}.")
    declaration = declare(function, version)
    # Each event has a class of its own, because its methods have its signature. All of
    # them have the name of Event, which is what tools print.
    cls = type("Event", (_CLASSES[check],), {"_declaration": declaration})
    cls.__module__, cls.__qualname__ = Event.__module__, Event.__qualname__
    return cls(name, use_caching)
