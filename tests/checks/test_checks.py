from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from django.core.checks import Error, run_checks
from django.core.checks import Warning as CheckWarning
from django.core.checks.registry import registry
from django.core.management import get_commands
from django.test import override_settings

from signaltools.checks import check_command, check_events, check_signals


def check(**settings):
    with override_settings(SIGNALTOOLS=settings):
        return run("signaltools.E")


def run(id_start):
    """
    Run the checks of this package. Other tests may have left connections with problems.
    """
    messages = run_checks(tags=["signals"])
    return [message for message in messages if message.id.startswith(id_start)]


def test_E001_unknown_setting_suggests_the_nearest():
    assert check(AUTODISCOVRE=True) == [
        Error(
            "Unknown setting 'AUTODISCOVRE' in SIGNALTOOLS.",
            hint="Did you mean 'AUTODISCOVER'?",
            id="signaltools.E001",
        )
    ]


def test_E001_unknown_setting_unlike_any_other_gets_the_whole_list():
    [error] = check(COLOR="red")
    assert error.hint == (
        "Use one of: ALWAYS_SHOW, AUTODISCOVER, AUTODISCOVER_EXCLUDE, "
        "AUTODISCOVER_MODULES, CHECK_EVENTS, EDITOR, EDITOR_PATHS, EDITOR_URL, HIDE, "
        "IGNORE, PROJECT, SHOW_STACKS, SHOW_VALUES, SLOW_RECEIVER_MS, WATCH_CONNECT."
    )


def test_E001_a_key_that_is_not_a_string_is_quoted():
    with override_settings(SIGNALTOOLS={1: True}):
        [error] = run("signaltools.E")
    assert error.msg == "Unknown setting 1 in SIGNALTOOLS."


def test_E002_a_value_of_the_wrong_type_is_named():
    assert check(EDITOR_URL="emacs", SLOW_RECEIVER_MS="slow") == [
        Error(
            "SIGNALTOOLS['EDITOR_URL'] must be a URL with {file} in it, not 'emacs'.",
            id="signaltools.E002",
        ),
        Error(
            "SIGNALTOOLS['SLOW_RECEIVER_MS'] must be a number of milliseconds, "
            "not 'slow'.",
            id="signaltools.E002",
        ),
    ]


def test_E002_unknown_editor_suggests_the_nearest():
    assert check(EDITOR="VSCode insider") == [
        Error(
            "SIGNALTOOLS['EDITOR'] must be the name of a known editor, "
            "not 'VSCode insider'.",
            hint="Did you mean 'vscode-insiders'? For another editor, set EDITOR_URL.",
            id="signaltools.E002",
        )
    ]


@pytest.mark.parametrize("value", ["kate", None, ["vscode"], 0])
def test_E002_editor_unlike_any_other_gets_the_whole_list(value):
    [error] = check(EDITOR=value)
    assert error.msg == (
        f"SIGNALTOOLS['EDITOR'] must be the name of a known editor, not {value!r}."
    )
    assert error.hint == (
        "Use one of: cursor, emacs, idea, macvim, pycharm, sublime, textmate, vscode, "
        "vscode-insiders, vscodium, windsurf, zed. For another editor, set EDITOR_URL."
    )


def test_E002_is_beside_E001():
    errors = check(SHOW_VALUES=1, COLOR="red")
    assert [error.id for error in errors] == ["signaltools.E001", "signaltools.E002"]


def test_E002_values_of_the_right_type_are_fine():
    assert check(EDITOR="zed", EDITOR_URL="code:{file}", HIDE=[]) == []
    assert check(EDITOR="", EDITOR_PATHS={"/": "/"}) == []


def test_E001_known_settings_are_fine():
    assert check(AUTODISCOVER=True, AUTODISCOVER_EXCLUDE=["shop"]) == []


@pytest.mark.parametrize("value", [None, ["HIDE"], "HIDE", 1, False])
def test_E002_settings_that_are_not_a_dict(value):
    with override_settings(SIGNALTOOLS=value):
        assert run("signaltools.E") == [
            Error(f"SIGNALTOOLS must be a dict, not {value!r}.", id="signaltools.E002")
        ]
        assert check_signals() is not None


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


def check_with(*installed):
    with override_settings(INSTALLED_APPS=installed):
        get_commands.cache_clear()
        return run("signaltools.W020")


def test_W020_another_app_hides_the_command(other_app):
    assert check_with(other_app, "signaltools") == [
        CheckWarning(
            "The 'list_signals' command of 'other_app' hides the one of signaltools.",
            hint="List 'signaltools' before 'other_app' in INSTALLED_APPS.",
            id="signaltools.W020",
        )
    ]


def test_W020_another_app_that_is_listed_later_is_fine(other_app):
    assert check_with("signaltools", other_app) == []


@pytest.mark.parametrize("name", ["lock_signals", "trace_signals"])
def test_W020_another_app_hides_another_command(other_app, tmp_path, name):
    folder = tmp_path / "other_app" / "management" / "commands"
    (folder / "list_signals.py").rename(folder / f"{name}.py")
    [message] = check_with(other_app, "signaltools")
    assert message.msg == (
        f"The {name!r} command of 'other_app' hides the one of signaltools."
    )


def test_W020_checks_run_without_the_app():
    assert check_with("django.contrib.auth", "django.contrib.contenttypes") == []


def test_W020_commands_that_django_remembers_of_other_apps(monkeypatch):
    monkeypatch.setattr("signaltools.checks.get_commands", dict)
    assert check_command() == []


@pytest.fixture
def module(monkeypatch):
    """
    A module, the only one that is looked at for events.
    """
    module = ModuleType("shop.signals")
    monkeypatch.setattr(
        "signaltools.checks.loaded_modules", lambda: [(module.__name__, module)]
    )
    return module


def declared(module, source):
    source = f"from signaltools import event\n\n{source}"
    exec(compile(source, "<test>", "exec", dont_inherit=True), vars(module))
    return module.order_paid


PAID = "@event\ndef order_paid(sender: type, *, order: int, amount: int = 0): ..."


def test_events_and_receivers_that_fit_are_fine(module):
    def receive(sender, order, **kwargs): ...

    declared(module, PAID).connect(receive)
    assert check_events() == []


def test_W103_annotation_that_cannot_be_resolved(module):
    declared(module, "@event\ndef order_paid(sender, *, order: 'Ordr'): ...")
    assert check_events() == [
        CheckWarning(
            "The annotation of 'order' in 'shop.signals.order_paid' can't be "
            "resolved, so its type isn't checked.",
            hint="Import what the annotation names in 'shop.signals'.",
            id="signaltools.W103",
        )
    ]


def test_W104_two_events_with_one_label(module):
    declared(
        module,
        f"{PAID}\n@event(name='shop.signals.order_paid')\ndef paid(sender): ...",
    )
    assert check_events() == [
        CheckWarning(
            "The events 'shop.signals.order_paid' and 'shop.signals.paid' have the "
            "same label 'shop.signals.order_paid' and the same version.",
            hint="Give one of them another label: @event(name=...).",
            id="signaltools.W104",
        )
    ]


def test_W104_another_version_may_have_the_same_label(module):
    declared(
        module,
        f"{PAID}\n@event(name='shop.signals.order_paid', version=2)\n"
        "def order_paid_2(sender): ...\nagain = order_paid",
    )
    assert check_events() == []


def test_events_are_checked_by_the_check_framework():
    assert check() == []
    assert check_events in [
        function for function in registry.get_checks() if "signals" in function.tags
    ]


def test_every_check_has_a_section_in_the_docs():
    root = Path(__file__).parents[2]
    page = root.joinpath("docs/checks.md").read_text("utf-8")
    source = "".join(
        path.read_text("utf-8") for path in root.glob("signaltools/**/*.py")
    )
    ids = {
        f"signaltools.{check_id}"
        for check_id in re.findall(r"\"(?:signaltools\.)?([EWI]\d{3})\"", source)
    }
    assert re.findall(r"^## (signaltools\..+)$", page, re.MULTILINE) == sorted(ids)
