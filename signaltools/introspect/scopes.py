"""
Find out what the names in a source mean, without importing or running it.

A name means what it means in Python: what the innermost function assigns to it, or else
the module. What has no single meaning is left out: arguments, loop variables, and names
that are assigned in several ways.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from importlib.util import resolve_name
from types import ModuleType
from typing import Any, NamedTuple

from .nodes import (
    COMPREHENSIONS,
    FUNCTIONS,
    SCOPES,
    Lines,
    argument_names,
    assigned_attributes,
    is_on,
    is_static,
    own_nodes,
)
from .objects import (
    class_attribute,
    class_path,
    is_a,
    module_attribute,
    stored_attribute,
)
from .source import imports


class Source(NamedTuple):
    """
    A module: its name, the package of its relative imports, and its statements.
    """

    name: str
    package: str
    statements: list[ast.stmt]


class _Instance(NamedTuple):
    """
    The first argument of a method of this class.
    """

    cls: Scope
    method: str


class _Path(NamedTuple):
    """
    What an import binds a name to.
    """

    path: str


class Scope:
    """
    The names that a module, a class, or a function assigns.

    The value of a name is an expression, a class, or a path. It is None if it can't be
    followed. ``loaded`` is the module or the class itself, if it has been imported.
    """

    def __init__(self, node: Any, parent: Scope | None, qualname: str) -> None:
        self.node = node
        self.parent = parent
        self.qualname = qualname
        self.loaded: Any = None
        self.names: dict[str, list[Any]] = {}
        self.stars: list[str] = []
        self.global_names: set[str] = set()
        self.classes: dict[Any, Scope] = {}
        # The attributes that its methods assign, once they are known.
        self.assigned: set[str] | None = None

    @property
    def is_class(self) -> bool:
        return isinstance(self.node, ast.ClassDef)


class Module:
    """
    The scopes of one source.
    """

    def __init__(self, source: Source, load: Callable[[str], Source | None]) -> None:
        self.source = source
        self.load = load
        self.scope = Scope(ast.Module(source.statements, []), None, "")
        module = sys.modules.get(source.name)
        self.scope.loaded = module if is_a(module, ModuleType) else None
        self._bind(self.scope)
        # Names that are being followed, which may lead to themselves.
        self.following: set[tuple[int, str]] = set()
        self.modules: dict[str, Module | None] = {}

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
                    waiting.append(self._enter(node, scope))

    # Scopes

    def _enter(self, node: Any, outer: Scope) -> Scope:
        """
        Return the scope of a function, a class, a lambda, or a comprehension.
        """
        if isinstance(node, ast.ClassDef):
            return self._class(node, outer)
        qualname = outer.qualname
        if isinstance(node, FUNCTIONS):
            separator = "." if outer.is_class else ".<locals>."
            qualname = f"{qualname}{separator}{node.name}" if qualname else node.name
        scope = Scope(node, outer, qualname)
        self._bind(scope)
        if not isinstance(node, COMPREHENSIONS):
            for position, name in enumerate(argument_names(node.args)):
                is_instance = position == 0 and outer.is_class and not is_static(node)
                value = _Instance(outer, node.name) if is_instance else None
                scope.names.setdefault(name, []).append(value)
        return scope

    def _class(self, node: ast.ClassDef, outer: Scope) -> Scope:
        if node not in outer.classes:
            name = f"{outer.qualname}.{node.name}" if outer.qualname else node.name
            scope = outer.classes[node] = Scope(node, outer, name)
            self._bind(scope)
            loaded: Any = None
            if is_a(outer.loaded, ModuleType):
                loaded = module_attribute(outer.loaded, node.name)
            elif is_a(outer.loaded, type):
                loaded = class_attribute(outer.loaded, node.name)
            # A decorator may have replaced it.
            is_it = is_a(loaded, type) and class_path(loaded)[1] == name
            scope.loaded = loaded if is_it else None
        return outer.classes[node]

    def _bind(self, scope: Scope) -> None:
        """
        Find out what the names of a scope are bound to.
        """
        names = scope.names
        followed: set[ast.AST] = set()
        for node in own_nodes(scope.node):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self._bind_imports(scope, node)
            elif isinstance(node, (*FUNCTIONS, ast.ClassDef)):
                names.setdefault(node.name, []).append(node)
            elif isinstance(node, (ast.Global, ast.Nonlocal)):
                scope.global_names.update(node.names)
            elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value:
                targets = (
                    node.targets if isinstance(node, ast.Assign) else [node.target]
                )
                for target in targets:
                    if isinstance(target, ast.Name):
                        names.setdefault(target.id, []).append(node.value)
                        followed.add(target)
            elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                if node not in followed:
                    names.setdefault(node.id, []).append(None)
            elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
                if node.name:
                    names.setdefault(node.name, []).append(None)
            elif isinstance(node, ast.MatchMapping) and node.rest:
                names.setdefault(node.rest, []).append(None)

    def _bind_imports(self, scope: Scope, node: ast.Import | ast.ImportFrom) -> None:
        for name, module, attribute in imports(node):
            try:
                path = resolve_name(module, self.source.package)
            except ImportError:
                # It goes above the top-level package, so it fails when it runs.
                scope.names.setdefault(name, []).append(None)
                continue
            if name == "*":
                scope.stars.append(path)
            else:
                path = f"{path}.{attribute}" if attribute else path
                scope.names.setdefault(name, []).append(_Path(path))

    # Values

    def values(self, node: Any, scope: Scope) -> list[Any]:
        """
        Return what an expression means, or nothing if that isn't clear.
        """
        if isinstance(node, ast.Name):
            return self._look_up(node.id, scope)
        if isinstance(node, ast.Attribute):
            bases = self.values(node.value, scope)
            return [each for base in bases for each in self._member(base, node.attr)]
        return []

    def function(self, node: ast.expr, scope: Scope) -> Any:
        """
        Return the function of this source that an expression names, or None.
        """
        owner, name = None, ""
        if isinstance(node, ast.Name):
            owner, name = self._owner(node.id, scope), node.id
        elif isinstance(node, ast.Attribute):
            for base in self.values(node.value, scope):
                if is_a(base, _Instance):
                    owner, name = base.cls, node.attr
        values = owner.names.get(name, []) if owner else []
        is_clear = len(values) == 1 and isinstance(values[0], FUNCTIONS)
        return values[0] if is_clear else None

    def _look_up(self, name: str, scope: Scope) -> list[Any]:
        owner = self._owner(name, scope)
        return self.attribute(name) if owner is self.scope else self._bound(name, owner)

    def _owner(self, name: str, scope: Scope) -> Scope:
        """
        Return the scope that a name belongs to.
        """
        current: Scope = scope
        while current.parent:
            # The names of a class aren't seen in its methods.
            if not current.is_class or current is scope:
                if name in current.global_names:
                    break
                if name in current.names:
                    return current
            current = current.parent
        return self.scope

    def attribute(self, name: str) -> list[Any]:
        """
        Return what an attribute of the module is.
        """
        scope = self.scope
        if scope.loaded is not None:
            value = module_attribute(scope.loaded, name)
            # A loop at the level of the module leaves its last value behind.
            is_clear = value is not None and None not in scope.names.get(name, ())
            return [value] if is_clear else []
        if name in scope.names:
            return self._bound(name, scope)
        found = (self._path(f"{path}.{name}") for path in scope.stars)
        return next((values for values in found if values), [])

    def _bound(self, name: str, scope: Scope) -> list[Any]:
        key = (id(scope), name)
        if key in self.following:
            return []
        self.following.add(key)
        try:
            found: list[Any] = []
            for value in scope.names[name]:
                if is_a(value, _Path):
                    values = self._path(value.path)
                    # The other branch of a try statement imports what isn't there.
                    if not values:
                        continue
                elif is_a(value, _Instance):
                    values = [value]
                elif isinstance(value, ast.ClassDef):
                    cls = self._class(value, scope)
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
        if is_a(base, _Instance):
            return self._member_of_instance(base, name)
        if is_a(base, Module):
            return base.attribute(name)
        if is_a(base, Scope):
            if name in base.names:
                return self._bound(name, base)
            outer = base.parent or self.scope
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

    def _member_of_instance(self, instance: _Instance, name: str) -> list[Any]:
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

    def _path(self, path: str) -> list[Any]:
        """
        Return what a dotted path leads to.
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

    def _load(self, name: str) -> Module | None:
        if name not in self.modules:
            source = self.load(name)
            self.modules[name] = found = Module(source, self.load) if source else None
            if found:
                # They may import each other.
                found.modules, found.following = self.modules, self.following
        return self.modules[name]


def _subclasses(cls: type) -> Iterator[type]:
    subclasses: list[type] = type.__subclasses__(cls)
    for each in subclasses:
        yield each
        yield from _subclasses(each)
