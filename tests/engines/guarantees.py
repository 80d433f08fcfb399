"""
Read the table of guarantees in the docs, which the tests compare with what happens.
"""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/background.md"
# How the table names the engines of the settings.
NAMES = {
    "immediate": "`ImmediateBackend`",
    "sqlite": "django-tasks-db",
    "postgresql": "django-tasks-db",
    "celery": "Celery",
    "celery_acks_late": "Celery, `task_acks_late`",
    "huey": "huey",
}


def guarantees(engine: str) -> dict[str, str]:
    """
    Return the row of an engine, by the headings of the columns.
    """
    section = PAGE.read_text(encoding="utf-8").partition("\n## Guarantees\n")[2]
    lines = re.findall(r"^\|(.+)\|$", section, re.MULTILINE)
    head, _, *rows = [[cell.strip() for cell in line.split("|")] for line in lines]
    return next(
        dict(zip(head, row, strict=True)) for row in rows if row[0] == NAMES[engine]
    )


def code_with(word: str) -> str:
    """
    Return the block of code that has a word in it.
    """
    blocks = re.findall(r"^```\w+\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)
    [block] = [block for block in blocks if word in block]
    return block
