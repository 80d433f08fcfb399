from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any, cast

from django.apps import apps
from django.core.management.base import CommandError

from signaltools.apps import SignaltoolsConfig
from signaltools.checks.app_configs import unused_configs
from signaltools.checks.autodiscovered import autodiscovered_only
from signaltools.checks.run import (
    fails,
    find_problems,
    is_of_project,
    is_silenced,
    with_problems,
)
from signaltools.checks.unloaded import unloaded_receivers
from signaltools.checks.watch import is_watching
from signaltools.events import Event
from signaltools.events.codec import EventSchema, event_schema
from signaltools.introspect.models import find_models, no_model
from signaltools.introspect.objects import is_a
from signaltools.introspect.text import printable
from signaltools.inventory.filters import (
    Filters,
    select,
    select_problems,
    unconnected_for,
    unmatched,
)
from signaltools.inventory.model_signals import (
    INIT_SIGNALS,
    ModelSignals,
    read_model,
)
from signaltools.inventory.reading import not_imported
from signaltools.inventory.records import (
    Connected,
    Problem,
    SignalRecord,
    in_order,
)
from signaltools.inventory.sent_by import find_places, with_sends
from signaltools.management.base import InventoryCommand, as_list, command_error, unseen
from signaltools.reports.list_json import render_json, render_model_json
from signaltools.reports.list_markdown import render_markdown
from signaltools.reports.list_mermaid import render_mermaid, render_model_mermaid
from signaltools.reports.list_text import render_text
from signaltools.reports.model_text import render_model_text
from signaltools.reports.problems import render_problems_json, render_problems_text

Options = dict[str, Any]
Signals = Sequence[SignalRecord]
Problems = Sequence[Problem]


class Command(InventoryCommand):
    help = "List every signal in the project and the receivers connected to it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add(
            "patterns",
            metavar="PATTERN",
            nargs="*",
            help="part of the name of a signal, receiver, or sender",
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
            help="only receivers that run for this sender, including those connected "
            "without one",
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
            help="what runs, in order, when this model is loaded, saved, or deleted",
        )
        add(
            "--without-receivers",
            action="store_true",
            help="only signals without receivers",
        )
        add(
            "--unsent",
            action="store_true",
            help="only custom signals and events that no code was found to send",
        )
        add(
            "--problems",
            action="store_true",
            help="only problems and notes; exit with status 1 if the project has a "
            "problem, or with --all, if an installed package has one",
        )
        add(
            "--all",
            action="store_true",
            help="also show collapsed receivers, storage objects, and built-in signals "
            "that haven't been imported",
        )
        self.add_import_argument(parser)
        self.add_report_arguments(parser, markdown="a catalog page", mermaid="a graph")

    def handle(self, *args: Any, **options: Any) -> None:
        filters = _filters(options)
        _check_usage(filters, options)
        failures, notes, connected = self.read_server(options["imports"])
        notes += [*([] if is_watching() else [_NOT_WATCHED]), *unseen()]
        problems = find_problems(
            connected,
            [*unused_configs(), *unloaded_receivers(), *autodiscovered_only()],
        )
        signals = with_problems(connected, problems)
        signals += not_imported(signals) if options["all"] else ()
        if _needs_sources(signals, filters, options):
            sends = find_places(connected)
            signals, notes = with_sends(signals, sends), [*notes, *sends.notes]
        self._print_notes(notes, options["verbosity"])
        if errors := _unmatched(signals, problems, filters, options):
            # A failed import may be the reason why nothing matches.
            raise command_error([*failures, *errors])
        notes = [*failures, *notes]
        failing: list[Problem] = []
        if options["problems"]:
            problems = [p for p in problems if not is_silenced(p)]
            problems = _chosen(signals, problems, filters, options["model"])
            failing = [p for p in problems if fails(p, with_packages=options["all"])]
            report = self._render_problems(problems, failing, notes, options)
        elif options["model"]:
            report = self._render_model(signals, problems, notes, options)
        else:
            schemas = _schemas(connected) if options["format"] == "json" else {}
            report = self._render_list(signals, problems, notes, schemas, options)
        self.write_report(report, options["output"])
        if failures:
            raise command_error(failures)
        if failing:
            # The report has said what is wrong.
            sys.exit(1)

    def _render_problems(
        self,
        problems: Problems,
        failing: list[Problem],
        notes: list[str],
        options: Options,
    ) -> str:
        if options["format"] == "json":
            return render_problems_json(problems, notes, failing)
        own = [p for p in problems if is_of_project(p)]
        others = [p for p in problems if not is_of_project(p)]
        return render_problems_text(own, others, self.look(options["output"]))

    def _render_list(
        self,
        signals: Signals,
        problems: Problems,
        notes: list[str],
        schemas: dict[str, EventSchema],
        options: Options,
    ) -> str:
        filters = _filters(options)
        selected = select(signals, filters)
        problems = select_problems(problems, selected, signals, filters)
        if not selected and options["verbosity"]:
            sentences = ["Nothing matches all of these filters."] * (not problems)
            if options["format"] in ("markdown", "mermaid"):
                # These have no place for the reason why there is nothing to show.
                sentences += [each.message for each in problems]
            for sentence in sentences:
                self.stderr.write(printable(sentence), style_func=str)
        # With a filter, users ask for these receivers, so none of them is collapsed.
        collapse = not options["all"] and not any(filters)
        if options["format"] == "json":
            return render_json(
                selected,
                notes,
                problems,
                with_storage=options["all"],
                schemas=schemas,
            )
        if options["format"] == "markdown":
            return render_markdown(
                selected, os.getcwd(), collapse_senders=not options["all"]
            )
        if options["format"] == "mermaid":
            return render_mermaid(selected, collapse=collapse)
        look = self.look(options["output"], collapse=collapse)
        # Even those that users ask for can be many.
        look = look._replace(collapse_senders=not options["all"])
        return render_text(selected, signals, look, problems)

    def _render_model(
        self, signals: Signals, problems: Problems, notes: list[str], options: Options
    ) -> str:
        [found] = find_models(options["model"])
        model = read_model(signals, found)
        problems = _problems_of_model(signals, problems, model)
        if options["format"] == "json":
            return render_model_json(model, notes, problems)
        if options["format"] == "mermaid":
            return render_model_mermaid(model)
        return render_model_text(model, self.look(options["output"]), problems)

    def _print_notes(self, notes: list[str], verbosity: int) -> None:
        more = []
        if verbosity > 1:
            config = cast("SignaltoolsConfig", apps.get_app_config("signaltools"))
            more = [f"Autodiscovery: {each}." for each in config.discoveries]
        paint = self.paint(self.stderr, self.style.WARNING)
        for note in [*notes, *more] if verbosity else ():
            # Not to standard output, which has only the report: other tools read it.
            self.stderr.write(printable(note), style_func=paint)


_NOT_WATCHED = (
    "Connections weren't watched, so some problems can't be found. "
    "See the WATCH_CONNECT setting."
)


def _schemas(connected: list[Connected]) -> dict[str, EventSchema]:
    return {
        each.record.name: event_schema(each.signal)
        for each in connected
        if is_a(each.signal, Event)
    }


def _filters(options: Options) -> Filters:
    return Filters(
        patterns=options["patterns"],
        apps=as_list(options["app"]),
        senders=as_list(options["sender"]),
        kinds=as_list(options["kind"]),
        without_receivers=options["without_receivers"],
        unsent=options["unsent"],
    )


def _needs_sources(signals: Signals, filters: Filters, options: Options) -> bool:
    """
    Return whether a report shows where signals are sent, which takes time.
    """
    if options["problems"] or filters.unsent:
        return filters.unsent
    if options["model"] or options["format"] != "text":
        return True
    return any(filters) and 0 < len(select(signals, filters)) <= _FEW_SIGNALS


# With more signals, the list is long enough without the code that sends them.
_FEW_SIGNALS = 10


def _check_usage(filters: Filters, options: Options) -> None:
    if options["problems"] and options["format"] not in ("text", "json"):
        raise CommandError(
            f"--problems doesn't support --format {options['format']}; choose text or "
            "json.",
            returncode=2,
        )
    if options["model"] is None:
        return
    if any(filters):
        raise CommandError(
            "--model can't be combined with patterns or other filters.", returncode=2
        )
    if options["format"] == "markdown":
        raise CommandError(
            "--model doesn't support --format markdown; choose text, json, or mermaid.",
            returncode=2,
        )


def _unmatched(
    signals: Signals, problems: Problems, filters: Filters, options: Options
) -> list[str]:
    model = options["model"]
    if model is None:
        may_be_empty = options["problems"]
        return [*unmatched(signals, filters, problems, may_be_empty=may_be_empty)]
    found = find_models(model)
    return [] if len(found) == 1 else [no_model(model, found)]


def _chosen(
    signals: Signals, problems: Problems, filters: Filters, model: str | None
) -> list[Problem]:
    if model is None:
        return select_problems(problems, select(signals, filters), signals, filters)
    [found] = find_models(model)
    return _problems_of_model(signals, problems, read_model(signals, found))


def _problems_of_model(
    signals: Signals, problems: Problems, model: ModelSignals
) -> list[Problem]:
    names = model.names
    sends = [(step.signal, step.sender) for step in model.steps]
    # These aren't steps unless a receiver runs.
    sends += [(signal, model.label) for signal in INIT_SIGNALS]
    return in_order(
        [
            *(p for p in problems if (p.signal, p.name) in names),
            *unconnected_for(problems, signals, sends),
        ]
    )
