"""
Make untrusted text safe to show, and suggest what a misspelt name may have meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from .objects import exact, is_a, short_name

# Longer than any sane dotted path; a hostile __qualname__ has no upper limit.
MAX_LENGTH = 400

_ASCII = str.maketrans({"·": "-", "…": "..."})
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")
_LONG_NUMBER = re.compile(r"[0-9]{10,}")
# No id() of a CPython object is this small, so such a number is a number.
_SMALL = 1_000_000
_MAX_DEPTH = 5


def clip(text: str) -> str:
    """
    Return ``text``, cut to ``MAX_LENGTH`` characters.
    """
    return text if len(text) <= MAX_LENGTH else text[: MAX_LENGTH - 1] + "…"


def printable(text: str) -> str:
    """
    Return ``text`` with control, direction and other unprintable characters escaped.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode()
        for char in text
    )


def encodable(text: str, encoding: str | None) -> str:
    """
    Return ``text`` with what ``encoding`` lacks replaced by ASCII.
    """
    if encoding is None:
        return text
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.translate(_ASCII)
        return text.encode(encoding, "backslashreplace").decode(encoding)
    return text


def error_text(error: BaseException) -> str:
    """
    Return "ValueError: message" on one line, whatever the error's own ``str()`` does.
    """
    name = short_name(type(error))
    try:
        message = " ".join(str(error).split())
    except Exception:
        message = ""
    return clip(f"{name}: {message}" if message else name)


def exception_text(error: BaseException) -> str:
    """
    Return "ValueError: message" without running code of the exception.

    The message is made of the arguments that are text or numbers, as most classes do.
    """
    name = short_name(type(error))
    args = [arg for arg in map(_plain, _exception_args(error)) if arg is not None]
    if len(args) == 1 and not issubclass(type(error), KeyError):
        message = str(args[0])
    else:
        message = ", ".join(map(repr, args))
    message = " ".join(message[: 2 * MAX_LENGTH].split())
    return clip(f"{name}: {message}" if message else name)


_exception_args = vars(BaseException)["args"].__get__


def _plain(value: Any) -> str | int | float | None:
    # Types are not compared by ==, which a metaclass may define.
    kind = type(value)
    if kind is str:
        return value[: 2 * MAX_LENGTH]  # type: ignore[no-any-return]
    # Python refuses to write out integers of thousands of digits.
    if kind is float or (kind is int and value.bit_length() <= _MAX_BITS):
        return value  # type: ignore[no-any-return]
    return None


_MAX_BITS = 1_000


def stable_text(value: object) -> str:
    """
    Describe any hashable object without running its code and without addresses.

    Two runs of a program get the same text, so a large integer, which may be an
    ``id()``, shows as ``int``, and many digits within a string as an ellipsis.
    """
    if is_a(value, str):
        return clip(_without_ids(exact(value)))
    return stable_repr(value)


def stable_repr(value: object) -> str:
    """
    Describe any object as ``stable_text()`` does, strings in quotes.
    """
    return clip(_stable_repr(value, depth=0))


def _stable_repr(value: object, depth: int) -> str:
    kind = type(value)
    if is_a(value, str):
        return repr(_without_ids(exact(value)))
    if kind is bool or kind is float or kind is bytes or value is None:
        return repr(value)
    if kind is int and abs(value) < _SMALL:  # type: ignore[arg-type]
        return repr(value)
    if kind is tuple and depth < _MAX_DEPTH:
        parts = [_stable_repr(item, depth + 1) for item in value]  # type: ignore[attr-defined]
        return f"({', '.join(parts)})"
    return short_name(kind)


def _without_ids(text: str) -> str:
    return _LONG_NUMBER.sub("…", _ADDRESS.sub("0x…", text))


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """
    Return " Did you mean 'x'?" for the nearest candidate, else "".
    """
    by_lower = {candidate.lower(): candidate for candidate in candidates}
    matches = get_close_matches(name.lower(), by_lower, n=1)
    return f" Did you mean {by_lower[matches[0]]!r}?" if matches else ""
