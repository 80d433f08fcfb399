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

from signaltools.checks.held_by_cache import without_cached
from signaltools.introspect.text import printable, text_list
from signaltools.inventory.records import Connected
from signaltools.lock.changes import Change, find_changes
from signaltools.lock.diff import compare, diff_document, diff_text
from signaltools.lock.file import LockError, LockFile, make_lock_file, parse_lock_file
from signaltools.management.base import (
    InventoryCommand,
    as_list,
    cannot_write,
    command_error,
    unseen,
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
        add(
            "--force",
            action="store_true",
            help="write breaking changes of events that have kept their version",
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
        if options["force"] and options["check"]:
            raise _failure("--force can't be combined with --check.")
        # Beside manage.py, from whichever folder it is run.
        folder, program = os.path.split(sys.argv[0])
        default = os.path.join(folder if program == "manage.py" else "", "signals.lock")
        file = options["file"] or default
        old = _read(file)
        if options["check"] and old is None:
            raise _failure(f"{file!r} is missing or empty; {_accept(options)}.")
        connected = self._read_project(options)
        new = make_lock_file(
            [each.record for each in connected],
            _command({**options, "force": False}),
            everything=options["all"],
        )
        changes = find_changes(old, new, connected) if old else []
        advice = _advice(changes, connected)
        if options["check"] and old:
            self._check(old, new, changes, advice, file, options)
        elif old == new:
            self._print_result(f"{file!r} is up to date: {_counts(new)}.", options)
        elif advice and not options["force"]:
            lines = [line for each in changes for line in each.lines]
            accept = _command({**options, "force": True}, options["file"])
            refusal = f"{file!r} wasn't changed; to accept the changes, run {accept!r}."
            raise command_error([*lines, *advice, refusal])
        else:
            _replace(file, new.content)
            result = f"Wrote {_counts(new)} to {file!r}{_changes(old, new)}."
            self._print_result(result, options)

    def _read_project(self, options: dict[str, Any]) -> list[Connected]:
        failures, notes, connected = self.read_server(options["imports"])
        if failures or notes:
            # A lock file without some connections would hide their next changes.
            advice = "Fix what is listed above, or use different settings."
            incomplete = f"The lock file would be incomplete. {advice}"
            raise command_error([*failures, *notes, incomplete], returncode=_FAILED)
        for note in unseen() if options["verbosity"] else ():
            self.stderr.write(note, style_func=str)
        # These receivers exist only while DEBUG is true, or until the next garbage
        # collection, but the file is the same everywhere.
        return without_cached(connected)

    def _check(
        self,
        old: LockFile,
        new: LockFile,
        changes: list[Change],
        advice: list[str],
        file: str,
        options: dict[str, Any],
    ) -> None:
        added, removed = compare(old, new)
        if options["format"] == "json":
            document = diff_document(added, removed, changes, file)
            self.write_report(json.dumps(document, indent=2) + "\n", None)
        elif added or removed:
            report = diff_text(added, removed, printable(file))
            lines = [f"{line}\n" for each in changes for line in each.lines]
            self.write_report("".join([report, *lines]), None)
        else:
            self._print_result(f"{file!r} is up to date: {_counts(new)}.", options)
        if not added and not removed:
            return
        sentences = [*advice]
        if old.command not in ("", new.command):
            sentences.append(
                f"{file!r} was written with different options ({old.command!r}); "
                "use the same ones."
            )
        sentences.append(
            f"This project differs from {file!r}; to accept the changes, "
            f"{_accept({**options, 'force': bool(advice)})}."
        )
        raise command_error(sentences)

    def _print_result(self, sentence: str, options: dict[str, Any]) -> None:
        if options["verbosity"]:
            self.write_report(f"{sentence}\n", None)


def _failure(sentence: str) -> CommandError:
    return CommandError(sentence, returncode=_FAILED)


def _read(file: str) -> LockFile | None:
    """
    Return the lock file in ``file``, None if that is missing or empty.
    """
    try:
        # Reading a device may never end, and writing would replace it.
        if os.path.exists(file) and not os.path.isfile(file):
            raise _failure(f"{file!r} isn't a regular file; choose another one.")
        data = Path(file).read_bytes()
        return parse_lock_file(data, file) if data.strip() else None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _failure(f"Cannot read {file!r}: {error.strerror}.") from error
    except LockError as error:
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
        # Neither does it name --force, which is about a single change.
        *(["--force"] if options["force"] else []),
        *(f"--import={name}" for name in imports),
    ]
    return printable(shlex.join(words))


def _accept(options: dict[str, Any]) -> str:
    return f"run {_command(options, options['file'])!r} and commit the file"


def _advice(changes: list[Change], connected: list[Connected]) -> list[str]:
    """
    Return what to do about breaking changes, if there are any.
    """
    names = {each.event for each in changes if each.compatibility == "breaking"}
    # Neither an event that is gone nor one of a package can get a version here.
    own = {
        printable(each.record.name)
        for each in connected
        if each.record.event and each.record.component == "project"
    }
    advice = []
    if mine := sorted(names & own):
        advice.append(
            f"Declare a new version of {text_list(map(repr, mine))}, or undo the "
            "breaking changes."
        )
    if others := sorted(names - own):
        advice.append(
            f"Check the code that uses {text_list(map(repr, others))} before you "
            "accept the breaking changes."
        )
    return advice


def _changes(old: LockFile | None, new: LockFile) -> str:
    if old is None:
        return ""
    added, removed = compare(old, new)
    return f": {len(added)} added, {len(removed)} removed"


def _counts(lock_file: LockFile) -> str:
    connections, events = lock_file.counts
    return f"{plural(connections, 'connection')} and {plural(events, 'event')}"
