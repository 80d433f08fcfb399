from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any, cast

from django.apps import apps

from signaltools._text import printable
from signaltools.apps import SignaltoolsConfig
from signaltools.inventory import Inventory, SignalRecord, not_imported
from signaltools.management.base import InventoryCommand, as_list, command_error
from signaltools.reports.json import render_json
from signaltools.reports.markdown import render_markdown
from signaltools.reports.text import render_text
from signaltools.selection import Filters, select, unmatched


class Command(InventoryCommand):
    help = "List every receiver that is connected to a signal of this project."

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
        self.add_import_argument(parser)
        self.add_report_arguments(parser, markdown="Markdown for a catalogue")

    def handle(self, *args: Any, **options: Any) -> None:
        filters = _filters(options)
        failures, inventory = self.read_server(options["imports"])
        signals = self._signals(inventory, options)
        if problems := unmatched(signals, filters):
            raise command_error([*failures, *problems])
        selected = select(signals, filters)
        if not selected and options["verbosity"]:
            self.stderr.write("Nothing matches all of these filters.", style_func=str)
        if options["format"] == "json":
            notes = [*failures, *inventory.notes]
            report = render_json(selected, notes, with_storage=options["all"])
        elif options["format"] == "markdown":
            report = render_markdown(selected, os.getcwd())
        else:
            fold = not options["all"] and not any(filters)
            look = self.look(options["output"], fold=fold)
            report = render_text(selected, signals, look)
        self.write_report(report, options["output"])
        if failures:
            raise command_error(failures)

    def _signals(
        self, inventory: Inventory, options: dict[str, Any]
    ) -> list[SignalRecord]:
        if options["verbosity"]:
            shown = _autodiscovery_notes() if options["verbosity"] > 1 else []
            self._print_notes([*inventory.notes, *shown])
        absent = not_imported(inventory) if options["all"] else []
        return [*inventory.signals, *absent]

    def _print_notes(self, notes: list[str]) -> None:
        paint = self.paint(self.stderr, self.style.WARNING)
        for note in notes:
            self.stderr.write(printable(note), style_func=paint)


def _filters(options: dict[str, Any]) -> Filters:
    return Filters(
        patterns=options["patterns"],
        apps=as_list(options["app"]),
        senders=as_list(options["sender"]),
        kinds=as_list(options["kind"]),
        unheard=options["unheard"],
    )


def _autodiscovery_notes() -> list[str]:
    config = cast("SignaltoolsConfig", apps.get_app_config("signaltools"))
    return [f"Autodiscovery: {discovery}." for discovery in config.discoveries]
