"""
Find where the source of a module creates a name, and the comment above it.
"""

from __future__ import annotations

import ast
import functools
import os
import re
import sysconfig
import tokenize
import warnings
from collections import Counter
from collections.abc import Iterator
from importlib.util import resolve_name
from types import ModuleType
from typing import NamedTuple

from .objects import module_attribute


class Assignment(NamedTuple):
    """
    The place where a name is assigned.

    ``creates`` is false for ``here = elsewhere.name`` and for constants such as None.
    ``in_loop`` is true for a variable of a loop, which keeps its last value.
    """

    line: int
    creates: bool
    comment: str
    in_loop: bool = False


def assignments(module: ModuleType) -> dict[str, Assignment]:
    """
    Map the names that the source of ``module`` assigns to their assignments.

    If a name is assigned several times, the first assignment that creates an object
    counts, or else the first one. A decorated function counts as assigned. Names in a
    class start with its name. If the source can't be read, there are no assignments.
    """
    return _assignments(_read(module))


# Cached by the source itself, because its file may change while a server runs. Parsing
# takes most of the time of a look-up.
@functools.lru_cache(maxsize=128)
def _assignments(source: str) -> dict[str, Assignment]:
    lines = source.split("\n")
    found: dict[str, Assignment] = {}
    for name, node, creates, in_loop in _assigned(parse(source)):
        # "sig = None" may come before the assignment that creates the signal.
        if name not in found or (creates and not found[name].creates):
            line = first_line(node)
            comment: list[str] = []
            for above in () if in_loop else reversed(lines[: line - 1]):
                text = above.strip()
                if not text.startswith("#") or above.index("#") != node.col_offset:
                    break
                comment.insert(0, text.lstrip("#:").strip())
            found[name] = Assignment(line, creates, "\n".join(comment).strip(), in_loop)
    return found


def imported_names(module: ModuleType) -> frozenset[str]:
    """
    Return the names that lines ``from ... import ...`` of ``module`` give to objects.

    These are only lines that aren't indented. To find them takes a fraction of the time
    that ``assignments()`` takes.
    """
    return _imported_names(_read(module))


@functools.lru_cache(maxsize=128)
def _imported_names(source: str) -> frozenset[str]:
    return frozenset(
        name
        for names in _FROM_IMPORT.findall(source)
        for name in _IMPORTED_NAME.findall(_COMMENT.sub("", names))
    )


_FROM_IMPORT = re.compile(r"^from[ .].*? import (\([^()]*\)|.*)", re.MULTILINE)
# The last word of "order_paid as paid", and of each line of several.
_IMPORTED_NAME = re.compile(r"(\w+)\s*(?=[,);]|$)", re.MULTILINE)
_COMMENT = re.compile("#.*")


def guarded_imports(module: ModuleType) -> dict[str, tuple[str, str | None]]:
    """
    Map the names that ``module`` imports only for type checkers to where they are.

    That is the name of a module, relative if it is written so, and an attribute of it.
    The attribute is None for a module itself.
    """
    return {
        name: (imported, attribute)
        for node in parse(_read(module))
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for statement in node.body
        for name, imported, attribute in imports(statement)
    }


def imports(node: ast.stmt) -> Iterator[tuple[str, str, str | None]]:
    """
    Yield each name that a statement imports, its module, and the attribute, if any.
    """
    if isinstance(node, ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        for alias in node.names:
            yield alias.asname or alias.name, module, alias.name
    elif isinstance(node, ast.Import):
        for alias in node.names:
            # "import shop.models" creates the name "shop".
            package = alias.name.partition(".")[0]
            path = alias.name if alias.asname else package
            yield alias.asname or package, path, None


def imported_paths(node: ast.stmt, package: str) -> Iterator[tuple[str, str]]:
    """
    Yield each name that a statement imports, and its dotted path.

    The path is "" for an import from above the top-level package, which fails when it
    runs. ``package`` is the one that relative imports start from.
    """
    for name, module, attribute in imports(node):
        try:
            path = resolve_name(module, package)
        except ImportError:
            yield name, ""
        else:
            yield name, f"{path}.{attribute}" if attribute else path


def returned_calls(file: str, line: int) -> set[str]:
    """
    Return the names that the function on this line only calls, and whose results it
    only returns or ignores.
    """
    found: set[str] = set()
    for function in ast.walk(ast.Module(parse(_read_file(file)), [])):
        if not isinstance(function, ast.FunctionDef) or first_line(function) != line:
            continue
        body = ast.Module(function.body, [])
        used = Counter(n.id for n in ast.walk(body) if isinstance(n, ast.Name))
        returned = Counter(
            node.value.func.id
            # This leaves out nested functions: their results may be awaited here.
            for node in import_time(function.body)
            if isinstance(node, (ast.Return, ast.Expr))
            and isinstance(node.value, ast.Call)
            and isinstance(node.value.func, ast.Name)
        )
        found.update(name for name, count in returned.items() if used[name] == count)
    return found


def source_file(module: ModuleType) -> str | None:
    """
    Return the path of the source of ``module``, None for compiled modules.
    """
    file = module_attribute(module, "__file__")
    return file if type(file) is str and file.endswith(".py") else None


def is_standard(file: str) -> bool:
    """
    Return whether a file is part of Python's standard library.
    """
    # Installed packages are in a subfolder of it: site-packages or dist-packages.
    return file.startswith(_STANDARD_LIBRARY) and "-packages" not in file


_STANDARD_LIBRARY = os.path.join(sysconfig.get_path("stdlib"), "")


def _read(module: ModuleType) -> str:
    file = source_file(module)
    return "" if file is None else _read_file(file)


def _read_file(file: str) -> str:
    try:
        status = os.stat(file)
        return _read_version(file, status.st_mtime_ns, status.st_size)
    except (OSError, SyntaxError, ValueError):
        return ""


@functools.lru_cache(maxsize=128)
def _read_version(file: str, modified: int, size: int) -> str:
    with tokenize.open(file) as source:
        return source.read()


def parse(source: str | bytes) -> list[ast.stmt]:
    """
    Return the statements of ``source``, or none if Python can't parse it.
    """
    return parse_or_none(source) or []


def parse_or_none(source: str | bytes) -> list[ast.stmt] | None:
    """
    Return the statements of ``source``, or None if Python can't parse it.
    """
    try:
        return parse_or_raise(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def parse_or_raise(source: str | bytes) -> list[ast.stmt]:
    """
    Return the statements of ``source``.
    """
    with warnings.catch_warnings():
        # Python has already warned about this source when it was imported.
        warnings.simplefilter("ignore")
        return ast.parse(source).body


def import_time(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """
    Yield the statements that may run when a module is imported, in order.

    That leaves out the bodies of functions, and blocks that only type checkers read or
    that only run in a script.
    """
    return _statements(body, in_functions=False)


def all_statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """
    Yield the statements of ``import_time()``, and those in functions.
    """
    return _statements(body, in_functions=True)


def _statements(body: list[ast.stmt], *, in_functions: bool) -> Iterator[ast.stmt]:
    waiting = body[::-1]
    while waiting:
        node = waiting.pop()
        yield node
        is_function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        if is_function and not in_functions:
            continue
        if isinstance(node, ast.If) and _is_never_imported(node.test):
            waiting += reversed(node.orelse)
        else:
            waiting += reversed(_inner_statements(node))


def assigned_names(node: ast.stmt) -> tuple[list[str], ast.expr | None]:
    """
    Return the names that a statement assigns to, and the value.
    """
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets += node.targets
    elif isinstance(node, ast.AnnAssign):
        targets.append(node.target)
    # The loop also visits what is appended while it runs.
    for target in targets:
        if isinstance(target, (ast.Tuple, ast.List)):
            targets += target.elts
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    return names, getattr(node, "value", None)


def _is_never_imported(test: ast.expr) -> bool:
    if isinstance(test, ast.Compare):
        return isinstance(test.left, ast.Name) and test.left.id == "__name__"
    name = getattr(test, "attr", None) or getattr(test, "id", None)
    return name == "TYPE_CHECKING"


def _assigned(body: list[ast.stmt]) -> Iterator[tuple[str, ast.stmt, bool, bool]]:
    # A stack rather than recursion: an elif chain nests as deep as it is long.
    waiting = [("", False, node) for node in reversed(body)]
    while waiting:
        prefix, in_loop, node = waiting.pop()
        if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            in_loop = True
            for target in ast.walk(node.target) if hasattr(node, "target") else ():
                # In "for row[key] in rows", row isn't a variable of the loop.
                if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store):
                    yield f"{prefix}{target.id}", node, False, True
        names, value = assigned_names(node)
        for name in names if value else ():
            yield f"{prefix}{name}", node, not _is_reference(value), in_loop
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            # A decorator such as @event may have turned it into a signal.
            if node.decorator_list:
                yield f"{prefix}{node.name}", node, True, in_loop
            continue
        if isinstance(node, ast.ClassDef):
            prefix += f"{node.name}."
        inner = reversed(_inner_statements(node))
        waiting += ((prefix, in_loop, statement) for statement in inner)


# "order_paid = signals.paid" gives a second name to an object that exists already, and
# a constant is a placeholder that another module may replace.
def _is_reference(value: ast.expr | None) -> bool:
    if isinstance(value, (ast.Tuple, ast.List)):
        return all(_is_reference(element) for element in value.elts)
    return isinstance(value, (ast.Name, ast.Attribute, ast.Constant))


def _inner_statements(node: ast.stmt) -> list[ast.stmt]:
    """
    Return the statements in the blocks of class, if, try, with, for, while, and match.
    """
    found: list[ast.stmt] = []
    for field in ("body", "orelse", "finalbody"):
        found += getattr(node, field, [])
    for field in ("handlers", "cases"):
        for clause in getattr(node, field, []):
            found += clause.body
    return found


def first_line(node: ast.stmt) -> int:
    """
    Return the line of a statement, or of its first decorator.
    """
    # lineno is that of "def" or "class", below the decorators.
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])
