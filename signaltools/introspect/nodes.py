"""
Walk the syntax tree of a source one scope at a time.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from typing import Any

from .objects import is_a

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
SCOPES = (*FUNCTIONS, ast.ClassDef, ast.Lambda, *COMPREHENSIONS)

# The lines that code is read for, or None for all of them.
Lines = Collection[int] | None


def is_on(node: ast.stmt | ast.expr, lines: Lines) -> bool:
    """
    Return whether a statement or an expression is on one of these lines.
    """
    last = node.end_lineno or node.lineno
    return lines is None or any(node.lineno <= line <= last for line in lines)


def own_nodes(node: Any) -> Iterator[ast.AST]:
    """
    Yield the nodes that run in the scope of ``node``: not what is in inner functions.
    """
    waiting: list[Any]
    if isinstance(node, ast.Lambda):
        waiting = [node.body]
    elif isinstance(node, COMPREHENSIONS):
        waiting = [*ast.iter_child_nodes(node)]
    else:
        waiting = node.body[::-1]
    while waiting:
        inner = waiting.pop()
        yield inner
        if isinstance(inner, (*FUNCTIONS, ast.Lambda)):
            defaults = [*inner.args.defaults, *filter(None, inner.args.kw_defaults)]
            waiting += defaults + getattr(inner, "decorator_list", [])
        elif isinstance(inner, ast.ClassDef):
            waiting += inner.decorator_list + inner.bases
        elif isinstance(inner, COMPREHENSIONS):
            # "(x := ...)" in a comprehension is a name of the function around it.
            waiting += (
                each.target for each in ast.walk(inner) if is_a(each, ast.NamedExpr)
            )
        else:
            waiting += reversed([*ast.iter_child_nodes(inner)])


def argument_names(arguments: ast.arguments) -> list[str]:
    """
    Return the names of all arguments of a function.
    """
    every: list[ast.arg] = [
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
    ]
    variadic = [each for each in (arguments.vararg, arguments.kwarg) if each]
    return [each.arg for each in [*every, *variadic]]


def is_static(node: Any) -> bool:
    """
    Return whether a function in a class isn't a method.
    """
    # A lambda in a class isn't a method either.
    decorators = getattr(node, "decorator_list", None)
    names = [getattr(each, "id", "") for each in decorators or ()]
    return decorators is None or "staticmethod" in names


def assigned_attributes(node: ast.AST) -> set[str]:
    """
    Return the names of attributes that code assigns.
    """
    attributes = (each for each in ast.walk(node) if isinstance(each, ast.Attribute))
    return {each.attr for each in attributes if isinstance(each.ctx, ast.Store)}
