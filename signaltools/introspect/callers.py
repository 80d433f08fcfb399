"""
Find the line that a call comes from, whatever Django and other tools put in between.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Iterator
from itertools import islice
from types import CodeType, FrameType
from typing import NamedTuple

import asgiref
import django

from .source import is_standard
from .text import clip

#: A file and a line in it.
Site = tuple[str, int]

# Further out, frames say little about why a signal was sent.
_MAX_FRAMES = 20


class Frame(NamedTuple):
    """
    A function that is running, and the line it has reached.
    """

    function: str
    file: str
    line: int


def find_caller(frame: FrameType | None = None) -> tuple[Site | None, bool]:
    """
    Return the nearest caller outside Django, asgiref, and the standard library, and
    whether it has only queued the call, which Django then made on commit.

    The search begins at ``frame``, which is the calling one by default.

    If there is only Django's own code, the caller is the nearest line of one of its
    apps, views, or commands. None rather than a line that only happens to be further
    out, such as that of a middleware around the view.
    """
    # Frames cost about a microsecond; the traceback module, which reads source files,
    # costs forty times as much.
    frame = frame or sys._getframe(1)
    own: Site | None = None
    while frame is not None:
        code = frame.f_code
        role = _ROLES[code.co_filename]
        # Most frames are skipped.
        if role is _SKIPPED:
            pass
        elif role is _CALLER:
            return (code.co_filename, frame.f_lineno), False
        elif role is _OWN:
            own = own or (code.co_filename, frame.f_lineno)
        elif code.co_name in role:
            if role is _PENDING_SEND:
                site = frame.f_locals["self"].site
                # Outside a transaction, Django doesn't queue a callback but calls it.
                called_by = frame.f_back and frame.f_back.f_code.co_name
                return site, called_by != "on_commit"
            return own, role is _ON_COMMIT
        frame = frame.f_back
    return own, False


def codes_to_caller(frame: FrameType | None) -> tuple[list[CodeType], FrameType | None]:
    """
    Return what runs from ``frame`` to the frame of its caller, and that frame. It is
    None if ``find_caller()`` finds another line: one of Django's, or where something
    was queued.
    """
    codes = []
    for each, role in _inside_out(frame):
        codes.append(each.f_code)
        if role is _CALLER:
            return codes, each
    return codes, None


def find_stack() -> tuple[Frame, ...]:
    """
    Return the functions that have led to the call, the nearest first.

    They are those that ``find_caller()`` chooses from, as far as it looks: 20 at most.
    There are none for a call that was queued to be made on commit.
    """
    frames = (
        Frame(clip(each.f_code.co_qualname), each.f_code.co_filename, each.f_lineno)
        for each, role in _inside_out(sys._getframe(1))
        if role is _CALLER or role is _OWN
    )
    return tuple(islice(frames, _MAX_FRAMES))


def _inside_out(
    frame: FrameType | None,
) -> Iterator[tuple[FrameType, frozenset[str]]]:
    """
    Yield the frames that ``find_caller()`` looks at, and what they mean.
    """
    while frame is not None:
        role = _ROLES[frame.f_code.co_filename]
        if frame.f_code.co_name in role:
            return
        yield frame, role
        frame = frame.f_back


def method_of(value: object) -> str:
    """
    Return the name of the outermost method of ``value`` that is running in this place.

    If there isn't one, it is the name of the calling function. Both are looked for
    outside the function that calls this one.
    """
    frame: FrameType | None = sys._getframe(2)
    assert frame is not None
    name = frame.f_code.co_name
    while frame is not None and _first_argument(frame) is value:
        name, frame = frame.f_code.co_name, frame.f_back
    return name


def _first_argument(frame: FrameType) -> object:
    names = frame.f_code.co_varnames[: frame.f_code.co_argcount]
    return frame.f_locals.get(names[0]) if names else None


# No function has one of these names.
_CALLER = frozenset({"<caller>"})
_OWN = frozenset({"<own>"})
_SKIPPED = frozenset({"<skipped>"})

# The search ends at these functions: the code further out doesn't know what is sent.
_ON_COMMIT = frozenset({"run_and_clear_commit_hooks", "captureOnCommitCallbacks"})
_PENDING_SEND = frozenset({"__call__"})


class _Roles(dict[str, frozenset[str]]):
    """
    What the frames of a file mean for the search.
    """

    def __missing__(self, file: str) -> frozenset[str]:
        self[file] = role = _role_of(file)
        return role


def _role_of(file: str) -> frozenset[str]:
    if file.startswith(_OWN_FOLDERS):
        return _OWN
    is_tool = file.startswith(_SKIPPED_FOLDERS) or _TOOLS.search(file)
    return _SKIPPED if is_tool or is_standard(file) else _CALLER


# With a separator at the end: "django_extensions" isn't part of "django".
_DJANGO = os.path.join(os.path.dirname(django.__file__), "")
_HERE = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")
_OWN_FOLDERS = tuple(
    os.path.join(_DJANGO, *folder, "")
    for folder in (["contrib"], ["views"], ["core", "management", "commands"])
)
_SKIPPED_FOLDERS = (
    "<frozen ",
    _DJANGO,
    os.path.join(os.path.dirname(asgiref.__file__), ""),
    _HERE,
)
# They wrap functions of Django and of the project, and never send anything for them.
_TOOLS = re.compile(
    r"-packages[/\\](?:_pytest|ddtrace|debug_toolbar|elasticapm|newrelic|opentelemetry"
    r"|pluggy|scout_apm|sentry_sdk|silk|wrapt)[/\\]"
)

_ROLES = _Roles(
    {
        # Its save() only calls that of Model.
        os.path.join(_DJANGO, "contrib", "auth", "base_user.py"): _SKIPPED,
        # The middleware around a view.
        os.path.join(_DJANGO, "core", "handlers", "exception.py"): frozenset({"inner"}),
        # manage.py.
        os.path.join(_DJANGO, "core", "management", "__init__.py"): frozenset(
            {"execute"}
        ),
        # What ends a transaction.
        os.path.join(_DJANGO, "db", "backends", "base", "base.py"): _ON_COMMIT,
        os.path.join(_DJANGO, "test", "testcases.py"): _ON_COMMIT,
        os.path.join(_HERE, "events", "on_commit.py"): _PENDING_SEND,
        # What has sent the signal whose receiver makes the call.
        os.path.join(_HERE, "recording", "calls.py"): frozenset({"record_call"}),
        os.path.join(_HERE, "recording", "probes.py"): frozenset(
            {"__call__", "in_steps"}
        ),
        # What has started the event loop.
        asyncio.events.__file__: frozenset({"_run"}),
    }
)
