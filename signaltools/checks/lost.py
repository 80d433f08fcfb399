"""
Find connections that are lost, dropped or made at the wrong time.

Most of that leaves no trace, so it is found only where ``connect()`` is watched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import MethodType

from django.apps import apps
from django.conf import settings

from ..introspect.callables import describe
from ..introspect.objects import loaded_object, module_values
from ..inventory.records import Connected, Problem
from ..inventory.rows import DEAD, dead_rows
from .connection import Connection, place_text
from .held_by_cache import only_cached
from .watch import Connect, Site, connects, failed_disconnects, is_watching


def find_lost(connected: Sequence[Connected]) -> Iterator[Problem]:
    """
    Yield receivers that are garbage-collected, or would be without ``DEBUG``.
    """
    weak = [
        (each, connect)
        for each in connected
        for connect in connects(each.signal)
        if connect.weak and connect.taken_by is None and not connect.has_lost_sender()
    ]
    methods = {
        (each.record.name, receiver.name)
        for each in connected
        for row, receiver in zip(each.rows, each.record.receivers, strict=True)
        if type(row.receiver) is MethodType
    }
    for each, connect in weak:
        # Where another object has the same method connected, objects come and go.
        comes_and_goes = (each.record.name, connect.receiver.described.name) in methods
        if connect.receiver.is_gone() and not comes_and_goes:
            yield _lost(each, connect, _GONE)
    for each, connect in _held_by_nothing(weak):
        yield _lost(each, connect, _HELD_BY_DEBUG if settings.DEBUG else _IN_A_CYCLE)
    if not is_watching():
        yield from _dead(connected)


_GONE = "was garbage-collected and will never be called"
_HELD_BY_DEBUG = "lives only while DEBUG is True"
_IN_A_CYCLE = "lives only until Python collects garbage"
_Weak = list[tuple[Connected, Connect]]


def _held_by_nothing(weak: _Weak) -> _Weak:
    # Of a method it is the object that dies, and no cache holds that.
    suspects = [each for each in weak if not _is_named(each[1])]
    receivers = [connect.receiver.function() for _, connect in suspects]
    found = only_cached(receivers)
    return [each for each, is_cached in zip(suspects, found, strict=True) if is_cached]


def _is_named(connect: Connect) -> bool:
    """
    Tell whether a module or class holds the receiver by a name, or nobody does.
    """
    receiver = connect.receiver.function()
    if receiver is None:
        return True
    described, site = describe(receiver), connect.site
    names = {described.module, site.module if site else described.module}
    return (
        loaded_object(described.module, described.qualname) is receiver
        # To find out who else holds it takes a walk over the whole heap.
        or any(value is receiver for name in names for value in module_values(name))
    )


def _lost(connected: Connected, connect: Connect, what: str) -> Problem:
    name, module, qualname, file, line = connect.receiver.described
    signal = connected.record.name
    at = _at(connect.site) or place_text(file, line)
    message = f"The receiver {name!r} connected to {signal!r}{at} {what}"
    places = (n for n, row in enumerate(connected.rows) if connect.has_made(row))
    other = describe(loaded_object(module, qualname))
    if other.filename == file and other.line != line:
        at = place_text(other.filename, other.line)
        message += f": another one of this name replaced it{at}."
        hint = "Give each of them a name of its own."
        return Problem("W002", name, message, hint, signal, next(places, None))
    hint = (
        "Django keeps weak references. Define it at module level, keep a reference to "
        "it, or pass weak=False."
    )
    return Problem("W001", name, f"{message}.", hint, signal, next(places, None))


def _dead(connected: Sequence[Connected]) -> Iterator[Problem]:
    """
    Yield what is known without a watch: that something was there.
    """
    for each in connected:
        name = each.record.name
        is_dead = any(row.receiver is DEAD for row in dead_rows(each.signal))
        # Objects that listen to settings, such as storages, come and go.
        if is_dead and name != "django.core.signals.setting_changed":
            yield Problem(
                "W001",
                name,
                f"A receiver of {name!r} {_GONE}.",
                "SIGNALTOOLS['WATCH_CONNECT'] = True tells which.",
                name,
            )


def check_connect(link: Connection) -> Iterator[Problem]:
    """
    Yield what is wrong with the time at which a connection was made.
    """
    connect = link.connect
    if connect is None:
        return
    is_late = connect.is_late and not _is_by_a_library(link)
    if link.signal_name == _CLASS_PREPARED and is_late:
        which = "all models" if link.sender_kind is None else link.sender_text
        yield link.problem(
            "W017",
            f"The receiver {link.name!r} was connected to 'class_prepared'"
            f"{_at(connect.site)} when {which} had been prepared.",
            "Connect it at the top of 'apps.py', not in ready().",
        )
    for miss in failed_disconnects(link.signal):
        is_same = (miss.uid, miss.sender_id) == (connect.uid, connect.sender_id)
        is_it = miss.uid is not None or miss.receiver.is_of(link.row.receiver)
        if is_same and is_it and not _is_one_file(miss.site, connect.site):
            yield link.problem(
                "W016",
                f"The receiver {link.name!r} of {link.signal_name!r} was to be "
                f"disconnected{_at(miss.site)}, but was connected only later"
                f"{_at(connect.site)}.",
                _order_hint(miss.site, connect.site),
            )


_CLASS_PREPARED = "django.db.models.signals.class_prepared"


def _is_by_a_library(link: Connection) -> bool:
    # Where no model uses its fields, its module of fields is imported late, or never.
    site = link.connect.site if link.connect else None
    is_import = site is not None and site.function == "<module>"
    return is_import and link.record.component == "third_party"


def _is_one_file(one: Site | None, other: Site | None) -> bool:
    # Whoever disconnects first and connects then wants to be sure to be connected.
    return one is not None and other is not None and one.file == other.file


def _order_hint(early: Site | None, late: Site | None) -> str:
    first, second = (
        apps.get_containing_app_config(site.module) if site else None
        for site in (early, late)
    )
    if first is None or second is None or first is second:
        return "Disconnect it in ready() of an app that is listed later."
    return f"List {first.name!r} after {second.name!r} in INSTALLED_APPS."


def find_dropped(links: Sequence[Connection]) -> Iterator[Problem]:
    """
    Yield receivers that were not connected because their ``dispatch_uid`` is taken.
    """
    for connect in connects(links[0].signal) if links else ():
        if connect.taken_by is None:
            continue
        name, other = connect.receiver.described.name, connect.taken_by.name
        taken = other, connect.uid, connect.sender.label
        places = [
            link.place
            for link in links
            # Some senders are not known, see Connection.sender_kind.
            if (link.name, link.record.dispatch_uid, link.record.sender)
            in (taken, (*taken[:2], None))
        ]
        if not places:
            continue
        yield Problem(
            "W003",
            name,
            f"The receiver {name!r} was not connected to {links[0].signal_name!r}"
            f"{_at(connect.site)}: its dispatch_uid {connect.uid!r} belongs to "
            f"{other!r}.",
            "Use a unique dispatch_uid, or drop it: connecting the same function twice "
            "is already ignored.",
            links[0].signal_name,
            places[0],
        )


def _at(site: Site | None) -> str:
    return place_text(site.file, site.line) if site else ""
