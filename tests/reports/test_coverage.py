from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from signaltools import reports
from signaltools.recording.coverage import (
    CoveredReceiver,
    CoveredSignal,
    SignalCoverage,
)
from signaltools.reports.coverage import (
    render_coverage_json,
    render_coverage_text,
    short_percent,
    too_low,
)

RECEIPT = CoveredReceiver(
    "shop.signals.paid", "shop.mail.send", "any sender", None, "/p/mail.py", 3, True, 2
)
SAVED = CoveredReceiver(
    "django.db.models.signals.post_save",
    "audit.save\x1b",
    "shop.Order",
    "uid",
    None,
    None,
    True,
    0,
)
PAID = CoveredSignal("shop.signals.paid", "/p/signals.py", 1, True, True, True)
LOST = CoveredSignal("shop.signals.lost", "/p/signals.py", 2, True, False, True)
COVERAGE = SignalCoverage((RECEIPT, SAVED), (PAID, LOST), ("a.b", "c.d"))
EMPTY = SignalCoverage((), (), ())


def test_text():
    assert render_coverage_text(COVERAGE, ["A note."], "/p") == (
        "signal coverage: 1 of 2 receivers ran (50%)\n"
        "never ran   audit.save\\x1b     post_save of shop.Order\n"
        "never sent  shop.signals.lost                           signals.py:2\n"
        "The class of 'a.b' and 'c.d' calls receivers itself, so they aren't counted.\n"
        "A note.\n"
    )


def test_text_if_everything_ran():
    coverage = SignalCoverage((RECEIPT,), (PAID,), ())
    text = render_coverage_text(coverage)
    assert text == "signal coverage: 1 of 1 receiver ran (100%)\n"
    text = render_coverage_text(EMPTY)
    assert text == "signal coverage: no receivers to count\n"


@pytest.mark.parametrize("coverage", [COVERAGE, EMPTY])
def test_json_is_as_its_schema_says(coverage):
    path = Path(reports.__file__).with_name("signal_coverage.schema.json")
    schema = json.loads(path.read_text("utf-8"))
    document = json.loads(render_coverage_json(coverage, ["A note."]))
    jsonschema.validate(document, schema)
    assert len(document["receivers"]) == len(coverage.receivers)
    if coverage is COVERAGE:
        assert document["receivers"][0]["sender"] is None
        assert document["receivers"][1]["sender"] == "shop.Order"
        assert document["receivers_ran"] == 1


@pytest.mark.parametrize(
    ("ran", "total", "percent"),
    [(0, 1000, 0), (1, 1000, 1), (999, 1000, 99), (1000, 1000, 100), (12, 14, 86)],
)
def test_only_all_receivers_are_100_percent(ran, total, percent):
    receivers = [RECEIPT] * ran + [SAVED] * (total - ran)
    assert short_percent(SignalCoverage(tuple(receivers), (), ())) == percent


def test_too_low():
    assert too_low(COVERAGE, 50) == ""
    assert too_low(COVERAGE, 50.5) == (
        "Signal coverage is 50.00%, which is less than the required 50.5%."
    )
    assert too_low(EMPTY, 100) == ""
