"""
Find the lines of a source that send signals.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import NamedTuple

from django.dispatch import Signal

from .objects import is_a
from .scopes import Module, Scope, Source

METHODS = frozenset(
    f"{prefix}{method}{suffix}"
    for prefix in ("", "a")
    for method in ("send", "send_robust")
    for suffix in ("", "_on_commit")
)


class Send(NamedTuple):
    """
    A line that sends one of ``signals``.

    ``function`` is the qualified name of the function, "" at the level of the module.
    There are several signals if subclasses have their own ones.
    """

    function: str
    method: str
    line: int
    signals: list[Signal]


def find_sends(source: Source, load: Callable[[str], Source | None]) -> list[Send]:
    """
    Return the sends in ``source`` in the order of lines.

    ``load`` returns the source of a module that hasn't been imported, or None. Raises
    ``RecursionError`` for code that is nested too deeply.
    """
    module = Module(source, load)
    found: list[Send] = []
    for node, scope in module.nodes():
        if not isinstance(node, ast.Call):
            continue
        # A method may be passed on, as in partial(order_paid.send, Order).
        arguments = [*node.args, *(each.value for each in node.keywords)]
        for each in [node.func, *arguments]:
            if isinstance(each, ast.Attribute) and each.attr in METHODS:
                signals = _signals(each.value, scope, module)
                line = each.end_lineno or each.lineno
                if signals:
                    found.append(Send(scope.qualname, each.attr, line, signals))
    return sorted(found, key=lambda send: send.line)


def _signals(node: ast.expr, scope: Scope, module: Module) -> list[Signal]:
    # order_paid.using("archive").send_on_commit() sends as well.
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node = node.func.value if node.func.attr == "using" else node
    return [each for each in module.values(node, scope) if is_a(each, Signal)]
