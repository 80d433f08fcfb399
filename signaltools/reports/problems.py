"""
Render what ``list_signals --problems`` shows.

``problems.schema.json`` beside this file describes the JSON.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..inventory.records import Problem
from .layout import Look, problem_lines
from .list_json import document


def render_problems_text(
    own: Sequence[Problem], of_packages: Sequence[Problem], look: Look
) -> str:
    """
    Return the problems and notes of the project, then those of installed packages.
    """
    sections = [
        "\n".join(problem_lines(problems, look, suffix))
        for problems, suffix in ((own, ""), (of_packages, " OF INSTALLED PACKAGES"))
        if problems
    ]
    return "\n\n".join(sections or ["No problems."]) + "\n"


def render_problems_json(
    problems: Sequence[Problem], notes: Sequence[str], failing: Sequence[Problem]
) -> str:
    """
    Return the problems and notes as a JSON document, with the number of ``failing``.
    """
    return document(notes, problems, failures=len(failing))
