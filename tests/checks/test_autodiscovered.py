from __future__ import annotations

import sys

import pytest
from django.core.checks import Warning as CheckWarning
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.signals import request_started
from django.test import override_settings

from signaltools.checks.autodiscovered import autodiscovered_only
from signaltools.checks.importers import Importers
from signaltools.inventory.records import Problem

CONNECTS = """
from django.core.signals import request_started
from django.dispatch import receiver

@receiver(request_started, dispatch_uid="shop")
def count(sender, **kwargs): ...
"""
CONFIG = """
from django.apps import AppConfig

class ShopConfig(AppConfig):
    name = "shop"
"""
HINT = (
    "Import it in ShopConfig.ready(), or set SIGNALTOOLS['AUTODISCOVER'] = True if "
    "signaltools is installed in production."
)
FOUND = Problem(
    "W019",
    "shop.signals",
    "Nothing but signaltools imports 'shop.signals', which connects 1 receiver.",
    HINT,
)


@pytest.fixture(autouse=True)
def keep_nothing(alone, monkeypatch):
    alone(request_started)
    monkeypatch.setattr("signaltools.autodiscover.first_imports", {})
    monkeypatch.setattr(
        "signaltools.checks.autodiscovered.first_imports",
        sys.modules["signaltools.autodiscover"].first_imports,
    )
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "crm"]:
        del sys.modules[name]


def found(*installed, **settings):
    names = installed or ("signaltools", "shop")
    with (
        override_settings(SIGNALTOOLS=settings),
        override_settings(INSTALLED_APPS=names),
    ):
        return list(autodiscovered_only())


@pytest.mark.parametrize(
    "installed", [("signaltools", "shop"), ("shop", "signaltools")]
)
def test_W019_module_that_nothing_else_imports(write_app, installed):
    write_app({"apps.py": CONFIG, "signals.py": CONNECTS})
    assert found(*installed) == [FOUND]


def test_W019_default_config(write_app):
    write_app({"signals.py": CONNECTS})
    [problem] = found()
    assert problem.hint.startswith(
        "Import it in the ready() method of an AppConfig in 'shop.apps', or set "
    )


def test_W019_counts_receivers_of_modules_that_only_this_one_imports(write_app):
    write_app(
        {
            "signals.py": f"{CONNECTS}\nfrom . import handlers",
            "handlers.py": "from django.core.signals import request_started\n"
            "from . import signals\n"
            "def other(sender, **kwargs): ...\nrequest_started.connect(other)",
        }
    )
    [problem] = found()
    assert problem.message == (
        "Nothing but signaltools imports 'shop.signals', which connects 2 receivers."
    )


def test_W019_does_not_count_what_another_module_imports_too(write_app):
    write_app(
        {
            "signals.py": "from . import handlers\nprint",
            "handlers.py": CONNECTS,
            "views.py": "def index():\n    from .handlers import count",
        }
    )
    assert found() == []


def test_W019_receivers_of_another_module_count_if_only_this_one_connects(write_app):
    write_app(
        {
            "__init__.py": "from . import handlers",
            "handlers.py": "def other(sender, **kwargs): ...",
            "signals.py": "from django.core.signals import request_started\n"
            "from . import helpers\nfrom .handlers import other\n"
            "request_started.connect(other)",
            "helpers.py": "",
        }
    )
    [problem] = found()
    assert problem.name == "shop.signals"
    write_app({"views.py": "from . import helpers"})
    with override_settings(INSTALLED_APPS=["signaltools", "shop"]):
        assert list(autodiscovered_only()) == []


def test_W019_module_that_only_another_such_module_imports(write_app, write_module):
    write_app({"signals.py": CONNECTS})
    write_module("crm.__init__", "")
    write_module(
        "crm.signals",
        f"from shop.signals import count\n{CONNECTS}".replace('"shop"', '"crm"'),
    )
    problems = found("signaltools", "crm", "shop")
    assert [problem.message for problem in problems] == [
        "Nothing but signaltools imports 'crm.signals', which connects 2 receivers."
    ]


IMPORTING = [
    "from . import signals",
    "from .signals import count",
    "from shop import signals",
    "from shop import *",
    "import shop.signals",
    "import shop.signals as wiring",
    "def f():\n    from . import signals",
    "class A:\n    async def f(self):\n        import shop.signals",
    "try:\n    import shop.signals\nexcept ImportError:\n    pass",
    "lazy = lambda: __import__('shop.signals')",
    "from importlib import import_module\ndef f():\n    import_module('shop.signals')",
    "from importlib import import_module as i\ndef f():\n    i('.signals', 'shop')",
    "from importlib import import_module\ndef f(a):\n    import_module(f'{a}.signals')",
    "from importlib import import_module as i\ndef f(a):\n    i('%s.signals' % a)",
    "from django.utils.module_loading import import_string\n"
    "def f():\n    import_string('shop.signals.count')",
    "from django.utils.module_loading import autodiscover_modules\n"
    "def f():\n    autodiscover_modules('signals')",
    "import pkgutil, importlib\ndef f(p):\n"
    "    [importlib.import_module(m.name) for m in pkgutil.iter_modules(p)]",
    "MODULES = ['shop.signals']",
    "this is no Python, signals",
]


@pytest.mark.parametrize("source", IMPORTING)
def test_W019_not_if_another_file_imports_it(write_app, source):
    write_app({"signals.py": CONNECTS, "views.py": source})
    assert found() == []


@pytest.mark.parametrize(
    "name",
    ["management/commands/count.py", "migrations/0001_initial.py", "deep/er/x.py"],
)
def test_W019_not_if_any_file_of_the_project_imports_it(write_app, name):
    files = {"signals.py": CONNECTS, name: "from shop.signals import count"}
    write_app({**files, "deep/__init__.py": "", "management/__init__.py": ""})
    assert found() == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("tests/test_it.py", "from shop.signals import count"),
        ("tests.py", "from shop.signals import count"),
        ("conftest.py", "from shop.signals import count"),
        ("views.py", "from django.db.models import signals"),
        ("views.py", "# import shop.signals"),
        ("views.py", "if TYPE_CHECKING:\n    from . import signals"),
        ("views.py", "from django.db.models.signals import *"),
        ("views.py", "from .... import signals"),
        ("views.py", "TAGS = ['signals']"),
        ("views.py", "import importlib\nimportlib.import_module('crm.signals')"),
        ("media/other.txt", "from shop.signals import count"),
    ],
)
def test_W019_what_does_not_import_it(write_app, name, source):
    write_app({"apps.py": CONFIG, "signals.py": CONNECTS, name: source})
    assert found() == [FOUND]


def test_W019_not_if_a_package_imports_it_through_another(write_app, write_module):
    write_app({"signals.py": CONNECTS})
    write_module("crm.__init__", "from . import links")
    write_module("crm.links", "def late():\n    import shop.signals")
    assert found("signaltools", "shop", "crm") == []


def test_W019_modules_inside_the_package_do_not_count(write_app):
    write_app(
        {
            "apps.py": CONFIG,
            "signals/__init__.py": CONNECTS,
            "signals/more.py": "from . import count",
        }
    )
    assert found() == [FOUND]


def test_W019_a_module_that_connects_nothing_is_fine(write_app):
    write_app({"signals.py": "from django.dispatch import Signal\npaid = Signal()"})
    assert found() == []


@pytest.mark.parametrize("value", [True, False, "x"])
def test_W019_not_with_the_setting(write_app, value):
    write_app({"signals.py": CONNECTS})
    assert found(AUTODISCOVER=value) == []


@pytest.mark.parametrize(
    "name", ["admin.py", "tasks.py", "templatetags/shop.py", "management/commands/x.py"]
)
def test_W019_not_if_a_module_that_django_finds_imports_it(write_app, name):
    module = name.removesuffix(".py").replace("/", ".")
    write_app(
        {
            "signals.py": f"import shop.{module}\n{CONNECTS}",
            name: "def late():\n    import shop.signals",
        }
    )
    assert found() == []


def test_W019_not_if_an_app_inside_the_module_is_installed(write_app):
    write_app(
        {
            "signals/__init__.py": CONNECTS.replace('"shop"', '"inner"'),
            "signals/inner/__init__.py": "",
        }
    )
    assert found("signaltools", "shop", "shop.signals.inner") == []


def test_W019_an_app_that_is_called_tests_is_no_test(write_app):
    write_app(
        {
            "signals.py": CONNECTS,
            "tests/__init__.py": "",
            "tests/views.py": "import shop.signals",
        }
    )
    assert found("signaltools", "shop", "shop.tests") == []


def test_W019_hint_for_a_third_party_app(tmp_path, monkeypatch, write_module):
    folder = tmp_path / "site-packages" / "crm"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "signals.py").write_text(CONNECTS, "utf-8")
    monkeypatch.syspath_prepend(folder.parent)
    [problem] = found("signaltools", "crm")
    assert problem.name == "crm.signals"
    assert problem.hint.startswith(
        "Import it in the ready() method of an app of the project, or set "
    )


def test_W019_compiled_module_may_import_it(write_app, monkeypatch, tmp_path):
    write_app({"signals.py": CONNECTS, "views.py": ""})
    import shop.views

    for file in (str(tmp_path / "shop.zip" / "views.py"), "views.pyc", "views.so"):
        monkeypatch.setattr(shop.views, "__file__", file)
        assert found() == []


def test_W019_too_many_files_to_know(write_app, monkeypatch):
    monkeypatch.setattr("signaltools.checks.importers._MAX_FILES", 0)
    write_app({"signals.py": CONNECTS, "views.py": ""})
    assert found() == []


def test_W019_is_in_check_and_list_and_can_be_ignored(write_app, capsys):
    write_app({"apps.py": CONFIG, "signals.py": CONNECTS})
    names = ["signaltools", "shop"]
    with override_settings(INSTALLED_APPS=names, SIGNALTOOLS={}):
        messages = [m for m in run_checks(tags=["signals"]) if m.id.endswith("W019")]
        assert messages == [
            CheckWarning(FOUND.message, hint=HINT, id="signaltools.W019")
        ]
        call_command("list_signals", "shop.signals.count", verbosity=0)
        out = capsys.readouterr().out
        assert "[W019]" in out
        assert "Nothing but signaltools imports 'shop.signals'" in out
        call_command("list_signals", app="shop", verbosity=0)
        assert "Nothing but signaltools imports" in capsys.readouterr().out
        with override_settings(SIGNALTOOLS={"IGNORE": ["W019 shop.signals"]}):
            ids = [message.id for message in run_checks(tags=["signals"])]
            assert not {"signaltools.W019", "signaltools.E003"}.intersection(ids)


def test_a_module_without_files_has_no_importers():
    assert Importers({"nowhere.wiring"}).are_missing("nowhere.wiring")
