"""
Where packages send their signals, against ``sent_by.json``: a person has searched their
sources for ``.send``, and read each line that was found.
"""

import json
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import pytest
from test_projects import run

TRUTH = json.loads(Path(__file__).with_name("sent_by.json").read_text("utf-8"))
PROJECTS = {
    "wagtail_site": ["wagtail"],
    "apps_site": ["allauth", "cms", "simple_history"],
    "oscar_site": ["oscar"],
}


@pytest.fixture(scope="module")
def signals_of(tmp_path_factory):
    database = tmp_path_factory.mktemp("empty") / "missing" / "db.sqlite3"
    options = ["list_signals", "--all", "--format", "json"]

    def find(project):
        printed = run(project, "manage_site.py", *options, database=database)
        return json.loads(printed)["signals"]

    return find


@pytest.mark.parametrize("project", PROJECTS)
def test_the_code_of_packages_that_sends_signals(signals_of, project):
    signals = signals_of(project)
    for package in PROJECTS[project]:
        truth = TRUTH[package]
        true = Counter(
            f"{signal} {place}"
            for signal, places in truth["sent_by"].items()
            for place in places
        )
        found = Counter(
            f"{signal['name']} {send['function']} {send['method']}"
            for signal in signals
            for send in signal["sent_by"]
            if send["function"].startswith(f"{package}.")
        )
        missing, invented = [*(true - found)], [*(found - true)]
        if version(truth["distribution"]) == truth["version"]:
            assert (missing, invented) == ([], [])
        else:
            # Another version sends some of them elsewhere.
            assert len(missing) < true.total() / 4, missing


def test_there_is_enough_to_find():
    sizes = {package: len(truth["sent_by"]) for package, truth in TRUTH.items()}
    assert sum(size >= 10 for size in sizes.values()) >= 3
