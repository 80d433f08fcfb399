"""
The layout that docs/architecture.md describes. The direction of imports between folders
is held by import-linter, see ``pyproject.toml``.
"""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

import signaltools

PACKAGE = Path(signaltools.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))


def name_of(file: Path) -> str:
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(file): file for file in FILES}


def imported(name: str, file: Path) -> set[str]:
    """
    Return the modules of the package that ``file`` imports, for type checkers too.
    """
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            inner = {f"{base}.{alias.name}" for alias in node.names}
            found |= (inner & MODULES.keys()) or {base}
    return found & MODULES.keys()


def test_no_module_imports_itself_through_others():
    graph = {name: imported(name, file) for name, file in MODULES.items()}
    assert graph["signaltools.tracing"]
    # Raises CycleError, which names the modules of a circle.
    TopologicalSorter(graph).prepare()


def test_the_package_has_few_entries_and_short_files():
    entries = {path.name for path in PACKAGE.iterdir()} - {"__pycache__"}
    assert len(entries - {"__init__.py", "py.typed"}) <= 18
    lengths = {
        name: len(f.read_text("utf-8").split("\n")) for name, f in MODULES.items()
    }
    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}
