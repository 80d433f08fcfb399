"""
Record and mute in one process with an instrument, which starts at one of three times.

    python beside.py INSTRUMENT before|inside|after

It raises AssertionError unless everything is as it is without the instrument.
"""

from __future__ import annotations

import gc
import os
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.dispatch import Signal
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import path

MIDDLEWARE = {"elastic": ["elasticapm.contrib.django.middleware.TracingMiddleware"]}

NO_NETWORK = {"DISABLE_SEND": True}

ping = Signal()
#: What each receiver and the page have answered.
ANSWERS = ["hello", "method", "later", "saved", "page"]


def hello(sender: Any, **kwargs: Any) -> str:
    return "hello"


class Shop:
    def on_ping(self, **kwargs: Any) -> str:
        return "method"


async def later(**kwargs: Any) -> str:
    return "later"


def saved(instance: Any, **kwargs: Any) -> str:
    from django.contrib.auth.models import Group

    Group.objects.count()
    return "saved"


def page(request: Any) -> HttpResponse:
    return HttpResponse("page")


shop = Shop()
urlpatterns = [path("", page)]


def answers() -> list[str]:
    from django.contrib.auth.models import Group
    from django.db.models.signals import post_save

    found = [answer for _, answer in ping.send(None)]
    Group(pk=1, name="staff").save()
    found += [answer for _, answer in post_save.send(Group, instance=Group())]
    responses = WSGIHandler()(RequestFactory().get("/").environ, lambda *args: None)
    return [*found, b"".join(responses).decode()]


def sentry() -> None:
    import sentry_sdk

    sentry_sdk.init(traces_sample_rate=1.0)


def ddtrace() -> None:
    # There is no agent that would take what it has traced.
    os.environ["DD_INSTRUMENTATION_TELEMETRY_ENABLED"] = "false"
    os.environ["DD_REMOTE_CONFIGURATION_ENABLED"] = "false"
    os.environ["DD_TRACE_AGENT_URL"] = "unix:///nowhere"
    from ddtrace import patch

    patch(django=True, sqlite3=True)


def opentelemetry() -> None:
    from opentelemetry.instrumentation.django import DjangoInstrumentor
    from opentelemetry.sdk.trace import TracerProvider

    DjangoInstrumentor().instrument(tracer_provider=TracerProvider())


def newrelic() -> None:
    from newrelic.agent import global_settings, initialize, register_application

    settings = global_settings()
    settings.monitor_mode = settings.developer_mode = False
    initialize()
    assert register_application is not None


def elastic() -> None:
    import elasticapm
    from elasticapm.contrib.django.client import get_client

    get_client()
    elasticapm.instrument()


def scout() -> None:
    from scout_apm.django.instruments.sql import ensure_sql_instrumented
    from scout_apm.django.instruments.template import ensure_templates_instrumented

    ensure_sql_instrumented()
    ensure_templates_instrumented()


def mock() -> None:
    from unittest.mock import patch

    from django.dispatch import Signal

    for name in ("send", "_live_receivers"):
        original = Signal.__dict__[name]
        patch.object(Signal, name, autospec=True, side_effect=original).start()


START: dict[str, Callable[[], None]] = {
    start.__name__: start
    for start in (
        *(sentry, ddtrace, opentelemetry, newrelic, elastic, scout),
        mock,
    )
}


def main(instrument: str, time: str) -> None:
    start = START[instrument]
    settings.configure(
        ALLOWED_HOSTS=["*"],
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
        },
        ELASTIC_APM={
            "DISABLE_SEND": True,
            "CENTRAL_CONFIG": False,
            "CLOUD_PROVIDER": False,
        },
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "signaltools",
        ],
        MIDDLEWARE=MIDDLEWARE.get(instrument, []),
        ROOT_URLCONF=__name__,
        SCOUT_MONITOR=False,
        SECRET_KEY="x",
        USE_TZ=True,
    )
    if time == "before":
        start()
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    check(start, time)


def check(start: Callable[[], None], time: str) -> None:
    import signaltools
    from signaltools.recording.current import current
    from signaltools.testing import capture, mute

    connect()
    # From now on, the group exists.
    answers()
    before = functions()
    with signaltools.trace() as first:
        assert answers() == ANSWERS
        if time == "inside":
            start()
        for _ in range(30):
            assert answers() == ANSWERS
        with mute(ping, receivers=[hello]):
            assert answers() == ANSWERS[1:]
    # A mock of send() is one more line in between.
    check_trace(first, 32, 1, lines=2 if (start, time) == (mock, "inside") else 1)
    if time == "after":
        assert functions() == before
        start()
        before = functions()
    with signaltools.trace() as second, capture(ping) as sent:
        for _ in range(30):
            assert answers() == ANSWERS
    check_trace(second, 30)
    assert [len(each.responses) for each in sent] == [3] * 30
    with mute(ping), signaltools.trace() as third:
        assert answers() == ANSWERS[3:]
    reasons = [each.reason for each in third.not_run if "ping" in each.signal]
    assert reasons == ["muted"] * 3, reasons
    if time != "inside":
        assert functions() == before
    # If the instrument has patched over a hook, that hook does nothing.
    assert answers() == ANSWERS
    assert current.get() is None
    del first, second, third, sent
    gc.collect()
    left = {type(each).__name__ for each in gc.get_objects()}
    assert not {"Recorder", "SendNode", "CallNode"} & left


def connect() -> None:
    from django.contrib.auth.models import Group
    from django.db.models.signals import post_save

    for receiver in (hello, shop.on_ping, later):
        ping.connect(receiver)
    post_save.connect(saved, sender=Group)


def check_trace(trace: Any, times: int, muted: int = 0, lines: int = 1) -> None:
    """
    Compare with what ran ``times`` times, by as many ``lines``, which are shown apart.
    """
    counts: Counter[str] = Counter()
    nodes: Counter[str] = Counter()
    own = [call for call in trace.calls if call.receiver.startswith(f"{__name__}.")]
    for call in own:
        name = call.receiver.rpartition(".")[2]
        counts[name] += call.count
        nodes[name] += 1
        assert call.self_queries == (call.count if name == "saved" else 0)
    ran = {"hello": times - muted, "on_ping": times, "later": times, "saved": 2 * times}
    assert counts == ran, counts
    expected = {"hello": lines, "on_ping": lines, "later": lines, "saved": 2 * lines}
    assert nodes == expected, nodes
    not_run = [each.receiver.name for each in trace.not_run if each.receiver]
    assert not [name for name in not_run if name.startswith(f"{__name__}.")]


def functions() -> list[Any]:
    from django.db.backends.utils import CursorWrapper
    from django.db.models.signals import ModelSignal
    from django.dispatch import Signal

    names = ("send", "send_robust", "asend", "asend_robust", "connect")
    found = [Signal.__dict__[name] for name in (*names, "_live_receivers")]
    found += [ModelSignal.__dict__["connect"], Signal.__dict__.get("__init_subclass__")]
    return [*found, CursorWrapper.__dict__["_execute_with_wrappers"]]


if __name__ == "__main__":
    main(*sys.argv[1:])
