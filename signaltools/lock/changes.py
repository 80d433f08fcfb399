"""
Find out how the events of a project have changed, and for which code that matters.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from ..events.declaration import Argument
from ..introspect.callables import innermost_code
from ..introspect.text import printable
from ..inventory.records import Connected
from .file import LockFile, parse_arguments, parse_entry

Compatibility = Literal["compatible", "breaking", "new version"]


class Change(NamedTuple):
    """
    One thing that has changed in the declaration of an event.

    ``argument`` is None for a change of the event itself. ``old`` and ``new`` are what
    was and is declared. ``receivers`` are the connected ones that the change matters
    to, or None if it doesn't matter to receivers.
    """

    event: str
    kind: str
    compatibility: Compatibility
    message: str
    argument: str | None = None
    old: str | None = None
    new: str | None = None
    receivers: tuple[str, ...] | None = None

    @property
    def lines(self) -> list[str]:
        """
        Return the message, with the receivers below it.
        """
        line = f"{self.compatibility.capitalize()}: {self.message}"
        if self.receivers is None:
            return [line]
        if self.receivers:
            clause = f"name {self.argument!r}" if self.argument else "were connected"
            return [
                f"{line} These receivers {clause}:",
                *(f"  {name}" for name in self.receivers),
            ]
        clause = f"names {self.argument!r}" if self.argument else "was connected"
        return [f"{line} No receiver {clause}."]


class _Event(NamedTuple):
    """
    An event as it is written in a lock file.
    """

    name: str
    label: str
    version: int
    arguments: dict[str, Argument]


class _Difference(NamedTuple):
    """
    What has changed for the senders and the receivers of one argument.
    """

    kind: str
    message: str
    is_breaking: bool = True
    for_receivers: bool = False


def find_changes(
    old: LockFile, new: LockFile, connected: Iterable[Connected]
) -> list[Change]:
    """
    Return how the events of ``new`` differ from those of ``old``, sorted by event.
    """
    before, after = _events(old), _events(new)
    signals = {printable(each.record.name): each for each in connected}
    changes: list[Change] = []
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            changes.append(_added(after[name], {**before, **after}))
        elif name in after:
            changes += _changed(before[name], after[name], signals.get(name))
        elif name in signals:
            changes.append(_undeclared(before[name]))
        else:
            changes.append(_removed(before[name], after, _receivers_in(old, name)))
    return changes


def _added(event: _Event, others: Mapping[str, _Event]) -> Change:
    compatibility: Compatibility = "compatible"
    message = f"{event.name!r} is a new event."
    for other in others.values():
        if other.label == event.label and other.version != event.version:
            compatibility = "new version"
            message = (
                f"{event.name!r} is version {event.version} of {event.label!r}. "
                f"{other.name!r} is version {other.version}."
            )
    return Change(
        event.name,
        "event_added",
        compatibility,
        message,
        new=f"version {event.version}",
    )


def _removed(
    event: _Event, others: Mapping[str, _Event], receivers: tuple[str, ...]
) -> Change:
    # Without receivers, only senders can break, and Python names each import of it.
    compatibility: Compatibility = "breaking" if receivers else "compatible"
    message = f"{event.name!r} is no longer declared."
    for other in others.values():
        if other.label == event.label and other.version > event.version:
            compatibility = "new version"
            message += f" {other.name!r} is version {other.version} of {event.label!r}."
    return Change(
        event.name,
        "event_removed",
        compatibility,
        message,
        old=f"version {event.version}",
        receivers=receivers,
    )


def _undeclared(event: _Event) -> Change:
    return Change(
        event.name,
        "event_removed",
        "breaking",
        f"{event.name!r} is still a signal, but no longer declares its arguments. "
        "Receivers don't get the defaults of arguments that aren't sent.",
        old=f"version {event.version}",
    )


def _changed(old: _Event, new: _Event, signal: Connected | None) -> Iterator[Change]:
    name = new.name
    is_new_version = new.version > old.version
    breaking: Compatibility = "new version" if is_new_version else "breaking"
    compatible: Compatibility = "new version" if is_new_version else "compatible"
    if new.version != old.version:
        message = f"{name!r} has version {new.version} instead of {old.version}."
        if not is_new_version:
            message += " The lower one may already have had other arguments."
        yield Change(
            name,
            "version_changed",
            breaking,
            message,
            old=f"version {old.version}",
            new=f"version {new.version}",
        )
    if new.label != old.label:
        yield Change(
            name,
            "label_changed",
            breaking,
            f"{name!r} has the label {new.label!r} instead of {old.label!r}. Other "
            "systems still expect the old one.",
            old=old.label,
            new=new.label,
        )
    for argument in sorted(old.arguments.keys() | new.arguments.keys()):
        was, now = old.arguments.get(argument), new.arguments.get(argument)
        for each in _differences(was, now):
            yield Change(
                name,
                each.kind,
                breaking if each.is_breaking else compatible,
                f"The argument {argument!r} of {name!r} {each.message}",
                argument,
                None if was is None else str(was),
                None if now is None else str(now),
                _receivers_naming(argument, signal) if each.for_receivers else None,
            )


def _differences(old: Argument | None, new: Argument | None) -> Iterator[_Difference]:
    if new is None:
        yield _Difference(
            "argument_removed",
            "was removed. Senders that pass it fail, and receivers don't get it.",
            for_receivers=True,
        )
    elif old is None and new.required:
        yield _Difference(
            "argument_added",
            "was added, and is required. Senders that don't pass it fail.",
        )
    elif old is None:
        yield _Difference(
            "argument_added",
            f"was added, with the default {new.default}.",
            is_breaking=False,
        )
    else:
        if new.annotation != old.annotation:
            yield _compare_types(old.annotation, new.annotation)
        if new.default != old.default:
            yield _compare_defaults(old.default, new.default)


def _compare_defaults(old: str | None, new: str | None) -> _Difference:
    if old is None:
        return _Difference(
            "argument_optional",
            f"is now optional, with the default {new}.",
            is_breaking=False,
        )
    if new is None:
        return _Difference(
            "argument_required", "is now required. Senders that don't pass it fail."
        )
    return _Difference(
        "default_changed",
        f"has the default {new} instead of {old}. Receivers get another value if it "
        "isn't sent.",
        for_receivers=True,
    )


def _compare_types(old: str, new: str) -> _Difference:
    before, after = _alternatives(old), _alternatives(new)
    types = f"{new or 'no type'} instead of {old or 'no type'}"
    if before == after:
        return _Difference(
            "type_rewritten",
            f"has {types}, which allows the same values.",
            is_breaking=False,
        )
    if after is None or (before is not None and before < after):
        return _Difference(
            "type_widened",
            f"allows more types: {types}. Receivers may not expect them.",
            for_receivers=True,
        )
    if before is None or after < before:
        return _Difference(
            "type_narrowed",
            f"allows fewer types: {types}. Senders may still pass the others.",
        )
    return _Difference(
        "type_changed",
        f"has another type: {types}. Senders may still pass the old one, and receivers "
        "may still expect it.",
        for_receivers=True,
    )


# --- receivers ------------------------------------------------------------------------


def _receivers_naming(argument: str, signal: Connected | None) -> tuple[str, ...]:
    if signal is None:
        return ()
    pairs = zip(signal.record.receivers, signal.rows, strict=True)
    names = {
        printable(record.name)
        for record, row in pairs
        if argument in _names(row.receiver)
    }
    return tuple(sorted(names))


def _names(receiver: Any) -> set[str]:
    """
    Return the arguments that a receiver names, without running its code.
    """
    # That of a decorator's wrapper has only *args and **kwargs.
    code = innermost_code(receiver)
    if code is None:
        return set()
    parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    # Many receivers take only **kwargs, and read kwargs["order"].
    strings = (each for each in code.co_consts if type(each) is str)
    return {*parameters, *strings}


def _receivers_in(file: LockFile, event: str) -> tuple[str, ...]:
    entries = map(parse_entry, file.entries)
    names = {
        each["receiver"] for each in entries if each and each.get("signal") == event
    }
    return tuple(sorted(names))


# --- lock files -----------------------------------------------------------------------


def _events(file: LockFile) -> dict[str, _Event]:
    events = {}
    for entry in file.entries:
        fields = parse_entry(entry) or {}
        if name := fields.get("event"):
            arguments = parse_arguments(entry)
            events[name] = _Event(name, fields["label"], fields["version"], arguments)
    return events


# What type checkers, and events, accept in place of these types.
_PROMOTED = {"float": {"int"}, "complex": {"float", "int"}}


def _alternatives(annotation: str) -> frozenset[str] | None:
    """
    Return the types that an annotation consists of, or None if it allows everything.

    Only the spelling is known of an annotation in a lock file, so nothing is resolved.
    """
    try:
        types = {*_split(ast.parse(annotation, mode="eval").body)}
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # An annotation may be any string.
        types = {annotation}
    if types & {"", "Any", "object"}:
        return None
    for each in tuple(types):
        types |= _PROMOTED.get(each, set())
    return frozenset(types)


def _split(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            yield from _split(left)
            yield from _split(right)
        case ast.Constant(value=str(text)):
            # A class in quotes is one that is defined further down.
            yield from _split(ast.parse(text, mode="eval").body)
        case ast.Subscript(value=outer, slice=inner):
            items = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            name = _last_name(outer)
            if name == "Literal":
                yield from (f"Literal[{ast.unparse(item)}]" for item in items)
            elif name == "Union":
                yield from (each for item in items for each in _split(item))
            elif name == "Optional":
                yield from (*_split(items[0]), "None")
            elif name == "Annotated":
                yield from _split(items[0])
            else:
                # The items may be written differently as well.
                unions = (" | ".join(sorted(_split(item))) for item in items)
                yield f"{ast.unparse(outer)}[{', '.join(unions)}]"
        case _:
            is_any = _last_name(node) in ("Any", "object")
            yield _last_name(node) if is_any else ast.unparse(node)


def _last_name(node: ast.expr) -> str:
    # typing.Optional is the same as Optional.
    return ast.unparse(node).rpartition(".")[2]
