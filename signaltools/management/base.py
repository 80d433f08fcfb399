"""
What the commands have in common that print a report or read the inventory.
"""

from __future__ import annotations

import os
import shutil
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, OutputWrapper

from ..introspect.text import encodable, printable
from ..inventory.names import registry
from ..inventory.reading import read_connected
from ..inventory.records import Connected
from ..reports.layout import Look
from .server import load, load_server

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

    def look(self, file: str | None, *, collapse: bool = True) -> Look:
        stream = None if file else self.stdout
        return Look(
            width=_terminal_width(stream),
            folder=os.getcwd(),
            collapse=collapse,
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
            raise cannot_write(file, error) from error

    def write_report(self, text: str, file: str | None) -> None:
        if file is None or file == "-":
            self._print(text)
            return
        try:
            Path(file).write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            raise cannot_write(file, error) from error

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


class InventoryCommand(ReportCommand):
    """
    A command that reads which receivers a running server has.
    """

    # A broken URLconf shall be a note; a check would end in its traceback.
    requires_system_checks = ()

    def add_import_argument(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--import",
            metavar="MODULE",
            dest="imports",
            action="append",
            help="import this module first, for example a Celery app",
        )

    def read_server(
        self, imports: str | list[str] | None
    ) -> tuple[list[str], list[str], list[Connected]]:
        """
        Return a note for each of ``imports`` that failed, one for everything else that
        could not be imported or read, and what is connected.
        """
        failures = [note for name in as_list(imports) if (note := load(name))]
        notes = load_server()
        connected = read_connected(registry.entries())
        notes += [each.note for each in connected if each.note]
        return failures, notes, connected


def as_list(value: str | list[str] | None) -> list[str]:
    """
    Return the values of an option that may be given several times.
    """
    # call_command(app="shop") passes a string where the parser makes a list.
    return [value] if isinstance(value, str) else value or []


def command_error(sentences: Iterable[str], returncode: int = 1) -> CommandError:
    """
    Return an error that prints each of ``sentences`` on a line of its own.
    """
    return CommandError("\n".join(map(printable, sentences)), returncode=returncode)


def cannot_write(file: str, error: OSError, returncode: int = 1) -> CommandError:
    return CommandError(
        f"Cannot write {file!r}: {error.strerror}.", returncode=returncode
    )


def _terminal_width(stream: OutputWrapper | None) -> int:
    if stream is None or not stream.isatty():
        return 100
    return max(60, min(shutil.get_terminal_size().columns, 140))
