"""
The pages that Sphinx has built have an entry for everything that is public.
"""

from __future__ import annotations

import ast
import json
import os
import re
import zlib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
BUILT = Path(os.environ["SIGNALTOOLS_DOCS"])
PUBLIC = [
    "signaltools",
    "signaltools.events",
    "signaltools.exceptions",
    "signaltools.panels",
    "signaltools.testing",
]
SOURCES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]
CHECKS = (ROOT / "docs/checks.md").read_text("utf-8")


@pytest.fixture(scope="module")
def entries():
    inventory = (BUILT / "objects.inv").read_bytes().split(b"\n", 4)[4]
    lines = zlib.decompress(inventory).decode()
    return set(re.findall(r"^(\S+) py:(?!module)", lines, re.M))


def public_names(module):
    """
    Return ``__all__``, or the classes of a module that has none.
    """
    path = ROOT.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    body = ast.parse(file.read_text("utf-8")).body
    for node in body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return ast.literal_eval(node.value)
    return [node.name for node in body if isinstance(node, ast.ClassDef)]


@pytest.mark.parametrize("module", PUBLIC)
def test_each_public_name_has_an_entry(module, entries):
    names = {f"{module}.{name}" for name in public_names(module)}
    assert names
    # The same functions as those of signaltools.
    assert names - entries <= {
        "signaltools.events.event",
        "signaltools.events.receiver",
    }


def test_each_python_name_that_a_page_mentions_has_an_entry(entries):
    named = {
        name
        for page in SOURCES
        if page.name not in {"architecture.md", "changelog.md", "releasing.md"}
        for name in re.findall(
            r"`(signaltools(?:\.[a-z]\w*)*\.\w+)(?:\(.*?\))?`", page.read_text("utf-8")
        )
    }
    checks = {name for name in named if re.fullmatch(r"signaltools\.[EIW]\d+", name)}
    modules = {name for name in named - checks if is_module(name)}
    assert "signaltools.receiver" in named
    methods = {
        name.replace("signaltools.registry.", "signaltools.inventory.names.Registry.")
        for name in named - checks - modules
    }
    assert methods - entries == set()


def is_module(name):
    path = ROOT.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def test_search_knows_the_functions():
    script = (BUILT / "searchindex.js").read_text("utf-8")
    index = json.loads(re.fullmatch(r"Search\.setIndex\((.*)\)", script, re.S)[1])
    names = {entry[-1] for entry in index["objects"]["signaltools"]}
    assert {"trace", "event", "in_background"} <= names
    assert index["docnames"][index["objects"]["signaltools"][0][0]] == "api"


def test_the_table_of_checks_has_each_section_and_check():
    rows = re.findall(r"^\| \[(\w+)\]\(#signaltools(\w+)\) \|", CHECKS, re.M)
    sections = re.findall(r"^## signaltools\.(\w+)", CHECKS, re.M)
    assert [number.lower() for number, _ in rows] == [link for _, link in rows]
    assert sorted(number for number, _ in rows) == sorted(sections)
    sources = "".join(
        path.read_text("utf-8") for path in (ROOT / "signaltools").rglob("*.py")
    )
    used = set(re.findall(r'"(?:signaltools\.)?([EIW]\d{3})"', sources))
    assert used - set(sections) == set()


def blocks(language):
    return [
        (page.name, block)
        for page in SOURCES
        for block in re.findall(
            rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.M | re.S
        )
    ]


@pytest.mark.parametrize(("page", "block"), blocks("yaml"))
def test_yaml_is_valid_and_runs_commands_that_exist(page, block):
    assert yaml.safe_load(block)
    commands = re.findall(r"manage\.py (\w+)", block)
    own = {path.stem for path in ROOT.glob("signaltools/management/commands/*.py")}
    assert set(commands) <= own | {"check"}


@pytest.mark.parametrize(("page", "block"), blocks("json"))
def test_json_is_valid(page, block):
    assert json.loads(block)
