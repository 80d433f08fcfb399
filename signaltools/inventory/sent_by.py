"""
Find out where signals are sent, in the sources of what is loaded and of installed apps.

Nothing is imported or run to find out. What the source alone doesn't show is left out,
such as a signal that code looks up by a string.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from django.apps import apps

from ..introspect.meanings import Source
from ..introspect.objects import loaded_modules, module_attribute
from ..introspect.sends import find_sends, lines_of_sends
from ..introspect.source import parse_or_raise, source_file
from ..introspect.text import clip
from .app_files import (
    TEST,
    AppFile,
    app_files,
    app_folders,
    is_known,
    project_apps,
    read_file,
)
from .places import Places
from .records import Connected, SendRecord, SignalRecord

_MAX_SIZE = 1_000_000


class Sends(NamedTuple):
    """
    Where each signal is sent, by its name, and notes on what couldn't be read.
    """

    places: dict[str, list[SendRecord]]
    notes: list[str]


def find_places(connected: Sequence[Connected]) -> Sends:
    """
    Return where the code of projects and packages sends the signals in ``connected``.

    Tests, Django itself, and the standard library are left out.
    """
    # Only what is connected triggers anything.
    receiving = {each.file for one in connected for each in one.record.receivers}
    names = {id(each.signal): each.record.name for each in connected}
    return places_of_signals(names, receiving)


def places_of_signals(
    names: Mapping[int, str], receiving: Collection[str | None] = ()
) -> Sends:
    """
    Return where the signals with these ``id()`` are sent, by these names.

    The functions that call those that send are looked for in the files ``receiving``.
    """
    found = Sends({}, [])
    places = Places()
    files = {file.path: file for file in _files()}
    unloaded = {f.module: f for f in files.values() if f.module not in sys.modules}

    def load(module: str) -> Source | None:
        file = unloaded.get(module)
        return _source(file, read_file(file.path), []) if file else None

    for file in files.values():
        content = read_file(file.path)
        lines = lines_of_sends(content)
        if not lines or file.is_of_another_app():
            continue
        source = _source(file, content, found.notes)
        if source is None:
            continue
        _, component, path = places.find(file.module, file.path)
        try:
            sends = find_sends(source, load, lines, with_callers=path in receiving)
        except RecursionError:
            found.notes.append(_too_deep(file))
            continue
        for send in sends:
            function = clip(f"{file.module}.{send.function}".rstrip("."))
            record = SendRecord(
                *(function, clip(file.module), component, send.method),
                *(path or "", send.line, send.run_by),
            )
            for name in {names[id(each)] for each in send.signals if id(each) in names}:
                found.places.setdefault(name, []).append(record)
    for records in found.places.values():
        records.sort(key=lambda each: (each.module, each.line, each.method))
    return found


def with_sends(signals: Sequence[SignalRecord], found: Sends) -> list[SignalRecord]:
    """
    Return ``signals`` with where they are sent, and what their receivers send in turn.
    """
    # By the file and the first line of the function that sends.
    triggers: dict[tuple[str | None, int | None], list[str]] = {}
    for name, places in found.places.items():
        for place in {(send.file, line) for send in places for line in send.run_by}:
            triggers.setdefault(place, []).append(name)
    return [
        signal._replace(
            sent_by=tuple(found.places.get(signal.name, ())),
            receivers=tuple(
                each._replace(triggers=tuple(triggers.get((each.file, each.line), ())))
                for each in signal.receivers
            ),
        )
        for signal in signals
    ]


def _source(file: AppFile, content: bytes, notes: list[str]) -> Source | None:
    if len(content) > _MAX_SIZE:
        notes.append(
            f"{clip(file.path)} is larger than 1 MB, so it wasn't searched for code "
            "that sends signals."
        )
        return None
    try:
        return Source(file.module, file.package, parse_or_raise(content))
    except (RecursionError, MemoryError):
        notes.append(_too_deep(file))
    # It can't be imported either, so it sends nothing.
    except (SyntaxError, ValueError):
        pass
    return None


def _too_deep(file: AppFile) -> str:
    return (
        f"{clip(file.path)} is nested too deeply for Python's parser, so it wasn't "
        "searched for code that sends signals."
    )


def _files() -> Iterator[AppFile]:
    """
    Yield the files of loaded modules, and those of installed apps that aren't loaded.
    """
    installed = [config.name for config in apps.get_app_configs()]
    paths = set()
    for name, module in loaded_modules():
        path = source_file(module)
        if path and not is_known(name) and not is_test(name, installed):
            package = module_attribute(module, "__package__")
            paths.add(path)
            package = package if type(package) is str else ""
            yield AppFile(name, package, path, ())
    folders = app_folders()
    for config in project_apps():
        for file in app_files(config, folders, scripts=True):
            if file.path not in paths:
                yield file


def is_test(module: str, installed: Sequence[str]) -> bool:
    # An app may be called "tests" itself.
    inside = [name for name in installed if f"{module}.".startswith(f"{name}.")]
    within = module.removeprefix(max(inside, key=len, default=""))
    return any(map(TEST.fullmatch, within.split(".")))
