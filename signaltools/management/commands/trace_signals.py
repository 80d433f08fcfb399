from __future__ import annotations

import contextlib
import json
import sys
import threading
from argparse import REMAINDER, ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management import ManagementUtility
from django.core.management.base import CommandError

from signaltools.management.base import ReportCommand
from signaltools.tracing import Trace, trace

# Whoever has waited for so many seconds wants to know that something happens.
_FIRST_NOTICE = 10
_NEXT_NOTICE = 60
# What shells report of a program that Ctrl-C has ended.
_INTERRUPTED = 130


class Command(ReportCommand):
    help = (
        "Run another command and print which signals it sent and what their receivers "
        "did. Options of this command stand before COMMAND."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        self.add_report_arguments(parser)
        parser.add_argument(
            "command",
            metavar="COMMAND",
            nargs=REMAINDER,
            help="the command to run, with its arguments and options",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        command, file = options["command"], options["output"]
        if not command:
            raise CommandError("Name a command to run, as in: trace_signals migrate")
        self.check_writable(file)
        recorded = trace()
        with contextlib.ExitStack() as stack:
            if options["format"] == "json" and file in (None, "-"):
                # A program reads this, so nothing else may be with it.
                stack.enter_context(contextlib.redirect_stdout(sys.stderr))
            if options["verbosity"]:
                stack.enter_context(self._notices(command[0]))
            ending = _run(recorded, command)
        self.write_report(self._report(recorded, options), file)
        if ending is not None:
            raise ending

    def _report(self, trace: Trace, options: dict[str, Any]) -> str:
        if options["format"] == "json":
            return json.dumps(trace.as_dict(), indent=2) + "\n"
        return trace.as_text(self.look(options["output"]))

    @contextlib.contextmanager
    def _notices(self, command: str) -> Iterator[None]:
        """
        Say now and then that the command still runs.
        """
        ended = threading.Event()
        thread = threading.Thread(target=self._notify, args=(command, ended))
        thread.daemon = True
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _notify(self, command: str, ended: threading.Event) -> None:
        waited = _FIRST_NOTICE
        while not ended.wait(waited):
            self.stderr.write(
                f"{command} still runs. Ctrl-C ends it and prints what was recorded.",
                style_func=str,
            )
            waited = _NEXT_NOTICE


def _run(trace: Trace, command: list[str]) -> BaseException | None:
    """
    Run ``command`` as manage.py would, and return the exception that ended it.
    """
    argv = [sys.argv[0], *command]
    runner = ManagementUtility(argv).fetch_command(command[0])
    try:
        with trace:
            runner.run_from_argv(argv)
    except KeyboardInterrupt:
        return SystemExit(_INTERRUPTED)
    except BaseException as error:
        return error
    return None
