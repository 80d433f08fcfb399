from __future__ import annotations

import sys
import zipfile

import pytest
from django.test import override_settings

from signaltools.checks.unloaded import unloaded_receivers
from signaltools.inventory.records import Problem, Unconnected

CONNECTS = """
from django.db.models.signals import post_save
from django.dispatch import receiver

@receiver(post_save)
def index(sender, **kwargs): ...
"""
CONFIG = """
from django.apps import AppConfig

class ShopConfig(AppConfig):
    name = "shop"

    def ready(self): ...
"""


def unloaded(*installed):
    with override_settings(INSTALLED_APPS=installed or ["shop"]):
        return list(unloaded_receivers())


def test_W005_module_that_was_never_imported(write_app):
    write_app({"apps.py": CONFIG, "receivers.py": CONNECTS})
    assert unloaded() == [
        Problem(
            "W005",
            "shop.receivers",
            "The module 'shop.receivers' connects 1 receiver to signals, but it was "
            "never imported: 'shop.receivers.index'.",
            "Import it in the ready() method of 'shop.apps.ShopConfig'.",
            unconnected=(
                Unconnected(
                    "shop.receivers.index",
                    "django.db.models.signals.post_save",
                    None,
                    None,
                    None,
                ),
            ),
        )
    ]


def message(source, write_app):
    write_app({"wiring.py": source})
    [problem] = unloaded()
    return problem.message.removeprefix("The module 'shop.wiring' ")


def test_W005_counts_and_names_the_receivers(write_app):
    source = CONNECTS + CONNECTS.replace("index", "other")
    assert message(source, write_app) == (
        "connects 2 receivers to signals, but it was never imported: "
        "'shop.wiring.index' and 'shop.wiring.other'."
    )


def test_W005_names_a_receiver_of_two_signals_once(write_app):
    source = CONNECTS.replace("(post_save)", "([post_save, post_save])")
    assert message(source, write_app) == (
        "connects 1 receiver to signals, but it was never imported: "
        "'shop.wiring.index'."
    )


def test_W005_does_not_count_what_runs_only_under_a_condition(write_app):
    source = f"{SAVE}def f(): ...\nif B:\n    post_save.connect(f)"
    assert message(source, write_app) == (
        "connects receivers to signals, but it was never imported: 'shop.wiring.f'."
    )


def test_W005_does_not_name_a_receiver_that_a_call_makes(write_app):
    assert message(f"{SAVE}post_save.connect(make())", write_app) == (
        "connects receivers to signals, but it was never imported."
    )


def test_W005_does_not_name_a_receiver_whose_definition_cannot_be_seen(write_app):
    source = f"{SAVE}from .other import *\npost_save.connect(on_save)"
    assert message(source, write_app) == (
        "connects receivers to signals, but it was never imported."
    )


def test_W005_third_party_apps_are_not_checked(tmp_path, monkeypatch):
    folder = tmp_path / "site-packages"
    (folder / "parcels").mkdir(parents=True)
    (folder / "parcels" / "__init__.py").touch()
    (folder / "parcels" / "receivers.py").write_text(CONNECTS, "utf-8")
    monkeypatch.syspath_prepend(folder)
    try:
        assert unloaded("parcels") == []
    finally:
        del sys.modules["parcels"]


def test_W005_hint_for_an_app_without_a_config(write_app):
    write_app({"receivers.py": CONNECTS})
    [problem] = unloaded()
    assert problem.hint == (
        "Write an AppConfig in 'shop.apps' and import the module in its ready() method."
    )


def test_W005_hint_for_an_app_with_a_config_that_is_not_used(write_app):
    write_app({"config.py": CONFIG, "receivers.py": CONNECTS})
    [problem] = unloaded()
    assert (
        problem.hint == "Import it in the ready() method of 'shop.config.ShopConfig'."
    )


def test_W005_one_problem_for_a_module_in_the_order_of_names(write_app):
    write_app(
        {
            "wiring/__init__.py": CONNECTS,
            "wiring/orders.py": CONNECTS + CONNECTS.replace("index", "other"),
            "audit.py": CONNECTS,
        }
    )
    names = [problem.name for problem in unloaded("shop", "django.contrib.auth")]
    assert names == ["shop.audit", "shop.wiring", "shop.wiring.orders"]


SAVE = "from django.db.models.signals import post_save\n"
MADE = "from django.dispatch import Signal\npaid = Signal()\n"


@pytest.mark.parametrize(
    "source",
    [
        CONNECTS,
        "from django.dispatch.dispatcher import receiver as r\n@r(x)\ndef f(): ...",
        "import django.dispatch\n@django.dispatch.receiver(x)\ndef f(): ...",
        "import django.dispatch as d\n@d.receiver(x)\nasync def f(): ...",
        "from django import dispatch\n@dispatch.receiver(x)\nclass F: ...",
        "from signaltools import receiver\n@receiver(x)\ndef f(): ...",
        "from django.dispatch import receiver\nreceiver(x)(print)",
        "from django.dispatch import receiver\n@other\n@receiver(x)\ndef f(): ...",
        f"{SAVE}post_save.connect(print)",
        f"{SAVE}saved = post_save\nsaved.connect(print)",
        "from django.db.models import signals\nsignals.post_save.connect(print)",
        "from django.db import models\nmodels.signals.post_save.connect(print)",
        "import django.db.models.signals as s\ns.post_save.connect(print)",
        "import django.core.signals\n"
        "django.core.signals.request_started.connect(print)",
        f"{SAVE}class A:\n    if B:\n        post_save.connect(print)",
        f"{SAVE}try:\n    a()\nexcept E:\n    post_save.connect(print)",
        f"{SAVE}if TYPE_CHECKING:\n    a()\nelse:\n    post_save.connect(print)",
        f"{MADE}paid.connect(print)",
        "from django.dispatch import Signal\npaid: Signal = Signal()\n"
        "paid.connect(print)",
        "from signaltools import event\n@event\ndef paid(): ...\npaid.connect(print)",
        "from signaltools import event\n@event(name='a')\ndef paid(): ...\n"
        "paid.connect(print)",
        "from .signals import paid\npaid.connect(print)",
        "from . import signals\nsignals.paid.connect(print)",
        "from shop.signals import paid\npaid.connect(print)",
        "from django.contrib.nothing.signals import sent\nsent.connect(print)",
        f"# coding: latin-1\n# \xe9\n{SAVE}post_save.connect(print)".encode("latin-1"),
        b"\xef\xbb\xbf" + f"{SAVE}post_save.connect(print)".encode(),
    ],
)
def test_W005_ways_to_connect(write_app, source):
    write_app({"wiring.py": source})
    assert [problem.name for problem in unloaded()] == ["shop.wiring"]


@pytest.mark.parametrize(
    "source",
    [
        "",
        "receiver = 1",
        "@receiver(x)\ndef f(): ...",
        "from pytest import receiver\n@receiver(x)\ndef f(): ...",
        "from django.dispatch import receiver\ndef receiver(x): ...\n"
        "@receiver(x)\ndef f(): ...",
        "from django.dispatch import receiver\ndef make():\n"
        "    @receiver(x)\n    def f(): ...",
        "from django.dispatch import receiver\nregister = receiver(x)",
        '"""\nfrom django.dispatch import receiver\n@receiver(x)\ndef f(): ...\n"""',
        f"{SAVE}def ready():\n    post_save.connect(print)",
        f"{SAVE}class A:\n    def ready(self):\n        post_save.connect(print)",
        f"{SAVE}if TYPE_CHECKING:\n    post_save.connect(print)",
        f"{SAVE}if typing.TYPE_CHECKING:\n    post_save.connect(print)",
        f"{SAVE}if __name__ == '__main__':\n    post_save.connect(print)",
        f"{SAVE}post_save.disconnect(print)  # .connect(",
        f"{SAVE}post_save = 1\npost_save.connect(print)",
        f"{MADE}paid = other()\npaid.connect(print)",
        f"{MADE}sent = [paid]\nsent[0].connect(print)",
        "import sqlite3\nsqlite3.connect('x')",
        "from .database import pool\npool.connect()",
        # A signal of Celery isn't one of Django's.
        "from celery.signals import task_failure\ntask_failure.connect(print)",
        "from signal import signals\nsignals.connect(print)",
        "from django.db.models.signals import ModelSignal\nModelSignal.connect(print)",
        "from django.dispatch import Signal\nif x:\nSignal().connect(",
        "\0 .connect(",
        "# coding: nonsense\n# .connect(",
        b"# coding: utf-8\n# \xff .connect(",
        ("-" * 100_000 + "1  # .connect(").encode(),
    ],
)
def test_W005_what_does_not_connect_when_it_is_imported(write_app, source):
    write_app({"wiring.py": source})
    assert unloaded() == []


@pytest.mark.parametrize(
    "name",
    [
        "tests.py",
        "tests/wiring.py",
        "test_wiring.py",
        "wiring_test.py",
        "wiring_tests.py",
        "conftest.py",
        "testing/wiring.py",
        "migrations/0001_initial.py",
        "migrations/wiring.py",
        "management/commands/wiring.py",
        "__main__.py",
        ".hidden/wiring.py",
        "node_modules/wiring.py",
        "static/wiring.py",
        "templates/wiring.py",
        "not-a-name.py",
        "wiring.txt",
    ],
)
def test_W005_files_that_are_not_read(write_app, name):
    folders = name.split("/")[:-1]
    packages = ["/".join(folders[: i + 1]) for i in range(len(folders))]
    write_app({name: CONNECTS, **{f"{p}/__init__.py": "" for p in packages}})
    assert unloaded() == []


def test_W005_a_folder_that_is_not_a_package_is_not_read(write_app):
    write_app({"extra/wiring.py": CONNECTS, "extra/deeper/__init__.py": CONNECTS})
    assert unloaded() == []


@pytest.mark.parametrize(
    "files",
    [
        {"apps.py": ""},
        {"migrations/__init__.py": ""},
        {"__init__.py": "class AConfig(AppConfig): ..."},
        {"config.py": "class AConfig(apps.AppConfig, metaclass=Meta): ..."},
    ],
)
@pytest.mark.parametrize("folder", ["reviews", "contrib/reviews"])
def test_W005_an_app_within_that_is_not_installed_is_skipped(write_app, files, folder):
    within = {"__init__.py": "", "wiring.py": CONNECTS, "a/__init__.py": CONNECTS}
    within |= files
    write_app(
        {
            "contrib/__init__.py": "",
            **{f"{folder}/{name}": source for name, source in within.items()},
        }
    )
    assert unloaded() == []


def test_W005_an_installed_app_within_is_read_once(write_app):
    write_app({"reviews/__init__.py": "", "reviews/wiring.py": CONNECTS})
    [problem] = unloaded("shop", "shop.reviews")
    assert problem.name == "shop.reviews.wiring"
    assert "'shop.reviews.apps'" in problem.hint


def test_W005_a_module_that_was_imported_is_fine(write_app):
    write_app(
        {"__init__.py": "from . import receivers", "receivers.py": "receiver = 1"}
    )
    assert unloaded() == []


def test_W005_a_file_imported_under_another_name_is_fine(
    write_app, tmp_path, monkeypatch
):
    write_app({"lonely.py": CONNECTS.replace("@receiver(post_save)", "")})
    monkeypatch.syspath_prepend(tmp_path / "shop")
    __import__("lonely")
    write_app({"lonely.py": CONNECTS})
    assert unloaded() == []
    del sys.modules["lonely"]
    assert [problem.name for problem in unloaded()] == ["shop.lonely"]


def test_W005_unreadable_files_are_skipped(write_app, tmp_path):
    write_app({})
    (tmp_path / "shop" / "wiring.py").symlink_to(tmp_path / "nowhere")
    (tmp_path / "shop" / "folder.py").mkdir()
    (tmp_path / "shop" / "loop").symlink_to(tmp_path / "shop")
    assert unloaded() == []


def test_W005_namespace_packages_have_several_folders(write_app, tmp_path, monkeypatch):
    write_app({"receivers.py": CONNECTS, "apps.py": f'{CONFIG}    path = "/"'})
    (tmp_path / "shop" / "__init__.py").unlink()
    other = tmp_path / "other" / "shop"
    other.mkdir(parents=True)
    (other / "more.py").write_text(CONNECTS)
    monkeypatch.syspath_prepend(tmp_path / "other")
    names = [problem.name for problem in unloaded()]
    assert sorted(names) == ["shop.more", "shop.receivers"]


def test_W005_apps_in_zip_files_and_single_modules_are_skipped(
    write_module, tmp_path, monkeypatch
):
    write_module("tiny", "")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("zipped/__init__.py", "")
        archive.writestr("zipped/receivers.py", CONNECTS)
    monkeypatch.syspath_prepend(tmp_path / "a.zip")
    assert unloaded("tiny", "zipped") == []
    del sys.modules["zipped"]
