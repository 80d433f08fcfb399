"""
Find phrases that Django's documentation would not use, in all that people read.

Comments, docstrings and messages of the package and the example must have none. Those
in README and docs are listed, and fail with ``--docs``.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent

# A phrase, and what to write instead.
PHRASES = {
    r"(?<![Tt]here\s)(?:is|are|was|were) none": "isn't one",
    r"(?<![Tt]here\s)(?:is|are|was|were) no (?!longer|more)[a-z]+": "isn't a ...",
    r"(?:hears?|heard|unheard|listen(?:s|ers?|ing)?)": "has receivers, receives",
    r"Of (?:a|an|the|all|any|each|many|more|several|these|what)": "For a ...",
    r"(?:Recorded|Listed|Shown|Looked at|Not listed) (?:is|are)": "subject first",
    r"(?:any|every|no|some)body": "you, Django, signaltools, another app",
    r"who(?:m)?ever": "you, code that ...",
    r"(?:in|out)side of": "inside, outside",
    r"(?:un)?fold(?:s|ed|ing)?": "collapse, expand",
    r"wiring": "lock file, connections",
    r"findings?": "problem, note",
    r"(?:much|more|[0-9]) SQL": "queries",
    r"(?:the|a|that|any) texts?": "string",
    r"shall": "must, should",
    r"wrong alarms?": "false positive",
    r"for people": "text",
    r"say(?=,)": "for example",
}
FOUND = {
    re.compile(rf"\b(?:{phrase})\b".replace(" ", r"\s+")): better
    for phrase, better in PHRASES.items()
}


def main(strict_docs: bool) -> int:
    failed = False
    for file in _files("signaltools", "example_project"):
        for line, phrase in sorted(_phrases(file)):
            print(f"{file.relative_to(ROOT)}:{line}: {phrase}")
            failed = True
    left = 0
    for file in [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md"))]:
        for line, phrase in _prose(file):
            left += 1
            print(f"{file.relative_to(ROOT)}:{line}: {phrase}")
            failed = failed or strict_docs
    print(f"Phrases in the documentation: {left}")
    return int(failed)


def _files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        for suffix in (".py", ".html"):
            yield from sorted((ROOT / folder).rglob(f"*{suffix}"))


def _phrases(file: Path) -> Iterator[tuple[int, str]]:
    source = file.read_text("utf-8")
    if file.suffix == ".html":
        yield from _found(source, 1)
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _found(node.value, node.lineno)
    comments: list[str] = []
    lines: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            comments.append(token.string.removeprefix("# "))
            lines.append(token.start[0])
    # A phrase may begin on one line and end on the next.
    for index, phrase in _found("\n".join(comments), 0):
        yield lines[index], phrase


def _prose(file: Path) -> Iterator[tuple[int, str]]:
    text = file.read_text("utf-8")
    # Code blocks and output keep their lines, so that the numbers stay right.
    without_code = re.sub(
        r"^```.*?^```",
        lambda found: "\n" * found[0].count("\n"),
        text,
        flags=re.M | re.S,
    )
    yield from _found(without_code, 1)


def _found(text: str, line: int) -> Iterator[tuple[int, str]]:
    for phrase, better in FOUND.items():
        for found in phrase.finditer(text):
            words = " ".join(found[0].split())
            yield line + text.count("\n", 0, found.start()), f"{words!r} ({better})"


if __name__ == "__main__":
    sys.exit(main("--docs" in sys.argv[1:]))
