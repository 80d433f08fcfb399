"""
Make the tables of ``docs/json.md`` from the schemas.

``python -m tests.reports.json_tables`` writes them into the page.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/json.md"
SCHEMAS = {
    path.name: json.loads(path.read_text("utf-8"))
    for path in sorted(ROOT.glob("signaltools/reports/*.schema.json"))
}
# The name of a schema, that of a definition in it, and the table below.
_TABLE = re.compile(r"^<!-- (\S+)(?: (\w+))? -->\n\n((?:\|.*\n)*)", re.M)


def tables(page):
    """
    Return each table that a comment announces, by the schema and the definition.
    """
    return {(file, name): table for file, name, table in _TABLE.findall(page)}


def with_tables(page):
    return _TABLE.sub(
        lambda found: found[0].removesuffix(found[3]) + table(found[1], found[2]), page
    )


def table(file, name=None):
    schema = SCHEMAS[file]
    described = schema["$defs"][name] if name else schema
    if "oneOf" in described:
        rows = ["| value | meaning |", "|---|---|"]
        rows += [
            f"| `{_value(each['const'])}` | {each['description']} |"
            for each in described["oneOf"]
        ]
    else:
        rows = ["| key | type | meaning |", "|---|---|---|"]
        rows += [
            f"| `{key}` | {_type(value, schema)} | {_meaning(value)} |"
            for key, value in described["properties"].items()
        ]
    return "\n".join([*rows, ""])


def _meaning(value):
    choices = [each for each in value.get("enum", ()) if each is not None]
    if not choices:
        return value["description"]
    *others, last = [f"`{_value(each)}`" for each in choices]
    return f"{value['description']} One of {', '.join(others)}, or {last}."


def _type(value, schema):
    if "$ref" in value:
        title = schema["$defs"][value["$ref"].rpartition("/")[2]]["title"]
        return f"[{title}](#{title.lower().replace(' ', '-')})"
    if "oneOf" in value:
        return " or ".join(_type(each, schema) for each in value["oneOf"])
    if "const" in value:
        return f"`{_value(value['const'])}`"
    if "enum" in value:
        return "string or null" if None in value["enum"] else "string"
    types = value["type"] if isinstance(value["type"], list) else [value["type"]]
    return " or ".join(_array(value, schema) if t == "array" else t for t in types)


def _array(value, schema):
    items = _type(value["items"], schema)
    return f"array of {items}s" if items == "string" else f"array of {items}"


def _value(value):
    return json.dumps(value)


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text("utf-8")), "utf-8")
