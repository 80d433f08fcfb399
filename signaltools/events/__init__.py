"""
Declare business events: signals whose arguments are known.
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
    Declare an event by the signature of its ideal receiver.

    ``sender`` is the first argument; all others follow a ``*``. The function gives the
    event its name and its docstring, and never runs. Senders that pass other arguments
    raise ``TypeError``, as any Python call does, unless ``check`` is "warn". ``name``
    is the label of the event in place of app label and function. Raises ``TypeError``
    for a function that declares no event.
    """
    if function is None:
        return partial(
            event, version=version, name=name, check=check, use_caching=use_caching
        )
    if check not in _CLASSES:
        raise ValueError(f"check must be 'error' or 'warn', not {check!r}.")
    declaration = declare(function, version)
    # A class of its own: the methods have the signature of this event.
    cls = type("Event", (_CLASSES[check],), {"_declaration": declaration})
    cls.__module__, cls.__qualname__ = Event.__module__, Event.__qualname__
    return cls(name, use_caching)


_CLASSES: dict[str, Any] = {"error": Event, "warn": LenientEvent}
