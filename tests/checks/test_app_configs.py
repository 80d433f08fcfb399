from __future__ import annotations

import pytest
from django.test import override_settings

from signaltools.checks.app_configs import unused_configs
from signaltools.inventory.records import Problem

CONFIG = """
from django.apps import AppConfig

class ShopConfig(AppConfig):
    name = "shop"

    def ready(self): ...
"""


def unused(*installed):
    with override_settings(INSTALLED_APPS=installed or ["shop"]):
        return list(unused_configs())


def test_W006_config_that_is_not_listed(write_app):
    write_app({"config.py": CONFIG})
    assert unused() == [
        Problem(
            "W006",
            "shop.config.ShopConfig",
            "The app 'shop' uses the default AppConfig, so the ready() method of "
            "'shop.config.ShopConfig' is never called.",
            "List 'shop.config.ShopConfig' instead of 'shop' in INSTALLED_APPS.",
        )
    ]


@pytest.mark.parametrize(
    ("apps", "hint"),
    [
        (
            f"from django.contrib.auth.apps import AuthConfig{CONFIG}",
            "Set default = True on 'shop.apps.ShopConfig', or list it in "
            "INSTALLED_APPS.",
        ),
        (
            f"{CONFIG}class Another(ShopConfig): ...",
            "Set default = True on 'shop.apps.Another' or 'shop.apps.ShopConfig', or "
            "list one of them in INSTALLED_APPS.",
        ),
    ],
)
def test_W006_several_candidates_without_a_default(write_app, apps, hint):
    write_app({"apps.py": apps})
    [problem] = unused()
    assert problem.hint == hint


def test_W006_a_config_in_apps_is_named_before_one_elsewhere(write_app):
    write_app({"a.py": CONFIG, "apps.py": f"{CONFIG}class B(AppConfig): ..."})
    assert [problem.name for problem in unused()] == ["shop.apps.ShopConfig"]


@pytest.mark.parametrize("module", ["config", "conf.apps"])
def test_W006_default_app_config_is_ignored_by_django(write_app, module):
    write_app(
        {
            "__init__.py": f"default_app_config = 'shop.{module}.ShopConfig'",
            "conf/__init__.py": "",
            f"{module.replace('.', '/')}.py": CONFIG,
        }
    )
    [problem] = unused()
    assert problem.name == f"shop.{module}.ShopConfig"
    assert problem.hint == (
        f"List 'shop.{module}.ShopConfig' instead of 'shop' in INSTALLED_APPS: Django "
        "ignores default_app_config."
    )


def test_W006_config_in_the_package_itself(write_app):
    write_app({"__init__.py": CONFIG})
    [problem] = unused()
    assert problem.name == "shop.ShopConfig"


@pytest.mark.parametrize(
    "source",
    [
        "from django import apps\nclass C(apps.AppConfig):\n"
        "    name = 'shop'\n    def ready(self): ...",
        "class Base(AppConfig):\n    def ready(self): ...\n"
        "class C(Mixin, Base):\n    name: str = 'shop'",
        "if A:\n    class C(AppConfig):\n        name = label = 'shop'\n"
        "        default = True\n        def ready(self): ...",
    ],
)
def test_W006_ways_to_write_a_config(write_app, source):
    write_app({"config.py": source})
    assert [problem.name for problem in unused()] == ["shop.config.C"]


@pytest.mark.parametrize(
    "source",
    [
        "",
        "class C(AppConfig):",
        "class C(AppConfig):\n    name = 'shop'",
        "class C(AppConfig):\n    def ready(self): ...",
        "class C(AppConfig):\n    name = 'other'\n    def ready(self): ...",
        "class C(AppConfig):\n    name = NAME\n    def ready(self): ...",
        "class C(Other):  # AppConfig\n    name = 'shop'\n    def ready(self): ...",
        "class C(AppConfig):\n    name = 'shop'\n    default = False\n"
        "    def ready(self): ...",
        "def make():\n    class C(AppConfig):\n        name = 'shop'\n"
        "        def ready(self): ...",
    ],
)
def test_W006_near_misses_are_fine(write_app, source):
    write_app({"config.py": source})
    assert unused() == []


@pytest.mark.parametrize(
    "body",
    [
        "name = 'shop'\n    default = False\n    def ready(self): ...",
        "name = 'shop'",
        "default = False\n    name = 'other'\n    def ready(self): ...",
    ],
)
def test_W006_imported_near_misses_are_fine(write_app, body):
    source = f"from django.apps import AppConfig\nclass C(AppConfig):\n    {body}\n"
    write_app({"apps.py": f"{source}class D(AppConfig): ...\nclass E(D): ..."})
    assert unused() == []


def test_W006_other_files_are_not_read(write_app):
    write_app(
        {
            "tests.py": CONFIG,
            "deeper/__init__.py": CONFIG,
            "deeper/apps.py": CONFIG,
            "broken.py": "class C(AppConfig) name = 'shop'",
        }
    )
    assert unused() == []


@pytest.mark.parametrize("entry", ["shop", "shop.apps.ShopConfig"])
def test_W006_a_config_that_is_used_is_fine(write_app, entry):
    write_app({"apps.py": CONFIG, "config.py": CONFIG})
    assert unused(entry) == []


def test_W006_apps_of_django_are_not_checked(write_app):
    assert unused("django.contrib.auth", "django.contrib.contenttypes") == []
