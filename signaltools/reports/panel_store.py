"""
Keep small what the toolbar stores for each request.

Nearly all of it is about signals that weren't sent, and the same for each request. So
that is compressed once, and stored beside what is different. Each request is complete
by itself: another process may show it.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from .panel_options import Stats
from .panel_receivers import ShownSignal, group_signals


def compress(value: Any) -> str:
    """
    Return ``value`` as a string that is several times shorter than its JSON.
    """
    data = json.dumps(value, separators=(",", ":")).encode()
    # The first level is ten times as fast as the last, for a tenth more.
    return base64.b64encode(zlib.compress(data, 1)).decode()


def decompress(text: str) -> Any:
    """
    Return what ``compress()`` was called with.
    """
    return json.loads(zlib.decompress(base64.b64decode(text)))


def pack(stats: Stats, unsent: str, sent: Mapping[int, ShownSignal]) -> Stats:
    """
    Return what the toolbar stores: the totals of a request, and all else compressed.

    ``unsent`` are all signals as if none of them was sent, compressed. ``sent`` are
    those that were, by their position.
    """
    others = {name: value for name, value in stats.items() if name != "totals"}
    compressed = compress([others, [*sent.items()]])
    return {"totals": stats["totals"], "unsent": unsent, "others": compressed}


def unpack(stored: Stats) -> Stats:
    """
    Return what the template shows.
    """
    others, sent = decompress(stored["others"])
    signals = all_signals(stored["unsent"], dict(sent))
    hidden = others["hidden"] + sum(signal.hidden for signal in signals)
    groups = group_signals(signals)
    rows = [with_stack(row, others["frames"]) for row in others["rows"]]
    return {
        **others,
        "totals": stored["totals"],
        "hidden": hidden,
        "groups": groups,
        "rows": rows,
    }


def with_stack(row: Stats, frames: Sequence[Stats]) -> Stats:
    """
    Return a row with the frames of its stack in place of their positions.
    """
    stack = row.get("stack")
    return {**row, "stack": [frames[number] for number in stack]} if stack else row


def all_signals(unsent: str, sent: Mapping[int, ShownSignal]) -> list[ShownSignal]:
    """
    Return what there is to show about each signal.
    """
    signals = enumerate(decompress(unsent))
    return [ShownSignal(*sent.get(position, signal)) for position, signal in signals]
