"""
Know which signals and receivers a process has, without `signaltools`.

The calls of `Signal()` and `Signal.connect()` are noted down as they happen, with the
objects that were passed. Of a signal's private rows only identity and order are used,
never what is in them.
"""

import functools
import gc
import inspect
import os
import sys
import sysconfig
import types
import weakref
from dataclasses import dataclass

import django
from django.dispatch import Signal


@dataclass(frozen=True)
class Connection:
    row: tuple
    find_receiver: object
    find_sender: object
    weak: bool
    dispatch_uid: object


class Ledger:
    def __init__(self):
        self.created = []
        self.connections = {}

    def install(self):
        """Watch `Signal` from now on."""
        early = signals_on_the_heap()
        assert not early, f"signals that nobody watched: {early}"
        self._watch_init(Signal.__init__)
        self._watch_connect(Signal.connect)

    def _watch_init(self, original):
        @functools.wraps(original)
        def watched_init(signal, *args, **kwargs):
            original(signal, *args, **kwargs)
            self.created.append((signal, calling_lines(signal)))

        Signal.__init__ = watched_init

    def _watch_connect(self, original):
        @functools.wraps(original)
        def connect(signal, receiver, sender=None, weak=True, dispatch_uid=None):
            rows_before = list(signal.receivers)
            original(signal, receiver, sender, weak, dispatch_uid)
            for row in without(signal.receivers, rows_before):
                find_receiver = weak_reference(receiver) if weak else lambda: receiver
                self.connections[id(row)] = Connection(
                    row, find_receiver, find_sender(sender), weak, dispatch_uid
                )

        Signal.connect = connect

    def signals(self):
        """Return each signal with the lines that led to it, innermost first."""
        watched = [signal for signal, _ in self.created]
        unseen = without(signals_on_the_heap(), watched)
        assert not unseen, f"signals that did not run Signal.__init__: {unseen}"
        return self.created

    def live_connections(self, signal):
        """Return what `signal.send()` would call, in this order."""
        connections = [self.connections[id(row)] for row in signal.receivers]
        return [c for c in connections if is_live(c)]


def without(objects, others):
    """Return the objects that are not in others, by identity."""
    ids = {id(other) for other in others}
    return [o for o in objects if id(o) not in ids]


def signals_on_the_heap():
    return [o for o in gc.get_objects() if issubclass(type(o), Signal)]


def calling_lines(signal):
    lines, frame = [], sys._getframe(2)
    while frame.f_code.co_name == "__init__" and frame.f_locals.get("self") is signal:
        frame = frame.f_back
    while frame:
        lines.append((frame.f_globals.get("__name__"), frame.f_lineno))
        frame = frame.f_back
    return lines


def weak_reference(receiver):
    if hasattr(receiver, "__self__") and hasattr(receiver, "__func__"):
        return weakref.WeakMethod(receiver)
    return weakref.ref(receiver)


def find_sender(sender):
    try:
        return weakref.ref(sender)
    except TypeError:
        return lambda: sender


def is_live(connection):
    if connection.find_receiver() is None:
        return False
    # Django 5.2 keeps the row of a dead sender.
    find_sender = connection.find_sender
    weak = django.VERSION >= (6, 0) and isinstance(find_sender, weakref.ref)
    return not weak or find_sender() is not None


def describe(ledger):
    """Return the signals and receivers of this process as JSON data."""
    holders = attributes_that_hold_signals()
    signals, unnamed, receivers = [], [], []
    for signal, lines in ledger.signals():
        connections = ledger.live_connections(signal)
        names = holders.get(id(signal))
        if names:
            signals.append(describe_signal(signal, lines, names))
            receivers += describe_receivers(signals[-1]["name"], connections)
        else:
            unnamed.append({"created": lines[0], "receivers": len(connections)})
    return {"signals": signals, "unnamed": unnamed, "receivers": receivers}


def attributes_that_hold_signals():
    """Return {id(signal): [(module, dotted path)]}."""
    holders = {}
    for module, prefix, space in namespaces():
        for attribute, value in list(space.items()):
            if issubclass(type(value), Signal):
                name = f"{prefix}.{attribute}"
                holders.setdefault(id(value), []).append((module, name))
    return holders


def namespaces():
    """Yield (module, dotted path, attributes) for modules and the classes in them."""
    for name, module in list(sys.modules.items()):
        if type(module) is types.ModuleType:
            yield name, name, vars(module)
            for attribute, value in list(vars(module).items()):
                # isinstance() would wake lazy objects.
                if issubclass(type(value), type):
                    yield name, f"{name}.{attribute}", vars(value)


def describe_signal(signal, lines, names):
    """Name the signal after the innermost caller whose module holds it."""
    module, line, name = next(
        (module, line, path)
        for module, line in lines
        for holder, path in names
        if holder == module
    )
    return {
        "name": name,
        "kind": "builtin" if module.startswith("django.") else "custom",
        "class": dotted_path(type(signal)),
        "app": app_label(module),
        "file": os.path.abspath(sys.modules[module].__file__),
        "line": line,
        "aliases": sorted(path for _, path in names if path != name),
    }


def describe_receivers(signal_name, connections):
    from django.core.files.storage import Storage

    described, order = [], 0
    for connection in connections:
        receiver = connection.find_receiver()
        is_async = inspect.iscoroutinefunction(receiver)
        order += not is_async
        module, qualname = module_and_qualname(receiver)
        code = innermost_code(receiver)
        described.append(
            {
                "signal": signal_name,
                "name": f"{module}.{qualname}",
                "module": module,
                "qualname": qualname,
                "app": app_label(module),
                "component": component(module, code.co_filename),
                "file": os.path.abspath(code.co_filename),
                "line": code.co_firstlineno,
                **describe_sender(connection.find_sender()),
                "dispatch_uid": dispatch_uid(connection.dispatch_uid),
                "weak": connection.weak,
                "async": is_async,
                "order": None if is_async else order,
                "of_storage": isinstance(getattr(receiver, "__self__", None), Storage),
            }
        )
    return described


def module_and_qualname(receiver):
    while isinstance(receiver, functools.partial):
        receiver = receiver.func
    if isinstance(receiver, types.MethodType):
        owner = receiver.__self__
        owner = owner if isinstance(owner, type) else type(owner)
        return owner.__module__, f"{owner.__qualname__}.{receiver.__func__.__name__}"
    named = receiver if hasattr(receiver, "__qualname__") else type(receiver)
    return named.__module__, named.__qualname__


def innermost_code(receiver):
    """Return the code that runs in the end, through all wrappers."""
    if isinstance(receiver, functools.partial):
        return innermost_code(receiver.func)
    if isinstance(receiver, types.MethodType):
        return innermost_code(receiver.__func__)
    if hasattr(receiver, "__wrapped__"):
        return innermost_code(receiver.__wrapped__)
    if not isinstance(receiver, types.FunctionType):
        return innermost_code(type(receiver).__call__)
    return receiver.__code__


def describe_sender(sender):
    from django.apps import AppConfig
    from django.db.models import Model

    label = None
    if sender is None:
        path, kind = None, None
    elif isinstance(sender, type) and issubclass(sender, Model):
        path, kind = sender._meta.label, "model"
    elif isinstance(sender, type):
        path, kind = dotted_path(sender), "class"
    elif isinstance(sender, AppConfig):
        path, kind, label = dotted_path(type(sender)), "app_config", sender.label
    else:
        path, kind = dotted_path(type(sender)), "instance"
    return {"sender": path, "sender_kind": kind, "sender_app": label}


def dispatch_uid(value):
    if not value or isinstance(value, str):
        return value or None
    return {"type": type(value).__name__}


def dotted_path(cls):
    return f"{cls.__module__}.{cls.__qualname__}"


def app_label(module):
    from django.apps import apps

    labels = {f"{config.name}.": config.label for config in apps.get_app_configs()}
    owners = [name for name in labels if f"{module}.".startswith(name)]
    return labels[max(owners, key=len)] if owners else None


def component(module, path):
    if module.startswith("django."):
        return "django"
    parts = path.split(os.sep)
    standard_library = path.startswith(sysconfig.get_path("stdlib") + os.sep)
    outside = standard_library or "site-packages" in parts or "dist-packages" in parts
    return "third_party" if outside else "project"
