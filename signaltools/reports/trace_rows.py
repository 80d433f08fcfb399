"""
Prepare a trace for display: what its text and the panel have in common.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from ..introspect.text import printable
from ..inventory.places import short_place
from ..inventory.records import sender_name
from ..recording.remarks import Remark
from ..recording.tree import Call, Send

Row = Call | Send | list[Send]
T = TypeVar("T")


def together(
    sends: Iterable[Send], apart: Callable[[Send], bool] = lambda send: False
) -> list[Row]:
    """
    Return a row for each send, in order.

    Signals of Django that have no receivers share one row per sender, as long as no
    other send is between them. Sends that are kept ``apart`` have a row of their own.
    """
    rows: list[Row] = []
    neighbors: dict[str, list[Send]] = {}
    for send in sends:
        is_noise = send.kind == "builtin" and not (
            send.calls or send.sends or send.error
        )
        if not is_noise or apart(send):
            rows.append(send)
            neighbors = {}
            continue
        sender = sender_of(send)
        if sender not in neighbors:
            rows.append(neighbors.setdefault(sender, []))
        neighbors[sender].append(send)
    return rows


def below(row: Row) -> list[Row]:
    """
    Return the rows below a row, in order.
    """
    if isinstance(row, Send):
        return [*row.calls, *together(row.sends)]
    return list(together(row.sends)) if isinstance(row, Call) else []


def depth_first(
    roots: Sequence[T], below: Callable[[T], Sequence[T]]
) -> Iterator[tuple[T, int]]:
    """
    Yield each node before the nodes below it, with its depth.
    """
    # A list instead of recursion: a trace may be deeper than Python's own stack.
    waiting = [(root, 0) for root in reversed(roots)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting += ((inner, depth + 1) for inner in reversed(below(node)))


def signals_without_receivers(sends: Sequence[Send]) -> dict[str, int]:
    """
    Count sends without receivers by what tells them apart.
    """
    counts: dict[str, int] = {}
    for send in sends:
        words = short_signal(send.signal), *other_method(send), *shown_values(send)
        name = " ".join(words)
        counts[name] = counts.get(name, 0) + send.count
    return counts


def problems_of(remarks: Iterable[Remark]) -> list[Remark]:
    return [remark for remark in remarks if remark.level != "note"]


def notes_of(remarks: Iterable[Remark]) -> list[Remark]:
    return [remark for remark in remarks if remark.level == "note"]


def has_sender(send: Send) -> bool:
    # The other senders of a total have no kind.
    return send.sender is not None or send.sender_kind is not None


def sender_of(send: Send) -> str:
    if not has_sender(send):
        return "no sender"
    return sender_name(send.sender, send.sender_kind, send.sender_app)


def caller_of(send: Send, folder: str) -> str:
    """
    Return where a send comes from, with a path relative to ``folder``.
    """
    place = short_place(send.file, send.line, folder)
    if send.queued:
        return f"on commit, queued by {place}" if place else "on commit"
    first = "" if send.same_caller else "first "
    return f"{first}from {place}" if place else ""


def shown_values(send: Send) -> list[str]:
    """
    Return the arguments that explain a signal of a model, unless they are as usual.
    """
    shown = []
    for name, value in send.values.items():
        if (name, value) not in _USUAL:
            # As Python writes it: update_fields=['name'].
            text = repr([*value] if isinstance(value, tuple) else value)
            shown.append(f"{name}={printable(text)}")
    return shown


_USUAL = {("raw", False), ("using", "default"), ("update_fields", None)}


def other_method(send: Send) -> list[str]:
    """
    Return the method that sent, unless it is ``send()``.
    """
    return [] if send.method == "send" else [send.method]


def short_signal(name: str) -> str:
    """
    Return the name of a signal, without the module if it is one of Django's: those
    names are well known and unique.
    """
    is_django = name.startswith("django.")
    return printable(name.rpartition(".")[2] if is_django else name)


def outcome_of(call: Call) -> str:
    """
    Return how a call ended, "" if it simply returned.
    """
    if call.raised:
        return f"RAISED {printable(call.error or '')}"
    return "" if call.outcome == "returned" else call.outcome.upper()


def queued_of(call: Call) -> str:
    """
    Return when and where a receiver in the background was queued, or "".
    """
    if call.background is None or call.outcome != "returned":
        return ""
    backend, queue, on_commit = call.background
    options = {
        f"backend {printable(backend)}": backend != "default",
        f"queue {printable(queue)}": queue != "default",
    }
    text = ", ".join(text for text, applies in options.items() if applies)
    what = "queues on commit" if on_commit else "queued"
    return f"{what} ({text})" if text else what
