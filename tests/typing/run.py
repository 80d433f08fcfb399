"""
Compare what the type checkers report with ``cases.py``, and with ``docs/events.md``.

    python tests/typing/run.py [--update]

``--update`` writes the tables. Runs in the tox environment "typing", which has all the
type checkers.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent.parent
DOCS = ROOT / "docs" / "events.md"
CASES = FOLDER / "cases.py"
START, END = "<!-- type checkers: -->\n", "<!-- :type checkers -->"

_MYPY = ("mypy", "--config-file={config}", "--cache-dir={cache}")
#: The command of each type checker; with several, they must report the same lines.
CHECKERS: dict[str, list[tuple[str, ...]]] = {
    "mypy": [
        (*_MYPY, "--strict"),
        _MYPY,
        # Without the plugin of django-stubs.
        ("mypy", "--config-file=", "--cache-dir={cache}", "--strict"),
        ("mypy", "--config-file=", "--cache-dir={cache}"),
    ],
    "pyright": [("pyright", "--pythonpath={python}", "--project={folder}")],
    "basedpyright": [("basedpyright", "--pythonpath={python}", "--project={folder}")],
    "ty": [("ty", "check", "--python={python}", "--output-format=concise")],
    "pyrefly": [
        (
            "pyrefly",
            "check",
            "--preset=default",
            "--python-interpreter-path={python}",
            "--output-format=min-text",
        )
    ],
    "zuban": [
        ("zuban", "mypy", "--strict", "--python-executable={python}"),
        ("zuban", "mypy", "--python-executable={python}"),
    ],
}
#: These must report each wrong case, and no right one.
REQUIRED = ("mypy", "pyright", "basedpyright")


class Case(NamedTuple):
    kind: str
    text: str
    lines: range


def read_cases() -> list[Case]:
    """
    Return the cases: each one reaches to the next one.
    """
    lines = CASES.read_text().split("\n")
    starts = [
        (number, match[1], match[2])
        for number, line in enumerate(lines, 1)
        if (match := re.match(r" *# (Right|Wrong|Limit|Missed): (.*)", line))
    ]
    ends = [number for number, *_ in starts[1:]] + [len(lines) + 1]
    return [
        Case(kind, text, range(start, end))
        for (start, kind, text), end in zip(starts, ends, strict=True)
    ]


def reported_lines(command: tuple[str, ...]) -> set[int]:
    """
    Run a type checker, and return the lines of ``cases.py`` with an error.
    """
    parts = {
        "config": ROOT / "pyproject.toml",
        "cache": ROOT / ".mypy_cache",
        "folder": FOLDER,
        "python": sys.executable,
    }
    bin_folder = Path(sys.executable).parent
    done = subprocess.run(
        [bin_folder / command[0], *(part.format(**parts) for part in command[1:])]
        + ([] if "--project={folder}" in command else [str(CASES)]),
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    output = done.stdout + done.stderr
    errors = re.findall(
        r"^(?:ERROR| *)\s*\S*cases\.py:(\d+)\S*(?: -)? (?!note|warning)", output, re.M
    )
    # A checker that doesn't even start reports nothing, too.
    if not errors:
        sys.exit(f"{' '.join(command)} reported nothing:\n{output}")
    return set(map(int, errors))


def tables(cases: list[Case], reported: dict[str, set[int]]) -> Iterator[str]:
    """
    Yield the lines of the tables in ``docs/events.md``.
    """
    versions = [f"{name} {version(name)}" for name in reported]
    yield f"The versions that were run: {', '.join(versions)}."
    for kinds, title in [
        (("Wrong",), "a mistake"),
        (("Right", "Limit"), "correct code"),
        (("Missed",), "a mistake that isn't always reported"),
    ]:
        yield ""
        yield f"| {title} | {' | '.join(reported)} |"
        yield f"| --- |{' --- |' * len(reported)}"
        for text in dict.fromkeys(case.text for case in cases if case.kind in kinds):
            alike = [case for case in cases if case.text == text]
            cells = []
            for lines in reported.values():
                count = sum(not lines.isdisjoint(case.lines) for case in alike)
                cells.append({0: "-", len(alike): "reported"}.get(count, "some"))
            if "Right" not in kinds or set(cells) != {"-"}:
                yield f"| {text} | {' | '.join(cells)} |"


def find_problems(cases: list[Case], name: str, lines: set[int]) -> Iterator[str]:
    for case in cases:
        found = sorted(lines.intersection(case.lines))
        if case.kind == "Right" and found and name in REQUIRED:
            yield f"cases.py:{found[0]}: {name} reports correct code: {case.text}"
        if case.kind == "Wrong" and not found and name in REQUIRED:
            yield f"cases.py:{case.lines[0]}: {name} doesn't report: {case.text}"


def main(update: bool) -> int:
    cases = read_cases()
    reported: dict[str, set[int]] = {}
    problems = []
    for name, commands in CHECKERS.items():
        for command in commands:
            lines = reported_lines(command)
            problems += find_problems(cases, name, lines)
            hit = {case for case in cases if not lines.isdisjoint(case.lines)}
            before = reported.setdefault(name, lines)
            for case in cases:
                if (case in hit) == before.isdisjoint(case.lines):
                    problems.append(
                        f"cases.py:{case.lines[0]}: the options of {name} matter: "
                        f"{' '.join(command)}"
                    )
    text = DOCS.read_text()
    before_table, _, rest = text.partition(START)
    _, _, after_table = rest.partition(END)
    table = "\n".join(tables(cases, reported))
    new = f"{before_table}{START}\n{table}\n\n{END}{after_table}"
    if update:
        DOCS.write_text(new)
    elif new != text:
        problems.append(
            f"The tables in docs/events.md aren't those of this run:\n{table}"
        )
    print("\n".join(problems) or "Every case is reported as the docs say.")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main("--update" in sys.argv[1:]))
