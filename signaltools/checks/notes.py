"""
Find what is correct but may surprise: the notes I001 to I005.

No system check prints them, ``list_signals`` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from django.apps import apps

from ..introspect.models import concrete, model_options
from ..introspect.objects import stored_attribute
from ..introspect.text import text_list
from ..inventory.django_signals import BUILTIN_SIGNALS
from ..inventory.receivers import Sender
from ..inventory.records import Problem
from .connection import Connection

_DELETE = {"pre_delete", "post_delete"}
_INIT = {"pre_init", "post_init"}
_SAVE = {"pre_save", "post_save"}
# Under ASGI, and in functions such as alogin(), Django sends these with asend().
_AWAITED = {
    *("request_started", "request_finished"),
    *("user_logged_in", "user_logged_out", "user_login_failed"),
}


def find_notes(links: Sequence[Connection]) -> Iterator[Problem]:
    """
    Yield what is worth a note on the connections of one signal.
    """
    for link in links:
        # A project can't change what Django itself connects.
        if link.record.component == "django":
            continue
        if link.signal_name in BUILTIN_SIGNALS:
            yield from _check_costs(link)
        # Django never calls send_robust() of its own signals in production.
        elif not _has_qualname(link.row.receiver):
            yield link.problem(
                "I005",
                f"If the receiver {link.name!r} raises an exception in send_robust(), "
                "Django raises AttributeError instead, because the receiver has no "
                "__qualname__.",
                "Connect a function or a method.",
            )


def find_relatives(links: Sequence[Connection]) -> Iterator[Problem]:
    """
    Yield I001: receivers that run for a model, but not for its proxies and children, or
    for a proxy, but not for its model.

    Takes the connections of all signals. Receivers that lack the same are named in one
    sentence, which each of them has.
    """
    connected = {(link.signal_name, link.name, id(link.row.sender)) for link in links}
    lacking: dict[Any, list[Connection]] = {}
    for link in links:
        for way, labels in _lacking(link, connected):
            key = link.record.component, id(link.row.sender), way, labels, link.name
            lacking.setdefault(key, []).append(link)
    groups: dict[Any, list[Connection]] = {}
    for (*key, _name), found in lacking.items():
        signals = tuple(dict.fromkeys(link.bare_name for link in found))
        groups.setdefault((*key, signals), []).extend(found)
    for (_component, _sender, way, labels, signals), found in groups.items():
        names = list(dict.fromkeys(link.name for link in found))
        receivers = "receiver" if len(names) == 1 else "receivers"
        start = (
            f"The {receivers} {text_list(map(repr, names))} "
            f"{'is' if len(names) == 1 else 'are'} connected to "
            f"{text_list(map(repr, signals))} for "
        )
        if way == "proxy":
            message = (
                f"{start}the proxy {found[0].record.sender!r}, but not for its model "
                f"{labels[0]!r}."
            )
            hint = (
                f"Connect the {receivers} for the model as well if objects are saved "
                "with it: the sender is the class of the object."
            )
        else:
            noun = "subclass" if len(labels) == 1 else "subclasses"
            more = f", and {len(labels) - 3} more" if len(labels) > 3 else ""
            message = (
                f"{start}{found[0].sender_text}, but not for its {noun} "
                f"{', '.join(map(repr, labels[:3]))}{more}."
            )
            they = "it" if len(names) == 1 else "they"
            hint = (
                f"Connect the {receivers} for the {noun} as well if {they} should run "
                f"for {'it' if len(labels) == 1 else 'them'}."
            )
        for link in found:
            yield link.problem("I001", message, hint)._replace(name=names[0])


def _lacking(
    link: Connection, connected: set[tuple[str, str, int]]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    options = model_options(link.row.sender)
    is_sent_by_models = (
        link.bare_name in _SAVE | _DELETE | _INIT
        and link.signal_name in BUILTIN_SIGNALS
    )
    # An abstract model sends nothing itself, see W009. A project can't change what
    # Django itself connects.
    is_fixed = link.record.component == "django"
    if not is_sent_by_models or is_fixed or options is None or options.abstract:
        return
    if (link.signal_name, link.name, id(Sender.ANY)) in connected:
        return
    labels = tuple(
        label
        for model, label in _inheriting(link.row.sender, link.bare_name)
        if (link.signal_name, link.name, id(model)) not in connected
    )
    if labels:
        yield "subclasses", labels
    model = concrete(link.row.sender)
    if options.proxy and (link.signal_name, link.name, id(model)) not in connected:
        yield "proxy", (model._meta.label,)


def _inheriting(model: type, signal: str) -> Iterator[tuple[type, str]]:
    """
    Yield the models below ``model`` that send a signal only with themselves as sender.
    """
    children: list[type] = type.__subclasses__(model)
    for child in children:
        options = model_options(child)
        # Migrations and tests create models in registries of their own.
        if options is None or options.apps is not apps:
            continue
        # A child with a table of its own is deleted together with its parent row, and
        # the signals of the parent are sent then.
        if not options.abstract and (options.proxy or signal not in _DELETE):
            yield child, options.label
        yield from _inheriting(child, signal)


def _check_costs(link: Connection) -> Iterator[Problem]:
    name, signal = link.name, link.bare_name
    if link.record.sender_kind is None and signal in _DELETE:
        yield link.problem(
            "I002",
            f"The receiver {name!r} is connected to {signal!r} for every model, so "
            "Django fetches rows and sends signals for each instead of deleting "
            "related rows with one query.",
            "Only the package that connects the receiver can change this."
            if link.record.component == "third_party"
            else "Connect the receiver with a sender if it only concerns some models.",
        )
    if signal in _INIT:
        yield link.problem(
            "I003",
            f"The receiver {name!r} runs for every instance created, including each "
            "row returned by a query.",
            "Compute the value lazily, for example in a cached_property.",
        )
    if link.record.is_async and signal not in _AWAITED:
        yield link.problem(
            "I004",
            f"The receiver {name!r} is asynchronous, and Django sends {signal!r} with "
            "send(), which starts an event loop for each call.",
            "Make the receiver synchronous, which saves a millisecond or two per call.",
        )


def _has_qualname(receiver: Any) -> bool:
    # Python itself reads the attribute of these types. Any other one may run code.
    kinds = (FunctionType, MethodType, BuiltinFunctionType, type)
    if issubclass(type(receiver), kinds):
        return True
    return stored_attribute(receiver, "__qualname__") is not None
