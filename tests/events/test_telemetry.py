from __future__ import annotations

import asyncio
import sys
from decimal import Decimal

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from signaltools.events.messages import write_message
from signaltools.events.telemetry import current_traceparent, linked_span
from tests.events import queued
from tests.events.queued import count_up, mail, paid, seen
from tests.testapp.models import Order

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def exporter(monkeypatch):
    """
    What has been exported, by a tracer provider of this test.
    """
    provider, exporter = TracerProvider(), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr("opentelemetry.trace.get_tracer", provider.get_tracer)
    return exporter


@pytest.fixture
def order(db):
    return Order.objects.create()


def message_of(order):
    sent = {"sender": Order, "order": order, "amount": Decimal(1), "at": None}
    return write_message(paid, "shop.book", sent)


def test_a_message_has_the_span_that_it_was_sent_in(exporter, order):
    with trace.get_tracer("shop").start_as_current_span("pay") as span:
        message = message_of(order)

    context = span.get_span_context()
    assert message["traceparent"] == (
        f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
    )


def test_a_message_that_is_sent_outside_a_span_has_none(order):
    assert "traceparent" not in message_of(order)


def test_a_worker_runs_the_receiver_in_a_span_that_links_to_the_send(
    exporter, order, monkeypatch
):
    monkeypatch.setattr(queued, "ran", [])
    mail.func(**message_of(order), traceparent=TRACEPARENT)

    assert queued.ran == ["mail"]
    [span] = exporter.get_finished_spans()
    assert (span.name, span.kind.name) == (f"{queued.__name__}.mail", "CONSUMER")
    [link] = span.links
    assert f"{link.context.trace_id:032x}" == TRACEPARENT[3:35]
    assert f"{link.context.span_id:016x}" == TRACEPARENT[36:52]
    # The send may be long over: its span isn't the parent.
    assert span.parent is None


def test_an_asynchronous_receiver_has_a_span_as_well(exporter):
    message = write_message(seen, "shop.count_up", {"sender": None, "count": 1})
    asyncio.run(count_up.func(**message, traceparent=TRACEPARENT))

    assert [s.name for s in exporter.get_finished_spans()] == [
        f"{queued.__name__}.count_up"
    ]


@pytest.mark.parametrize(
    "traceparent", [None, "", 5, ["00"], "00-0-0-00", "x" * 10_000]
)
def test_without_a_valid_traceparent_there_is_no_span(exporter, traceparent):
    with linked_span("shop.book", traceparent):
        pass
    assert exporter.get_finished_spans() == ()


def test_without_opentelemetry_nothing_of_it_is_imported(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("opentelemetry")]:
        monkeypatch.delitem(sys.modules, name)

    assert current_traceparent() is None
    with linked_span("shop.book", TRACEPARENT):
        pass
    assert not any(name.startswith("opentelemetry") for name in sys.modules)
