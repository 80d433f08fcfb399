"""
Show how two lock files differ, as text and as JSON.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from .changes import Change
from .file import VERSION, LockFile, is_event, parse_argument, parse_entry


def compare(old: LockFile, new: LockFile) -> tuple[list[str], list[str]]:
    """
    Return the entries that only ``new`` has (added), and only ``old`` (removed).
    """
    # A merge may have repeated an entry, so entries are counted.
    before, after = Counter(old.entries), Counter(new.entries)
    added, removed = after - before, before - after
    return sorted(added.elements()), sorted(removed.elements())


def diff_text(added: list[str], removed: list[str], file: str) -> str:
    """
    Return a diff that lists the removed lines of each signal first.

    For an event, it only lists the arguments that differ.
    """
    lines = []
    for signal in sorted({_signal(entry) for entry in (*added, *removed)}):
        before = [entry for entry in removed if _signal(entry) == signal]
        after = [entry for entry in added if _signal(entry) == signal]
        # The entry of an event comes before those of its connections.
        if before and after and is_event(before[0]) and is_event(after[0]):
            lines += _diff_event(before.pop(0), after.pop(0))
        for mark, entries in (("-", before), ("+", after)):
            lines += [f"{mark} {line}" for each in entries for line in each.split("\n")]
    return "\n".join([f"--- {file}", "+++ this project", *lines, ""])


def diff_document(
    added: list[str], removed: list[str], changes: Sequence[Change], file: str
) -> dict[str, Any]:
    """
    Return a JSON document, as ``reports/lock_signals.schema.json`` describes it.
    """
    return {
        "version": VERSION,
        "file": file,
        "added": [parse_entry(entry) for entry in added],
        "removed": [parse_entry(entry) for entry in removed],
        "changes": [change._asdict() for change in changes],
    }


def _diff_event(old: str, new: str) -> list[str]:
    old_head, *before = old.split("\n")
    new_head, *after = new.split("\n")
    heads = [f"- {old_head}", f"+ {new_head}"]
    marked = [
        *(("-", line) for line in before if line not in after),
        *(("+", line) for line in after if line not in before),
    ]
    # Sorting is stable: if an argument has changed, its removed line comes first.
    marked.sort(key=lambda pair: parse_argument(pair[1]).name)
    return [
        *([f"  {old_head}"] if old_head == new_head else heads),
        *(f"{mark} {line}" for mark, line in marked),
    ]


def _signal(entry: str) -> str:
    return entry.partition("  ")[0].partition(" -> ")[0]
