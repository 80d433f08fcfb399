"""
What the commands have in common that print a report.
"""

from __future__ import annotations

import os
import shutil
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, OutputWrapper

from .._text import encodable
from ..reports.layout import Look

Paint = Callable[[str], str]


class ReportCommand(BaseCommand):
    """
    A command that writes a report for people or for tools, to a terminal or a file.
    """

    force_color = False

    def add_report_arguments(self, parser: ArgumentParser, **others: str) -> None:
        helps = ["text for people (default)", "JSON for tools", *others.values()]
        parser.add_argument(
            "--format",
            choices=["text", "json", *others],
            default="text",
            help=", ".join(helps),
        )
        parser.add_argument(
            "-o", "--output", metavar="FILE", help="write to FILE, as UTF-8"
        )

    def execute(self, *args: Any, **options: Any) -> str | None:
        self.force_color = options["force_color"]
        return super().execute(*args, **options)

    def look(self, file: str | None, *, fold: bool = True) -> Look:
        stream = None if file else self.stdout
        return Look(
            width=_terminal_width(stream),
            folder=os.getcwd(),
            fold=fold,
            heading=self.paint(stream, self.style.MIGRATE_HEADING),
            name=self.paint(stream, self.style.MIGRATE_LABEL),
        )

    def paint(self, stream: OutputWrapper | None, style: Paint) -> Paint:
        # Django's styles follow sys.stdout, which need not be where this goes.
        painted = stream and (stream.isatty() or self.force_color)
        return style if painted else str

    def check_writable(self, file: str | None) -> None:
        """
        Fail before the work is done if the report could not be written afterwards.
        """
        if file is None or file == "-":
            return
        try:
            with open(file, "a", encoding="utf-8"):
                pass
        except OSError as error:
            raise _cannot_write(file, error) from error

    def write_report(self, text: str, file: str | None) -> None:
        if file is None or file == "-":
            self._print(text)
            return
        try:
            Path(file).write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            raise _cannot_write(file, error) from error

    def _print(self, text: str) -> None:
        text = encodable(text, getattr(self.stdout, "encoding", None))
        try:
            self.stdout.write(text, ending="")
            self.stdout.flush()
        except BrokenPipeError:
            if self.stdout._out is not sys.stdout:
                raise
            # Whoever read this (head, less) has seen enough. Without a new target,
            # Python would complain once more when it flushes at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _cannot_write(file: str, error: OSError) -> CommandError:
    return CommandError(f"Cannot write {file!r}: {error.strerror}.")


def _terminal_width(stream: OutputWrapper | None) -> int:
    if stream is None or not stream.isatty():
        return 100
    return max(60, min(shutil.get_terminal_size().columns, 140))
