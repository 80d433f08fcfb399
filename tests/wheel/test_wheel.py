"""
The installed wheel, without the checkout: nothing here may import from ``tests``.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import entry_points, metadata, requires
from pathlib import Path

import signaltools

CHECKOUT = Path(__file__).parents[2]


def list_signals(*options: str) -> str:
    settings = (
        "from django.conf import settings; settings.configure("
        "INSTALLED_APPS=['signaltools']); import django; django.setup(); "
    )
    code = (
        f"{settings} from django.core.management import call_command; "
        f"call_command('list_signals', *{options!r})"
    )
    command = [sys.executable, "-I", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_it_is_the_wheel_that_is_tested():
    assert not Path(signaltools.__file__).is_relative_to(CHECKOUT / "signaltools")


def test_the_command_runs():
    assert "DJANGO SIGNALS" in list_signals()
    assert json.loads(list_signals("--format", "json"))["version"] == 1


def test_everything_that_is_no_python_is_in_it():
    folder = Path(signaltools.__file__).parent
    source = CHECKOUT / "signaltools"
    expected = {
        path.relative_to(source)
        for path in source.rglob("*.*")
        if path.suffix not in {".pyc"} and "__pycache__" not in path.parts
    }
    missing = {str(path) for path in expected if not (folder / path).is_file()}
    assert not missing
    assert Path("py.typed") in expected


def test_pytest_finds_the_plugin():
    [plugin] = entry_points(group="pytest11", name="signaltools")
    assert plugin.value == "signaltools.pytest_plugin"


def test_django_is_the_only_requirement():
    needed = [item for item in requires("django-signaltools") if "extra" not in item]
    assert needed == ["django>=5.2"]
    assert metadata("django-signaltools")["License-Expression"] == "MIT"


def test_the_version_is_that_of_the_package():
    assert signaltools.__version__ == metadata("django-signaltools")["Version"]


def test_an_index_shows_whole_addresses():
    described = metadata("django-signaltools")
    readme = described["Description"]
    without_code = re.sub(r"^```.*?^```", "", readme, flags=re.MULTILINE | re.DOTALL)
    links = re.findall(r"\]\(([^)\s]+)\)", without_code)
    pictures = re.findall(r'(?:src|srcset)="([^"]+)"', without_code)
    assert links
    assert pictures
    assert [link for link in links + pictures if not link.startswith("https://")] == []
    urls = [each.partition(", ")[0] for each in described.get_all("Project-URL")]
    assert urls == ["Documentation", "Source", "Changelog", "Issues"]
