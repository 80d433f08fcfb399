"""
Find phrases that Django's documentation would not use, in all that people read: README
and docs, messages, templates, docstrings, and comments.
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
    r"findings?(?! the)": "problem, note",
    r"(?:much|more|[0-9]) SQL": "queries",
    r"(?:the|a|that|any) texts?(?! report)": "string",
    r"shall": "must, should",
    r"wrong alarms?": "false positive",
    r"say(?=,)": "for example",
}
FOUND = {
    re.compile(rf"\b(?:{phrase})\b".replace(" ", r"\s+")): better
    for phrase, better in PHRASES.items()
}


def main() -> int:
    found = [
        f"{file.relative_to(ROOT)}:{line}: {phrase}"
        for file in _files()
        for line, phrase in sorted(_phrases(file))
    ]
    print("\n".join([*found, f"Phrases to reword: {len(found)}"]))
    return 1 if found else 0


def _files() -> Iterator[Path]:
    yield from sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
    for folder in ("signaltools", "example_project"):
        for suffix in (".py", ".html"):
            yield from sorted((ROOT / folder).rglob(f"*{suffix}"))


def _phrases(file: Path) -> Iterator[tuple[int, str]]:
    source = file.read_text("utf-8")
    if file.suffix == ".md":
        # Code and output keep their lines, so the line numbers stay right.
        source = re.sub(
            r"^```.*?^```|`[^`]+`",
            lambda block: "\n" * block[0].count("\n"),
            source,
            flags=re.MULTILINE | re.DOTALL,
        )
    if file.suffix != ".py":
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


def _found(text: str, line: int) -> Iterator[tuple[int, str]]:
    for phrase, better in FOUND.items():
        for found in phrase.finditer(text):
            words = " ".join(found[0].split())
            yield line + text.count("\n", 0, found.start()), f"{words!r} ({better})"


if __name__ == "__main__":
    sys.exit(main())
