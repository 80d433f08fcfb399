"""
Make strings from any object that are safe to show, and suggest corrections of typos.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from .objects import exact, is_a, short_name

# Longer than any sane dotted path. A __qualname__ that code assigns has no upper limit.
MAX_LENGTH = 400

_ASCII = str.maketrans({"·": "-", "…": "..."})
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")
_LONG_NUMBER = re.compile(r"[0-9]{10,}")
# CPython has no object at an address this small, so such a number isn't an id().
_SMALL = 1_000_000
_MAX_DEPTH = 5
# Python refuses to convert integers with thousands of digits to strings.
_MAX_BITS = 1_000
# args itself could be overridden in a subclass.
_exception_args = vars(BaseException)["args"].__get__


def clip(text: str) -> str:
    """
    Return ``text``, truncated to ``MAX_LENGTH`` characters.
    """
    return text if len(text) <= MAX_LENGTH else text[: MAX_LENGTH - 1] + "…"


def printable(text: str) -> str:
    """
    Return ``text`` with control, direction, and other unprintable characters escaped.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode()
        for char in text
    )


def encodable(text: str, encoding: str | None) -> str:
    """
    Return ``text`` with characters that ``encoding`` lacks replaced by ASCII.
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
    try:
        # str() may return an instance of a subclass of str whose methods raise, too.
        message = " ".join(str(error).split())
    except Exception:
        message = ""
    return _named_message(error, message)


def exception_text(error: BaseException) -> str:
    """
    Return "ValueError: message" without running code of the exception.

    The message is built from the arguments that are strings or numbers, as most classes
    do. This is for exceptions of the project that a recording meets while it runs.
    """
    args: list[Any] = []
    for arg in _exception_args(error):
        # Types are compared with "is": a metaclass may define __eq__().
        kind = type(arg)
        if kind is str:
            args.append(arg[: 2 * MAX_LENGTH])
        elif kind is float or (kind is int and arg.bit_length() <= _MAX_BITS):
            args.append(arg)
    # str() of a KeyError has its one argument in quotes.
    if len(args) == 1 and not issubclass(type(error), KeyError):
        message = str(args[0])
    else:
        message = ", ".join(map(repr, args))
    return _named_message(error, " ".join(message[: 2 * MAX_LENGTH].split()))


def _named_message(error: BaseException, message: str) -> str:
    name = short_name(type(error))
    return clip(f"{name}: {message}" if message else name)


def stable_text(value: object) -> str:
    """
    Describe any object as ``stable_repr()`` does, but a string without quotes.
    """
    if is_a(value, str):
        return clip(_without_ids(exact(value)))
    return stable_repr(value)


def stable_repr(value: object, depth: int = 0) -> str:
    """
    Describe any object without running its code and without addresses.

    Two runs of a program get the same string, as a lock file requires. Therefore a
    large integer, which may be an ``id()``, is shown as ``int``, and a long run of
    digits in a string as an ellipsis.
    """
    kind = type(value)
    if is_a(value, str):
        shown = repr(_without_ids(exact(value)))
    # With "is", because "in" would run the __eq__() of a metaclass.
    elif value is None or kind is bool or kind is float or kind is bytes:
        shown = repr(value)
    elif kind is int:
        shown = repr(value) if abs(value) < _SMALL else "int"  # type: ignore[arg-type]
    # A namedtuple may have a __repr__() of its own, so only exact tuples are opened.
    elif kind is tuple and depth < _MAX_DEPTH:
        items = (stable_repr(item, depth + 1) for item in value)  # type: ignore[attr-defined]
        shown = f"({', '.join(items)})"
    else:
        shown = short_name(kind)
    return clip(shown)


def _without_ids(text: str) -> str:
    return _LONG_NUMBER.sub("…", _ADDRESS.sub("0x…", text))


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """
    Return " Did you mean 'x'?" for the nearest candidate, else "".
    """
    by_lower = {candidate.lower(): candidate for candidate in candidates}
    matches = get_close_matches(name.lower(), by_lower, n=1)
    return f" Did you mean {by_lower[matches[0]]!r}?" if matches else ""


def text_list(items: Iterable[str], word: str = "and", limit: int = 5) -> str:
    """
    Return "a, b, and c". If there are many items, the last ones are only counted.
    """
    parts = list(items)
    # "and 1 other" would be no shorter than the item itself.
    if len(parts) > limit + 1:
        parts[limit:] = [f"{len(parts) - limit} others"]
    if len(parts) < 3:
        return f" {word} ".join(parts)
    return f"{', '.join(parts[:-1])}, {word} {parts[-1]}"
