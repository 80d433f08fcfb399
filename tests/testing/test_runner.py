from __future__ import annotations

import unittest

import pytest
from django.core.management import CommandError, CommandParser
from django.dispatch import Signal
from django.test.runner import DiscoverRunner

from signaltools.testing import SignalCoverageRunnerMixin

paid = Signal()


class Runner(SignalCoverageRunnerMixin, DiscoverRunner):
    """
    Run one test case, without a database.
    """

    def build_suite(self, *args, **kwargs):
        self.parallel = 1
        suite = unittest.TestSuite([Case("test_send")])
        return unittest.TestSuite([suite])

    def setup_test_environment(self, **kwargs):
        pass

    teardown_test_environment = setup_test_environment

    def setup_databases(self, **kwargs):
        return []


class Case(unittest.TestCase):
    def test_send(self):
        paid.send(None)


def receive(**kwargs):
    pass


@pytest.fixture
def run(capsys):
    def run(*arguments):
        parser = CommandParser()
        Runner.add_arguments(parser)
        runner = Runner(**vars(parser.parse_args(arguments)))
        failures = runner.run_tests([])
        assert Signal.__dict__["send"] is send
        return failures, capsys.readouterr().out

    send = Signal.__dict__["send"]
    paid.connect(receive)
    yield run
    paid.disconnect(receive)


def test_it_reports_what_ran(run):
    failures, out = run("--signal-coverage=all")
    assert failures == 0
    assert "signal coverage: " in out
    assert f"never ran   {__name__}.receive" not in out


def test_tests_are_no_part_of_the_project(run):
    _, out = run("--signal-coverage")
    assert __name__ not in out


def test_it_fails_if_too_few_receivers_ran(run, tmp_path):
    file = tmp_path / "coverage.json"
    options = ["--signal-coverage-fail-under=101", f"--signal-coverage-json={file}"]
    failures, out = run(*options)
    assert failures == 1
    assert out.endswith("which is less than the required 101%.\n")
    assert file.exists()


def test_it_changes_nothing_without_its_options(run):
    failures, out = run()
    assert (failures, "coverage" in out) == (0, False)


def test_it_refuses_several_processes():
    with pytest.raises(CommandError) as error:
        Runner(signal_coverage="project", parallel=2)
    assert str(error.value) == (
        "Signal coverage can't be measured with --parallel; remove one of the options."
    )
