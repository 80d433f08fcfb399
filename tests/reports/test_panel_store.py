from __future__ import annotations

import json

from signaltools.reports.panel_receivers import ShownSignal
from signaltools.reports.panel_store import (
    all_signals,
    compress,
    decompress,
    pack,
    unpack,
)

PAID = ShownSignal("shop.paid", "project", {"name": "shop.paid", "sent": False}, 0)
LOST = ShownSignal("shop.lost", "third_party", None, 2)
SENT = PAID._replace(stats={"name": "shop.paid", "sent": True})


def test_what_is_compressed_is_plain_text_and_short():
    value = [["\xe9t\xe9", None, 1.5, True]] * 300
    text = compress(value)

    assert decompress(text) == value
    assert text.isascii()
    assert len(text) < len(json.dumps(value)) / 20


def test_signals_that_were_sent_take_the_place_of_the_others():
    unsent = compress([PAID, LOST])

    assert all_signals(unsent, {}) == [PAID, LOST]
    assert all_signals(unsent, {0: SENT}) == [SENT, LOST]


def test_what_is_stored_is_complete_by_itself():
    stats = {"totals": {"sends": 1}, "rows": [], "hidden": 1}
    stored = json.loads(json.dumps(pack(stats, compress([PAID, LOST]), {0: SENT})))

    assert stored["totals"] == {"sends": 1}
    assert unpack(stored) == {
        "totals": {"sends": 1},
        "rows": [],
        "hidden": 3,
        "groups": [
            {
                "component": "project",
                "signals": [SENT.stats],
                "without_receivers": [],
            },
            {"component": "third_party", "signals": [], "without_receivers": []},
            {"component": "django", "signals": [], "without_receivers": []},
        ],
    }
