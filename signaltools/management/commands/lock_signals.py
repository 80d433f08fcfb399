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

from signaltools import lock
from signaltools.introspect.text import printable
from signaltools.management.base import (
    InventoryCommand,
    as_list,
    cannot_write,
    command_error,
)
from signaltools.reports.layout import plural

# Like diff, --check exits with 1 if there are differences, and with 2 if it fails.
_FAILED = 2


class Command(InventoryCommand):
    help = (
        "Write the signal connections of this project to a lock file for version "
        "control, or compare the project with such a file."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add(
            "file",
            metavar="FILE",
            nargs="?",
            help="the lock file (default: signals.lock next to manage.py)",
        )
        add(
            "--check",
            action="store_true",
            help="don't write; print the differences from FILE and exit with status 1 "
            "if there are any",
        )
        add(
            "--all",
            action="store_true",
            help="include receivers in Django, the debug toolbar, and storage objects",
        )
        self.add_import_argument(parser)
        add(
            "--format",
            choices=["text", "json"],
            help="output format of --check: text (default) or json",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["format"] and not options["check"]:
            raise _failure("--format can only be used with --check.")
        file = options["file"] or _default_file()
        old = _read(file)
        if options["check"] and old is None:
            raise _failure(f"{file!r} is missing or empty; {_accept(options)}.")
        new = self._read_project(options)
        if options["check"] and old:
            self._check(old, new, file, options)
        elif old == new:
            self._print_result(f"{file!r} is up to date: {_counts(new)}.", options)
        else:
            _replace(file, new.content)
            result = f"Wrote {_counts(new)} to {file!r}{_changes(old, new)}."
            self._print_result(result, options)

    def _read_project(self, options: dict[str, Any]) -> lock.LockFile:
        failures, notes, connected = self.read_server(options["imports"])
        if failures or notes:
            # A lock file without some connections would hide their next changes.
            advice = "Fix what is listed above, or use different settings."
            incomplete = f"The lock file would be incomplete. {advice}"
            raise command_error([*failures, *notes, incomplete], returncode=_FAILED)
        signals, command = [each.record for each in connected], _command(options)
        return lock.make_lock_file(signals, command, everything=options["all"])

    def _check(
        self, old: lock.LockFile, new: lock.LockFile, file: str, options: dict[str, Any]
    ) -> None:
        added, removed = lock.compare(old, new)
        if options["format"] == "json":
            document = lock.diff_document(added, removed, file)
            self.write_report(json.dumps(document, indent=2) + "\n", None)
        elif added or removed:
            self.write_report(lock.diff_text(added, removed, printable(file)), None)
        else:
            self._print_result(f"{file!r} is up to date: {_counts(new)}.", options)
        if not added and not removed:
            return
        sentences = []
        if old.command not in ("", new.command):
            sentences.append(
                f"{file!r} was written with different options ({old.command!r}); "
                "use the same ones."
            )
        sentences.append(
            f"This project differs from {file!r}; to accept the changes, "
            f"{_accept(options)}."
        )
        raise command_error(sentences)

    def _print_result(self, sentence: str, options: dict[str, Any]) -> None:
        if options["verbosity"]:
            self.write_report(f"{sentence}\n", None)


def _failure(sentence: str) -> CommandError:
    return CommandError(sentence, returncode=_FAILED)


def _default_file() -> str:
    folder, program = os.path.split(sys.argv[0])
    return os.path.join(folder if program == "manage.py" else "", "signals.lock")


def _read(file: str) -> lock.LockFile | None:
    """
    Return the lock file in ``file``, None if that is missing or empty.
    """
    try:
        # Reading a device may never end, and writing would replace it.
        if os.path.exists(file) and not os.path.isfile(file):
            raise _failure(f"{file!r} isn't a regular file; choose another one.")
        data = Path(file).read_bytes()
        return lock.parse_lock_file(data, file) if data.strip() else None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _failure(f"Cannot read {file!r}: {error.strerror}.") from error
    except lock.LockError as error:
        raise _failure(str(error)) from error


def _replace(file: str, content: str) -> None:
    """
    Write ``file`` in one step: an interrupt leaves the old or the new content in it.
    """
    # If the file is a symbolic link, replace what it points to, not the link.
    target = os.path.realpath(file)
    # os.replace() is atomic only within one file system, so both are in one folder.
    temporary = f"{target}.{os.getpid()}.tmp"
    try:
        Path(temporary).write_text(content, encoding="utf-8", newline="\n")
        with suppress(FileNotFoundError):
            shutil.copymode(target, temporary)
        os.replace(temporary, target)
    except OSError as error:
        raise cannot_write(file, error, _FAILED) from error
    finally:
        with suppress(OSError):
            os.unlink(temporary)


def _command(options: dict[str, Any], file: str | None = None) -> str:
    imports = sorted(set(as_list(options["imports"])))
    words = [
        *("python", "manage.py", "lock_signals"),
        # The header of a lock file doesn't name it: the path may be an absolute one.
        *([file] if file else []),
        *(["--all"] if options["all"] else []),
        *(f"--import={name}" for name in imports),
    ]
    return printable(shlex.join(words))


def _accept(options: dict[str, Any]) -> str:
    return f"run {_command(options, options['file'])!r} and commit the file"


def _changes(old: lock.LockFile | None, new: lock.LockFile) -> str:
    if old is None:
        return ""
    added, removed = lock.compare(old, new)
    return f": {len(added)} added, {len(removed)} removed"


def _counts(lock_file: lock.LockFile) -> str:
    connections, events = lock_file.counts
    return f"{plural(connections, 'connection')} and {plural(events, 'event')}"
