from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from signaltools.introspect.text import printable
from signaltools.lock import (
    LockError,
    Wiring,
    compare,
    difference_document,
    make_wiring,
    parse_wiring,
    render_difference,
)
from signaltools.management.base import (
    InventoryCommand,
    as_list,
    cannot_write,
    command_error,
)
from signaltools.reports.layout import plural

_DIFFERENT = 1
_FAILED = 2


class Command(InventoryCommand):
    help = (
        "Write which receivers are connected to which signals to a file for version "
        "control, or compare such a file with the project."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add(
            "file",
            metavar="FILE",
            nargs="?",
            help="the file, by default signals.lock beside manage.py",
        )
        add(
            "--check",
            action="store_true",
            help="write nothing, print what differs from FILE, and exit with 1 then",
        )
        add(
            "--all",
            action="store_true",
            help="also receivers inside Django, the debug toolbar and storage objects",
        )
        self.add_import_argument(parser)
        add(
            "--format",
            choices=["text", "json"],
            help="how --check prints: text for people (default), JSON for tools",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["format"] and not options["check"]:
            raise _failure(
                "--format is how --check prints: add --check, or leave --format out."
            )
        file = options["file"] or _default_file()
        locked = _read(file)
        if options["check"] and locked is None:
            raise _failure(f"There is no wiring in {file!r} yet: {_accept(options)}.")
        wiring = self._wiring(options)
        if locked and options["check"]:
            self._check(locked, wiring, file, options)
        else:
            self._write(locked, wiring, file, options)

    def _wiring(self, options: dict[str, Any]) -> Wiring:
        failures, notes, connected = self.read_server(options["imports"])
        if failures or notes:
            sentences = [*failures, *notes, _INCOMPLETE]
            raise command_error(sentences, returncode=_FAILED)
        signals = [each.record for each in connected]
        return make_wiring(signals, _command(options), everything=options["all"])

    def _check(
        self, locked: Wiring, wiring: Wiring, file: str, options: dict[str, Any]
    ) -> None:
        difference = compare(locked, wiring)
        if options["format"] == "json":
            document = difference_document(difference, file)
            self.write_report(json.dumps(document, indent=2) + "\n", None)
        elif any(difference):
            self.write_report(render_difference(difference, printable(file)), None)
        else:
            self._say(_up_to_date(file, wiring), options)
        if any(difference):
            sentences = [
                _written_otherwise(locked, wiring, file),
                _differs(file, options),
            ]
            raise command_error(filter(None, sentences), returncode=_DIFFERENT)

    def _write(
        self, locked: Wiring | None, wiring: Wiring, file: str, options: dict[str, Any]
    ) -> None:
        if locked == wiring:
            self._say(_up_to_date(file, wiring), options)
            return
        _replace(file, wiring.text)
        wrote = f"Wrote {_counts(wiring)} to {file!r}"
        if locked:
            added, removed = map(len, compare(locked, wiring))
            wrote += f": {added} added, {removed} removed"
        self._say(f"{wrote}.", options)

    def _say(self, sentence: str, options: dict[str, Any]) -> None:
        if options["verbosity"]:
            self.write_report(f"{sentence}\n", None)


_INCOMPLETE = (
    "Without that the wiring would be incomplete: correct it, or use other settings."
)


def _failure(sentence: str) -> CommandError:
    return CommandError(sentence, returncode=_FAILED)


def _default_file() -> str:
    folder, program = os.path.split(sys.argv[0])
    return os.path.join(folder if program == "manage.py" else "", "signals.lock")


def _read(file: str) -> Wiring | None:
    """
    Return the wiring in ``file``, None if it is missing or empty.
    """
    try:
        # A device may have no end, and writing would replace it.
        if os.path.exists(file) and not os.path.isfile(file):
            raise _failure(f"{file!r} is no regular file: name another file.")
        data = Path(file).read_bytes()
        return parse_wiring(data, file) if data.strip() else None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _failure(f"Cannot read {file!r}: {error.strerror}.") from error
    except LockError as error:
        raise _failure(str(error)) from error


def _replace(file: str, text: str) -> None:
    """
    Write ``file`` in one step: it has the old content or the new one, never a part.
    """
    # Where the file is a link, the link stays.
    target = os.path.realpath(file)
    temporary = f"{target}.{os.getpid()}.tmp"
    try:
        Path(temporary).write_text(text, encoding="utf-8", newline="\n")
        with suppress(FileNotFoundError):
            shutil.copymode(target, temporary)
        os.replace(temporary, target)
    except OSError as error:
        raise cannot_write(file, error, _FAILED) from error
    finally:
        with suppress(OSError):
            os.unlink(temporary)


def _command(options: dict[str, Any], file: str | None = None) -> str:
    # Of the file there is nothing in the file: it may be an absolute path.
    imports = sorted(set(as_list(options["imports"])))
    words = [
        *("python", "manage.py", "lock_signals"),
        *([file] if file else []),
        *(["--all"] if options["all"] else []),
        *(f"--import={name}" for name in imports),
    ]
    return printable(shlex.join(words))


def _accept(options: dict[str, Any]) -> str:
    return f"run {_command(options, options['file'])!r} and commit the file"


def _differs(file: str, options: dict[str, Any]) -> str:
    return f"This project differs from {file!r}; to accept that, {_accept(options)}."


def _written_otherwise(locked: Wiring, wiring: Wiring, file: str) -> str:
    if locked.command in ("", wiring.command):
        return ""
    return f"{file!r} was written by {locked.command!r}: use the same options."


def _up_to_date(file: str, wiring: Wiring) -> str:
    return f"{file!r} is up to date: {_counts(wiring)}."


def _counts(wiring: Wiring) -> str:
    connections, events = wiring.counts
    return f"{plural(connections, 'connection')} and {plural(events, 'event')}"
