"""
Find connections that are lost (W001, W002), ignored (W003), made too late (W017), or
made for a sender that is gone (W021).

Most of these leave no trace, so they are found only if ``connect()`` is watched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import MethodType

from django.conf import settings

from ..introspect.callables import describe
from ..introspect.objects import loaded_object, module_values
from ..inventory.receivers import DEAD, dead_rows
from ..inventory.records import Connected, Problem, Unconnected
from .connection import Connection, place_text, site_text
from .held_by_cache import only_cached
from .watch import STARTUP, Connect, is_watching, watched_connects

_GONE = "was garbage-collected and will never be called"
_HELD_BY_DEBUG = "is kept alive only while DEBUG is True"
_IN_A_CYCLE = "is kept alive only by a reference cycle and will be garbage-collected"


def find_lost(connected: Sequence[Connected]) -> Iterator[Problem]:
    """
    Yield receivers that are garbage-collected, or would be without ``DEBUG``: W001 and
    W002.
    """
    weak = [
        (each, connect)
        for each in connected
        for connect in watched_connects(each.signal)
        if connect.weak and connect.taken_by is None and not connect.has_lost_sender()
    ]
    bound_methods = {
        (each.record.name, receiver.name)
        for each in connected
        for row, receiver in zip(each.rows, each.record.receivers, strict=True)
        if type(row.receiver) is MethodType
    }
    for each, connect in weak:
        # If the same method of another object is connected, the program creates and
        # drops such objects on purpose, and each takes its connection with it.
        method = each.record.name, connect.receiver.described.name
        if connect.receiver.is_gone() and method not in bound_methods:
            yield _lost(each, connect, _GONE)

    suspects = [(each, connect) for each, connect in weak if not _has_name(connect)]
    # No other variable may hold a receiver now: it would count as something that keeps
    # the receiver alive.
    receivers = [connect.receiver.function() for _, connect in suspects]
    found = only_cached(receivers)
    held_by = _HELD_BY_DEBUG if settings.DEBUG else _IN_A_CYCLE
    for (each, connect), is_cached in zip(suspects, found, strict=True):
        if is_cached:
            yield _lost(each, connect, held_by)

    if not is_watching():
        # A dead row shows that there was a receiver, but not which one.
        for each in connected:
            name = each.record.name
            is_dead = any(row.receiver is DEAD for row in dead_rows(each.signal))
            # Storages and other objects that follow the settings come and go.
            if is_dead and name != "django.core.signals.setting_changed":
                yield Problem(
                    "W001",
                    name,
                    f"A receiver of {name!r} {_GONE}.",
                    "Set SIGNALTOOLS['WATCH_CONNECT'] = True to find out which.",
                    name,
                )


def find_without_sender(connected: Sequence[Connected]) -> Iterator[Problem]:
    """
    Yield receivers whose sender was garbage-collected: W021.
    """
    for each in connected:
        signal = each.record.name
        for connect in watched_connects(each.signal):
            # Objects that connect something for themselves come and go on purpose, and
            # so do models of migrations. A line that runs once at startup is different.
            is_startup = connect.site and connect.site.function in STARTUP
            is_object = connect.sender.kind in ("class", "instance")
            is_kept = connect.taken_by is None and not connect.receiver.is_gone()
            if is_startup and is_object and is_kept and connect.is_sender_gone():
                name, sender = connect.receiver.described.name, connect.sender
                what = "an instance of" if sender.kind == "instance" else "the class"
                yield Problem(
                    "W021",
                    name,
                    f"The receiver {name!r} connected to {signal!r}"
                    f"{site_text(connect.site)} is never called: its sender, {what} "
                    f"{sender.label!r}, was garbage-collected.",
                    "Keep a reference to the sender, or connect the receiver with "
                    "another sender or without one: only that exact object matches.",
                    signal,
                    next((n for n, r in enumerate(each.rows) if connect.made(r)), None),
                    (_unconnected(connect, signal),),
                )


def _has_name(connect: Connect) -> bool:
    """
    Return whether a module or class holds the receiver by a name, or it is gone.
    """
    # None for a bound method, too: its object may be gone, but no cache holds that.
    receiver = connect.receiver.function()
    if receiver is None:
        return True
    described, site = describe(receiver), connect.site
    names = {described.module, site.module if site else described.module}
    return (
        loaded_object(described.module, described.qualname) is receiver
        # These modules are the most likely ones. Finding any other holder takes a walk
        # over the whole heap.
        or any(value is receiver for name in names for value in module_values(name))
    )


def _lost(connected: Connected, connect: Connect, what: str) -> Problem:
    name, module, qualname, file, line = connect.receiver.described
    signal = connected.record.name
    at = site_text(connect.site) or place_text(file, line)
    check, end = "W001", "."
    hint = (
        "Define the receiver at module level, keep a reference to it, or pass "
        "weak=False: Django keeps only a weak reference."
    )
    # If another line of the same file has this name now, a second "def" has taken it.
    namesake = describe(loaded_object(module, qualname))
    if namesake.filename == file and namesake.line != line:
        replaced_at = place_text(namesake.filename, namesake.line)
        check, hint = "W002", "Give each receiver a unique name."
        end = f": another receiver with the same name replaced it{replaced_at}."
    message = f"The receiver {name!r} connected to {signal!r}{at} {what}{end}"
    # The place of a receiver that isn't gone yet.
    place = next((n for n, row in enumerate(connected.rows) if connect.made(row)), None)
    missing = (_unconnected(connect, signal),)
    return Problem(check, name, message, hint, signal, place, missing)


def _unconnected(connect: Connect, signal: str) -> Unconnected:
    name, sender = connect.receiver.described.name, connect.sender
    return Unconnected(name, signal, sender.label, sender.kind, sender.app)


def find_dropped(links: Sequence[Connection]) -> Iterator[Problem]:
    """
    Yield receivers that Django didn't connect, because another one has their
    ``dispatch_uid``: W003.
    """
    for connect in watched_connects(links[0].signal) if links else ():
        taken_by = connect.taken_by
        if taken_by is None:
            continue
        # The problem is shown beside the receiver that has the uid. If that one has
        # been disconnected since, the uid is free again.
        owners = [
            link
            for link in links
            if (link.name, link.record.dispatch_uid) == (taken_by.name, connect.uid)
            # None, if Django has kept only the id() of the sender.
            and link.record.sender in (connect.sender.label, None)
        ]
        if owners:
            name = connect.receiver.described.name
            message = (
                f"The receiver {name!r} wasn't connected to {owners[0].signal_name!r}"
                f"{site_text(connect.site)}: its dispatch_uid {connect.uid!r} is "
                f"already used by {taken_by.name!r}."
            )
            hint = (
                "Use a unique dispatch_uid, or remove it: connecting the same function "
                "twice has no effect anyway."
            )
            missing = (_unconnected(connect, owners[0].signal_name),)
            problem = owners[0].problem("W003", message, hint)
            yield problem._replace(name=name, unconnected=missing)


def check_connect(link: Connection) -> Iterator[Problem]:
    """
    Yield what is wrong with the time at which a connection was made: W017.
    """
    connect = link.connect
    if connect is None:
        return
    site = connect.site
    # A library may define a field class in a module that is imported late, or never, if
    # no model uses the field. It connects at the top of that module.
    is_import = site is not None and site.function == "<module>"
    is_by_library = is_import and link.record.component == "third_party"
    is_class_prepared = link.signal_name == "django.db.models.signals.class_prepared"
    if is_class_prepared and connect.is_late and not is_by_library:
        which = "all models" if link.record.sender_kind is None else link.sender_text
        yield link.problem(
            "W017",
            f"The receiver {link.name!r} was connected to 'class_prepared'"
            f"{site_text(site)} after {which} had been prepared.",
            "Connect the receiver at the top of 'apps.py', not in ready().",
        )
