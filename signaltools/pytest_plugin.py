"""
Fixtures, a marker, and an option for pytest.

pytest loads this plugin wherever signaltools is installed, also for projects without
Django. Therefore everything is imported where it is used.
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

_traces: pytest.StashKey[Trace] = pytest.StashKey()
_muted: pytest.StashKey[ExitStack] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("signaltools").addoption(
        "--trace-signals",
        action="store_true",
        help="for each failing test, print the signals that it sent and the receivers "
        "that ran",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "mute_signals(*signals, receivers=(), except_=None, everywhere=False): prevent "
        "the receivers of these signals from running in the test and its fixtures; "
        "without signals, those of all signals except the given ones.",
    )


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
    Undo every connect() and disconnect() of the test.
    """
    from .testing import isolate

    with isolate():
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, Any, Any]:
    # Before the fixtures are set up. A fixture of the plugin could come too late.
    stack = item.stash[_muted] = ExitStack()
    mutes_all = False
    for marker in item.iter_markers("mute_signals"):
        from .testing import mute

        # Markers of the test come before those of its class and its module. Of those
        # that mute all signals, only the first one decides which ones it excepts.
        if not marker.args:
            if mutes_all:
                continue
            mutes_all = True
        stack.enter_context(mute(*marker.args, **marker.kwargs))
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, Any, Any]:
    try:
        return (yield)
    finally:
        # After the fixtures. Another plugin may have failed before the mutes began.
        item.stash.get(_muted, ExitStack()).close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    # trace() reads the settings. A project without them may not even use Django.
    conf = sys.modules.get("django.conf")
    has_settings = conf is not None and conf.settings.configured
    if not item.config.option.trace_signals or not has_settings:
        return (yield)
    from .tracing import trace

    # Only the test itself: the fixtures of the first test that uses the database send
    # all signals of its migrations.
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
