from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any, cast

from django.apps import apps
from django.core.management.base import CommandError

from signaltools._text import printable
from signaltools.apps import SignaltoolsConfig
from signaltools.inventory import SignalRecord, not_imported, read_inventory
from signaltools.loading import load, load_server
from signaltools.management.base import ReportCommand
from signaltools.model_facts import find_model, no_model
from signaltools.model_signals import read_model
from signaltools.reports.json import render_json, render_model_json
from signaltools.reports.markdown import render_markdown
from signaltools.reports.mermaid import render_mermaid, render_model_mermaid
from signaltools.reports.model_text import render_model_text
from signaltools.reports.text import render_text
from signaltools.selection import Filters, select, unmatched


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
        add(
            "--model",
            metavar="APP.MODEL",
            help="what runs when this model is loaded, saved or deleted, in order",
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
        self.add_report_arguments(
            parser,
            markdown="Markdown for a catalogue",
            mermaid="Mermaid for a graph",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        filters = _filters(options)
        if options["model"] is not None:
            self._handle_model(filters, options)
            return
        failures = [note for name in _list(options["imports"]) if (note := load(name))]
        signals, notes = self._read(options)
        if problems := unmatched(signals, filters):
            raise _error([*failures, *problems])
        selected = select(signals, filters)
        if not selected and options["verbosity"]:
            self.stderr.write("Nothing matches all of these filters.", style_func=str)
        fold = not options["all"] and not any(filters)
        if options["format"] == "json":
            notes = [*failures, *notes]
            report = render_json(selected, notes, with_storage=options["all"])
        elif options["format"] == "markdown":
            report = render_markdown(selected, os.getcwd())
        elif options["format"] == "mermaid":
            report = render_mermaid(selected, fold=fold)
        else:
            look = self.look(options["output"], fold=fold)
            report = render_text(selected, signals, look)
        self.write_report(report, options["output"])
        if failures:
            raise _error(failures)

    def _handle_model(self, filters: Filters, options: dict[str, Any]) -> None:
        if any(filters):
            message = "--model goes without patterns and without other filters."
            raise CommandError(message, returncode=2)
        if options["format"] == "markdown":
            message = "--model has no Markdown; choose text, json or mermaid."
            raise CommandError(message, returncode=2)
        failures = [note for name in _list(options["imports"]) if (note := load(name))]
        signals, notes = self._read(options)
        model = find_model(options["model"])
        if model is None:
            raise _error([*failures, no_model(options["model"])])
        found = read_model(signals, model)
        if options["format"] == "json":
            report = render_model_json(found, [*failures, *notes])
        elif options["format"] == "mermaid":
            report = render_model_mermaid(found)
        else:
            report = render_model_text(found, self.look(options["output"]))
        self.write_report(report, options["output"])
        if failures:
            raise _error(failures)

    def _read(self, options: dict[str, Any]) -> tuple[list[SignalRecord], list[str]]:
        notes = load_server()
        inventory = read_inventory()
        notes += inventory.notes
        if options["verbosity"]:
            shown = _autodiscovery_notes() if options["verbosity"] > 1 else []
            self._print_notes([*notes, *shown])
        absent = not_imported(inventory) if options["all"] else []
        return [*inventory.signals, *absent], notes

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
