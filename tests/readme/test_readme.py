"""
The README says what is true: its commands print what it shows, its code runs.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "example_project"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def sessions() -> list[tuple[str, str]]:
    texts = [block.removeprefix("$ ").partition("\n") for block in blocks("console")]
    return [(command, output) for command, _, output in texts if "manage.py" in command]


def run(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *args],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=EXAMPLE,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONIOENCODING": "utf-8",
        },
        check=False,
    )


def portable(output: str) -> str:
    # Where a package is installed, and on which line, differs between machines.
    return re.sub(r" +\S*/…/(\S+):\d+", r"  …/\1", output)


@pytest.mark.parametrize(("command", "shown"), sessions())
def test_a_command_prints_what_the_readme_shows(command, shown):
    done = run(*command.split()[1:])
    assert portable(done.stdout + done.stderr) == portable(shown)


def test_the_readme_shows_commands():
    assert len(sessions()) >= 3


def test_the_code_runs():
    code = "\n".join(blocks("python"))
    assert "SIGNALTOOLS" in code
    done = run("manage.py", "shell", "--no-imports", "--command", code)
    assert (done.returncode, done.stderr) == (0, "")


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_every_option_of_the_command_has_a_place_in_the_docs():
    reference = (ROOT / "docs/list_signals.md").read_text(encoding="utf-8")
    usage = run("manage.py", "list_signals", "--help").stdout
    own_options = usage.partition("show this help")[2].partition("--version")[0]
    names = set(re.findall(r"--[a-z]+", own_options))
    assert {"--app", "--sender", "--format", "--output"} <= names
    assert not {name for name in names if f"`{name}" not in reference}


def test_the_readme_stays_short():
    assert len(README.splitlines()) <= 120
