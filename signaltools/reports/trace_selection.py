"""
Leave out what settings hide and what patterns don't match, from a trace and its totals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeVar

from ..recording.not_run import NotRun
from ..recording.remarks import Remark, find_remarks
from ..recording.tree import Call, Send, Tree, sums, walk
from .panel_options import PanelOptions, sent_names

Node = Send | Call
T = TypeVar("T", Send, Call)


class Selected(NamedTuple):
    """
    What is left of a trace, and how many sends and calls are hidden.

    ``patterns`` are those that were given.
    """

    tree: Tree
    remarks: Sequence[Remark]
    not_run: Sequence[NotRun]
    hidden_sends: int = 0
    hidden_calls: int = 0
    patterns: Sequence[str] = ()


def select_trace(
    tree: Tree,
    not_run: Sequence[NotRun],
    patterns: Sequence[str] = (),
    options: PanelOptions | None = None,
) -> Selected:
    """
    Return what matches one of ``patterns``, and what ``options`` don't hide.

    A pattern is a part of the name of a signal, receiver, or sender, as in
    ``list_signals``. What led to a match stays, and everything below it.
    """
    before = tree.totals
    if options is not None and options.hide:
        hides = options.hides

        def unhidden(node: Node, rest: Node) -> Node | None:
            return None if options.hides_node(node) else rest

        tree = _select(tree, unhidden, lambda *names: not hides(*names))
        not_run = [item for item in not_run if not hides(*_names(item))]
    sends, calls = before.sends - tree.totals.sends, before.calls - tree.totals.calls
    if patterns:
        lowered = [pattern.lower() for pattern in patterns]

        def matches(*names: str | None) -> bool:
            found = [name.lower() for name in names if name]
            return any(pattern in name for pattern in lowered for name in found)

        def matched(node: Node, rest: Node) -> Node | None:
            if matches(*_names(node)):
                return node
            return rest if _below(rest) else None

        tree = _select(tree, matched, matches)
        not_run = [item for item in not_run if matches(*_names(item))]
    return Selected(tree, find_remarks(tree), not_run, sends, calls, patterns)


def _names(item: Node | NotRun) -> tuple[str | None, ...]:
    if isinstance(item, Call):
        return (item.receiver,)
    if isinstance(item, Send):
        return sent_names(item)
    receiver = item.receiver
    if receiver is None:
        return (item.signal,)
    return item.signal, receiver.name, receiver.sender, receiver.sender_app


def _below(node: Node) -> list[Node]:
    return [*(node.calls if isinstance(node, Send) else ()), *node.sends]


def _select(
    tree: Tree,
    choose: Callable[[Node, Node], Node | None],
    shows: Callable[..., bool],
) -> Tree:
    """
    Return what is left of ``tree``. For each node, ``choose`` gets it, and it with what
    is left below it. ``shows`` gets the names of what isn't in the tree.
    """
    kept: dict[int, Node | None] = {}
    # A list instead of recursion: a trace may be deeper than Python's own stack.
    for node in reversed([*walk(tree.sends + tree.overflow)]):
        # Most nodes lose nothing, and a copy takes long.
        rest: Node = node
        if (sends := _left(node.sends, kept)) != node.sends:
            rest = replace(rest, sends=sends)
        if isinstance(rest, Send) and (calls := _left(rest.calls, kept)) != rest.calls:
            rest = replace(rest, calls=calls)
        kept[id(node)] = choose(node, rest)
    roots, overflow = _left(tree.sends, kept), _left(tree.overflow, kept)
    return tree._replace(
        sends=roots,
        overflow=overflow,
        totals=tree.totals._replace(**sums(roots + overflow)),
        added=tuple(each for each in tree.added if shows(each.signal, each.receiver)),
        waiting=tuple(each for each in tree.waiting if shows(each.signal)),
    )


def _left(nodes: Iterable[T], kept: dict[int, Node | None]) -> tuple[T, ...]:
    found = (kept[id(node)] for node in nodes)
    return tuple(node for node in found if node is not None)  # type: ignore[misc]
