"""
Find the lines of a source that send signals.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from django.dispatch import Signal

from .meanings import Load, Module, Source
from .nodes import FUNCTIONS
from .objects import is_a
from .scopes import Scope
from .source import first_line

METHODS = frozenset(
    f"{prefix}{method}{suffix}"
    for prefix in ("", "a")
    for method in ("send", "send_robust")
    for suffix in ("", "_on_commit")
)
_MAY_SEND = re.compile(rb"\.(?:%s)\b" % "|".join(sorted(METHODS)).encode())


class Send(NamedTuple):
    """
    A line that sends one of ``signals``.

    ``function`` is the qualified name of the function, "" at the level of the module.
    There are several signals if subclasses have their own ones. ``run_by`` are the
    first lines of the functions in which it is and of those that call these by name.
    """

    function: str
    method: str
    line: int
    signals: list[Signal]
    run_by: frozenset[int]


def lines_of_sends(content: bytes) -> set[int]:
    """
    Return the lines of a source that may send something, without parsing it.
    """
    # Parsing takes a thousand times as long as this search.
    if not _MAY_SEND.search(content):
        return set()
    # Python counts these as the end of a line, too.
    content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    found = set()
    line, end = 1, 0
    for match in _MAY_SEND.finditer(content):
        line += content.count(b"\n", end, match.start())
        end = match.start()
        found.add(line)
    return found


def find_sends(
    source: Source,
    load: Load,
    lines: Collection[int],
    *,
    with_callers: bool = False,
) -> list[Send]:
    """
    Return the sends on these ``lines`` of ``source``.

    ``load`` returns the source of a module that hasn't been imported, or None. Unless
    ``with_callers`` is true, ``Send.run_by`` has only the functions around the send.
    Raises ``RecursionError`` for code that is nested too deeply.
    """
    module = Module(source, load)
    found: list[tuple[Send, Scope]] = []
    for node, scope in module.nodes(lines):
        if not isinstance(node, ast.Call):
            continue
        # A method may be passed on, as in partial(order_paid.send, Order).
        arguments = [*node.args, *(each.value for each in node.keywords)]
        for each in [node.func, *arguments]:
            if isinstance(each, ast.Attribute) and each.attr in METHODS:
                signals = _signals(each.value, scope, module)
                line = each.end_lineno or each.lineno
                if signals:
                    name = scope.qualname
                    send = Send(name, each.attr, line, signals, frozenset())
                    found.append((send, scope))
    callers = _callers(module) if found and with_callers else {}
    sends = [
        send._replace(run_by=frozenset(map(first_line, _run_by(scope, callers))))
        for send, scope in found
    ]
    return sorted(sends, key=lambda send: send.line)


def _signals(node: ast.expr, scope: Scope, module: Module) -> list[Signal]:
    # order_paid.using("archive").send_on_commit() sends as well.
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node = node.func.value if node.func.attr == "using" else node
    return [each for each in module.values(node, scope) if is_a(each, Signal)]


def _callers(module: Module) -> dict[ast.AST, set[ast.stmt]]:
    """
    Map each function that others in its module call by name to these.
    """
    callers: dict[ast.AST, set[ast.stmt]] = {}
    for node, scope in module.nodes():
        if isinstance(node, ast.Call):
            for called in [node.func, *_run_on_commit(node)]:
                function = module.definition(called, scope)
                if isinstance(function, FUNCTIONS):
                    callers.setdefault(function, set()).update(_around(scope))
    return callers


def _run_on_commit(call: ast.Call) -> list[ast.expr]:
    """
    Return the functions that ``transaction.on_commit()`` runs later.
    """
    if _name(call.func) != "on_commit":
        return []
    # With arguments, it is partial(function, order).
    first = call.args[:1]
    for each in first:
        if isinstance(each, ast.Call) and _name(each.func) == "partial":
            return each.args[:1]
    return first


def _name(node: ast.expr) -> str | None:
    return getattr(node, "attr", None) or getattr(node, "id", None)


def _around(scope: Scope | None) -> Iterator[ast.stmt]:
    """
    Yield the functions that a scope is in.
    """
    while scope:
        if isinstance(scope.node, FUNCTIONS):
            yield scope.node
        scope = scope.parent


def _run_by(scope: Scope, callers: dict[ast.AST, set[ast.stmt]]) -> set[ast.stmt]:
    found = {*_around(scope)}
    waiting = [*found]
    while waiting:
        new = callers.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found
