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

from signaltools.management.base import ReportCommand, as_list
from signaltools.tracing import Trace, trace

# Seconds after which a user may wonder whether the command still does anything.
_FIRST_NOTICE = 10
_NEXT_NOTICE = 60
# The exit status of a program that Ctrl-C has stopped: 128 + SIGINT.
_INTERRUPTED = 130


class Command(ReportCommand):
    help = (
        "Run another command and print which signals it sent and what their receivers "
        "did. Options for this command must come before COMMAND."
    )
    # The other command runs its own checks.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        self.add_report_arguments(parser)
        parser.add_argument(
            "--summary",
            action="store_true",
            help="only totals, problems, notes, and the slowest receivers",
        )
        parser.add_argument(
            "--only",
            metavar="PATTERN",
            action="append",
            help="only what matches this part of the name of a signal, receiver, or "
            "sender; can be repeated",
        )
        parser.add_argument(
            "--stacks",
            action="store_true",
            help="the functions that have led to each send with receivers",
        )
        parser.add_argument(
            "command",
            metavar="COMMAND",
            nargs=REMAINDER,
            help="the command to run, with its arguments and options",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        command, file = options["command"], options["output"]
        if not command:
            raise CommandError(
                "Specify a command to run, for example: trace_signals migrate"
            )
        if options["summary"] and options["format"] == "json":
            raise CommandError("--summary can't be combined with --format json.")
        self.check_writable(file)
        recorded = trace(stacks=options["stacks"])
        with contextlib.ExitStack() as stack:
            if options["format"] == "json" and file in (None, "-"):
                # Another program parses it, so the command's own output must not
                # be mixed with the report.
                stack.enter_context(contextlib.redirect_stdout(sys.stderr))
            if options["verbosity"]:
                stack.enter_context(self._notices(command[0]))
            ending = _run(recorded, command)
        self.write_report(self._report(recorded, options), file)
        if ending is not None:
            raise ending

    def _report(self, trace: Trace, options: dict[str, Any]) -> str:
        only = as_list(options["only"])
        if options["format"] == "json":
            return json.dumps(trace.as_dict(only), indent=2) + "\n"
        look = self.look(options["output"])
        return trace.as_text(look, only, summary=options["summary"])

    @contextlib.contextmanager
    def _notices(self, command: str) -> Iterator[None]:
        """
        Print from time to time that ``command`` is still running.
        """
        ended = threading.Event()

        def notify() -> None:
            waited = _FIRST_NOTICE
            while not ended.wait(waited):
                self.stderr.write(
                    f"{command} is still running. "
                    "Press Ctrl-C to stop it and print what was recorded.",
                    style_func=str,
                )
                waited = _NEXT_NOTICE

        # At exit, Python doesn't wait for a daemon thread.
        thread = threading.Thread(target=notify, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def _run(trace: Trace, command: list[str]) -> BaseException | None:
    """
    Run ``command`` as manage.py would, and return the exception that ended it.
    """
    argv = [sys.argv[0], *command]
    # For an unknown command, this prints Django's own error and exits.
    runner = ManagementUtility(argv).fetch_command(command[0])
    try:
        with trace:
            runner.run_from_argv(argv)
    except KeyboardInterrupt:
        return SystemExit(_INTERRUPTED)
    except BaseException as error:
        # Returned, because the report is printed before handle() raises it again.
        return error
    return None
