from __future__ import annotations

import json
import re

import jsonschema
import pytest

from tests.reports.json_tables import PAGE, SCHEMAS, table, tables

TEXT = PAGE.read_text("utf-8")
TABLES = tables(TEXT)
# Not tables of their own: the same in several documents.
SHARED = {"background", "problem", "receiver", "trigger", "unconnected"}


def definitions(schema):
    return {None: schema, **schema["$defs"]}


@pytest.mark.parametrize(("file", "name"), TABLES)
def test_a_table_of_the_page_is_made_from_its_schema(file, name):
    # "python -m tests.reports.json_tables" writes the tables.
    assert TABLES[file, name] == table(file, name)


def test_the_page_has_each_object_of_each_schema():
    wanted = {
        (file, name or "")
        for file, schema in SCHEMAS.items()
        for name, described in definitions(schema).items()
        if described != SCHEMAS["list_signals.schema.json"]["$defs"].get(name)
    }
    wanted |= {("list_signals.schema.json", name) for name in SHARED}
    wanted |= {
        ("list_signals.schema.json", name) for name in ("signal", "argument", "send")
    }
    assert TABLES.keys() == wanted


@pytest.mark.parametrize("file", SCHEMAS)
def test_a_schema_requires_and_describes_each_key(file):
    for name, described in definitions(SCHEMAS[file]).items():
        keys = described.get("properties", {})
        assert all(value["description"].endswith((".", "`")) for value in keys.values())
        if name != "values":
            assert described.get("required", []) == [*keys]


def test_headings_are_the_titles_of_objects():
    titles = {
        described["title"]
        for schema in SCHEMAS.values()
        for described in schema["$defs"].values()
    }
    assert sorted(re.findall("^### (.+)$", TEXT, re.M)) == sorted(titles)


def test_an_example_is_what_its_schema_describes():
    sections = re.split("^## ", TEXT, flags=re.M)
    examples = [
        (re.search(r"\((?:\S+/)(\S+\.schema\.json)\)", section)[1], json.loads(block))
        for section in sections
        for block in re.findall("^```json\n(.*?)^```", section, re.M | re.S)
    ]
    assert len(examples) == 2
    for file, example in examples:
        jsonschema.Draft202012Validator(SCHEMAS[file]).validate(example)
