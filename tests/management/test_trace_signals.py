from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.core.management import (
    CommandError,
    call_command,
    execute_from_command_line,
)

from signaltools.management.commands import trace_signals

ROOT = Path(__file__).parents[2]


def execute(*args):
    """
    Run the command as manage.py does, in this process, and return its exit status.
    """
    with pytest.raises(SystemExit) as ended:
        execute_from_command_line(["manage.py", "trace_signals", *args])
    return ended.value.code


def trace(capsys, *args, **options):
    call_command("trace_signals", *args, **options)
    return capsys.readouterr().out


@pytest.mark.django_db
def test_prints_the_output_of_the_command_and_then_its_signals(capsys):
    out = trace(
        capsys, "createsuperuser", "--noinput", "--username=a", "--email=a@b.de"
    )
    first, second, *rest = out.splitlines()
    assert first == "Superuser created successfully."
    assert second.endswith(" queries")
    assert any("post_save  auth.User" in line for line in rest)
    assert any("tests.testapp.receivers.audit" in line for line in rest)


@pytest.mark.django_db
def test_the_stack_of_a_send_is_in_text_and_json(capsys):
    command = ["createsuperuser", "--noinput", "--username=a", "--email=a@b.de"]
    out = trace(capsys, "--stacks", *command)
    assert re.search(r"^ +from \S+/auth/models\.py:\d+ in UserManager\._", out, re.M)
    assert re.search(r"^ +\S+/createsuperuser\.py:\d+ in Command\.handle$", out, re.M)

    call_command("trace_signals", "--stacks", "--format=json", "migrate", "-v0")
    sends = json.loads(capsys.readouterr().out)["nodes"]
    stacks = [each["stack"] for each in sends if each["type"] == "send"]
    assert "migrate.py" in {Path(each[0]["file"]).name for each in stacks if each}


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


def shell(code):
    code = f"from tests.testapp.models import Tag\n{code}"
    return ["shell", "--no-imports", "--command", code]


@pytest.mark.django_db
def test_summary_alone(capsys):
    out = trace(capsys, "--summary", *shell("Tag.objects.create(); Tag()"))
    assert "RECEIVERS BY SELF TIME" in out
    assert "IN ORDER" not in out
    assert "DID NOT RUN" not in out


def test_a_summary_is_text():
    with pytest.raises(CommandError) as caught:
        call_command("trace_signals", "--summary", "--format=json", "check")
    assert str(caught.value) == "--summary can't be combined with --format json."


@pytest.mark.django_db
@pytest.mark.parametrize("output", ["text", "json"])
def test_only_what_matches(capsys, output):
    options = ["--format", output, "--only", "POST_SAVE", "--only", "nothing"]
    out = trace(capsys, *options, *shell("Tag.objects.create()"))
    assert "post_save" in out
    assert "pre_save" not in out
    if output == "json":
        document = json.loads(out)
        assert document["totals"]["sends"] == 1


@pytest.mark.django_db
def test_what_settings_hide_is_not_counted(capsys, settings):
    settings.SIGNALTOOLS = {"HIDE": ["django.db", "testapp"]}
    out = trace(capsys, *shell("Tag.objects.create()"))
    first, second, *_ = out.splitlines()
    assert first.startswith("0 sends · 0 calls")
    assert second.startswith("SIGNALTOOLS['HIDE'] hides 4 sends and ")


def test_a_command_is_required():
    with pytest.raises(CommandError) as caught:
        call_command("trace_signals")
    assert (
        str(caught.value)
        == "Specify a command to run, for example: trace_signals migrate"
    )


def test_an_unwritable_file_is_found_before_the_command_runs(capsys, tmp_path):
    file = tmp_path / "no" / "trace.txt"
    with pytest.raises(CommandError) as caught:
        call_command("trace_signals", "-o", str(file), "check", "--tag=urls")
    assert (
        str(caught.value) == f"Cannot write {str(file)!r}: No such file or directory."
    )
    assert capsys.readouterr().out == ""


def test_an_unknown_command_gets_the_error_of_django(capsys):
    assert execute("chekc") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Unknown command: 'chekc'. Did you mean check?\n")


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("raise SystemExit(7)", 7, ""),
        ("raise SystemExit('enough')", "enough", ""),
        ("raise CommandError('no', returncode=3)", 3, "CommandError: no\n"),
    ],
)
def test_ends_as_the_command_ends(capsys, code, status, error):
    code = f"from django.core.management import CommandError\n{code}"
    assert execute("shell", "--no-imports", "--command", code) == status
    out, err = capsys.readouterr()
    assert err == error
    assert out.splitlines()[0].startswith("0 sends")


def test_raises_what_the_command_raises(capsys):
    shell = ["trace_signals", "shell", "--no-imports", "--command", "1 / 0"]
    with pytest.raises(ZeroDivisionError):
        execute_from_command_line(["manage.py", *shell])
    assert capsys.readouterr().out.splitlines()[0].startswith("0 sends")


def test_a_usage_error_of_the_command_is_its_own(capsys):
    assert execute("check", "--nope") == 2
    assert "check: error: unrecognized arguments: --nope" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send")
def test_ctrl_c_prints_what_was_recorded():
    process = subprocess.Popen(
        [sys.executable, "-m", "django", "trace_signals", "pay_and_wait"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "PYTHONIOENCODING": "utf-8",
            "PYTHONPATH": str(ROOT),
        },
        # A shell makes its background jobs ignore SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    with process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out.startswith("1 send · ")
    assert err == ""


NOTICE = (
    "shell is still running. Press Ctrl-C to stop it and print what was recorded.\n"
)


def run_shell(code, verbosity):
    shell = ["shell", "--no-imports", "--command", code]
    call_command("trace_signals", "--verbosity", str(verbosity), *shell)


def test_a_long_run_prints_a_notice(monkeypatch, capsys):
    monkeypatch.setattr(trace_signals, "_FIRST_NOTICE", 0.001)
    # Ends as soon as there is a notice; without any, the loop ends after ten seconds.
    wait = "if not sys.stderr.getvalue(): time.sleep(0.01)"
    run_shell(f"import sys, time\nfor _ in range(1000):\n {wait}", verbosity=1)
    assert capsys.readouterr().err == NOTICE


def test_verbosity_0_prints_no_notice(monkeypatch, capsys):
    monkeypatch.setattr(trace_signals, "_FIRST_NOTICE", 0.001)
    run_shell("import time; time.sleep(0.05)", verbosity=0)
    assert capsys.readouterr().err == ""


def test_a_short_run_prints_no_notice(capsys):
    start = time.monotonic()
    call_command("trace_signals", "check", "--tag=urls")
    assert capsys.readouterr().err == ""
    assert time.monotonic() - start < trace_signals._FIRST_NOTICE
