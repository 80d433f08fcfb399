"""
Find senders that never send the signal: W007, W008, W009, W010, W011, and W018.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from django.db import models
from django.db.models.options import Options

from ..introspect.models import installed_models, model_options
from ..introspect.objects import loaded_object, stored_attribute
from ..inventory.django_signals import BUILTIN_SIGNALS
from ..inventory.records import Problem
from .connection import Connection

_DELETE = {"pre_delete", "post_delete"}
_SAVE_AND_DELETE = {"pre_save", "post_save", *_DELETE}

# What a signal is sent by: the kinds of senders that match, and a hint for all others.
_ROLES: dict[str, tuple[set[str], str]] = {
    "model": ({"model"}, "Use the model itself as sender."),
    "saved model": ({"model"}, "Use the model itself as sender."),
    # What a project logs in doesn't have to be a model.
    "user": ({"model", "class"}, "Use sender=get_user_model()."),
    "class": (
        {"model", "class"},
        "Use the class that sends it as sender, or no sender.",
    ),
    "instance": (
        {"instance"},
        "Connect the receiver without a sender: only that exact object matches.",
    ),
    "none": (set(), "Connect the receiver without a sender."),
}


def check_senders(links: Sequence[Connection]) -> Iterator[Problem]:
    """
    Yield what is wrong with the senders of the connections of one signal.

    Only Django's own signals are checked: a custom signal may be sent by anything.
    """
    role = BUILTIN_SIGNALS.get(links[0].signal_name) if links else None
    if role is None:
        return
    # This looks at all models, so it is done once, and only for one signal.
    through_models = _through_models() if role == "through" else set()
    # A loop over all models connects a receiver for some that never send the signal.
    # That is fine if one of them does, so what one line connects is judged together.
    found: dict[Any, list[list[Problem]]] = {}
    for link in links:
        site = link.connect.site if link.connect else None
        line = link.record.file or link.name, link.record.line, site
        found.setdefault(line, []).append([*_check(link, role, through_models)])
    for results in found.values():
        for problem in chain(*results):
            # In W018, the model does send the signal, but not for all of its rows.
            if problem.id == "W018" or all(results):
                yield problem


def _check(link: Connection, role: str, through_models: set[int]) -> Iterator[Problem]:
    kind, sender = link.record.sender_kind, link.row.sender
    if kind is None or kind == "unknown":
        return
    options = model_options(sender)
    never_called = f"The receiver {link.name!r} is never called: {link.bare_name!r}"
    if role == "app_config":
        if kind != "app_config":
            yield link.problem(
                "W010",
                f"{never_called} is sent by AppConfig instances, but the sender is "
                f"{link.sender_text}.",
                "Use sender=self in ready(), or sender=apps.get_app_config(label).",
            )
        elif stored_attribute(sender, "models_module") is None:
            yield link.problem(
                "W010",
                f"{never_called} is never sent by {link.sender_text}, which has no "
                "models.",
                "Use the AppConfig of an app with models, or no sender.",
            )
    elif role == "through":
        is_created = options is not None and options.auto_created
        if not is_created and id(sender) not in through_models:
            fields = options.local_many_to_many[:3] if options else []
            through = [f"{options.label}.{f.name}.through" for f in fields if options]
            senders = " or ".join(f"sender={each}" for each in through)
            yield link.problem(
                "W007",
                f'{never_called} is sent by intermediate ("through") models, and '
                f"{link.sender_text} isn't one.",
                "Use the intermediate model: "
                f"{senders or 'sender=Model.field.through'}.",
            )
    else:
        kinds, hint = _ROLES[role]
        never_called += f" is never sent by {link.sender_text}"
        # An abstract model need not belong to an app, so it may be listed as a class.
        if ("model" if options else kind) not in kinds and not _is_auth(link):
            yield link.problem("W011", f"{never_called}.", hint)
        elif options:
            yield from _check_model(link, options, never_called)


def _through_models() -> set[int]:
    # A field of a package, such as one for tags, may be among the private ones.
    return {
        id(getattr(field.remote_field, "through", None))
        for model in installed_models()
        for field in (*model._meta.local_many_to_many, *model._meta.private_fields)
    }


def _is_auth(link: Connection) -> bool:
    """
    Return whether the sender is the string that ``user_login_failed`` is sent with.
    """
    # Django sends the __name__ of this module, and compares senders by id(), so another
    # string with the same content doesn't match.
    name = loaded_object("django.contrib.auth", "__name__")
    return link.connect is not None and link.connect.sender_id == id(name)


def _check_model(
    link: Connection, options: Options[Any], never_called: str
) -> Iterator[Problem]:
    signal = link.bare_name
    # A field connects in contribute_to_class() for the abstract model, then for each
    # model that inherits from it. Without a watch, it may have been a field.
    site = link.connect.site if link.connect else None
    is_by_field = site is None or site.function == "contribute_to_class"
    if options.auto_created and signal in _SAVE_AND_DELETE:
        yield link.problem(
            "W008",
            f"{never_called}, which Django created for a many-to-many field.",
            "Connect the receiver to 'm2m_changed' with this sender.",
        )
    elif options.abstract and not is_by_field:
        yield link.problem(
            "W009",
            f"{never_called}, which is abstract.",
            "Connect the receiver to each model that inherits from this one.",
        )
    elif options.swapped and signal != "class_prepared" and not is_by_field:
        yield link.problem(
            "W009",
            f"{never_called}, which is swapped out for {options.swapped!r}.",
            f"Use sender=settings.{options.swappable}.",
        )
    elif signal in _DELETE and (field := _cascading_field(options)):
        yield link.problem(
            "W018",
            f"The receiver {link.name!r} doesn't run for {options.label!r} rows "
            f"deleted through {field!r}: DB_CASCADE deletes them in the database, "
            f"without sending {signal!r}.",
            "Use on_delete=models.CASCADE, or don't rely on this signal.",
        )


def _cascading_field(options: Options[Any]) -> str | None:
    # New in Django 6.1.
    cascade = getattr(models, "DB_CASCADE", None)
    for field in options.concrete_fields if cascade else ():
        if getattr(field.remote_field, "on_delete", None) is cascade:
            return field.name
    return None
