"""
Find where the source of a module creates a name, and the comment above it.
"""

from __future__ import annotations

import ast
import functools
import tokenize
import warnings
from collections import Counter
from collections.abc import Iterator
from types import ModuleType
from typing import NamedTuple

from .objects import module_attribute


class Assignment(NamedTuple):
    """
    Where a name is assigned; ``creates`` is false for ``here = elsewhere.name``
    and for constants such as None.
    """

    line: int
    creates: bool
    comment: str


def assignments(module: ModuleType) -> dict[str, Assignment]:
    """
    Map the names that the source of ``module`` assigns to the first assignment that
    creates something, else to the first. A decorated function counts as assigned.

    Names in a class are qualified with its name. A module without readable source
    assigns nothing.
    """
    return _assignments(_read(module))


# The same text has the same assignments, however often a program looks at it.
@functools.lru_cache(maxsize=128)
def _assignments(source: str) -> dict[str, Assignment]:
    lines = source.split("\n")
    found: dict[str, Assignment] = {}
    for name, node, creates in _assigned(parse(source)):
        if name not in found or (creates and not found[name].creates):
            line = _first_line(node)
            comment = _comment_above(lines, line, node.col_offset)
            found[name] = Assignment(line, creates, comment)
    return found


def guarded_imports(module: ModuleType) -> dict[str, tuple[str, str | None]]:
    """
    Map the names that ``module`` imports for type checkers only to where they are.

    That is the name of a module, relative as it is written, and an attribute of it;
    the latter is None for a module itself.
    """
    found: dict[str, tuple[str, str | None]] = {}
    for node in parse(_read(module)):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for statement in node.body:
                found.update(_imports(statement))
    return found


def _imports(node: ast.stmt) -> Iterator[tuple[str, tuple[str, str | None]]]:
    if isinstance(node, ast.ImportFrom):
        source = "." * node.level + (node.module or "")
        for alias in node.names:
            yield alias.asname or alias.name, (source, alias.name)
    elif isinstance(node, ast.Import):
        for alias in node.names:
            # "import shop.models" makes the name "shop".
            package = alias.name.partition(".")[0]
            yield (
                alias.asname or package,
                (alias.name if alias.asname else package, None),
            )


def returned_calls(file: str, line: int) -> set[str]:
    """
    Return the names that the function which begins there uses for nothing but to call
    them, and to return the result or to drop it.
    """
    return {
        name
        for function in ast.walk(ast.Module(parse(_read_file(file)), []))
        if isinstance(function, ast.FunctionDef) and _first_line(function) == line
        for name in _only_returned(function)
    }


def _only_returned(function: ast.FunctionDef) -> Iterator[str]:
    body = ast.Module(function.body, [])
    used = Counter(n.id for n in ast.walk(body) if isinstance(n, ast.Name))
    returned = Counter(
        node.value.func.id
        # What a function within this one returns may be awaited here.
        for node in import_time(function.body)
        if isinstance(node, (ast.Return, ast.Expr))
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
    )
    return (name for name, count in returned.items() if used[name] == count)


def source_file(module: ModuleType) -> str | None:
    """
    Return the path of the source of ``module``, None for compiled modules.
    """
    file = module_attribute(module, "__file__")
    return file if type(file) is str and file.endswith(".py") else None


def _read(module: ModuleType) -> str:
    file = source_file(module)
    return "" if file is None else _read_file(file)


def _read_file(file: str) -> str:
    try:
        with tokenize.open(file) as source:
            return source.read()
    except (OSError, SyntaxError, ValueError):
        return ""


def parse(source: str | bytes) -> list[ast.stmt]:
    """
    Return the statements of ``source``, none if Python could not read it.
    """
    with warnings.catch_warnings():
        # Python has warned of this source already, when it was imported.
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return []


def import_time(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """
    Yield the statements that may run when a module is imported, in their order.

    That leaves out the bodies of functions and what is only for type checkers or for a
    module that is run as a script.
    """
    waiting = body[::-1]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(node, ast.If) and _is_never_imported(node.test):
            waiting += reversed(node.orelse)
        else:
            inner = [statement for block in _blocks(node) for statement in block]
            waiting += reversed(inner)


def assigned_names(node: ast.stmt) -> tuple[list[str], ast.expr | None]:
    """
    Return the names that a statement assigns to, and the value.
    """
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    return names, getattr(node, "value", None)


def _is_never_imported(test: ast.expr) -> bool:
    if isinstance(test, ast.Compare):
        return isinstance(test.left, ast.Name) and test.left.id == "__name__"
    name = getattr(test, "attr", None) or getattr(test, "id", None)
    return name == "TYPE_CHECKING"


def _assigned(body: list[ast.stmt]) -> Iterator[tuple[str, ast.stmt, bool]]:
    # A stack and no recursion: elif chains nest as deep as they are long.
    waiting = [("", node) for node in reversed(body)]
    while waiting:
        prefix, node = waiting.pop()
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield from _targets(target, node, node.value, prefix)
        elif isinstance(node, ast.AnnAssign) and node.value:
            yield from _targets(node.target, node, node.value, prefix)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            # A decorator may have made a signal of it.
            if node.decorator_list:
                yield f"{prefix}{node.name}", node, True
        else:
            if isinstance(node, ast.ClassDef):
                prefix += f"{node.name}."
            inner = [statement for block in _blocks(node) for statement in block]
            waiting += ((prefix, statement) for statement in reversed(inner))


def _targets(
    target: ast.expr, node: ast.stmt, value: ast.expr, prefix: str
) -> Iterator[tuple[str, ast.stmt, bool]]:
    if isinstance(target, ast.Name):
        yield f"{prefix}{target.id}", node, not _is_reference(value)
    elif isinstance(target, (ast.Tuple, ast.List)):
        for element in target.elts:
            yield from _targets(element, node, value, prefix)


def _is_reference(value: ast.expr) -> bool:
    if isinstance(value, (ast.Tuple, ast.List)):
        return all(_is_reference(element) for element in value.elts)
    return isinstance(value, (ast.Name, ast.Attribute, ast.Constant))


def _blocks(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    # The bodies of class, if, try, with, for, while and match.
    for field in ("body", "orelse", "finalbody"):
        yield getattr(node, field, [])
    for field in ("handlers", "cases"):
        for clause in getattr(node, field, []):
            yield clause.body


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _comment_above(lines: list[str], first: int, column: int) -> str:
    comment: list[str] = []
    for line in reversed(lines[: first - 1]):
        text = line.strip()
        if not text.startswith("#") or line.index("#") != column:
            break
        comment.append(text.lstrip("#:").strip())
    return "\n".join(reversed(comment)).strip()
