"""
Find calls of ``disconnect()`` that had no effect: W016.

They leave no trace, so they are found only if ``disconnect()`` is watched.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps

from ..introspect.text import stable_text
from ..inventory.records import Problem
from .connection import Connection, site_text
from .watch import Connect, Disconnect, Site, failed_disconnects


def check_disconnects(link: Connection) -> Iterator[Problem]:
    """
    Yield the calls that should have ended a connection and didn't: W016.
    """
    connect = link.connect
    if connect is None:
        return
    calls = failed_disconnects(link.signal)
    missed = [
        call
        for call in calls
        if call.site and any(each is connect for each in call.missed)
    ]
    # If a loop calls disconnect(), one sentence is enough.
    for call in {call.site: call for call in missed}.values():
        yield _problem(link, call, _difference(link, connect, call), _right_call(link))
    for call in calls:
        if _is_too_early(link, connect, call):
            reason = f"later{site_text(connect.site)}"
            yield _problem(link, call, reason, _order_hint(call.site, connect.site))


def _problem(link: Connection, call: Disconnect, reason: str, hint: str) -> Problem:
    return link.problem(
        "W016",
        f"The receiver {link.name!r} of {link.signal_name!r} is still connected: "
        f"disconnect(){site_text(call.site)} had no effect, because the receiver was "
        f"connected {reason}.",
        hint,
    )


def _is_too_early(link: Connection, connect: Connect, call: Disconnect) -> bool:
    # Code that disconnects and then connects wants to connect exactly once.
    site = connect.site
    is_one_file = call.site and site and call.site.file == site.file
    # With a dispatch_uid, Django ignores the receiver.
    is_it = call.uid is not None or call.receiver.is_of(link.row.receiver)
    is_same = (call.uid, call.sender_id) == (connect.uid, connect.sender_id)
    return is_it and is_same and not is_one_file


def _difference(link: Connection, connect: Connect, call: Disconnect) -> str:
    parts = []
    if call.sender_id != connect.sender_id:
        is_any = link.record.sender_kind is None
        parts.append("without a sender" if is_any else f"for {link.sender_text}")
    if call.uid != connect.uid:
        uid = f"with the dispatch_uid {connect.uid!r}"
        parts.append("without a dispatch_uid" if connect.uid is None else uid)
    return f"{' and '.join(parts)}{site_text(connect.site)}"


def _right_call(link: Connection) -> str:
    record, uid = link.record, link.row.dispatch_uid
    arguments = [record.qualname.rpartition(".")[2]]
    if record.sender_kind in ("model", "class"):
        arguments.append(f"sender={(record.sender or '').rpartition('.')[2]}")
    elif record.sender_kind == "app_config":
        arguments.append(f"sender=apps.get_app_config({record.sender_app!r})")
    elif record.sender_kind is not None:
        arguments.append("sender=...")
    if uid is not None:
        text = repr(uid) if type(uid) is str else stable_text(uid)
        arguments.append(f"dispatch_uid={text}")
    return f"Write disconnect({', '.join(arguments)})."


def _order_hint(early: Site | None, late: Site | None) -> str:
    first = apps.get_containing_app_config(early.module) if early else None
    second = apps.get_containing_app_config(late.module) if late else None
    if first is None or second is None or first is second:
        return (
            "Disconnect the receiver in the ready() method of an app that is listed "
            "later in INSTALLED_APPS."
        )
    return f"List {first.name!r} after {second.name!r} in INSTALLED_APPS."
