"""
Find the scopes of a source, and what their names are bound to.
"""

from __future__ import annotations

import ast
from types import ModuleType
from typing import Any, NamedTuple

from .nodes import COMPREHENSIONS, FUNCTIONS, argument_names, is_static, own_nodes
from .objects import class_attribute, class_path, is_a, module_attribute
from .source import imported_paths


class Path(NamedTuple):
    """
    What an import binds a name to.
    """

    path: str


class Instance(NamedTuple):
    """
    The first argument of a method of this class.
    """

    cls: Scope
    method: str


class Scope:
    """
    The names that a module, a class, or a function assigns.

    The value of a name is an expression, a class, or a path. It is None if it can't be
    followed. ``loaded`` is the module or the class itself, if it has been imported.
    ``package`` is the one that relative imports of a module start from.
    """

    def __init__(
        self, node: Any, parent: Scope | None, qualname: str, package: str = ""
    ) -> None:
        self.node = node
        self.parent = parent
        self.module: Scope = parent.module if parent else self
        self.qualname = qualname
        self.package = package
        self.loaded: Any = None
        self.names: dict[str, list[Any]] = {}
        self.stars: list[str] = []
        self.global_names: set[str] = set()
        self.classes: dict[Any, Scope] = {}
        # The attributes that its methods assign, once they are known.
        self.assigned: set[str] | None = None
        self._bind()

    @property
    def is_class(self) -> bool:
        return isinstance(self.node, ast.ClassDef)

    def owner(self, name: str) -> Scope:
        """
        Return the scope that a name in this one belongs to.
        """
        current: Scope | None = self
        while current and name not in current.global_names:
            # The names of a class aren't seen in its methods.
            is_seen = not current.is_class or current is self
            if is_seen and name in current.names:
                return current
            current = current.parent
        return self.module

    def inner(self, node: Any) -> Scope:
        """
        Return the scope of a function, a class, a lambda, or a comprehension.
        """
        if isinstance(node, ast.ClassDef):
            return self._class(node)
        qualname = self.qualname
        if isinstance(node, FUNCTIONS):
            separator = "." if self.is_class else ".<locals>."
            qualname = f"{qualname}{separator}{node.name}" if qualname else node.name
        scope = Scope(node, self, qualname)
        if not isinstance(node, COMPREHENSIONS):
            for position, name in enumerate(argument_names(node.args)):
                is_instance = position == 0 and self.is_class and not is_static(node)
                value = Instance(self, node.name) if is_instance else None
                scope.names.setdefault(name, []).append(value)
        return scope

    def _class(self, node: ast.ClassDef) -> Scope:
        if node not in self.classes:
            name = f"{self.qualname}.{node.name}" if self.qualname else node.name
            scope = self.classes[node] = Scope(node, self, name)
            loaded: Any = None
            if is_a(self.loaded, ModuleType):
                loaded = module_attribute(self.loaded, node.name)
            elif is_a(self.loaded, type):
                loaded = class_attribute(self.loaded, node.name)
            # A decorator may have replaced it.
            is_it = is_a(loaded, type) and class_path(loaded)[1] == name
            scope.loaded = loaded if is_it else None
        return self.classes[node]

    def _bind(self) -> None:
        """
        Find out what the names are bound to.
        """
        names = self.names
        followed: set[ast.AST] = set()
        for node in own_nodes(self.node):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self._bind_imports(node)
            elif isinstance(node, (*FUNCTIONS, ast.ClassDef)):
                names.setdefault(node.name, []).append(node)
            elif isinstance(node, ast.Global):
                self.global_names.update(node.names)
            elif isinstance(node, ast.Nonlocal):
                # The function around this one assigns it as well.
                for name in node.names:
                    names.setdefault(name, []).append(None)
            elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value:
                one = getattr(node, "target", None)
                for target in getattr(node, "targets", [one]):
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

    def _bind_imports(self, node: ast.Import | ast.ImportFrom) -> None:
        for name, path in imported_paths(node, self.module.package):
            if name == "*":
                self.stars.append(path.removesuffix(".*"))
            else:
                # Without a path, it fails when it runs.
                value = Path(path) if path else None
                self.names.setdefault(name, []).append(value)
