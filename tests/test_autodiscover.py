from __future__ import annotations

import subprocess
import sys

import pytest
from django.apps import apps
from django.test import override_settings

from signaltools.autodiscover import Discovery

CREATES = "from django.dispatch import Signal\npaid = Signal()\n"
CONNECTS = """
from django.dispatch import Signal, receiver
paid = Signal()

@receiver(paid)
def thank(sender, **kwargs): ...
"""


@pytest.fixture
def make_app(tmp_path, monkeypatch):
    """
    Write the files of an app that is gone, like all it loaded, after the test.
    """
    loaded = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)

    def make(name, **files):
        folder = tmp_path.joinpath(*name.split("."))
        folder.mkdir(parents=True)
        for file, source in {"__init__": "", **files}.items():
            (folder / f"{file}.py").write_text(source)

    yield make
    for name in set(sys.modules) - loaded:
        if getattr(sys.modules[name], "__file__", "").startswith(str(tmp_path)):
            del sys.modules[name]


def discoveries(*installed, **settings):
    names = ["signaltools", *installed]
    # In two steps: installing apps reads the settings of before its own step.
    with (
        override_settings(SIGNALTOOLS=settings),
        override_settings(INSTALLED_APPS=names),
    ):
        return list(apps.get_app_config("signaltools").discoveries)


def config(ready, extra=""):
    return f"""
from django.apps import AppConfig
{extra}
class ShopConfig(AppConfig):
    name = "shop"
    def ready(self):
        {ready}
"""


def test_the_signals_module_of_an_app_is_imported(make_app):
    make_app("shop", signals=CREATES)
    assert discoveries("shop") == [
        Discovery("shop", "shop.signals", "imported", signals=("shop.signals.paid",))
    ]
    assert "shop.signals" in sys.modules


def test_the_report_names_what_an_import_connected(make_app):
    make_app("shop", signals=CONNECTS)
    [discovery] = discoveries("shop")
    assert discovery.receivers == ("shop.signals.thank",)
    assert str(discovery) == (
        "shop.signals imported: created shop.signals.paid; connected shop.signals.thank"
    )


def test_the_report_names_signals_of_modules_imported_on_the_way(make_app):
    make_app("shop", signals="from shop.events import paid", events=CREATES)
    [discovery] = discoveries("shop")
    assert discovery.signals == ("shop.events.paid",)
    assert discovery.receivers == ()


def test_each_import_reports_only_what_it_added_itself(make_app):
    make_app("shop", signals=CONNECTS)
    make_app("crm", signals="from shop.signals import paid\npaid.connect(print)")
    first, second = discoveries("shop", "crm")
    assert first.receivers == ("shop.signals.thank",)
    assert (second.signals, second.receivers) == ((), ("builtins.print",))


def test_a_missing_module_is_ignored(make_app):
    make_app("shop")
    assert discoveries("shop") == []


def test_a_blocked_module_is_ignored(make_app, monkeypatch):
    make_app("shop", signals=CREATES)
    monkeypatch.setitem(sys.modules, "shop.signals", None)
    assert discoveries("shop") == []


def test_an_app_that_is_a_single_module_is_ignored(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "tiny.py").write_text(
        "from django.apps import AppConfig\n"
        "class TinyConfig(AppConfig):\n    name = 'tiny'\n    path = '.'\n"
    )
    try:
        assert discoveries("tiny.TinyConfig") == []
    finally:
        del sys.modules["tiny"]


def test_what_is_already_imported_is_reported_as_such(make_app):
    make_app("shop", __init__="import shop.signals", signals=CREATES)
    [discovery] = discoveries("shop")
    assert str(discovery) == "shop.signals already imported"


@pytest.mark.parametrize(
    "ready",
    [
        "from . import signals",
        "from . import signals as wiring",
        "from .signals import paid",
        "import shop.signals",
        "from shop import signals",
        "__import__('importlib').import_module('shop.signals')",
        "__import__('importlib').import_module('.signals', __package__)",
        "__import__('importlib').import_module(f'{self.name}.signals')",
        "(lambda: __import__('shop.signals'))()",
    ],
)
def test_an_app_whose_ready_names_the_module_is_left_alone(make_app, ready):
    make_app("shop", apps=config(ready), signals=CREATES)
    [discovery] = discoveries("shop")
    assert discovery == Discovery("shop", "shop.signals", "left", "shop.apps")
    assert str(discovery) == "shop.signals left to shop.apps"


def test_an_app_that_imports_its_signals_on_a_condition_is_left_alone(make_app):
    make_app(
        "shop", apps=config("if self.path == 0: from . import signals"), signals=CREATES
    )
    [discovery] = discoveries("shop")
    assert discovery.outcome == "left"
    assert "shop.signals" not in sys.modules


@pytest.mark.parametrize("decorator", ["", "@classmethod", "@staticmethod"])
def test_a_method_that_imports_for_ready_counts(make_app, decorator):
    argument = "" if decorator == "@staticmethod" else "self"
    method = f"""
    {decorator}
    def connect({argument}):
        from shop import signals
"""
    make_app("shop", apps=config("self.connect()") + method, signals=CREATES)
    [discovery] = discoveries("shop")
    assert str(discovery) == "shop.signals left to shop.apps"


def test_a_ready_with_hundreds_of_names_before_the_import_counts(make_app):
    # Python numbers names and constants above 255 in two steps.
    names = "; ".join(f"name_{number} = 'text {number}'" for number in range(300))
    attributes = "; ".join(f"self.name_{number} = 1" for number in range(300))
    ready = f"{names}; {attributes}; from shop import signals"
    make_app("shop", apps=config(ready), signals=CREATES)
    [discovery] = discoveries("shop")
    assert str(discovery) == "shop.signals left to shop.apps"


@pytest.mark.parametrize(
    "statement",
    ["import crm.signals", "from crm import signals", "from crm.signals import paid"],
)
def test_another_app_that_imports_the_module_by_its_path_counts(make_app, statement):
    make_app("crm", signals=CREATES)
    make_app("shop", apps=config(statement))
    [discovery] = discoveries("crm", "shop")
    assert str(discovery) == "crm.signals left to shop.apps"


def test_a_ready_inherited_from_another_class_counts(make_app):
    base = "class Base:\n    def ready(self):\n        from shop import signals\n"
    make_app("base", __init__=base)
    source = (
        "from django.apps import AppConfig\nfrom base import Base\n"
        "class ShopConfig(Base, AppConfig):\n    name = 'shop'\n"
    )
    make_app("shop", apps=source, signals=CREATES)
    [discovery] = discoveries("shop")
    assert (discovery.outcome, discovery.detail) == ("left", "base")


@pytest.mark.parametrize(
    "ready",
    [
        "from django.db.models.signals import post_save",
        "from django.db.models import signals",
        "from other import signals",
        "from other.signals import paid",
        "'Connect the signals of this app.'",
        "self.signaling = 1",
        "from django.db import models; models.signals.post_save",
    ],
)
def test_a_ready_that_means_something_else_does_not_count(make_app, ready):
    make_app("other", signals=CREATES)
    make_app("shop", apps=config(ready), signals=CREATES)
    [discovery] = discoveries("shop")
    assert discovery.outcome == "imported"


@pytest.mark.parametrize("entry", ["shop", "project.shop", "project.shop.signals"])
def test_an_excluded_app_or_module_is_left_alone(make_app, entry):
    make_app("project")
    make_app("project.shop", signals=CREATES)
    [discovery] = discoveries("project.shop", AUTODISCOVER_EXCLUDE=[entry])
    assert str(discovery) == "project.shop.signals excluded"
    assert "project.shop.signals" not in sys.modules


def test_other_modules_can_be_discovered(make_app):
    make_app("shop", signals=CREATES, events=CREATES)
    [discovery] = discoveries("shop", AUTODISCOVER_MODULES=["events"])
    assert discovery.module == "shop.events"
    assert "shop.signals" not in sys.modules


def test_a_module_in_a_package_of_the_app_can_be_left_to_it(make_app):
    make_app("shop", apps=config("from .events import signals"))
    make_app("shop.events", signals=CREATES)
    [discovery] = discoveries("shop", AUTODISCOVER_MODULES=["events.signals"])
    assert str(discovery) == "shop.events.signals left to shop.apps"


def test_autodiscovery_can_be_turned_off(make_app):
    make_app("shop", signals=CREATES)
    assert discoveries("shop", AUTODISCOVER=False) == []
    assert "shop.signals" not in sys.modules


def test_an_error_in_a_module_is_the_projects_own_with_a_note(make_app):
    make_app("shop", signals="import no_such_module")
    with pytest.raises(ModuleNotFoundError) as caught:
        discoveries("shop")
    assert str(caught.value) == "No module named 'no_such_module'"
    assert caught.value.__notes__ == [
        "signaltools imported 'shop.signals' for the app 'shop'. To leave it alone, "
        "add 'shop.signals' to SIGNALTOOLS['AUTODISCOVER_EXCLUDE']."
    ]


def test_start_up_ends_in_the_projects_own_traceback_and_our_note(make_app, tmp_path):
    make_app("shop", signals="1 / 0")
    (tmp_path / "bad_settings.py").write_text("INSTALLED_APPS = ['signaltools','shop']")
    command = [sys.executable, "-m", "django", "check", "--settings=bad_settings"]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 1
    assert done.stderr.count("Traceback") == 1
    *_, error, note = done.stderr.splitlines()
    assert error == "ZeroDivisionError: division by zero"
    assert note.startswith("signaltools imported 'shop.signals' for the app 'shop'")


@pytest.mark.parametrize("value", ["signals", None, [1]])
def test_nothing_is_imported_if_a_setting_has_the_wrong_type(make_app, value):
    make_app("shop", signals=CREATES)
    assert discoveries("shop", AUTODISCOVER_MODULES=value) == []
    assert "shop.signals" not in sys.modules
