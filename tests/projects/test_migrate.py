"""
`trace_signals migrate` of a project with many apps, against what `count_calls.py`
counts. Each run migrates an empty database in a process of its own.
"""

import json
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from test_projects import run

MIGRATE = ["migrate", "--skip-checks", "-v0"]
SCREEN = (40, 100)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("all_site")

    def count():
        return run("all_site", "count_calls.py", *MIGRATE, database=folder / "count")

    def trace(output):
        options = ["trace_signals", "-v0", "--format", output]
        database = folder / output
        return run(
            "all_site", "manage_site.py", *options, *MIGRATE, database=database
        ).decode()

    with ThreadPoolExecutor() as pool:
        counted, text = pool.submit(count), pool.submit(trace, "text")
        document = pool.submit(trace, "json")
        return SimpleNamespace(
            counted=json.loads(counted.result()),
            text=text.result(),
            document=json.loads(document.result()),
        )


def nodes(document):
    """Yield each send and each call, with the signal that it belongs to."""
    for part in (document["nodes"], document["overflow"]):
        for node in part:
            is_send = node["type"] == "send"
            yield (node if is_send else part[node["parent"]])["signal"], node


def counts(document, kind):
    found = Counter()
    for signal, node in nodes(document):
        if node["type"] == kind:
            name = (signal,) if kind == "send" else (signal, node["receiver"])
            found[name] += node["count"]
    return found


def calls_by_receiver(counted):
    found = Counter()
    for each in counted.values():
        found.update(each["calls"])
    return found


def test_many_apps_with_more_sends_than_a_trace_has_nodes_for(runs):
    pre_migrate = runs.counted["django.db.models.signals.pre_migrate"]
    assert pre_migrate["sends"] > 50
    assert len(runs.document["overflow"]) > 20


def test_each_receiver_has_been_called_as_often_as_counted(runs):
    true = {
        (signal, receiver): calls
        for signal, counted in runs.counted.items()
        for receiver, calls in counted["calls"].items()
    }
    assert len(true) > 20
    assert counts(runs.document, "call") == true
    by_receiver = calls_by_receiver(runs.counted)
    totals = Counter()
    for each in runs.document["receivers"]:
        totals[each["receiver"]] += each["calls"]
    assert totals == by_receiver
    assert runs.document["totals"]["calls"] == by_receiver.total()


def test_each_signal_was_sent_as_often_as_counted(runs):
    true = {(signal,): each["sends"] for signal, each in runs.counted.items()}
    assert counts(runs.document, "send") == true
    assert runs.document["totals"]["sends"] == sum(true.values())


def test_everything_has_a_name(runs):
    for signal, node in nodes(runs.document):
        assert re.fullmatch(r"[\w.]+\.signals\.\w+", signal)
        if node["type"] == "send":
            # Only what is sent by None has no sender, and that is this signal.
            assert node["sender"] or signal == "stock.signals.items_loaded"
        else:
            assert re.fullmatch(r"[\w.<>]+\.[\w<>]+", node["receiver"])
            assert node["file"]
    assert not re.search("unnamed|unknown|no sender|None", runs.text)


def test_the_only_notes_are_on_what_has_been_connected_meanwhile(runs):
    true = {
        ("note", signal, receiver, "connected while recording", number)
        for signal, each in runs.counted.items()
        for receiver, number in each["added"].items()
    }
    assert {(signal, receiver) for _, signal, receiver, _, _ in true} == {
        (
            "django.db.models.signals.post_migrate",
            "stock.receivers.connected_late",
        ),
        # Before it migrates, wagtail disconnects it, and connects it again at the end.
        (
            "django.db.models.signals.post_save",
            "wagtail.signal_handlers.update_reference_index_on_save",
        ),
    }
    fields = ["level", "signal", "receiver", "text", "count"]
    remarks = runs.document["remarks"]
    assert sorted(tuple(each[field] for field in fields) for each in remarks) == sorted(
        true
    )


def test_what_is_connected_for_any_sender_is_not_said_to_have_not_run(runs):
    calls = counts(runs.document, "call")
    for each in runs.document["not_run"]:
        if each["sender_kind"] is None:
            assert (each["signal"], each["receiver"]) not in calls


def test_the_summary_comes_first_and_fits_on_a_screen(runs):
    summary, tree = runs.text.split("\nIN ORDER ")
    lines = summary.splitlines()
    height, width = SCREEN
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    sends = sum(each["sends"] for each in runs.counted.values())
    calls = calls_by_receiver(runs.counted)
    assert lines[0].startswith(f"{sends:,} sends · {calls.total():,} calls · ")
    assert lines[1:3] == ["", "NOTES (2)"]
    slowest = lines[lines.index("RECEIVERS BY SELF TIME") :]
    shown = re.findall(r" ms  (\S+) x([\d,]+)", "\n".join(slowest))
    assert len(shown) >= 4
    for receiver, number in shown:
        assert number == f"{calls[receiver]:,}"
    assert "RECEIVERS BY SELF TIME" not in tree
