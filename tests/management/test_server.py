from __future__ import annotations

import sys

import pytest
from django.test import override_settings

from signaltools.management.server import load, load_server


@pytest.fixture
def module(tmp_path, monkeypatch):
    """
    Return a function that writes a module; it is forgotten after the test.
    """
    monkeypatch.syspath_prepend(tmp_path)

    def write(source):
        (tmp_path / "loaded_by_test.py").write_text(source)
        return "loaded_by_test"

    yield write
    sys.modules.pop("loaded_by_test", None)


def test_a_module_that_loads_leaves_no_note(module):
    assert load(module("x = 1")) == ""
    assert sys.modules["loaded_by_test"].x == 1


def test_a_module_that_raises_leaves_a_note(module):
    assert load(module("1 / 0")) == (
        "Could not import module 'loaded_by_test' "
        "(ZeroDivisionError: division by zero)."
    )


def test_a_module_that_exits_leaves_a_note(module):
    assert load(module("raise SystemExit('no license')")) == (
        "Could not import module 'loaded_by_test' (SystemExit: no license)."
    )


def test_what_a_module_prints_goes_to_stderr(module, capsys):
    load(module("print('hello')"))
    assert capsys.readouterr() == ("", "hello\n")


def test_an_interrupt_is_not_caught(module):
    with pytest.raises(KeyboardInterrupt):
        load(module("raise KeyboardInterrupt"))


def test_a_server_loads_urlconf_middleware_and_request_handler(module, monkeypatch):
    monkeypatch.delitem(sys.modules, "django.core.handlers.wsgi", raising=False)
    name = module("class Middleware: pass")
    with override_settings(ROOT_URLCONF=name, MIDDLEWARE=[]):
        assert load_server() == []
    assert {name, "django.core.handlers.wsgi"} <= set(sys.modules)


def test_a_server_loads_its_template_backends():
    templates = [{"BACKEND": "no_such.Engine"}]
    with override_settings(TEMPLATES=templates):
        assert load_server() == [
            "Could not import template backend 'no_such.Engine' "
            "(ModuleNotFoundError: No module named 'no_such')."
        ]


def test_a_template_engine_without_a_backend_is_skipped():
    with override_settings(TEMPLATES=[{"DIRS": []}]):
        assert load_server() == []


def test_a_project_without_urlconf_leaves_no_note():
    assert load_server() == []


def test_a_urlconf_that_is_an_object_is_loaded_already():
    with override_settings(ROOT_URLCONF=[]):
        assert load_server() == []


def test_a_broken_urlconf_and_middleware_leave_notes():
    with override_settings(ROOT_URLCONF="no_urls", MIDDLEWARE=["no_such.Middleware"]):
        assert load_server() == [
            "Could not import ROOT_URLCONF 'no_urls' "
            "(ModuleNotFoundError: No module named 'no_urls').",
            "Could not import middleware 'no_such.Middleware' "
            "(ModuleNotFoundError: No module named 'no_such').",
        ]
