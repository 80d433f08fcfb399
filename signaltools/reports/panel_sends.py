"""
Show in the panel where signals that a request didn't send are sent.

None of this is stored. The process that shows the panel reads the sources when it shows
one for the first time, and leaves out signals that it doesn't know.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from threading import Thread
from typing import NamedTuple

from ..introspect.text import printable
from ..inventory.names import NamedSignal
from ..inventory.records import SendRecord
from ..inventory.sent_by import places_of_signals
from .panel_options import PanelOptions, Stats
from .trace_rows import short_signal

# Seconds. A project with many large packages takes longer.
_MAX_WAIT = 0.3
_MAX_PLACES = 5

_Version = tuple[int, int] | None


class _Found(NamedTuple):
    """
    Where the signals with these names are sent, while these files stay the same.
    """

    names: frozenset[str]
    files: dict[str, _Version]
    places: dict[str, list[SendRecord]]


_NOTHING = _Found(frozenset(), {}, {})


class SendPlaces:
    """
    Where signals are sent, read again if there are others, or a file has changed.

    Keeps no signal alive. Any thread may use it.
    """

    def __init__(self) -> None:
        self._found = _NOTHING
        self._reading = Thread()

    def add_to(
        self,
        groups: Sequence[Stats],
        named: Sequence[NamedSignal],
        options: PanelOptions,
    ) -> bool:
        """
        Add where they are sent to custom signals that weren't sent.

        Return false if the sources are still being read, in the background.
        """
        unsent = [
            signal
            for group in groups
            # Those of Django are well known.
            if group["component"] != "django"
            for signal in group["signals"]
            if not signal["sent"]
        ]
        places = self._places(named) if unsent else {}
        if places is None:
            return False
        for signal in unsent:
            sends = places.get(signal["name"], [])
            signal["more_sent_by"] = len(sends[_MAX_PLACES:])
            signal["sent_by"] = [
                {
                    "function": printable(send.function),
                    "method": "" if send.method == "send" else send.method,
                    **options.place(send.file, send.line),
                }
                for send in sends[:_MAX_PLACES]
            ]
        return True

    def _places(
        self, named: Sequence[NamedSignal]
    ) -> dict[str, list[SendRecord]] | None:
        names = frozenset(each.name for each in named)
        found = self._found
        if names != found.names or found.files != _versions(found.files):
            if not self._reading.is_alive():
                self._reading = Thread(target=self._read, args=(named,), daemon=True)
                self._reading.start()
            self._reading.join(_MAX_WAIT)
            if self._reading.is_alive():
                return None
        return self._found.places

    def _read(self, named: Sequence[NamedSignal]) -> None:
        shown = {id(each.signal): short_signal(each.name) for each in named}
        places = places_of_signals(shown).places
        files = {send.file for sends in places.values() for send in sends}
        names = frozenset(each.name for each in named)
        self._found = _Found(names, _versions(files), places)


def _versions(files: Collection[str]) -> dict[str, _Version]:
    """
    Return when each file was changed, and its size, None for a file that is gone.
    """
    found: dict[str, _Version] = {}
    for file in files:
        try:
            status = os.stat(file)
        except OSError:
            found[file] = None
        else:
            found[file] = status.st_mtime_ns, status.st_size
    return found
