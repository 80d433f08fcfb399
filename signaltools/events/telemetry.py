"""
Link what a worker runs to the send, in a project that uses OpenTelemetry.

OpenTelemetry is only used if the project has imported it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any


def current_traceparent() -> str | None:
    """
    Return the current span as a ``traceparent`` of W3C Trace Context, if there is one.
    """
    carrier: dict[str, str] = {}
    if _is_used():
        _propagator().inject(carrier)
    return carrier.get("traceparent")


@contextmanager
def linked_span(name: str, traceparent: Any) -> Iterator[None]:
    """
    Run a block in a span that links to the one which ``traceparent`` describes.

    Without a valid one there is no span: a message may hold anything.
    """
    if not _is_used() or type(traceparent) is not str:
        yield
        return
    trace: Any = sys.modules["opentelemetry.trace"]
    context = _propagator().extract({"traceparent": traceparent})
    sent_in = trace.get_current_span(context).get_span_context()
    if not sent_in.is_valid:
        yield
        return
    span = trace.get_tracer("signaltools").start_as_current_span(
        name, kind=trace.SpanKind.CONSUMER, links=[trace.Link(sent_in)]
    )
    with span:
        yield


def _is_used() -> bool:
    return "opentelemetry.trace" in sys.modules


def _propagator() -> Any:
    module = import_module("opentelemetry.trace.propagation.tracecontext")
    return module.TraceContextTextMapPropagator()
