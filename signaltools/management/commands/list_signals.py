from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any, cast

from django.apps import apps
from django.core.management.base import CommandError

from signaltools._text import printable
from signaltools.apps import SignaltoolsConfig
from signaltools.checks.modules import unloaded_receivers, unused_configs
from signaltools.checks.problems import find_problems, with_problems
from signaltools.findings import Finding
from signaltools.inventory import SignalRecord, not_imported, read_connected
from signaltools.loading import load, load_server
from signaltools.management.base import ReportCommand
from signaltools.registry import registry
from signaltools.reports.json import render_json
from signaltools.reports.markdown import render_markdown
from signaltools.reports.text import render_text
from signaltools.selection import Filters, select, select_findings, unmatched
from signaltools.watching import is_watching


class Command(ReportCommand):
    help = "List every receiver that is connected to a signal of this project."
    # A broken URLconf shall be a note; a check would end in its traceback.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add(
            "patterns",
            metavar="PATTERN",
            nargs="*",
            help="part of the name of a signal, a receiver or a sender",
        )
        add(
            "--app",
            metavar="LABEL",
            action="append",
            help="only signals and receivers of this app",
        )
        add(
            "--sender",
            metavar="APP.MODEL",
            action="append",
            help="only what runs for this sender, receivers of any sender included",
        )
        add(
            "--kind",
            choices=["builtin", "custom", "event"],
            action="append",
            help="only signals of this kind",
        )
        add("--unheard", action="store_true", help="only signals without receivers")
        add(
            "--all",
            action="store_true",
            help="list what is otherwise folded, left out or not imported",
        )
        add(
            "--import",
            metavar="MODULE",
            dest="imports",
            action="append",
            help="import this module first, for example a Celery app",
        )
        self.add_report_arguments(parser, markdown="Markdown for a catalogue")

    def handle(self, *args: Any, **options: Any) -> None:
        filters = _filters(options)
        failures = [note for name in _list(options["imports"]) if (note := load(name))]
        signals, found, notes = self._read(options)
        if problems := unmatched(signals, filters, found):
            raise _error([*failures, *problems])
        selected = select(signals, filters)
        found = select_findings(found, selected, signals, filters)
        if not selected and not found and options["verbosity"]:
            self.stderr.write("Nothing matches all of these filters.", style_func=str)
        if options["format"] == "json":
            notes = [*failures, *notes]
            report = render_json(selected, notes, found, with_storage=options["all"])
        elif options["format"] == "markdown":
            report = render_markdown(selected, os.getcwd())
        else:
            fold = not options["all"] and not any(filters)
            look = self.look(options["output"], fold=fold)
            report = render_text(selected, signals, look, found)
        self.write_report(report, options["output"])
        if failures:
            raise _error(failures)

    def _read(
        self, options: dict[str, Any]
    ) -> tuple[list[SignalRecord], list[Finding], list[str]]:
        notes = load_server()
        connected = read_connected(registry.entries())
        found = find_problems(connected, [*unused_configs(), *unloaded_receivers()])
        notes += [each.note for each in connected if each.note]
        if not is_watching():
            notes.append("connect() was not watched, see the setting 'WATCH_CONNECT'.")
        if options["verbosity"]:
            shown = _autodiscovery_notes() if options["verbosity"] > 1 else []
            self._print_notes([*notes, *shown])
        signals = with_problems(connected, found)
        absent = not_imported(signals) if options["all"] else []
        return [*signals, *absent], found, notes

    def _print_notes(self, notes: list[str]) -> None:
        paint = self.paint(self.stderr, self.style.WARNING)
        for note in notes:
            self.stderr.write(printable(note), style_func=paint)


def _error(sentences: list[str]) -> CommandError:
    return CommandError("\n".join(map(printable, sentences)))


def _filters(options: dict[str, Any]) -> Filters:
    return Filters(
        patterns=options["patterns"],
        apps=_list(options["app"]),
        senders=_list(options["sender"]),
        kinds=_list(options["kind"]),
        unheard=options["unheard"],
    )


def _autodiscovery_notes() -> list[str]:
    config = cast("SignaltoolsConfig", apps.get_app_config("signaltools"))
    return [f"Autodiscovery: {discovery}." for discovery in config.discoveries]


def _list(value: str | list[str] | None) -> list[str]:
    # call_command(app="shop") passes a string where the parser makes a list.
    return [value] if isinstance(value, str) else value or []
