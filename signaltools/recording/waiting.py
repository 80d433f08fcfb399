"""
Find the events that wait for a commit when a recording ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from django.conf import settings
from django.db import connections

from ..events.on_commit import PendingSend
from ..introspect.callers import Site
from ..inventory.weak import References, SignalRef


class WaitingSend(NamedTuple):
    """
    An event that ``send_on_commit()`` has queued at ``site``.

    ``in_test`` is whether its transaction is that of a ``TestCase``, which is never
    committed.
    """

    signal: SignalRef
    database: str
    site: Site | None
    in_test: bool


def find_waiting(first: int, refs: References) -> Iterator[WaitingSend]:
    """
    Yield what waits in this thread, from the send with the number ``first`` on.
    """
    # Plain signals can be recorded without settings.
    opened = connections.all(initialized_only=True) if settings.configured else []
    for connection in opened:
        blocks = connection.atomic_blocks
        in_test = bool(blocks) and blocks[0]._from_testcase  # type: ignore[attr-defined]
        for _, callback, *_ in connection.run_on_commit:
            if (
                type(callback) is PendingSend
                # captureOnCommitCallbacks() leaves those that it has run in the list.
                and not callback.was_sent
                and callback.number >= first
            ):
                signal = refs.signal(callback.event)
                yield WaitingSend(signal, connection.alias, callback.site, in_test)
