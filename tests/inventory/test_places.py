from __future__ import annotations

import pytest
from django.apps import AppConfig, apps

from signaltools.inventory.places import Places, _modules_of_distribution

INSTALLED = "/env/lib/python3/site-packages/"


@pytest.fixture
def component(settings, tmp_path, monkeypatch):
    """
    Return a function that finds the component of an installed module.
    """
    info = tmp_path / "paperwork_suite-1.0.dist-info"
    info.mkdir()
    info.joinpath("METADATA").write_text("Name: paperwork-suite\nVersion: 1.0\n")
    files = [
        "paper/work/__init__.py",
        "paper/work/tools.py",
        "paper_cli.py",
        "paper_cli.pyi",
        "paper-data/sample.py",
    ]
    for file in files:
        tmp_path.joinpath(file).parent.mkdir(parents=True, exist_ok=True)
        tmp_path.joinpath(file).touch()
    info.joinpath("RECORD").write_text("".join(f"{file},,\n" for file in files))
    monkeypatch.syspath_prepend(tmp_path)
    _modules_of_distribution.cache_clear()

    def find(module, project):
        settings.SIGNALTOOLS = {"PROJECT": project}
        file = f"{INSTALLED}{module.replace('.', '/')}.py"
        return Places().find(module, file).component

    yield find
    _modules_of_distribution.cache_clear()


def test_an_installed_module_is_third_party(component):
    assert component("paperwork.receivers", []) == "third_party"


@pytest.mark.parametrize(
    ("module", "entry"),
    [
        ("paperwork", "paperwork"),
        ("paperwork.receivers", "paperwork"),
        ("paperwork.receivers", "paperwork.receivers"),
        # The label of an installed app.
        ("django_paper.receivers", "paper"),
        # The name of a distribution, however it is spelled.
        ("paper.work.receivers", "paperwork-suite"),
        ("paper.work", "Paperwork_Suite"),
        ("paper_cli", "paperwork-suite"),
    ],
)
def test_what_the_setting_names_is_part_of_the_project(
    module, entry, component, monkeypatch
):
    paper = AppConfig.__new__(AppConfig)
    paper.name, paper.label = "django_paper", "paper"
    monkeypatch.setitem(apps.app_configs, "paper", paper)
    assert component(module, ["other", entry]) == "project"


@pytest.mark.parametrize(
    ("module", "entry"),
    [
        ("paperwork_other.receivers", "paperwork"),
        ("paperwork", "paperwork.receivers"),
        # Another distribution in the same namespace.
        ("paper.clips", "paperwork-suite"),
        ("paperwork", ""),
        ("paperwork", "../paperwork"),
    ],
)
def test_other_packages_stay_third_party(module, entry, component):
    assert component(module, [entry]) == "third_party"


def test_django_stays_django(component):
    assert component("django.contrib.auth", ["django"]) == "django"


def test_a_wrong_value_of_the_setting_has_no_effect(component):
    assert component("paperwork", "paperwork") == "third_party"
