"""
Find senders that a signal never has.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models.options import Options

from ..introspect.models import model_options
from ..introspect.objects import stored_attribute
from ..inventory.django_signals import BUILTIN_SIGNALS
from ..inventory.records import Problem
from .connection import Connection
from .watch import Site

_DELETE = {"pre_delete", "post_delete"}
_SAVE_AND_DELETE = {"pre_save", "post_save", *_DELETE}


class Senders:
    """
    Check the senders of Django's own signals, of which is known who sends them.
    """

    def check(self, links: Sequence[Connection]) -> Iterator[Problem]:
        """
        Yield what is wrong with the senders of the connections of one signal.

        Whoever connects a receiver for many senders, as in a loop over all models, may
        well connect it for some that never send the signal.
        """
        found = [list(self._check(link)) for link in links]
        calls = [_call(link) for link in links]
        right = {call for call, each in zip(calls, found, strict=True) if not each}
        for call, each in zip(calls, found, strict=True):
            yield from (one for one in each if one.id == "W018" or call not in right)

    def _check(self, link: Connection) -> Iterator[Problem]:
        role, kind = BUILTIN_SIGNALS.get(link.signal_name), link.sender_kind
        if role is None or kind is None or kind == "unknown":
            return
        options = model_options(link.row.sender)
        # An abstract model need not belong to an app.
        kind = "model" if options else kind
        if role == "app_config":
            yield from _migrated(link)
        elif role == "through":
            yield from self._through(link)
        elif kind not in _KINDS[role] and not _is_auth(link):
            yield _never_sent(link, role)
        elif options:
            yield from _model(link, options)

    def _through(self, link: Connection) -> Iterator[Problem]:
        options = model_options(link.row.sender)
        is_made = options is not None and options.auto_created
        if not is_made and id(link.row.sender) not in self._through_models:
            yield link.problem(
                "W007",
                f"The receiver {link.name!r} is never called: 'm2m_changed' is sent by "
                f"through models, and {link.sender_text} is none.",
                _through_hint(link.row.sender),
            )

    @cached_property
    def _through_models(self) -> set[int]:
        return {
            id(field.remote_field.through)
            for model in apps.get_models(
                include_auto_created=True, include_swapped=True
            )
            for field in (*model._meta.local_many_to_many, *model._meta.private_fields)
            if getattr(field.remote_field, "through", None) is not None
        }


def _call(link: Connection) -> tuple[str, int | None, Site | None]:
    """
    Return what the connections that are made in one loop have in common.
    """
    file, line = link.record.file, link.record.line
    return file or link.name, line, link.connect.site if link.connect else None


# What may be the sender of the signals that each sort of senders sends.
_KINDS: dict[str, set[str]] = {
    "model": {"model"},
    "saved model": {"model"},
    # What a project logs in need not be a model.
    "user": {"model", "class"},
    "class": {"class", "model"},
    "instance": {"instance"},
    "nobody": set(),
}


def _is_auth(link: Connection) -> bool:
    """
    Tell whether the sender is the very text that ``user_login_failed`` is sent with.
    """
    auth = sys.modules.get("django.contrib.auth")
    connect = link.connect
    return bool(auth and connect and connect.sender_id == id(auth.__name__))


def _through_hint(sender: Any) -> str:
    options = model_options(sender)
    fields = options.local_many_to_many if options else ()
    paths = [f"{options.label}.{field.name}.through" for field in fields if options]
    senders = " or ".join(f"sender={path}" for path in paths[:3])
    return f"Use the intermediate model: {senders or 'sender=Model.field.through'}."


def _never_sent(link: Connection, role: str) -> Problem:
    signal = link.bare_name
    hints = {
        "model": "Use the model itself as sender.",
        "user": "Use sender=get_user_model().",
        "class": "Use the class that sends it, or no sender.",
        "instance": "Connect it without a sender: only the very same object is one.",
    }
    return link.problem(
        "W011",
        f"The receiver {link.name!r} is never called: {signal!r} is never sent by "
        f"{link.sender_text}.",
        hints.get(role.removeprefix("saved "), "Connect it without a sender."),
    )


def _migrated(link: Connection) -> Iterator[Problem]:
    signal, sender = link.bare_name, link.row.sender
    if link.sender_kind != "app_config":
        yield link.problem(
            "W010",
            f"The receiver {link.name!r} is never called: {signal!r} is sent by "
            f"AppConfig instances, and {link.sender_text} is none.",
            "Use sender=self in ready(), or sender=apps.get_app_config(label).",
        )
    elif stored_attribute(sender, "models_module") is None:
        yield link.problem(
            "W010",
            f"The receiver {link.name!r} is never called: {signal!r} is not sent by "
            f"{link.sender_text}, which has no models.",
            "Use the AppConfig of an app with models, or no sender.",
        )


def _model(link: Connection, options: Options[Any]) -> Iterator[Problem]:
    signal = link.bare_name
    never = (
        f"The receiver {link.name!r} is never called: {signal!r} is never sent by "
        f"{link.sender_text}"
    )
    if options.auto_created and signal in _SAVE_AND_DELETE:
        yield link.problem(
            "W008",
            f"{never}, which Django made for a many-to-many field.",
            "Connect it to 'm2m_changed' with this sender.",
        )
    elif options.abstract and not _may_be_by_a_field(link):
        yield link.problem(
            "W009",
            f"{never}, which is abstract.",
            "Connect it to each model that inherits from it.",
        )
    elif (
        options.swapped and signal != "class_prepared" and not _may_be_by_a_field(link)
    ):
        yield link.problem(
            "W009",
            f"{never}, which is swapped out for {options.swapped!r}.",
            f"Use sender=settings.{options.swappable}.",
        )
    elif signal in _DELETE and (field := _cascades(options)):
        yield link.problem(
            "W018",
            f"The receiver {link.name!r} misses rows of {link.sender_text}: by "
            f"DB_CASCADE of {field!r} the database deletes them, without {signal!r}.",
            "Use on_delete=models.CASCADE, or do without the signal.",
        )


def _may_be_by_a_field(link: Connection) -> bool:
    # A field connects for the abstract model, then for each that inherits. Where
    # nobody has watched, it may have been one.
    site = link.connect.site if link.connect else None
    return site is None or site.function == "contribute_to_class"


def _cascades(options: Options[Any]) -> str | None:
    # New in Django 6.1.
    cascade = getattr(models, "DB_CASCADE", None)
    for field in options.concrete_fields if cascade else ():
        if getattr(field.remote_field, "on_delete", None) is cascade:
            return field.name
    return None
