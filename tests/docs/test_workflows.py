"""
The files that GitHub and Read the Docs read call what exists.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))


def load(name):
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


def steps(name):
    return [step for job in load(name)["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("name", [path.relative_to(ROOT) for path in WORKFLOWS])
def test_a_workflow_runs_what_exists(name):
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    for step in steps(name):
        assert ("uses" in step) != ("run" in step)
        if "uses" in step:
            assert re.fullmatch(r"[\w/-]+@(v\d+|release/v\d+)", step["uses"])
        elif step["run"].startswith("make "):
            assert step["run"].split()[1] in targets
        elif step["run"].startswith("."):
            assert os.access(ROOT / step["run"], os.X_OK)
        else:
            assert (ROOT / step["run"].split()[-1]).is_file()


def test_ci_has_every_python_that_is_supported():
    [setup] = [step for step in steps(".github/workflows/ci.yml") if "with" in step][:1]
    listed = setup["with"]["python-version"].split()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    classifiers = re.findall(r":: Python :: (3\.\d+)", str(project["classifiers"]))
    assert sorted(listed) == classifiers


def test_only_the_job_that_publishes_may_ask_for_a_token():
    jobs = load(".github/workflows/publish.yml")["jobs"]
    assert jobs["build"]["permissions"] == {"contents": "read"}
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert jobs["publish"]["environment"]["name"] == "pypi"
    assert jobs["publish"]["needs"] == "build"
    assert not [step for step in jobs["publish"]["steps"] if "run" in step]
    saved, loaded = jobs["build"]["steps"][-1], jobs["publish"]["steps"][0]
    assert saved["with"]["name"] == loaded["with"]["name"]
    assert saved["with"]["path"] == loaded["with"]["path"] == "dist"


def test_the_tag_is_compared_with_the_version():
    [compare] = [
        step["run"]
        for step in steps(".github/workflows/publish.yml")
        if "GITHUB_REF_NAME" in step.get("run", "")
    ]
    line = re.search(r'"(__version__ = .*)" ', compare)[1].replace('\\"', '"')
    shape = re.escape(line).replace(re.escape("$GITHUB_REF_NAME"), r"[\d.]+")
    source = (ROOT / compare.split()[-1]).read_text("utf-8")
    assert re.search(f"^{shape}$", source, re.M)


def test_the_changelog_begins_with_the_version():
    source = (ROOT / "signaltools/__init__.py").read_text("utf-8")
    version = re.search(r'^__version__ = "(.+)"$', source, re.M)[1]
    headings = re.findall(
        r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M
    )
    assert headings[0].startswith(f"{version} (")
    # What "make dist" refuses, and what docs/releasing.md replaces it with.
    shape = r"\d+\.\d+\.\d+ \((unreleased|\d{4}-\d\d-\d\d)\)"
    assert [each for each in headings if not re.fullmatch(shape, each)] == []


def test_read_the_docs_installs_a_group_and_builds_these_pages():
    config = load(".readthedocs.yaml")
    assert (ROOT / config["sphinx"]["configuration"]).is_file()
    assert config["sphinx"]["fail_on_warning"]
    install = config["build"]["jobs"]["install"][-1]
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert install.split("--group ")[1] in groups["dependency-groups"]
