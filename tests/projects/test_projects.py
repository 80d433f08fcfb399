"""
`list_signals` against what real projects have, each in its own processes.

What is true comes from `truth.py`, which shares no code with the package.
"""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
# The least number of signals and of receivers. The environments of tox have one or more
# of these projects each, because some require other versions of the same packages.
PROJECTS = {
    "wagtail_site": (41, 31),
    "apps_site": (41, 31),
    "pretix_site": (150, 180),
    "netbox_site": (30, 200),
}
SIGNAL_FIELDS = ["name", "kind", "class", "app", "file", "line", "aliases"]
RECEIVER_FIELDS = [
    *["signal", "name", "module", "qualname", "app", "component", "file", "line"],
    *["sender", "sender_kind", "sender_app", "dispatch_uid", "weak", "async", "order"],
]
# What system checks report, each with the line that makes it true.
KNOWN = {
    "wagtail_site": [],
    "pretix_site": [],
    "netbox_site": [],
    "apps_site": [
        # library/signals.py: @receiver(post_save, sender=Book.authors.through). In
        # save_base() of django/db/models/base.py: if not meta.auto_created.
        (
            "W008",
            "The receiver 'library.signals.never_called' is never called: 'post_save' "
            "is never sent by the model 'library.Book_authors', which Django created "
            "for a many-to-many field.",
        ),
        # The settings don't name AUTODISCOVER, and no file of the project imports it.
        (
            "W019",
            "Nothing but signaltools imports 'library.signals', which connects 47 "
            "receivers.",
        ),
    ],
}


def run(project, script, *arguments, database, **environment):
    """Return what a script prints that runs in the folder of a project."""
    process = start(project, script, *arguments, database=database, **environment)
    stderr = process.stderr.decode()
    assert (process.returncode, stderr) == (0, ""), stderr
    return process.stdout


def start(project, script, *arguments, database, **environment):
    strict = {"PYTHONDEVMODE", "PYTHONWARNINGS"}
    environ = {name: value for name, value in os.environ.items() if name not in strict}
    folder = HERE / project
    path = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    environ.update(
        DJANGO_SETTINGS_MODULE="settings",
        PROJECT_DATABASE=str(database),
        PYTHONPATH=os.pathsep.join(path),
        **environment,
    )
    return subprocess.run(
        [sys.executable, HERE / script, *arguments],
        cwd=folder,
        env=environ,
        capture_output=True,
        timeout=300,
        check=False,
    )


def run_truth(project, *arguments, database):
    return json.loads(run(project, "runner.py", *arguments, database=database))


@pytest.fixture(scope="module", params=PROJECTS)
def project(request):
    return request.param


@pytest.fixture(scope="module")
def no_database(tmp_path_factory):
    return tmp_path_factory.mktemp("empty") / "missing" / "db.sqlite3"


@pytest.fixture(scope="module")
def database(project, tmp_path_factory):
    path = tmp_path_factory.mktemp(project) / "db.sqlite3"
    if project == "netbox_site":
        # SQLite cannot have its tables.
        return path
    options = ["--run-syncdb", "--skip-checks", "-v0"]
    run(project, "manage_site.py", "migrate", *options, database=path)
    return path


@pytest.fixture(scope="module")
def command_run(project, no_database):
    """What the command said and what was true, in one process."""
    return run_truth(project, "command", database=no_database)


def listed_signals(command_run):
    return [s for s in command_run["command"]["signals"] if s["imported"]]


def listed_receivers(command_run):
    return [
        {"signal": signal["name"], **receiver}
        for signal in command_run["command"]["signals"]
        for receiver in signal["receivers"]
    ]


def storage_receivers(process):
    return {r["name"] for r in process["truth"]["receivers"] if r["of_storage"]}


def assert_same(listed, true, fields):
    """Compare as multisets and show each row that only one side has."""

    def count(rows):
        return Counter(json.dumps({f: row[f] for f in fields}) for row in rows)

    listed, true = count(listed), count(true)
    lines = [f"{row} is missing" for row in (true - listed).elements()]
    lines += [f"{row} is invented" for row in (listed - true).elements()]
    assert not lines, "\n".join(["the command differs:", *sorted(lines)])


def test_every_signal_is_listed_with_its_true_name_and_place(project, command_run):
    true = command_run["truth"]["signals"]
    assert len(true) >= PROJECTS[project][0]
    assert_same(listed_signals(command_run), true, SIGNAL_FIELDS)


def test_every_receiver_is_listed_with_all_that_is_true_of_it(project, command_run):
    true = command_run["truth"]["receivers"]
    assert len(true) >= PROJECTS[project][1]
    assert_same(listed_receivers(command_run), true, RECEIVER_FIELDS)


def test_every_signal_on_the_heap_has_a_name(command_run):
    assert command_run["truth"]["unnamed"] == []


def test_signals_that_are_not_imported_do_not_exist_and_have_no_receivers(command_run):
    signals = command_run["command"]["signals"]
    ghosts = {s["name"]: s["receivers"] for s in signals if not s["imported"]}
    assert ghosts.keys().isdisjoint(s["name"] for s in command_run["truth"]["signals"])
    assert not any(ghosts.values())


def test_nothing_needs_a_note(command_run):
    assert command_run["command"]["notes"] == []


def test_the_database_is_not_opened(command_run):
    assert command_run["database_opened"] is False


@pytest.mark.parametrize(
    ("project", "page", "content"),
    [
        ("wagtail_site", "/", "Home of localhost"),
        ("wagtail_site", "/admin/login/", 'name="password"'),
        ("apps_site", "/accounts/login/", 'name="password"'),
        ("apps_site", "/api/books/", "[]"),
        ("pretix_site", "/control/login", 'name="password"'),
        ("netbox_site", "/login/", 'name="password"'),
    ],
    indirect=["project"],
    scope="module",
)
def test_a_server_has_the_same_receivers_after_its_first_request(
    project, page, content, command_run, database
):
    served = run_truth(project, "serve", page, database=database)
    assert served["status"] == "200 OK"
    assert content in served["body"]
    # Storage objects come and go, and a server may import modules in another order.
    of_storage = storage_receivers(served) | storage_receivers(command_run)
    fields = [field for field in RECEIVER_FIELDS if field != "order"]
    assert_same(
        [r for r in listed_receivers(command_run) if r["name"] not in of_storage],
        [r for r in served["truth"]["receivers"] if r["name"] not in of_storage],
        fields,
    )


@pytest.mark.parametrize("options", [["--all"], ["--format", "json", "--all"]])
def test_two_runs_print_the_same_bytes_without_a_database(
    project, options, no_database
):
    def list_signals(seed):
        command = [project, "manage_site.py", "list_signals", *options]
        return run(*command, database=no_database, PYTHONHASHSEED=seed)

    with ThreadPoolExecutor() as pool:
        first, second = pool.map(list_signals, ["1", "2"])
    assert first
    assert first == second


@pytest.mark.parametrize("environment", [{}, {"PROJECT_DEBUG": "1"}])
def test_system_checks_report_what_is_true_and_nothing_else(
    project, environment, no_database
):
    def manage(*arguments):
        command = [project, "manage_site.py", *arguments]
        return start(*command, database=no_database, **environment)

    with ThreadPoolExecutor() as pool:
        commands = [["check", "--tag", "signals"], ["list_signals", "--format", "json"]]
        checked, listed = pool.map(lambda command: manage(*command), commands)
    assert (checked.returncode, listed.returncode) == (0, 0)
    warning = r"\(signaltools\.(\w+)\) (.*)"
    assert re.findall(warning, checked.stderr.decode()) == KNOWN[project]
    problems = json.loads(listed.stdout)["problems"]
    found = [(p["id"], p["message"]) for p in problems if p["id"].startswith("W")]
    assert found == KNOWN[project]


def test_system_checks_change_nothing(project, no_database):
    process = run_truth(project, "check", database=no_database)
    assert (process["changed"], process["database_opened"]) == (False, False)
