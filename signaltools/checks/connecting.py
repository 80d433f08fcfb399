"""
Read the source of a module to find out which receivers it would connect.

Importing the module would connect them. The names in its source are followed to what is
loaded already, so what a name leads to is known, or else unknown, but never guessed.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import resolve_name
from types import ModuleType
from typing import Any, NamedTuple

from django.apps import apps
from django.conf import settings
from django.dispatch import Signal

from ..introspect.models import find_models
from ..introspect.objects import class_attribute, is_a, stored_attribute
from ..introspect.source import assigned_names, import_time, imports, parse
from ..introspect.text import clip
from ..inventory.app_files import AppFile, read_file
from ..inventory.records import SenderKind, Unconnected, describe_sender

_RECEIVER_DECORATORS = {
    "django.dispatch.receiver",
    "django.dispatch.dispatcher.receiver",
    "signaltools.receiver",
    "signaltools.events.receiver",
}
_EVENT_DECORATORS = {"signaltools.event", "signaltools.events.event"}
# Used as the path of a signal that the module itself creates.
_A_SIGNAL = "<signal>"
_USER_MODEL = "django.conf.settings.AUTH_USER_MODEL"

_SenderFields = tuple[str | None, SenderKind | None, str | None]
_UNKNOWN: _SenderFields = (None, "unknown", None)


class Connects(NamedTuple):
    """
    What a module connects at module level.

    ``total`` is the number of different receivers, or None if it can't be known without
    running the module. ``receivers`` are those whose names can be seen.
    """

    total: int | None
    receivers: tuple[Unconnected, ...]


def connects(file: AppFile) -> Connects | None:
    """
    Return what the file connects to Django's signals at module level, None if nothing.
    """
    source = read_file(file.path)
    # Parsing takes a hundred times as long as this search.
    if b"receiver" not in source and b".connect(" not in source:
        return None
    return _Source(file, parse(source)).connects()


class _Source:
    def __init__(self, file: AppFile, body: list[ast.stmt]) -> None:
        self._file = file
        self._body = body
        # The names of the module, with the dotted paths that they were imported from.
        self._paths: dict[str, str] = {}
        # The dotted paths of the functions and classes that the module itself defines.
        self._defined: dict[str, str] = {}
        # The names of the classes around statements, by the id() of the statement.
        self._classes: dict[int, str] = {}

    def connects(self) -> Connects | None:
        found: list[Unconnected] = []
        names: set[str | None] = set()
        # A statement in a loop or below a condition may run any number of times.
        always, is_certain = set(map(id, self._body)), True
        for node in import_time(self._body):
            if isinstance(node, ast.ClassDef):
                prefix = f"{self._qualname(node)}."
                self._classes |= dict.fromkeys(map(id, import_time(node.body)), prefix)
                if id(node) in always:
                    always.update(map(id, node.body))
            for name, signals, sender in self._connections(node):
                names.add(name)
                is_certain &= id(node) in always and name is not None
                if name is not None:
                    fields = self._sender(sender)
                    path = clip(name)
                    found += [Unconnected(path, each, *fields) for each in signals]
            self._update_paths(node)
        if not names:
            return None
        return Connects(len(names) if is_certain else None, tuple(found))

    def _qualname(self, node: ast.stmt) -> str:
        return self._classes.get(id(node), "") + str(getattr(node, "name", ""))

    def _connections(
        self, node: ast.stmt
    ) -> Iterator[tuple[str | None, list[str | None], ast.expr | None]]:
        """
        Yield the receiver, the signals, and the sender of each connection.
        """
        decorators = getattr(node, "decorator_list", [])
        name: str | None = f"{self._file.module}.{self._qualname(node)}"
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            call, function = node.value, node.value.func
            if isinstance(function, ast.Attribute) and function.attr == "connect":
                if _is_signal(self._path(function.value)):
                    receiver = _argument(call, 0, "receiver")
                    signal = self._signal(function.value)
                    yield self._receiver(receiver), [signal], _sender(call, 1)
                return
            # receiver(signal)(function), without the "@".
            decorators, name = [function], self._receiver(_argument(call, 0, "func"))
        for decorator in decorators:
            # Without a call, @receiver connects nothing.
            if not isinstance(decorator, ast.Call):
                continue
            if self._path(decorator.func) in _RECEIVER_DECORATORS:
                signals = _argument(decorator, 0, "signal")
                each = getattr(signals, "elts", [signals])
                yield name, [self._signal(one) for one in each], _sender(decorator)

    def _receiver(self, node: ast.expr | None) -> str | None:
        path = self._path(node)
        if not path and isinstance(node, ast.Name):
            path = self._defined.get(node.id, "")
        return path or None

    def _signal(self, node: ast.expr | None) -> str | None:
        path = self._path(node)
        if path == _A_SIGNAL and isinstance(node, ast.Name):
            return clip(f"{self._file.module}.{node.id}")
        return clip(path) if _is_signal(path) else None

    def _sender(self, node: ast.expr | None) -> _SenderFields:
        if node is None:
            return None, None, None
        if isinstance(node, ast.Constant):
            return _constant(node.value)
        path = self._user_model(node) or self._path(node)
        if path == _USER_MODEL:
            return _constant(settings.AUTH_USER_MODEL)
        value = _find(path)
        if path.endswith(".through"):
            relation = stored_attribute(_find(path.removesuffix(".through")), "rel")
            value = stored_attribute(relation, "through")
        # What isn't a class may be replaced before it is used.
        return describe_sender(value) if is_a(value, type) else _UNKNOWN

    def _user_model(self, node: ast.expr) -> str:
        """
        Return the setting that ``get_user_model()`` reads, or "" for anything else.
        """
        function = self._path(node.func) if isinstance(node, ast.Call) else ""
        is_user = function == "django.contrib.auth.get_user_model"
        return _USER_MODEL if is_user else ""

    def _update_paths(self, node: ast.stmt) -> None:
        """
        Add what a statement imports, defines, or assigns.
        """
        paths = self._paths
        for name, module, attribute in imports(node):
            # An import from above the top-level package fails when it runs.
            with suppress(ImportError):
                path = resolve_name(module, self._file.package)
                paths[name] = f"{path}.{attribute}" if attribute else path
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            # Both @event and @event(...).
            decorators = (getattr(each, "func", each) for each in node.decorator_list)
            is_event = any(self._path(each) in _EVENT_DECORATORS for each in decorators)
            paths[node.name] = _A_SIGNAL if is_event else ""
            self._defined[node.name] = f"{self._file.module}.{self._qualname(node)}"
        names, value = assigned_names(node)
        path = self._path(value)
        if isinstance(value, ast.Call):
            cls = _find(self._path(value.func))
            is_signal = is_a(cls, type) and issubclass(cls, Signal)
            path = _A_SIGNAL if is_signal else self._user_model(value)
        paths.update(dict.fromkeys(names, path))

    def _path(self, node: ast.expr | None) -> str:
        names: list[str] = []
        while isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        path = self._paths.get(node.id, "") if isinstance(node, ast.Name) else ""
        return ".".join([path, *reversed(names)]) if path else ""


def _argument(call: ast.Call, place: int, name: str) -> ast.expr | None:
    """
    Return an argument that may be passed by position or by name.
    """
    if len(call.args) > place:
        return call.args[place]
    return next((each.value for each in call.keywords if each.arg == name), None)


def _sender(call: ast.Call, place: int = 99) -> ast.expr | None:
    has_kwargs = any(each.arg is None for each in call.keywords)
    has_args = any(isinstance(each, ast.Starred) for each in call.args)
    found = _argument(call, place, "sender")
    # An expression that leads to nothing, because the sender may be among these.
    return ast.Name("") if found is None and (has_args or has_kwargs) else found


def _constant(value: object) -> _SenderFields:
    if value is None:
        return None, None, None
    if not is_a(value, str):
        return _UNKNOWN
    # Django takes a string with a dot for the label of a model.
    for model in find_models(value) if "." in value else ():
        return describe_sender(model)
    return clip(value), "string", None


def _is_signal(path: str) -> bool:
    if path == _A_SIGNAL:
        return True
    value = _find(path)
    if value is not None:
        return is_a(value, Signal)
    # The module that defines it hasn't been imported either, so its name decides. A
    # library such as Celery has "signals" of another kind.
    module = path.rpartition(".")[0]
    django_apps = ("django.", *(f"{each.name}." for each in apps.get_app_configs()))
    return module.endswith(".signals") and module.startswith(django_apps)


def _find(path: str) -> Any:
    """
    Return what a dotted path leads to, or None, without importing anything.
    """
    module, names = path, list[str]()
    while module and not is_a(sys.modules.get(module), ModuleType):
        module, _, name = module.rpartition(".")
        names.insert(0, name)
    value: Any = sys.modules.get(module)
    for name in names:
        read = class_attribute if is_a(value, type) else stored_attribute
        value = read(value, name)
    return value
