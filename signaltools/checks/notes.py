"""
Find what is right but may surprise: notes, which no system check prints.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from django.apps import apps

from ..introspect.models import model_options
from ..introspect.objects import stored_attribute
from ..inventory.records import Problem
from ..inventory.rows import Sender
from .connection import Connection

_DELETE = {"pre_delete", "post_delete"}
_INIT = {"pre_init", "post_init"}
_SAVE = {"pre_save", "post_save"}
# What Django sends with asend() where it can.
_AWAITED = {
    *("request_started", "request_finished"),
    *("user_logged_in", "user_logged_out", "user_login_failed"),
}


def find_notes(links: Sequence[Connection]) -> Iterator[Problem]:
    """
    Yield what is worth a note on the connections of one signal.
    """
    connected = {(link.name, id(link.row.sender)) for link in links}
    for link in links:
        # Nobody can change what Django connects itself.
        if link.record.component != "django":
            yield from _relatives(link, connected)
            yield from _slow(link)
            yield from _nameless(link)


def _relatives(link: Connection, connected: set[tuple[str, int]]) -> Iterator[Problem]:
    if link.bare_name not in _SAVE | _DELETE | _INIT or not link.is_of_builtin:
        return
    options = model_options(link.row.sender)
    # An abstract model sends nothing itself, see W009.
    if options is None or options.abstract:
        return
    if (link.name, id(Sender.ANY)) in connected:
        return
    labels = [
        label
        for model, label in _inheriting(link.row.sender, link.bare_name)
        if (link.name, id(model)) not in connected
    ]
    if labels:
        more = f" and {len(labels) - 3} more" if len(labels) > 3 else ""
        yield link.problem(
            "I001",
            f"The receiver {link.name!r} hears {link.bare_name!r} of "
            f"{link.sender_text}, not of {', '.join(map(repr, labels[:3]))}{more}.",
            "Connect it with these senders too, if it is about them.",
        )


def _inheriting(model: type, signal: str) -> Iterator[tuple[type, str]]:
    """
    Yield the models below ``model`` that send a signal in their own name only.
    """
    children: list[type] = type.__subclasses__(model)
    for child in children:
        options = model_options(child)
        if options is None or options.apps is not apps:
            continue
        # A child with a table of its own is deleted together with its parent.
        if not options.abstract and (options.proxy or signal not in _DELETE):
            yield child, options.label
        yield from _inheriting(child, signal)


def _slow(link: Connection) -> Iterator[Problem]:
    name, signal = link.name, link.bare_name
    if not link.is_of_builtin:
        return
    if link.sender_kind is None and signal in _DELETE:
        yield link.problem(
            "I002",
            f"The receiver {name!r} hears {signal!r} of every model, so that Django "
            "loads all rows that it deletes, one by one.",
            "Connect it with a sender, if it is about some models only.",
        )
    if signal in _INIT:
        yield link.problem(
            "I003",
            f"The receiver {name!r} runs for each instance, those of a query too.",
            "Do what it does when the value is needed.",
        )
    if link.record.is_async and signal not in _AWAITED:
        yield link.problem(
            "I004",
            f"The receiver {name!r} is asynchronous, and Django sends {signal!r} with "
            "send(), which starts an event loop for it.",
            "Make it synchronous: that saves a millisecond or two each time.",
        )


def _nameless(link: Connection) -> Iterator[Problem]:
    # Django itself does not call send_robust() outside of tests.
    if link.is_of_builtin or _has_qualname(link.row.receiver):
        return
    yield link.problem(
        "I005",
        f"If the receiver {link.name!r} raises in send_robust(), Django raises "
        "AttributeError instead, because it has no __qualname__.",
        "Connect a function or a method.",
    )


def _has_qualname(receiver: Any) -> bool:
    if issubclass(type(receiver), (*_NAMED, type)):
        return True
    return stored_attribute(receiver, "__qualname__") is not None


_NAMED = (FunctionType, MethodType, BuiltinFunctionType)
