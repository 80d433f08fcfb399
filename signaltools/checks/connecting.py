"""
Read the source of a module to find out which receivers it would connect.

Importing the module would connect them. The names in its source are followed to what is
loaded already, so what a name leads to is known, or else unknown, but never guessed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.apps import apps
from django.conf import settings
from django.dispatch import Signal

from ..introspect.meanings import Module, Source
from ..introspect.models import find_models
from ..introspect.objects import is_a, stored_attribute
from ..introspect.scopes import Scope
from ..introspect.source import parse
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
    module = Module(Source(file.module, file.package, parse(source)))
    try:
        return _Connects(module).read()
    # The code is nested too deeply.
    except RecursionError:
        return None


class _Connects:
    def __init__(self, module: Module) -> None:
        self._module = module

    def read(self) -> Connects | None:
        found: list[Unconnected] = []
        names: set[str | None] = set()
        # A statement in a loop or below a condition may run any number of times.
        always, is_certain = {*self._module.source.statements}, True
        for node, scope in self._module.import_time():
            if isinstance(node, ast.ClassDef) and node in always:
                always.update(node.body)
            for name, signals, sender in self._connections(node, scope):
                names.add(name)
                is_certain &= node in always and name is not None
                if name is not None:
                    fields = self._sender(sender, scope)
                    path = clip(name)
                    found += [Unconnected(path, each, *fields) for each in signals]
        if not names:
            return None
        return Connects(len(names) if is_certain else None, tuple(found))

    def _connections(
        self, node: ast.stmt, scope: Scope
    ) -> Iterator[tuple[str | None, list[str | None], ast.expr | None]]:
        """
        Yield the receiver, the signals, and the sender of each connection.
        """
        decorators = getattr(node, "decorator_list", [])
        own_name = getattr(node, "name", "")
        name: str | None = self._module.path_here(own_name, scope)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            call, function = node.value, node.value.func
            if isinstance(function, ast.Attribute) and function.attr == "connect":
                if signal := self._signal(function.value, scope):
                    receiver = self._receiver(_argument(call, 0, "receiver"), scope)
                    yield receiver, [signal], _sender(call, 1)
                return
            # receiver(signal)(function), without the "@".
            name = self._receiver(_argument(call, 0, "func"), scope)
            decorators = [function]
        for decorator in decorators:
            # Without a call, @receiver connects nothing.
            if not isinstance(decorator, ast.Call):
                continue
            if self._module.path(decorator.func, scope) in _RECEIVER_DECORATORS:
                given = _argument(decorator, 0, "signal")
                each = getattr(given, "elts", [given])
                signals = [self._signal(one, scope) for one in each]
                yield name, signals, _sender(decorator)

    def _receiver(self, node: ast.expr | None, scope: Scope) -> str | None:
        # What a call returns may have any name.
        is_made = isinstance(self._module.definition(node, scope), ast.expr)
        return None if is_made else self._module.path(node, scope) or None

    def _signal(self, node: ast.expr | None, scope: Scope) -> str | None:
        path = self._module.path(node, scope)
        return clip(path) if self._is_signal(node, path, scope) else None

    def _is_signal(self, node: ast.expr | None, path: str, scope: Scope) -> bool:
        made = self._module.definition(node, scope)
        if isinstance(made, ast.Call):
            values = self._module.values(made.func, scope)
            return any(is_a(cls, type) and issubclass(cls, Signal) for cls in values)
        if made:
            # Both @event and @event(...).
            decorators = getattr(made, "decorator_list", [])
            functions = (getattr(each, "func", each) for each in decorators)
            paths = {self._module.path(each, scope) for each in functions}
            return not paths.isdisjoint(_EVENT_DECORATORS)
        if (value := self._find(path)) is not None:
            return is_a(value, Signal)
        # The module that defines it hasn't been imported either, so its name decides. A
        # library such as Celery has "signals" of another kind.
        module = path.rpartition(".")[0]
        django_apps = ("django.", *(f"{each.name}." for each in apps.get_app_configs()))
        return module.endswith(".signals") and module.startswith(django_apps)

    def _sender(self, node: ast.expr | None, scope: Scope) -> _SenderFields:
        if node is None:
            return None, None, None
        path_of = self._module.path
        path, value = path_of(node, scope), self._module.definition(node, scope) or node
        if isinstance(value, ast.Constant):
            return _constant(value.value)
        function = path_of(value.func, scope) if isinstance(value, ast.Call) else ""
        if path == _USER_MODEL or function == "django.contrib.auth.get_user_model":
            return _constant(settings.AUTH_USER_MODEL)
        found = self._find(path)
        if path.endswith(".through"):
            relation = stored_attribute(
                self._find(path.removesuffix(".through")), "rel"
            )
            found = stored_attribute(relation, "through")
        # What isn't a class may be replaced before it is used.
        return describe_sender(found) if is_a(found, type) else _UNKNOWN

    def _find(self, path: str) -> Any:
        return next(iter(self._module.find(path)), None)


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
