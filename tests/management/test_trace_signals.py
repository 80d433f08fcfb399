from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from signaltools.management.commands import trace_signals

ROOT = Path(__file__).parents[2]


def run(*args: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*args),
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        env=environment(),
        check=False,
        **options,
    )


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "django", "trace_signals", *args]


def environment() -> dict[str, str]:
    settings = {"DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONIOENCODING": "utf-8"}
    return {**os.environ, **settings, "PYTHONPATH": str(ROOT)}


def trace(capsys: pytest.CaptureFixture[str], *args: str, **options: Any) -> str:
    call_command("trace_signals", *args, **options)
    return capsys.readouterr().out


@pytest.mark.django_db
def test_prints_the_output_of_the_command_and_then_its_signals(capsys):
    out = trace(
        capsys, "createsuperuser", "--noinput", "--username=a", "--email=a@b.de"
    )
    first, second, *rest = out.splitlines()
    assert first == "Superuser created successfully."
    assert second.endswith(" SQL")
    assert any("post_save  auth.User" in line for line in rest)
    assert any("tests.testapp.receivers.audit" in line for line in rest)


def test_json_has_standard_output_for_itself(capsys):
    call_command("trace_signals", "--format", "json", "check", "--tag=urls")
    out, err = capsys.readouterr()
    assert json.loads(out)["version"] == 1
    assert err == "System check identified no issues (0 silenced).\n"


def test_json_in_a_file_leaves_standard_output_to_the_command(capsys, tmp_path):
    file = tmp_path / "trace.json"
    out = trace(capsys, "--format", "json", "-o", str(file), "check", "--tag=urls")
    assert out == "System check identified no issues (0 silenced).\n"
    assert json.loads(file.read_text("utf-8"))["version"] == 1


def test_a_command_is_required():
    with pytest.raises(CommandError) as caught:
        call_command("trace_signals")
    assert str(caught.value) == "Name a command to run, as in: trace_signals migrate"


def test_an_unwritable_file_is_found_before_the_command_runs(capsys, tmp_path):
    file = tmp_path / "no" / "trace.txt"
    with pytest.raises(CommandError) as caught:
        call_command("trace_signals", "-o", str(file), "check", "--tag=urls")
    assert (
        str(caught.value) == f"Cannot write {str(file)!r}: No such file or directory."
    )
    assert capsys.readouterr().out == ""


def test_an_unknown_command_gets_the_error_of_django():
    done = run("chekc")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Unknown command: 'chekc'. Did you mean check?\n")


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("raise SystemExit(7)", 7, ""),
        ("raise SystemExit('enough')", 1, "enough\n"),
        ("raise CommandError('no')", 3, "CommandError: no\n"),
        ("1 / 0", 1, "ZeroDivisionError: division by zero\n"),
    ],
)
def test_ends_as_the_command_ends(code, status, error):
    imports = "from django.core.management import CommandError\n"
    code = code.replace("'no'", "'no', returncode=3")
    done = run("shell", "--no-imports", "--command", imports + code)
    assert done.returncode == status
    assert done.stderr.endswith(error)
    assert done.stdout.splitlines()[0].startswith("0 sends")


def test_a_usage_error_of_the_command_is_its_own():
    done = run("check", "--nope")
    assert done.returncode == 2
    assert "check: error: unrecognized arguments: --nope" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send")
def test_ctrl_c_prints_what_was_recorded():
    process = subprocess.Popen(
        command("pay_and_wait"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment(),
        # A shell may have told its background jobs to ignore SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    with process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out.startswith("1 send · ")
    assert err == ""


NOTICE = "shell still runs. Ctrl-C ends it and prints what was recorded.\n"


@pytest.mark.parametrize(("verbosity", "notice"), [(1, NOTICE), (0, "")])
def test_a_long_run_says_that_it_runs(monkeypatch, capsys, verbosity, notice):
    monkeypatch.setattr(trace_signals, "_FIRST_NOTICE", 0.01)
    code = "import time; time.sleep(0.2)"
    shell = ["shell", "--no-imports", "--command", code]
    args = ["trace_signals", "--verbosity", str(verbosity), *shell]
    call_command(*args)
    assert capsys.readouterr().err == notice


def test_a_short_run_says_nothing(capsys):
    start = time.monotonic()
    call_command("trace_signals", "check", "--tag=urls")
    assert capsys.readouterr().err == ""
    assert time.monotonic() - start < trace_signals._FIRST_NOTICE
