from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any, NamedTuple, cast

from django.apps import apps
from django.db.models import Model

from signaltools.apps import SignaltoolsConfig
from signaltools.checks.app_configs import unused_configs
from signaltools.checks.run import find_problems, with_problems
from signaltools.checks.unloaded import unloaded_receivers
from signaltools.checks.watch import is_watching
from signaltools.introspect.models import find_model, no_model
from signaltools.introspect.text import printable
from signaltools.inventory.filters import (
    Filters,
    select,
    select_problems,
    unmatched,
)
from signaltools.inventory.model import read_model
from signaltools.inventory.reading import not_imported
from signaltools.inventory.records import Problem, SignalRecord, in_order
from signaltools.management.base import InventoryCommand, as_list, command_error
from signaltools.reports.list_json import render_json, render_model_json
from signaltools.reports.list_markdown import render_markdown
from signaltools.reports.list_mermaid import render_mermaid, render_model_mermaid
from signaltools.reports.list_text import render_text
from signaltools.reports.model_text import render_model_text


class _Reading(NamedTuple):
    """
    What there is to report, before it is filtered.
    """

    signals: list[SignalRecord]
    problems: list[Problem]
    notes: list[str]


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
        add(
            "--model",
            metavar="APP.MODEL",
            help="what runs when this model is loaded, saved or deleted, in order",
        )
        add(
            "--without-receivers",
            action="store_true",
            help="only signals without receivers",
        )
        add(
            "--all",
            action="store_true",
            help="list what is otherwise collapsed, left out or not imported",
        )
        self.add_import_argument(parser)
        self.add_report_arguments(
            parser,
            markdown="Markdown for a catalog",
            mermaid="Mermaid for a graph",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        filters = _filters(options)
        _check_usage(filters, options)
        failures, notes, connected = self.read_server(options["imports"])
        notes += () if is_watching() else [_NOT_WATCHED]
        self._print_notes(notes, options["verbosity"])
        found = find_problems(connected, [*unused_configs(), *unloaded_receivers()])
        signals = with_problems(connected, found)
        signals += not_imported(signals) if options["all"] else ()
        if errors := _unmatched(signals, found, filters, options["model"]):
            raise command_error([*failures, *errors])
        reading = _Reading(signals, found, [*failures, *notes])
        if options["model"] is None:
            report = self._report(reading, filters, options)
        else:
            report = self._model_report(reading, options)
        self.write_report(report, options["output"])
        if failures:
            raise command_error(failures)

    def _report(
        self, reading: _Reading, filters: Filters, options: dict[str, Any]
    ) -> str:
        signals, found, notes = reading
        selected = select(signals, filters)
        found = select_problems(found, selected, signals, filters)
        if not selected and not found and options["verbosity"]:
            self.stderr.write("Nothing matches all of these filters.", style_func=str)
        collapse = not options["all"] and not any(filters)
        if options["format"] == "json":
            return render_json(selected, notes, found, with_storage=options["all"])
        if options["format"] == "markdown":
            return render_markdown(selected, os.getcwd())
        if options["format"] == "mermaid":
            return render_mermaid(selected, collapse=collapse)
        look = self.look(options["output"], collapse=collapse)
        return render_text(selected, signals, look, found)

    def _model_report(self, reading: _Reading, options: dict[str, Any]) -> str:
        signals, found, notes = reading
        model = read_model(signals, cast("type[Model]", find_model(options["model"])))
        names = model.names
        found = in_order(each for each in found if (each.signal, each.name) in names)
        if options["format"] == "json":
            return render_model_json(model, notes, found)
        if options["format"] == "mermaid":
            return render_model_mermaid(model)
        return render_model_text(model, self.look(options["output"]), found)

    def _print_notes(self, notes: list[str], verbosity: int) -> None:
        paint = self.paint(self.stderr, self.style.WARNING)
        more = _autodiscovery_notes() if verbosity > 1 else []
        for note in [*notes, *more] if verbosity else ():
            self.stderr.write(printable(note), style_func=paint)


_NOT_WATCHED = "connect() was not watched, see the setting 'WATCH_CONNECT'."


def _check_usage(filters: Filters, options: dict[str, Any]) -> None:
    if options["model"] is None:
        return
    if any(filters):
        message = "--model goes without patterns and without other filters."
        raise command_error([message], returncode=2)
    if options["format"] == "markdown":
        message = "--model has no Markdown; choose text, json or mermaid."
        raise command_error([message], returncode=2)


def _unmatched(
    signals: list[SignalRecord],
    found: list[Problem],
    filters: Filters,
    model: str | None,
) -> list[str]:
    if model is not None and find_model(model) is None:
        return [no_model(model)]
    return unmatched(signals, filters, found)


def _filters(options: dict[str, Any]) -> Filters:
    return Filters(
        patterns=options["patterns"],
        apps=as_list(options["app"]),
        senders=as_list(options["sender"]),
        kinds=as_list(options["kind"]),
        without_receivers=options["without_receivers"],
    )


def _autodiscovery_notes() -> list[str]:
    config = cast("SignaltoolsConfig", apps.get_app_config("signaltools"))
    return [f"Autodiscovery: {discovery}." for discovery in config.discoveries]
