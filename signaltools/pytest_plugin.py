"""
Fixtures, a marker, and options for pytest.

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
    from .testing.covering import Covering
    from .tracing import Trace

_traces: pytest.StashKey[Trace] = pytest.StashKey()
_muted: pytest.StashKey[ExitStack] = pytest.StashKey()
_covering: pytest.StashKey[Covering] = pytest.StashKey()
_coverage: pytest.StashKey[tuple[str, str]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("signaltools")
    group.addoption(
        "--trace-signals",
        action="store_true",
        help="for each failing test, print the signals that it sent and the receivers "
        "that ran",
    )
    group.addoption(
        "--signal-coverage",
        action="store_const",
        const="project",
        help="print which receivers of the project never ran, and which of its signals "
        "were never sent",
    )
    # An option with an optional value would take the path of a test for that value.
    group.addoption(
        "--signal-coverage=all",
        dest="signal_coverage",
        action="store_const",
        const="all",
        help="the same for Django, installed packages, and the tests themselves",
    )
    group.addoption(
        "--signal-coverage-fail-under",
        metavar="MIN",
        type=float,
        help="fail if less than MIN percent of the receivers ran",
    )
    group.addoption(
        "--signal-coverage-json",
        metavar="FILE",
        help="write the number of calls of each receiver to FILE, as JSON",
    )


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    # Before pytest-django sets up Django, which sends signals.
    _start_coverage(early_config, early_config.known_args_namespace)
    return (yield)


def _start_coverage(config: pytest.Config, options: Any) -> None:
    if _covering in config.stash or not _wants_coverage(options):
        return
    from .testing.covering import Covering

    covering = config.stash[_covering] = Covering(
        everything=options.signal_coverage == "all",
        fail_under=options.signal_coverage_fail_under,
        file=options.signal_coverage_json,
    )
    covering.start()
    config.add_cleanup(covering.stop)


def _wants_coverage(options: Any) -> bool:
    return not options.collectonly and bool(
        options.signal_coverage
        or options.signal_coverage_fail_under is not None
        or options.signal_coverage_json
    )


def pytest_configure(config: pytest.Config) -> None:
    # If a conftest file loads the plugin, it's too late for the hook above.
    _start_coverage(config, config.option)
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


def pytest_collection_finish(session: pytest.Session) -> None:
    covering = session.config.stash.get(_covering, None)
    if covering is not None:
        covering.read(_test_modules(session))


def _test_modules(session: pytest.Session) -> set[str]:
    modules = (item.getparent(pytest.Module) for item in session.items)
    return {module.obj.__name__ for module in modules if module is not None}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    covering = node.config.stash.get(_covering, None)
    if covering is None:
        return
    # A worker of pytest-xdist that crashed has no results.
    results = getattr(node, "workeroutput", {}).get("signaltools")
    if results is None:
        covering.note("A worker crashed, so the receivers that it ran aren't counted.")
    else:
        covering.add(results)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    covering = config.stash.get(_covering, None)
    if covering is None:
        return
    # The process that distributes tests to workers runs none itself.
    if not covering.has_others:
        covering.read(_test_modules(session))
    if hasattr(config, "workeroutput"):
        config.workeroutput["signaltools"] = covering.results()
        return
    _, failure = config.stash[_coverage] = covering.report()
    if failure and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    report, failure = config.stash.get(_coverage, ("", ""))
    if report:
        terminalreporter.ensure_newline()
        terminalreporter.write(report)
    if failure:
        terminalreporter.write_line(failure, red=True, bold=True)
