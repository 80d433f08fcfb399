"""
Test signals with pytest.

pytest loads this in every project, so whatever it needs is imported when it is used.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .testing import Capture
    from .tracing import Trace

_MARKER = (
    "mute_signals(*signals, receivers=(), everywhere=False): keep the receivers of "
    "signals, given by name or not, from running in the test and its fixtures."
)
_traces: pytest.StashKey[Trace] = pytest.StashKey()
_muted: pytest.StashKey[ExitStack] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("signaltools").addoption(
        "--trace-signals",
        action="store_true",
        help="print what each test that fails has sent and what ran",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture
def signal_capture() -> Generator[Callable[..., Capture]]:
    """
    Return a function that captures signals for the rest of the test.
    """
    from .testing import capture

    with ExitStack() as stack:
        yield lambda *signals, **options: stack.enter_context(
            capture(*signals, **options)
        )


@pytest.fixture
def signal_mute() -> Generator[Callable[..., None]]:
    """
    Return a function that mutes signals for the rest of the test.
    """
    from .testing import mute

    with ExitStack() as stack:

        def mute_until_the_end(*signals: Any, **options: Any) -> None:
            stack.enter_context(mute(*signals, **options))

        yield mute_until_the_end


@pytest.fixture
def signal_isolate() -> Generator[None]:
    """
    Undo all that the test connects and disconnects.
    """
    from .testing import isolate

    with isolate():
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, Any, Any]:
    if item.get_closest_marker("mute_signals") is not None:
        from .testing import mute

        stack = item.stash[_muted] = ExitStack()
        for marker in item.iter_markers("mute_signals"):
            stack.enter_context(mute(*marker.args, **marker.kwargs))
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, Any, Any]:
    try:
        return (yield)
    finally:
        item.stash.get(_muted, ExitStack()).close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    # Not the fixtures: the first test that needs a database would show its migrations.
    if not item.config.option.trace_signals or not _has_settings():
        return (yield)
    from .tracing import trace

    with trace() as item.stash[_traces]:
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    trace = item.stash.get(_traces, None)
    if report.failed and trace is not None:
        report.sections.append(("Signals", str(trace)))
    return report


def _has_settings() -> bool:
    conf = sys.modules.get("django.conf")
    return conf is not None and conf.settings.configured
