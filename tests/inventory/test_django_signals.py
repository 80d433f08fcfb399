"""
What docs/signals.md says about the signals that Django ships is what Django does.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import django
import pytest

from signaltools.inventory.django_signals import (
    BUILTIN_ARGUMENTS,
    BUILTIN_SIGNALS,
)

ROOT = Path(__file__).parents[2]
PAGE = ROOT.joinpath("docs/signals.md").read_text(encoding="utf-8")

Sending = tuple[str, str, tuple[str, ...]]


def is_there(text):
    since = re.search(r"\(since (\d+)\.(\d+)\)", text)
    return since is None or tuple(map(int, since.groups())) <= django.VERSION


def table():
    """
    Yield signal, sender and arguments of each line that holds for this Django.
    """
    module = ""
    for line in PAGE.splitlines():
        if line.startswith("## ") and "`" in line:
            module = line.split("`")[1]
        if line.startswith("| `"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            signal, sender, arguments, sent = cells
            if is_there(sent):
                name = f"{module}.{signal.strip('`')}"
                yield name, sender, tuple(sorted(names(arguments)))


def names(arguments):
    listed = arguments.split(", ") if arguments else []
    return [argument.split("`")[1] for argument in listed if is_there(argument)]


@pytest.fixture(scope="module")
def observed():
    done = subprocess.run(
        [sys.executable, "-m", "tests.every_signal"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return {
        key: [(name, sender, tuple(arguments)) for name, sender, arguments in sendings]
        for key, sendings in json.loads(done.stdout).items()
    }


def test_the_table_names_every_signal_that_django_ships():
    assert {name for name, *_ in table()} == set(BUILTIN_SIGNALS)


@pytest.mark.parametrize("name", BUILTIN_SIGNALS)
def test_a_signal_has_the_senders_and_arguments_of_the_table(name, observed):
    shown = [sending for sending in table() if sending[0] == name]
    assert sorted(shown) == [each for each in observed["sent"] if each[0] == name]


def test_bulk_operations_and_raw_sql_only_make_instances(observed):
    sent = {name.rpartition(".")[2] for name, *_ in observed["sent in bulk"]}
    assert sent == {"pre_init", "post_init"}


def test_the_page_counts_in_the_versions_that_are_supported():
    assert "Django 5.2, 6.0, and 6.1" in PAGE
    assert is_there("(since 5.2)")
    assert not is_there("(since 99.0)")


@pytest.mark.parametrize("name", BUILTIN_SIGNALS)
def test_checks_know_the_arguments_of_the_table(name):
    shown = {argument for each in table() if each[0] == name for argument in each[2]}
    assert set(BUILTIN_ARGUMENTS[name]) == shown
