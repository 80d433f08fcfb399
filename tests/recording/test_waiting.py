from __future__ import annotations

import pytest
from django.db import transaction
from django.test import TestCase

import signaltools
from signaltools.reports.layout import Look

NAME = "tests.recording.test_waiting.shipped"


@signaltools.event
def shipped(sender: type) -> None:
    """
    A parcel has left.
    """


def mail(sender, **kwargs):
    pass


@pytest.fixture(autouse=True)
def connected():
    shipped.connect(mail)
    yield
    shipped.disconnect(mail)


def queue():
    shipped.send_on_commit(int)


def reasons(trace):
    return [
        (item.reason, item.text)
        for item in trace.not_run
        if item.receiver and item.receiver.name.endswith("test_waiting.mail")
    ]


def notes(trace):
    return [(remark.text, remark.line) for remark in trace.remarks]


LINE = queue.__code__.co_firstlineno + 1


@pytest.mark.django_db
def test_event_waits_in_a_test_case():
    with signaltools.trace() as trace:
        queue()

    assert reasons(trace) == [("waiting", "shipped waits for the commit of 'default'")]
    assert notes(trace) == [
        (
            "waits for the commit of 'default', which never comes in a TestCase: "
            "use captureOnCommitCallbacks(execute=True)",
            LINE,
        )
    ]
    text = trace.as_text(Look(width=100))
    assert f"NOTE     {NAME}" in text
    assert "tests.recording.test_waiting.mail" in text.partition("DID NOT RUN")[2]
    assert trace.read().tree.sends == ()
    [signal] = [each for each in trace.read().signals if each.record.name == NAME]
    assert not signal.sent


@pytest.mark.django_db(transaction=True)
def test_event_waits_until_the_commit():
    with transaction.atomic():
        with signaltools.trace() as trace:
            queue()
            assert reasons(trace)[0][0] == "waiting"
        late = signaltools.trace()
        late.start()
    late.stop()

    # A trace doesn't change after its end.
    assert reasons(trace)[0][0] == "waiting"
    assert notes(trace) == [("waits for the commit of 'default'", LINE)]
    assert (reasons(late), notes(late)) == ([], [])
    assert late.calls[0].receiver.endswith("mail")


@pytest.mark.django_db
def test_event_that_was_captured_does_not_wait():
    with signaltools.trace() as trace, TestCase.captureOnCommitCallbacks(execute=True):
        queue()

    assert (reasons(trace), notes(trace)) == ([], [])


@pytest.mark.django_db
def test_only_what_was_queued_while_recording_waits():
    queue()
    with signaltools.trace() as trace:
        transaction.on_commit(queue)

    assert reasons(trace) == [("not_sent", "shipped wasn't sent")]
    assert notes(trace) == []


@pytest.mark.django_db
def test_event_of_an_inner_trace_waits_in_the_outer_one():
    with signaltools.trace() as outer, signaltools.trace() as inner:
        queue()

    assert notes(inner) == notes(outer)
    assert reasons(inner) == reasons(outer) != []


@pytest.mark.django_db
def test_event_may_wait_after_it_was_sent():
    with signaltools.trace() as trace:
        shipped.send(int)
        queue()

    assert reasons(trace) == []
    assert len(notes(trace)) == 1


def test_traces_need_no_settings(monkeypatch):
    from signaltools.recording import waiting

    monkeypatch.setattr(waiting.settings, "_wrapped", None)
    monkeypatch.setattr(type(waiting.settings), "configured", False)
    with signaltools.trace() as trace:
        pass

    assert notes(trace) == []
