"""
Tell apart sends of one signal by one sender: those that are combined into one have the
same caller and the same plain values.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import CodeType, EllipsisType, FrameType, NoneType
from typing import Any, NamedTuple, cast

from django.db.models.signals import ModelSignal
from django.dispatch import Signal

from ..introspect.callers import Site, codes_to_caller, find_caller
from ..introspect.objects import short_name

Plain = bool | str | tuple[str, ...] | None

#: The arguments that explain a signal of a model.
_NAMES = ("created", "raw", "action", "using", "update_fields")
_EXPLAINING = frozenset(_NAMES)
_PLAIN = {bool, str, NoneType, EllipsisType}


class Identity(NamedTuple):
    """
    Where a send comes from, and the arguments that explain a signal of a model.

    ``queued`` is whether the caller has only queued it to be sent on commit. ``values``
    are in the order of ``_NAMES``, "..." if there isn't such an argument; they are
    empty unless it's a signal of a model.
    """

    site: Site | None
    queued: bool
    values: tuple[Any, ...]

    def named_values(self) -> dict[str, Plain]:
        return {
            name: tuple(sorted(value)) if type(value) is frozenset else value
            for name, value in zip(_NAMES, self.values, strict=False)
            if value is not ...
        }


#: That of totals, which have many callers.
UNKNOWN = Identity(None, False, ())


def identity_of(
    signal: Signal, arguments: Mapping[str, Any], frame: FrameType | None = None
) -> Identity:
    site, queued = find_caller(frame)
    # Only Django's: elsewhere, "created" may be another date in each send.
    if _EXPLAINING.isdisjoint(arguments) or not issubclass(type(signal), ModelSignal):
        return _identity((site, queued, ()))
    # Written out, because it runs for each object that is saved.
    get = arguments.get
    values = (
        get("created", ...),
        get("raw", ...),
        get("action", ...),
        get("using", ...),
        get("update_fields", ...),
    )
    if not _PLAIN.issuperset(map(type, values)):
        values = tuple(map(_plain, values))
    return _identity((site, queued, values))


# Half of the time that calling the class takes.
_identity = partial(tuple.__new__, Identity)


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind is frozenset and all(type(name) is str for name in value):
        return value
    # Anything may be passed to save_base(), for example.
    return value if kind in _PLAIN else short_name(kind)


class Path(NamedTuple):
    """
    The code that runs from a send to its caller, and the values that it sends.

    To compare them takes a fraction of the time that ``identity_of()`` takes.
    """

    codes: list[CodeType]
    position: int
    values: tuple[Any, ...]

    def is_of(self, frame: FrameType, arguments: Mapping[str, Any]) -> bool:
        """
        Return whether another send, which ``frame`` leads to, has the same identity.

        False if that isn't certain.
        """
        caller, outer = frame, cast("FrameType | None", frame)
        for code in self.codes:
            if outer is None or outer.f_code is not code:
                return False
            caller, outer = outer, outer.f_back
        created, raw, action, using, update_fields = self.values
        get = arguments.get
        # Not ==, which could run code of the project.
        return (
            caller.f_lasti == self.position
            and get("created", ...) is created
            and get("raw", ...) is raw
            and get("update_fields", ...) is update_fields
            and get("using", ...) is using
            and get("action", ...) is action
        )


def path_of(identity: Identity, frame: FrameType) -> Path | None:
    """
    Return the path of a send of a model, which ``frame`` leads to, if that is enough to
    identify it.
    """
    codes, caller = codes_to_caller(frame)
    return Path(codes, caller.f_lasti, identity.values) if caller is not None else None
