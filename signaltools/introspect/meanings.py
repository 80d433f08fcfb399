"""
Find out what names in a source mean, without importing or running it.

A name means what it means in Python: what the innermost function assigns to it, or else
the module. What has no single meaning is left out: arguments, loop variables, and names
that are assigned in several ways.

``Module.values()`` returns the objects that a name leads to, ``Module.path()`` its
dotted path, which may lead to what isn't loaded, and ``Module.definition()`` the code
of the source that it stands for.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, NamedTuple

from .nodes import SCOPES, Lines, assigned_attributes, is_on, own_nodes
from .objects import class_attribute, is_a, module_attribute, stored_attribute
from .scopes import Instance, Path, Scope
from .source import import_time


class Source(NamedTuple):
    """
    A module: its name, the package of its relative imports, and its statements.
    """

    name: str
    package: str
    statements: list[ast.stmt]


Load = Callable[[str], Source | None]
# The names that lead to the one that is being followed.
_Seen = tuple[ast.AST, ...]


class Module:
    """
    The scopes of one source.

    ``load`` returns the source of a module that hasn't been imported, or None.
    """

    def __init__(self, source: Source, load: Load = lambda name: None) -> None:
        self.source = source
        self.load = load
        self.scope = _scope_of(source)
        module = sys.modules.get(source.name)
        self.scope.loaded = module if is_a(module, ModuleType) else None
        # Names that are being followed, which may lead to themselves.
        self.following: set[tuple[int, str]] = set()
        self.modules: dict[str, Scope | None] = {}

    def nodes(self, lines: Lines = None) -> Iterator[tuple[ast.AST, Scope]]:
        """
        Yield every node of the source with the scope that its names belong to.

        With ``lines``, functions and classes on other lines are left out.
        """
        waiting = [self.scope]
        while waiting:
            scope = waiting.pop()
            for node in own_nodes(scope.node):
                yield node, scope
                if isinstance(node, SCOPES) and is_on(node, lines):
                    waiting.append(scope.inner(node))

    def import_time(self) -> Iterator[tuple[ast.stmt, Scope]]:
        """
        Yield the statements that run when the module is imported, with their scopes.
        """
        scopes: dict[ast.stmt, Scope] = {}
        for node in import_time(self.source.statements):
            scope = scopes.get(node, self.scope)
            yield node, scope
            if isinstance(node, ast.ClassDef):
                inner = scope.inner(node)
                scopes |= dict.fromkeys(import_time(node.body), inner)

    def values(self, node: Any, scope: Scope) -> list[Any]:
        """
        Return what an expression means, or nothing if that isn't clear.
        """
        if isinstance(node, ast.Name):
            owner = scope.owner(node.id)
            read = self._bound if owner.parent else self._attribute
            return read(node.id, owner)
        if isinstance(node, ast.Attribute):
            bases = self.values(node.value, scope)
            return [each for base in bases for each in self._member(base, node.attr)]
        return []

    def path(self, node: Any, scope: Scope, seen: _Seen = ()) -> str:
        """
        Return the dotted path of what an expression means, or "" if that isn't clear.

        What this source defines has the path that it has here.
        """
        if isinstance(node, ast.Attribute):
            base = self.path(node.value, scope, seen)
            # An object has attributes of its own, and those of its class.
            is_object = isinstance(self.definition(node.value, scope), ast.expr)
            return f"{base}.{node.attr}" if base and not is_object else ""
        if not isinstance(node, ast.Name) or node in seen:
            return ""
        name, owner = node.id, scope.owner(node.id)
        stars = [Path(f"{each}.{name}") for each in owner.stars]
        bound = owner.names.get(name) or stars
        paths = {self._path_of(name, each, owner, (*seen, node)) for each in bound}
        if name not in owner.names or len(paths) > 1:
            # The other branch of a try statement imports what isn't there.
            are_imported = all(is_a(each, Path) for each in bound)
            paths = {path for path in paths if are_imported and self.find(path)}
        return paths.pop() if len(paths) == 1 else ""

    def _path_of(self, name: str, value: Any, owner: Scope, seen: _Seen) -> str:
        if is_a(value, Path):
            return value.path
        if isinstance(value, (ast.Name, ast.Attribute)):
            return self.path(value, owner, seen)
        # What is assigned in several ways has no single meaning.
        is_unclear = isinstance(value, ast.expr) and len(owner.names[name]) > 1
        is_here = isinstance(value, ast.AST) and not is_unclear
        return self.path_here(name, owner) if is_here else ""

    def path_here(self, name: str, scope: Scope) -> str:
        """
        Return the dotted path of a name of this source.
        """
        return ".".join(filter(None, [self.source.name, scope.qualname, name]))

    def definition(self, node: Any, scope: Scope, seen: _Seen = ()) -> ast.AST | None:
        """
        Return the function, the class, or the expression of this source that a name
        stands for, or None.
        """
        owner, name = None, ""
        if isinstance(node, ast.Name):
            owner, name = scope.owner(node.id), node.id
        elif isinstance(node, ast.Attribute):
            for base in self.values(node.value, scope):
                cls = base.cls if is_a(base, Instance) else base
                if is_a(cls, Scope):
                    owner, name = cls, node.attr
        values = owner.names.get(name, []) if owner else []
        [value] = values if len(values) == 1 else [None]
        if owner and isinstance(value, ast.Name) and value not in seen:
            return self.definition(value, owner, (*seen, value))
        return value if isinstance(value, ast.AST) else None

    def _attribute(self, name: str, module: Scope) -> list[Any]:
        """
        Return what an attribute of a module is.
        """
        if module.loaded is not None:
            value = module_attribute(module.loaded, name)
            # A loop at the level of the module leaves its last value behind.
            is_clear = value is not None and None not in module.names.get(name, ())
            return [value] if is_clear else []
        if name in module.names:
            return self._bound(name, module)
        found = (self.find(f"{path}.{name}") for path in module.stars)
        return next((values for values in found if values), [])

    def _bound(self, name: str, scope: Scope) -> list[Any]:
        key = (id(scope), name)
        if key in self.following:
            return []
        self.following.add(key)
        try:
            found: list[Any] = []
            for value in scope.names[name]:
                if is_a(value, Path):
                    values = self.find(value.path)
                    # The other branch of a try statement imports what isn't there.
                    if not values:
                        continue
                elif is_a(value, Instance):
                    values = [value]
                elif isinstance(value, ast.ClassDef):
                    cls = scope.inner(value)
                    values = [cls if cls.loaded is None else cls.loaded]
                else:
                    values = self.values(value, scope)
                if not values or (found and values[0] is not found[0]):
                    return []
                found = values
            return found
        finally:
            self.following.discard(key)

    def _member(self, base: Any, name: str) -> list[Any]:
        if is_a(base, Instance):
            return self._member_of_instance(base, name)
        if is_a(base, Scope):
            outer = base.parent
            if outer is None:
                return self._attribute(name, base)
            if name in base.names:
                return self._bound(name, base)
            parents = [
                cls for each in base.node.bases for cls in self.values(each, outer)
            ]
            found = (self._member(cls, name) for cls in parents)
            return next((values for values in found if values), [])
        if is_a(base, ModuleType):
            value = module_attribute(base, name)
        elif is_a(base, type):
            value = class_attribute(base, name)
        else:
            value = stored_attribute(base, name)
        return [] if value is None else [value]

    def _member_of_instance(self, instance: Instance, name: str) -> list[Any]:
        scope, method = instance
        # The instance may have another value.
        if scope.assigned is None:
            scope.assigned = assigned_attributes(scope.node)
        if name in scope.assigned:
            return []
        cls = scope.loaded
        if cls is None:
            return self._member(scope, name)
        function = class_attribute(cls, method)
        found: dict[int, Any] = {}
        for each in [cls, *_subclasses(cls)]:
            value = class_attribute(each, name)
            # A subclass with a method of its own doesn't run this one.
            if value is not None and class_attribute(each, method) is function:
                found.setdefault(id(value), value)
        return [*found.values()]

    def find(self, path: str) -> list[Any]:
        """
        Return what a dotted path leads to, or nothing.
        """
        parts = path.split(".")
        for length in range(len(parts), 0, -1):
            name = ".".join(parts[:length])
            value: Any = sys.modules.get(name)
            if not is_a(value, ModuleType):
                value = self._load(name)
            if value is None:
                continue
            values = [value]
            for part in parts[length:]:
                values = [each for base in values for each in self._member(base, part)]
            return values
        return []

    def _load(self, name: str) -> Scope | None:
        if name not in self.modules:
            source = self.load(name)
            self.modules[name] = _scope_of(source) if source else None
        return self.modules[name]


def _scope_of(source: Source) -> Scope:
    return Scope(ast.Module(source.statements, []), None, "", source.package)


def _subclasses(cls: type) -> Iterator[type]:
    subclasses: list[type] = type.__subclasses__(cls)
    for each in subclasses:
        yield each
        yield from _subclasses(each)
