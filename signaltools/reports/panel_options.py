"""
What the panel hides, and what its parts have in common.

Stats are plain dicts, lists, strings, and numbers, because the toolbar stores them as
JSON. Times are in milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ..inventory.places import short_place
from ..inventory.records import Component, ReceiverRecord
from ..recording.tree import Call, Send
from .editor import Editor

Stats = dict[str, Any]


class PanelOptions(NamedTuple):
    """
    How the panel looks; paths are relative to ``folder``.

    Places are links if there is an ``editor``. Receivers that took at least ``slow_ms``
    milliseconds are marked. ``hide`` and ``always_show`` are dotted
    names, and each includes everything below it. ``show_values`` is whether the trace
    contains the values of arguments.
    """

    folder: str = ""
    editor: Editor = Editor()
    slow_ms: float = 100
    hide: Sequence[str] = ()
    always_show: Sequence[str] = ()
    show_values: bool = False

    def always_shows(self, *names: str | None) -> bool:
        return _any_below(self.always_show, names)

    def hides(self, *names: str | None) -> bool:
        return _any_below(self.hide, names) and not self.always_shows(*names)

    def hides_receiver(self, receiver: ReceiverRecord) -> bool:
        return self.hides(receiver.name, receiver.sender, receiver.sender_app)

    def hides_node(self, node: Send | Call) -> bool:
        if isinstance(node, Call):
            return self.hides(node.receiver)
        if self.hides(*sent_names(node)):
            return True
        # A send is noise as well if everything that it called is hidden.
        calls = node.calls
        all_hidden = bool(calls) and all(self.hides(call.receiver) for call in calls)
        return all_hidden and not self.always_shows(*sent_names(node))

    def component(self, component: Component, name: str) -> str:
        """
        Return the component whose checkbox hides ``name``, "" for none of them.
        """
        return "" if self.always_shows(name) else component

    def place(self, file: str | None, line: int | None) -> dict[str, str]:
        """
        Return a place in the source, with a link if there is an editor for it.
        """
        if file is None:
            return {}
        place = {"place": short_place(file, line, self.folder)}
        if href := self.editor.href(file, line):
            place["href"] = href
        return place


def sent_names(send: Send) -> tuple[str | None, ...]:
    """
    Return the names by which a send is hidden or always shown.
    """
    return send.signal, send.sender, send.sender_app


def milliseconds(seconds: float) -> float:
    # The panel shows one digit. More of them would make up much of what is stored.
    return round(seconds * 1_000, 2)


def _any_below(prefixes: Sequence[str], names: Iterable[str | None]) -> bool:
    # In plain loops, because this runs for each row.
    for name in names:
        for prefix in prefixes:
            if name and (name == prefix or name.startswith(f"{prefix}.")):
                return True
    return False
