from __future__ import annotations

import ast
import inspect
import math
import re
import sys
from pathlib import Path
from unittest import mock

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from signaltools.conf import EDITORS, KEYS, Conf, conf


@pytest.mark.usefixtures("without_test_tools")
def test_every_setting_has_a_default():
    assert conf.AUTODISCOVER is True
    assert conf.AUTODISCOVER_MODULES == ["signals"]
    assert conf.AUTODISCOVER_EXCLUDE == []
    assert conf.PROJECT == []
    assert conf.CHECK_EVENTS is False
    assert conf.EDITOR == ""
    assert conf.EDITOR_URL == ""
    assert conf.EDITOR_PATHS == {}
    assert conf.SLOW_RECEIVER_MS == 100
    assert conf.HIDE == ["debug_toolbar"]
    assert conf.ALWAYS_SHOW == []
    assert conf.SHOW_VALUES is False
    assert conf.SHOW_STACKS is False
    assert conf.unknown == []


def test_events_are_checked_in_debug_mode_unless_the_setting_overrides_it(settings):
    settings.DEBUG = True
    assert conf.CHECK_EVENTS is True
    settings.SIGNALTOOLS = {"CHECK_EVENTS": False}
    assert conf.CHECK_EVENTS is False


@pytest.mark.usefixtures("without_test_tools")
@pytest.mark.parametrize("name", ["signaltools.testing", "signaltools.pytest_plugin"])
def test_events_are_checked_where_test_tools_are_loaded(name, monkeypatch):
    assert conf.CHECK_EVENTS is False
    monkeypatch.setitem(sys.modules, name, mock.Mock())
    assert conf.CHECK_EVENTS is True


def test_settings_are_read_on_access():
    with override_settings(SIGNALTOOLS={"AUTODISCOVER": False}):
        assert conf.AUTODISCOVER is False
    assert conf.AUTODISCOVER is True


def test_unknown_settings_are_named():
    with override_settings(SIGNALTOOLS={"AUTODISCOVRE": 1, "AUTODISCOVER": True}):
        assert conf.unknown == ["AUTODISCOVRE"]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("AUTODISCOVER", "no", "must be True or False, not 'no'."),
        ("CHECK_EVENTS", None, "must be True or False, not None."),
        ("AUTODISCOVER", 0, "must be True or False, not 0."),
        ("AUTODISCOVER_MODULES", "x", "must be a list of strings, not 'x'."),
        ("AUTODISCOVER_EXCLUDE", [1], "must be a list of strings, not [1]."),
        ("PROJECT", "shop", "must be a list of strings, not 'shop'."),
        ("SLOW_RECEIVER_MS", math.nan, "must be a number of milliseconds, not nan."),
        ("SLOW_RECEIVER_MS", math.inf, "must be a number of milliseconds, not inf."),
        ("AUTODISCOVER_EXCLUDE", None, "must be a list of strings, not None."),
        ("EDITOR", None, "must be the name of a known editor, not None."),
        ("EDITOR", "vi", "must be the name of a known editor, not 'vi'."),
        ("EDITOR", ["zed"], "must be the name of a known editor, not ['zed']."),
        ("EDITOR_URL", None, "must be a URL with {file} in it, not None."),
        ("EDITOR_URL", "vscode", "must be a URL with {file} in it, not 'vscode'."),
        ("EDITOR_PATHS", ["/srv"], "must be a dict of paths, not ['/srv']."),
        ("EDITOR_PATHS", {"/srv": 1}, "must be a dict of paths, not {'/srv': 1}."),
        ("EDITOR_PATHS", {1: "/srv"}, "must be a dict of paths, not {1: '/srv'}."),
        ("SLOW_RECEIVER_MS", "5", "must be a number of milliseconds, not '5'."),
        ("SLOW_RECEIVER_MS", True, "must be a number of milliseconds, not True."),
        ("SLOW_RECEIVER_MS", -1, "must be a number of milliseconds, not -1."),
        ("HIDE", "shop", "must be a list of strings, not 'shop'."),
        ("ALWAYS_SHOW", {"shop"}, "must be a list of strings, not {'shop'}."),
        ("SHOW_VALUES", 1, "must be True or False, not 1."),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(settings, key, value, message):
    settings.SIGNALTOOLS = {key: value}
    with pytest.raises(ImproperlyConfigured) as caught:
        getattr(conf, key)
    assert str(caught.value) == f"SIGNALTOOLS[{key!r}] {message}"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("PROJECT", ["shop"]),
        ("EDITOR", "pycharm"),
        ("EDITOR_URL", "vscode://file/{file}:{line}"),
        ("EDITOR_PATHS", {"/app": "/home/ann/shop"}),
        ("SLOW_RECEIVER_MS", 0),
        ("SLOW_RECEIVER_MS", 1.5),
        ("HIDE", []),
        ("ALWAYS_SHOW", ["shop"]),
        ("SHOW_VALUES", True),
    ],
)
def test_a_value_is_what_was_set(settings, key, value):
    settings.SIGNALTOOLS = {key: value}
    assert getattr(conf, key) == value


def test_a_changed_value_does_not_change_the_setting(settings):
    settings.SIGNALTOOLS = {"EDITOR_PATHS": {}, "HIDE": []}
    conf.EDITOR_PATHS["/app"] = "/srv"
    conf.HIDE.append("shop")
    assert settings.SIGNALTOOLS == {"EDITOR_PATHS": {}, "HIDE": []}


def test_editor_url_is_that_of_the_editor_unless_the_setting_overrides_it(settings):
    assert conf.editor_url == ""
    settings.SIGNALTOOLS = {"EDITOR": "pycharm"}
    assert conf.editor_url == "pycharm://open?file={file}&line={line}"
    settings.SIGNALTOOLS = {"EDITOR": "pycharm", "EDITOR_URL": "ed:{file}"}
    assert conf.editor_url == "ed:{file}"


@pytest.mark.parametrize("name", EDITORS)
def test_every_editor_opens_a_line_of_a_file(name):
    url = EDITORS[name]
    assert url.count("{file}") == url.count("{line}") == 1


def test_milliseconds_are_a_float(settings):
    settings.SIGNALTOOLS = {"SLOW_RECEIVER_MS": 5}
    assert type(conf.SLOW_RECEIVER_MS) is float


def test_signaltools_must_be_a_dict(settings):
    settings.SIGNALTOOLS = ["AUTODISCOVER"]
    with pytest.raises(ImproperlyConfigured) as caught:
        _ = conf.AUTODISCOVER
    assert str(caught.value) == "SIGNALTOOLS must be a dict, not ['AUTODISCOVER']."


@pytest.mark.usefixtures("without_test_tools")
def test_the_docs_have_a_line_for_every_setting():
    page = Path(__file__).parents[1].joinpath("docs/settings.md").read_text("utf-8")
    shown = re.findall(r"^\| `([A-Z_]+)` \| `(.+?)` \| (.+) \|$", page, re.MULTILINE)
    assert [name for name, _, _ in shown] == [
        name for name in vars(Conf) if name in KEYS
    ]
    for name, default, meaning in shown:
        if default != "settings.DEBUG":
            assert ast.literal_eval(default) == getattr(conf, name)
        docstring = inspect.getdoc(getattr(Conf, name)) or ""
        assert meaning == docstring.replace("``", "`").replace("\n", " ")
