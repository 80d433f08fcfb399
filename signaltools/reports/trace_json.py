"""
Render a trace as JSON, the contract that other tools build on.

``trace.schema.json`` beside this file describes it. The tree is a flat list in which
each node names its parent: JSON parsers limit how deep a document may be nested.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from typing import Any

import django

from ..recording.not_run import NotRun
from ..recording.remarks import Remark
from ..recording.tree import Call, Send, Tree
from .trace_rows import depth_first

VERSION = 1
_RECEIVER_FIELDS = ("sender", "sender_kind", "sender_app", "file", "line")


def trace_document(
    tree: Tree, remarks: Sequence[Remark], not_run: Sequence[NotRun]
) -> dict[str, Any]:
    """
    Return a trace as plain dicts, lists, strings, and numbers.
    """
    nodes = list(_nodes(tree.sends))
    return {
        "version": VERSION,
        "django": django.get_version(),
        "totals": tree.totals._asdict(),
        "receivers": [receiver._asdict() for receiver in tree.receivers],
        "nodes": nodes,
        "overflow": list(_nodes(tree.overflow)),
        "remarks": [asdict(remark) for remark in remarks],
        "not_run": [_not_run(item) for item in not_run],
    }


def _nodes(sends: Sequence[Send]) -> Iterator[dict[str, Any]]:
    roots: Sequence[Send | Call] = sends
    path: list[int] = []
    for number, (node, depth) in enumerate(depth_first(roots, _below)):
        del path[depth:]
        yield {"id": number, "parent": path[-1] if path else None, **_node(node)}
        path.append(number)


def _below(node: Send | Call) -> Sequence[Send | Call]:
    return [*node.calls, *node.sends] if isinstance(node, Send) else node.sends


def _node(node: Send | Call) -> dict[str, Any]:
    values = {
        field.name: getattr(node, field.name)
        for field in fields(node)
        if field.name not in ("calls", "sends")
    }
    if isinstance(node, Send):
        values["arguments"] = list(node.arguments)
        values["stack"] = [frame._asdict() for frame in node.stack]
        values["values"] = {
            name: list(value) if type(value) is tuple else value
            for name, value in node.values.items()
        }
    elif node.background:
        values["background"] = node.background._asdict()
    return {"type": "send" if isinstance(node, Send) else "call", **values}


def _not_run(item: NotRun) -> dict[str, Any]:
    receiver = item.receiver
    return {
        "signal": item.signal,
        # A garbage-collected receiver has none of these.
        "receiver": getattr(receiver, "name", None),
        **{name: getattr(receiver, name, None) for name in _RECEIVER_FIELDS},
        "reason": item.reason,
        "text": item.text,
    }
