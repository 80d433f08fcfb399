"""
Test that commands print what the README and the docs show, and that their code runs.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from debug_toolbar.settings import PANELS_DEFAULTS

ROOT = Path(__file__).parents[2]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *sorted(ROOT.glob("docs/*.md")),
    ]
}
README = PAGES["README.md"]


def blocks(language, page):
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def sessions(page):
    """
    Return each ``manage.py`` command with what the page shows below it.
    """
    prompts = re.compile(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
    found = [
        pair for block in blocks("console", page) for pair in prompts.findall(block)
    ]
    return [pair for pair in found if pair[0].startswith("python manage.py")]


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """
    A copy of the example project with its demo data, for commands that write files.
    """
    ignored = shutil.ignore_patterns("*.sqlite3*", "__pycache__")
    folder = tmp_path_factory.mktemp("docs") / "example_project"
    shutil.copytree(ROOT / "example_project", folder, ignore=ignored)
    for command in ("migrate", "demo_data"):
        assert run(folder, "manage.py", command, "--verbosity=0").returncode == 0
    shutil.copy(folder / "db.sqlite3", folder / "demo.sqlite3")
    return folder


@pytest.fixture(scope="module")
def output_of(example):
    """
    A function that returns what a command prints; several pages show the same ones.
    """

    @functools.cache
    def read(command):
        # Some commands change the database, but each starts with the demo data.
        shutil.copy(example / "demo.sqlite3", example / "db.sqlite3")
        return run(example, *shlex.split(command)[1:]).stdout

    return read


def run(folder, *args, **options):
    return subprocess.run(
        [sys.executable, *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        cwd=folder,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONIOENCODING": "utf-8",
            "COLUMNS": "80",
            # "example_project" is the folder of the process.
            "PYTHONPATH": os.pathsep.join([".", os.environ.get("PYTHONPATH", "")]),
        },
        check=False,
        **options,
    )


def portable(output):
    # Line numbers in other packages differ in each release, and times in each run.
    output = re.sub(r" +(…/\S+):\d+", r"  \1", output)
    output = re.sub(
        r" +(\+?)[\d,]+\.\d(?= |$)", r"  \g<1>0.0", output, flags=re.MULTILINE
    )
    return re.sub(r"\(\d+%\)", "(0%)", output)


def is_shown(page, output):
    """
    Return whether ``page`` shows ``output``; a line "..." stands for any lines.
    """
    parts = map(re.escape, re.split(r"^\.\.\.\n", page, flags=re.MULTILINE))
    return re.fullmatch(".*".join(parts), output, flags=re.DOTALL) is not None


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        pytest.param(*session, id=f"{name}-{session[0]}")
        for name, page in PAGES.items()
        for session in sessions(page)
    ],
)
def test_a_command_prints_what_the_page_shows(command, shown, output_of):
    output = portable(output_of(command))
    assert is_shown(portable(shown), output), output


@pytest.mark.parametrize(("name", "least"), [("README.md", 2), ("docs/tour.md", 8)])
def test_the_page_shows_commands(name, least):
    assert len(sessions(PAGES[name])) >= least


BLOCKS = {
    f"{name}-{number}": block
    for name, page in PAGES.items()
    for number, block in enumerate(
        re.findall(r"^```(python|pycon)\n(.*?)^```", page, re.MULTILINE | re.DOTALL), 1
    )
}
SETTINGS = {
    name: code
    for name, (_, code) in BLOCKS.items()
    if re.search(r"^\s*(INSTALLED_APPS|DEBUG_TOOLBAR_PANELS|SIGNALTOOLS) ", code, re.M)
}
CODE = {name: block for name, block in BLOCKS.items() if name not in SETTINGS}


@pytest.fixture(scope="module")
def printed(example):
    done = run(
        example,
        str(ROOT / "tests/readme/run_blocks.py"),
        input=json.dumps([*CODE.values()]),
    )
    assert done.returncode == 0, done.stdout
    return dict(zip(CODE, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("block", CODE)
def test_a_block_of_code_runs_by_itself(block, printed):
    assert printed[block] == ""


def test_the_page_about_testing_shows_tests_that_pass(example, tmp_path):
    shown = blocks("python", PAGES["docs/testing.md"])
    [conftest] = [block for block in shown if "def pytest_sessionstart" in block]
    tests = [block for block in shown if re.search("^(    |)def test_", block, re.M)]
    folder = tmp_path / "example_project"
    shutil.copytree(example, folder)
    (folder / "conftest.py").write_text(conftest, encoding="utf-8")
    for number, test in enumerate(tests):
        (folder / f"test_shown_{number}.py").write_text(test, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    options = ["-p", "no:randomly", "-p", "no:cacheprovider", "-q"]
    if not entry_points(group="pytest11", name="signaltools"):
        options += ["-p", "signaltools.pytest_plugin"]
    files = [f"test_shown_{number}.py" for number in range(len(tests))]
    done = run(folder, "-m", "pytest", *options, *files)
    assert re.search(rf"^{len(tests)} passed", done.stdout, re.M), done.stdout
    assert len(tests) == 3


@pytest.fixture(scope="module")
def new_project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("new")
    assert run(folder, "-m", "django", "startproject", "bakery", ".").returncode == 0
    return folder


@pytest.mark.parametrize("block", SETTINGS)
def test_settings_are_pasted_into_a_new_project(block, new_project):
    pasted = f"from bakery.settings import *\n\n{SETTINGS[block]}"
    (new_project / "bakery/pasted.py").write_text(pasted, encoding="utf-8")
    done = run(new_project, "manage.py", "check", "--settings", "bakery.pasted")
    assert done.stdout == "System check identified no issues (0 silenced).\n"
    code = (
        "from bakery import pasted; print(len(pasted.INSTALLED_APPS), "
        "len(getattr(pasted, 'DEBUG_TOOLBAR_PANELS', ())))"
    )
    apps, panels = run(new_project, "-c", code).stdout.split()
    assert int(apps) == 6 + ("INSTALLED_APPS" in SETTINGS[block])
    assert int(panels) == len(PANELS_DEFAULTS) * ("PANELS" in SETTINGS[block])


LINK = re.compile(r"\]\((?!https:)([^)#]*)#?([^)]*)\)|src(?:set)?=\"([^\"]+)\"")


@pytest.mark.parametrize(
    "name", [*PAGES, "SECURITY.md", "CHANGELOG.md", ".github/pull_request_template.md"]
)
def test_links_lead_somewhere(name):
    page = ROOT / name
    for path, heading, image in LINK.findall(page.read_text(encoding="utf-8")):
        target = page.parent / path if path else page
        assert target.exists(), path
        assert not heading or heading in anchors(target), heading
        assert (page.parent / image).exists(), image


def anchors(page):
    """
    Return what a link to a heading of a page ends with.
    """
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", each).lower().replace(" ", "-") for each in headings
    }


@pytest.mark.parametrize(
    ("command", "page", "some"),
    [
        ("list_signals", "docs/list_signals.md", {"--app", "--sender", "--format"}),
        ("lock_signals", "docs/lock_signals.md", {"--check", "--all", "--import"}),
        ("trace_signals", "docs/recording.md", {"--format", "--output"}),
    ],
)
def test_the_docs_describe_every_option_of_a_command(command, page, some, output_of):
    usage = output_of(f"python manage.py {command} --help")
    own_options = usage.partition("show this help")[2].partition("--version")[0]
    names = set(re.findall(r"--[a-z]+", own_options))
    assert some <= names
    assert not {name for name in names if f"`{name}" not in PAGES[page]}


def test_the_page_of_the_lock_file_shows_the_change_of_an_event(example, tmp_path):
    page = PAGES["docs/lock_signals.md"]
    folder = tmp_path / "example_project"
    shutil.copytree(example, folder)
    assert run(folder, "manage.py", "lock_signals", "--force").returncode == 0
    signals = folder / "shop/signals.py"
    old = signals.read_text(encoding="utf-8")
    new = old.replace(
        "amount: Decimal)", "amount: Decimal | None, channel: str = 'web')"
    )
    signals.write_text(new, encoding="utf-8")

    for options in ([], ["--check"]):
        done = run(folder, "manage.py", "lock_signals", *options)
        assert done.returncode == 1
        command = " ".join(["manage.py", "lock_signals", *options])
        # The page has the error below the report, as a terminal does.
        lines = set(done.stdout.splitlines())
        shown = re.search(rf"\$ {command}\n(.*?)```", page, re.DOTALL)[1]
        assert set(shown.splitlines()) == lines


def test_the_readme_stays_short():
    assert len(README.splitlines()) <= 120
