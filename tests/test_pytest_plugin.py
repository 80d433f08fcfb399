"""
The plugin in projects of its own. A run of pytest in another process is slow, so the
tests share a few runs of many tests.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WITHOUT_SETTINGS = """
import sys

def test_nothing_is_imported():
    own = {name for name in sys.modules if name.startswith("signaltools")}
    assert own == {"signaltools", "signaltools.pytest_plugin"}
    assert not any(name.partition(".")[0] == "django" for name in sys.modules)

def test_failure_without_django():
    assert 0

def test_django_can_be_imported():
    import django.conf

def test_failure_without_settings():
    assert 0
"""
PROJECT = """
import django
from django.conf import settings
from django.dispatch import Signal

if not settings.configured:
    settings.configure(INSTALLED_APPS=["signaltools"])
    django.setup()

paid, lost = Signal(), Signal()

def receive(**kwargs):
    return 1

paid.connect(receive)
"""
FIXTURES = """
from project import lost, paid, receive

def test_capture(signal_capture):
    sent, others = signal_capture(paid), signal_capture(lost, everywhere=True)
    paid.send(None, amount=1)
    sent.assert_sent(paid, {"amount": 1}, times=1)
    assert len(others) == 0

def test_mute(signal_mute):
    signal_mute(paid, receivers=[receive])
    assert paid.send(None) == []

def test_mute_except(signal_mute, signal_isolate):
    lost.connect(receive)
    signal_mute(except_=["project.lost"])
    assert paid.send(None) == []
    assert lost.send(None) == [(receive, 1)]

def test_isolate(signal_isolate):
    assert lost.send(None) == []
    lost.connect(receive)

test_isolate_again = test_isolate

def test_nothing_is_muted():
    assert paid.send(None) == [(receive, 1)]

def test_types_of_events_are_checked():
    from signaltools.conf import conf
    assert conf.CHECK_EVENTS
"""
MARKER = """
import pytest
from project import lost, paid, receive

@pytest.fixture
def responses():
    return paid.send(None)

@pytest.mark.mute_signals(paid)
class TestMuted:
    @pytest.mark.mute_signals("project.lost", everywhere=True)
    def test_it(self, responses, signal_isolate):
        lost.connect(receive)
        assert responses == lost.send(None) == []

@pytest.mark.mute_signals("project.pait")
def test_typing_error():
    pass

def test_nothing_is_muted_afterwards():
    assert paid.send(None) == [(receive, 1)]
"""
MARKER_OF_SUITE = """
import pytest
from project import lost, paid, receive

pytestmark = pytest.mark.mute_signals(except_=[])

@pytest.fixture
def responses():
    return paid.send(None), lost.send(None)

@pytest.fixture(autouse=True)
def connect(signal_isolate):
    lost.connect(receive)

def test_all_is_muted(responses):
    assert responses == ([], [])

@pytest.mark.mute_signals(except_=["project.paid"])
def test_the_closest_marker_decides(responses):
    assert responses == ([(receive, 1)], [])

@pytest.mark.mute_signals(lost)
@pytest.mark.mute_signals(except_=[receive])
def test_signals_are_muted_as_well(responses):
    assert responses == ([(receive, 1)], [])

@pytest.mark.mute_signals(lost)
def test_other_markers_mute_more(responses):
    assert responses == ([], [])

@pytest.mark.mute_signals(except_=["project.paid"])
class TestSome:
    def test_it(self, responses):
        assert responses == ([(receive, 1)], [])

    @pytest.mark.mute_signals(except_=["project.lost"])
    def test_other(self, responses):
        assert responses == ([], [(receive, 1)])
"""
FAILURES = """
from project import lost, paid
from signaltools.testing import assert_sent

def test_fails():
    paid.send("Ada")
    assert 0

def test_passes():
    lost.send(None)

def test_is_not_sent():
    with assert_sent(paid):
        pass
"""

CONFTEST = """
import pytest

def pytest_sessionstart(session):
    session.add_marker(pytest.mark.mute_signals(except_=["project.lost"]))
"""
DEFAULT = """
import pytest
from project import lost, paid, receive

def test_the_session_is_muted(signal_isolate):
    lost.connect(receive)
    assert paid.send(None) == []
    assert lost.send(None) == [(receive, 1)]

@pytest.mark.mute_signals(except_=[paid])
def test_a_test_has_its_own_exceptions():
    assert paid.send(None) == [(receive, 1)]
"""

ORDERS = """
from django.conf import settings

if not settings.configured:
    settings.configure(INSTALLED_APPS=["signaltools"])

from django.dispatch import Signal, receiver

paid, lost = Signal(), Signal()

@receiver(paid)
def book(**kwargs):
    return 1

@receiver(paid)
def refuse(**kwargs):
    raise RuntimeError

@receiver(paid)
def ship(**kwargs):
    pass
"""
LATE = """
from django.dispatch import Signal, receiver
from orders import paid

cancelled = Signal()

@receiver(paid, dispatch_uid="late")
def find(**kwargs):
    pass

@receiver(cancelled)
def refund(**kwargs):
    pass
"""
COVERED = """
import asyncio
import importlib
import threading
import pytest
from django.dispatch import receiver
from orders import lost, paid, ship

@receiver(lost)
def connected_in_a_test_module(**kwargs):
    pass

def test_direct():
    ship()

def test_raises():
    with pytest.raises(RuntimeError):
        paid.send(None)

def test_raises_in_a_thread():
    errors = []
    def send():
        with pytest.raises(RuntimeError) as error:
            paid.send(None)
        errors.append(error)
    thread = threading.Thread(target=send)
    thread.start()
    thread.join()
    assert errors

def test_raises_in_a_task():
    with pytest.raises(RuntimeError):
        asyncio.run(paid.asend(None))

@pytest.mark.mute_signals("orders.paid")
def test_muted():
    assert paid.send(None) == []

def test_local():
    def never_runs(**kwargs):
        pass
    lost.connect(never_runs, weak=False)
    paid.connect(never_runs, weak=False)

def test_import():
    cancelled = importlib.import_module("late").cancelled
    assert len(cancelled.send(None)) == 1
"""
COVERAGE = """\
signal coverage: 3 of 5 receivers ran (60%)
never ran   late.find    orders.paid  late.py:7
never ran   orders.ship  orders.paid  orders.py:19
never sent  orders.lost               orders.py:9
"""
CRASH = """
import os
import sys
import orders

def test_crash():
    if os.environ.get("PYTEST_XDIST_WORKER"):
        os._exit(1)
"""

needs_xdist = pytest.mark.skipif(
    importlib.util.find_spec("xdist") is None, reason="pytest-xdist is not installed"
)
#: All of them run the same tests, the first one in random order.
RUNS = [
    (),
    ("-p", "no:randomly", "--trace-signals"),
    pytest.param(("-n2", "--trace-signals"), marks=needs_xdist),
]
with_every_run = pytest.mark.parametrize("options", RUNS, ids=" ".join)
with_traces = pytest.mark.parametrize("options", RUNS[1:], ids=" ".join)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """
    Return a function that runs pytest in a new process and returns what it prints.
    """
    folder = tmp_path_factory.mktemp("projects")
    for name, source in {
        "bare/pytest.ini": "[pytest]",
        "bare/test_it.py": WITHOUT_SETTINGS,
        "covered/late.py": LATE,
        "covered/orders.py": ORDERS,
        "covered/pytest.ini": "[pytest]",
        "covered/test_orders.py": COVERED,
        "crash/orders.py": ORDERS,
        "crash/pytest.ini": "[pytest]",
        "crash/test_crash.py": CRASH,
        "quiet/conftest.py": CONFTEST,
        "quiet/project.py": PROJECT,
        "quiet/pytest.ini": "[pytest]",
        "quiet/test_default.py": DEFAULT,
        "shop/pytest.ini": "[pytest]",
        "shop/project.py": PROJECT,
        "shop/test_failures.py": FAILURES,
        "shop/test_fixtures.py": FIXTURES,
        "shop/test_marker.py": MARKER,
        "shop/test_marker_of_suite.py": MARKER_OF_SUITE,
    }.items():
        folder.joinpath(name).parent.mkdir(exist_ok=True)
        folder.joinpath(name).write_text(source, "utf-8")
    command = [sys.executable, "-m", "pytest", "--strict-markers"]
    command += ["-p", "no:cacheprovider", "-p", "no:django"]
    # If the package isn't installed, there is no entry point either.
    if "signaltools" not in entry_points(group="pytest11").names:
        command += ["-p", "signaltools.pytest_plugin"]

    @functools.cache
    def run(project, *options):
        path = os.pathsep.join([str(ROOT), str(folder / project)])
        environment = {**os.environ, "PYTHONPATH": path, "PY_COLORS": "0"}
        environment.pop("PYTEST_ADDOPTS", None)
        done = subprocess.run(
            [*command, *options],
            cwd=folder / project,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return f"{done.stdout}{done.stderr}Exit status: {done.returncode}"

    return run


def failure(out, test):
    """
    Return the part of the output about a test that fails.
    """
    return out.partition(f"_ {test} _")[2].partition("\n____")[0]


@pytest.mark.parametrize("options", [(), ("--trace-signals",)])
def test_nothing_is_imported_and_shown_without_settings(run, options):
    out = run("bare", "-p", "no:randomly", "-p", "no:xdist", *options)
    assert "2 failed, 2 passed" in out
    assert "FAILED test_it.py::test_failure_without_django" in out
    assert "FAILED test_it.py::test_failure_without_settings" in out
    assert "Signals" not in out


@with_every_run
def test_fixtures_and_markers(run, options):
    out = run("shop", *options)
    # Everything passes but what has to fail.
    assert "2 failed, 16 passed, 1 error" in out
    assert "FAILED test_failures.py::test_fails" in out
    assert "FAILED test_failures.py::test_is_not_sent" in out
    assert "ERROR test_marker.py::test_typing_error" in out
    assert (
        "No loaded signal is named 'project.pait'. Did you mean 'project.paid'?" in out
    )


@pytest.mark.parametrize("options", RUNS[::2], ids=" ".join)
def test_a_session_may_be_muted(run, options):
    assert "2 passed" in run("quiet", *options)


@with_traces
def test_failing_tests_show_their_traces(run, options):
    out = run("shop", *options)
    # Those of test_fails and test_is_not_sent.
    assert out.count("-- Signals --") == 2
    fails = failure(out, "test_fails")
    trace = fails.partition("-- Signals --")[2].partition("DID NOT RUN")[0]
    assert "project.paid" in trace
    assert "project.receive" in trace
    assert "lost" not in trace


def test_no_traces_are_shown_by_default(run):
    assert "Signals" not in run("shop")


@with_every_run
def test_tracebacks_end_in_the_test(run, options):
    fails = failure(run("shop", *options), "test_is_not_sent")
    assert "'project.paid' wasn't sent. No other signals were sent either." in fails
    assert "capturing.py" not in fails


@needs_xdist
@pytest.mark.parametrize("options", [(), ("--dist=each", "-pno:randomly")])
def test_signal_coverage_is_that_of_all_workers(run, options):
    options = ("--signal-coverage", "--signal-coverage-fail-under=60", *options)
    out = run("covered", "-n2", *options)
    assert COVERAGE in out
    assert "less than the required" not in out
    assert "7 passed" in out or "14 passed" in out
    assert "Exit status: 0" in out


def test_signal_coverage_of_everything(run):
    out = run("covered", "--signal-coverage=all", "test_orders.py")
    assert "never ran   test_orders.connected_in_a_test_module " in out
    assert "never sent  django.db.models.signals.post_save" in out
    assert "never_runs" not in out


def test_too_little_signal_coverage_fails_the_run(run, tmp_path):
    file = tmp_path / "coverage.json"
    out = run(
        "covered", "--signal-coverage-fail-under=60.5", f"--signal-coverage-json={file}"
    )
    assert COVERAGE in out
    assert "Signal coverage is 60.00%, which is less than the required 60.5%." in out
    assert "7 passed" in out
    assert "Exit status: 1" in out
    document = json.loads(file.read_text("utf-8"))
    calls = {each["name"]: each["calls"] for each in document["receivers"]}
    assert calls["orders.book"] == 3
    assert (calls["late.refund"], calls["orders.ship"]) == (1, 0)


def test_nothing_is_counted_while_tests_are_only_listed(run):
    out = run("covered", "--signal-coverage-fail-under=60", "--collect-only")
    assert "ignal coverage" not in out
    assert "Exit status: 0" in out


@needs_xdist
def test_a_worker_that_crashes_is_mentioned(run):
    out = run("crash", "--signal-coverage", "-n1", "--max-worker-restart=0")
    assert "A worker crashed, so the receivers that it ran aren't counted." in out
