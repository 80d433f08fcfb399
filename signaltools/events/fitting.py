"""
Compare the signature of a receiver with the arguments that an event sends.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Collection
from importlib import import_module
from inspect import Parameter
from typing import Any, NamedTuple

_VARIADIC = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


def annotations_as(form: str) -> dict[str, Any]:
    """
    Return the option of ``inspect.signature()`` for annotations of this form.

    From Python 3.14, it evaluates them, and fails for names that a module imports for
    type checkers only, unless it is asked for another form.
    """
    has_forms = sys.version_info >= (3, 14)
    formats = import_module("annotationlib").Format if has_forms else {}
    return {"annotation_format": formats[form]} if has_forms else {}


_AS_STRINGS = annotations_as("STRING")


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
        signature = inspect.signature(receiver, follow_wrapped=False, **_AS_STRINGS)
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
