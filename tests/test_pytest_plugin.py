"""
The plugin in projects of its own, each in a process of its own.
"""

from __future__ import annotations

import importlib.util
import os
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
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


pytest_plugins = ["pytester"]


@pytest.fixture
def run(pytester, monkeypatch):
    """
    Return a function that runs pytest on a module and returns what it prints.
    """
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{pytester.path}")
    plugins = ["no:cacheprovider", "no:django"]
    # Where the package is not installed, there is no entry point either.
    if "signaltools" not in entry_points(group="pytest11").names:
        plugins.append("signaltools.pytest_plugin")

    def run(code: str, *options: str, project: str | None = PROJECT) -> str:
        if project is not None:
            pytester.makepyfile(project=project)
        pytester.makepyfile(test_it=code)
        args = [part for plugin in plugins for part in ("-p", plugin)]
        done = pytester.runpytest_subprocess(*args, *options)
        return f"{done.stdout}{done.stderr}"

    return run


def test_it_loads_nothing_until_it_is_used(run):
    out = run(
        """
import sys

def test_it():
    own = {name for name in sys.modules if name.startswith("signaltools")}
    assert own == {"signaltools", "signaltools.pytest_plugin"}
    assert not any(name.partition(".")[0] == "django" for name in sys.modules)
""",
        "-p",
        "no:xdist",
        project=None,
    )
    assert "1 passed" in out


@pytest.mark.parametrize("options", [(), ("--trace-signals",)])
def test_it_does_no_harm_without_settings(run, options):
    out = run("def test_it():\n    assert 0", *options, project=None)
    assert "1 failed" in out
    assert "Signals" not in out
    out = run(
        "import django.conf\ndef test_it():\n    assert 0", *options, project=None
    )
    assert "1 failed" in out
    assert "Signals" not in out


needs_xdist = pytest.mark.skipif(
    importlib.util.find_spec("xdist") is None, reason="pytest-xdist is not there"
)


@pytest.mark.parametrize(
    "options",
    [(), ("-p", "no:randomly"), pytest.param(("-n2",), marks=needs_xdist)],
    ids=" ".join,
)
def test_fixtures(run, options):
    out = run(
        """
from project import lost, paid, receive

def test_capture(signal_capture):
    sent, others = signal_capture(paid), signal_capture(lost, everywhere=True)
    paid.send(None, amount=1)
    sent.assert_sent(paid, {"amount": 1}, times=1)
    assert len(others) == 0

def test_mute(signal_mute):
    signal_mute(paid, receivers=[receive])
    assert paid.send(None) == []

def test_isolate(signal_isolate):
    assert lost.send(None) == []
    lost.connect(receive)

test_isolate_again = test_isolate

def test_nothing():
    assert paid.send(None) == [(receive, 1)]
""",
        *options,
    )
    assert "5 passed" in out


def test_marker(run):
    out = run(
        """
import pytest
from project import lost, paid, receive

@pytest.fixture
def responses():
    return paid.send(None)

@pytest.mark.mute_signals(paid)
class TestMuted:
    @pytest.mark.mute_signals("project.lost", everywhere=True)
    def test_it(self, responses):
        lost.connect(receive)
        assert responses == lost.send(None) == []

@pytest.mark.mute_signals("project.pait")
def test_typing_error():
    pass

def test_nothing():
    assert paid.send(None) == [(receive, 1)]
""",
        "--strict-markers",
    )
    assert "2 passed, 1 error" in out
    assert (
        "No loaded signal is named 'project.pait'. Did you mean 'project.paid'?" in out
    )


def test_trace_of_failing_tests(run):
    code = """
from project import lost, paid

def test_fails():
    paid.send("Ada")
    assert 0

def test_passes():
    lost.send(None)
"""
    out = run(code, "--trace-signals")
    assert out.count("-- Signals --") == 1
    assert "project.paid" in out
    assert "project.receive" in out
    assert "lost" not in out.partition("-- Signals --")[2].partition("DID NOT RUN")[0]
    assert "Signals" not in run(code)


@needs_xdist
def test_trace_of_tests_in_other_processes(run):
    code = "import project\ndef test_it():\n    project.paid.send(None)\n    assert 0"
    assert "-- Signals --" in run(code, "--trace-signals", "-n1")


def test_failures_end_where_the_test_is(run):
    out = run(
        """
from project import paid
from signaltools.testing import assert_sent

def test_fails():
    with assert_sent(paid):
        pass
"""
    )
    assert "'project.paid' wasn't sent. No other signals were sent either." in out
    assert "capturing.py" not in out


def test_types_of_events_are_checked(run):
    out = run(
        """
import pytest
import project
from signaltools import event
from signaltools.conf import conf

def test_it():
    assert conf.CHECK_EVENTS
"""
    )
    assert "1 passed" in out
