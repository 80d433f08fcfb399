"""
Share what commands need that read the inventory or print a report.
"""

from __future__ import annotations

import os
import shutil
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, OutputWrapper

from ..checks.watch import watched_signals
from ..introspect.objects import heap_is_frozen
from ..introspect.text import encodable, printable
from ..inventory.held import number_names, with_held
from ..inventory.names import registry
from ..inventory.reading import read_connected
from ..inventory.records import Connected
from ..reports.editor import Editor
from ..reports.layout import Look, Paint
from .server import load, load_server


class ReportCommand(BaseCommand):
    """
    Write a report as text or as data, to a terminal or to a file.
    """

    force_color = no_color = False

    def add_report_arguments(self, parser: ArgumentParser, **formats: str) -> None:
        """
        Add ``--format`` and ``--output``; ``formats`` maps more formats to their use.
        """
        uses = [f"{name} for {use}" for name, use in formats.items()]
        parser.add_argument(
            "--format",
            choices=["text", "json", *formats],
            default="text",
            help=", ".join(["text (default)", "json for tools", *uses]),
        )
        parser.add_argument(
            "-o", "--output", metavar="FILE", help="write to FILE, as UTF-8"
        )

    def execute(self, *args: Any, **options: Any) -> str | None:
        # BaseCommand.execute() reads these options but doesn't keep them.
        self.force_color = options["force_color"]
        self.no_color = options["no_color"]
        return super().execute(*args, **options)

    def look(self, file: str | None, *, collapse: bool = True) -> Look:
        stream = None if file else self.stdout
        width = 100
        if stream and stream.isatty():
            # Narrower than this, nothing fits; wider, the eye loses the line.
            width = max(60, min(shutil.get_terminal_size().columns, 140))
        return Look(
            width=width,
            folder=os.getcwd(),
            collapse=collapse,
            heading=self.paint(stream, self.style.MIGRATE_HEADING),
            name=self.paint(stream, self.style.MIGRATE_LABEL),
            editor=self._editor(stream),
        )

    def _editor(self, stream: OutputWrapper | None) -> Editor:
        # Unlike colors, links are never wanted in what isn't a terminal.
        can_link = stream and stream.isatty() and os.environ.get("TERM") != "dumb"
        if can_link and not self.no_color:
            # A wrong value is reported by the check of settings.
            with suppress(ImproperlyConfigured):
                return Editor.from_settings()
        return Editor()

    def paint(self, stream: OutputWrapper | None, style: Paint) -> Paint:
        # Django chooses its styles by sys.stdout, but this stream may be another one.
        painted = stream and (stream.isatty() or self.force_color)
        return style if painted else str

    def check_writable(self, file: str | None) -> None:
        """
        Raise ``CommandError`` before the work is done if ``file`` can't be written.
        """
        if file is None or file == "-":
            return
        try:
            with open(file, "a", encoding="utf-8"):
                pass
        except OSError as error:
            raise cannot_write(file, error) from error

    def write_report(self, text: str, file: str | None) -> None:
        if file is not None and file != "-":
            try:
                Path(file).write_text(text, encoding="utf-8", newline="\n")
            except OSError as error:
                raise cannot_write(file, error) from error
            return
        text = encodable(text, getattr(self.stdout, "encoding", None))
        try:
            self.stdout.write(text, ending="")
            self.stdout.flush()
        except BrokenPipeError:
            if self.stdout._out is not sys.stdout:
                raise
            # The reader, such as head or less, has closed the pipe. Python flushes
            # standard output once more at exit, which would fail again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


class InventoryCommand(ReportCommand):
    """
    Read which receivers a running server has.
    """

    # Django's URL checks import the URLconf; a broken one would end the command with a
    # traceback. Here it becomes a note, and the rest is still listed.
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
        Return the notes on ``imports`` that failed, the notes on everything else that
        couldn't be imported or read, and the connected receivers.
        """
        failures = [note for name in as_list(imports) if (note := load(name))]
        notes = load_server()
        # Last, because imports connect receivers.
        entries = with_held(registry.entries(), watched_signals)
        connected = number_names(read_connected(entries))
        notes += [each.note for each in connected if each.note]
        return failures, notes, connected


def unseen() -> list[str]:
    """
    Return a note if there may be signals that can't be found.
    """
    return [_FROZEN] if heap_is_frozen() else []


_FROZEN = (
    "gc.freeze() was called, so signals that aren't attributes of a module may be "
    "missing."
)


def as_list(value: str | list[str] | None) -> list[str]:
    """
    Return the values of an option that can be repeated.
    """
    # call_command("list_signals", app="shop") doesn't put the string in a list.
    return [value] if isinstance(value, str) else value or []


def command_error(sentences: Iterable[str], returncode: int = 1) -> CommandError:
    """
    Return an error that prints each of ``sentences`` on its own line.
    """
    return CommandError("\n".join(map(printable, sentences)), returncode=returncode)


def cannot_write(file: str, error: OSError, returncode: int = 1) -> CommandError:
    return CommandError(
        f"Cannot write {file!r}: {error.strerror}.", returncode=returncode
    )
