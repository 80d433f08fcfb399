from __future__ import annotations

import sys

import pytest
from django.core.checks import Error, run_checks
from django.core.checks import Warning as CheckWarning
from django.core.management import get_commands
from django.test import override_settings


def check(**settings: object) -> list[Error]:
    with override_settings(SIGNALTOOLS=settings):
        return run_checks(tags=["signals"])


def test_E001_unknown_setting_suggests_the_nearest():  # noqa: N802
    assert check(AUTODISCOVRE=True) == [
        Error(
            "Unknown setting 'AUTODISCOVRE' in SIGNALTOOLS.",
            hint="Did you mean 'AUTODISCOVER'?",
            id="signaltools.E001",
        )
    ]


def test_E001_unknown_setting_like_no_other_gets_the_whole_list():  # noqa: N802
    [error] = check(COLOUR="red")
    assert error.hint == (
        "Known: ALWAYS_SHOW, AUTODISCOVER, AUTODISCOVER_EXCLUDE, "
        "AUTODISCOVER_MODULES, EDITOR_PATHS, EDITOR_URL, HIDE, SHOW_VALUES, "
        "SLOW_RECEIVER_MS."
    )


def test_E001_a_key_that_is_no_string_is_quoted():  # noqa: N802
    with override_settings(SIGNALTOOLS={1: True}):
        [error] = run_checks(tags=["signals"])
    assert error.msg == "Unknown setting 1 in SIGNALTOOLS."


def test_E002_a_value_of_another_type_is_named():  # noqa: N802
    assert check(EDITOR_URL="emacs", SLOW_RECEIVER_MS="slow") == [
        Error(
            "SIGNALTOOLS['EDITOR_URL'] must be a URL that has {file} in it, "
            "not 'emacs'.",
            id="signaltools.E002",
        ),
        Error(
            "SIGNALTOOLS['SLOW_RECEIVER_MS'] must be a number of milliseconds, "
            "not 'slow'.",
            id="signaltools.E002",
        ),
    ]


def test_E001_known_settings_are_fine():  # noqa: N802
    assert check(AUTODISCOVER=True, AUTODISCOVER_EXCLUDE=["shop"]) == []


@pytest.fixture
def other_app(tmp_path, monkeypatch):
    """
    An app with a ``list_signals`` of its own.
    """
    folder = tmp_path / "other_app" / "management" / "commands"
    folder.mkdir(parents=True)
    (tmp_path / "other_app" / "__init__.py").touch()
    (folder / "list_signals.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    yield "other_app"
    get_commands.cache_clear()
    del sys.modules["other_app"]


def check_with(*installed: str) -> list[CheckWarning]:
    with override_settings(INSTALLED_APPS=installed):
        get_commands.cache_clear()
        return run_checks(tags=["signals"])


def test_W020_another_app_owns_the_command(other_app):  # noqa: N802
    assert check_with(other_app, "signaltools") == [
        CheckWarning(
            "The command 'list_signals' belongs to 'other_app'.",
            hint="List 'signaltools' before 'other_app' in INSTALLED_APPS.",
            id="signaltools.W020",
        )
    ]


def test_W020_another_app_that_is_listed_later_is_fine(other_app):  # noqa: N802
    assert check_with("signaltools", other_app) == []
