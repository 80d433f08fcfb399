from __future__ import annotations

import sys
from importlib import import_module

import pytest
from django.db.models.signals import post_save
from django.test import override_settings

from signaltools.inventory.names import NamedSignal
from signaltools.inventory.reading import read_connected
from signaltools.inventory.sent_by import find_places, with_sends
from tests.records import signal

SIGNALS = """
from django.dispatch import Signal

placed, paid, lost = Signal(), Signal(), Signal()
"""
NESTED = "from .signals import paid\npaid{}.send(1)\n"


@pytest.fixture
def shop(write_app, tmp_path):
    """
    Return a function that says where an app sends its signals, by signal.
    """

    def find(files, *installed):
        write_app({"signals.py": SIGNALS, **files})
        with override_settings(INSTALLED_APPS=["shop", *installed]):
            return found_by_signal()

    return find


def find():
    signals = import_module("shop.signals")
    entries = [NamedSignal("post_save", post_save)]
    entries += [
        NamedSignal(f"shop.signals.{name}", getattr(signals, name))
        for name in ("placed", "paid", "lost")
    ]
    connected = read_connected(entries)
    sends = find_places(connected)
    return with_sends([each.record for each in connected], sends), sends.notes


def found_by_signal():
    return {
        record.name.rpartition(".")[2]: [
            (send.function, send.method, send.line) for send in record.sent_by
        ]
        for record in find()[0]
        if record.sent_by
    }


def test_modules_that_nothing_imports_are_read(shop):
    services = "def pay():\n    from .signals import paid\n    paid.send_robust(1)\n"
    assert shop({"services.py": services}) == {
        "paid": [("shop.services.pay", "send_robust", 3)]
    }
    assert "shop.services" not in sys.modules


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("__init__", "shop"),
        ("deep/er/views", "shop.deep.er.views"),
        ("management/commands/pay", "shop.management.commands.pay"),
        ("no_package/views", "shop.no_package.views"),
        ("__main__", "shop.__main__"),
    ],
)
def test_all_code_of_an_app_is_read(shop, name, module):
    source = "from shop.signals import paid\npaid.send(1)\n"
    files = {f"{name}.py": source, "deep/__init__.py": "", "deep/er/__init__.py": ""}
    assert shop(files) == {"paid": [(module, "send", 2)]}


@pytest.mark.parametrize(
    "name",
    [
        *("tests", "test_pay", "pay_tests", "conftest", "tests/pay"),
        *("static/pay", "migrations/initial", "not-a-name"),
    ],
)
def test_tests_and_files_of_other_kinds_are_left_out(shop, name):
    source = "from shop.signals import paid\npaid.send(1)\n"
    assert shop({f"{name}.py": source, "tests/__init__.py": ""}) == {}


def test_loaded_tests_are_left_out_but_not_an_app_of_that_name(write_app):
    source = "from shop.signals import paid\n\ndef pay():\n    paid.send(1)\n"
    files = {"signals.py": SIGNALS, "tests/__init__.py": "", "tests/pay.py": source}
    write_app(files)
    import_module("shop.tests.pay")
    with override_settings(INSTALLED_APPS=["shop"]):
        assert found_by_signal() == {}
    with override_settings(INSTALLED_APPS=["shop.tests"]):
        assert found_by_signal() == {"paid": [("shop.tests.pay.pay", "send", 4)]}


def test_a_loaded_module_outside_apps_is_read(shop, write_app, import_source):
    write_app({"signals.py": SIGNALS})
    import_source("shop_tools", "import shop.signals as s\ns.paid.send(1)\n")
    assert shop({}) == {"paid": [("shop_tools", "send", 2)]}


def test_an_app_below_another_one_is_read_only_if_it_is_installed(shop):
    files = {
        "pay/__init__.py": "",
        "pay/apps.py": "",
        "pay/views.py": "from shop.signals import paid\npaid.send(1)\n",
    }
    assert shop(files) == {}
    assert shop(files, "shop.pay") == {"paid": [("shop.pay.views", "send", 2)]}


def test_names_are_followed_through_modules_that_are_not_imported(shop):
    files = {
        "api.py": "from .signals import paid as settled\n",
        "views.py": "from .api import settled, none\nsettled.send(1)\nnone.send(2)\n",
        "cli.py": "from .nowhere import paid\npaid.send(1)\n",
    }
    assert shop(files) == {"paid": [("shop.views", "send", 2)]}


def test_code_that_sends_a_signal_of_django_is_found(shop):
    source = "from django.db.models.signals import post_save\npost_save.send(1)\n"
    assert shop({"bulk.py": source}) == {"post_save": [("shop.bulk", "send", 2)]}


def test_places_are_in_the_order_of_modules_and_lines(shop):
    source = "from .signals import paid\npaid.send(1)\n\npaid.send(2)"
    assert shop({"b.py": source, "a.py": source}) == {
        "paid": [(f"shop.{name}", "send", line) for name in "ab" for line in (2, 4)]
    }


@pytest.mark.parametrize(
    "source", ["def half(:\n    paid.send(1)", "paid.send(1)\0", b"\xff paid.send(1)"]
)
def test_a_file_that_python_cannot_read_changes_nothing(write_app, source):
    write_app({"signals.py": SIGNALS, "unfinished.py": source})
    with override_settings(INSTALLED_APPS=["shop"]):
        records, notes = find()
    assert not any(record.sent_by for record in records)
    assert notes == []


# Python can parse the first one, but the names in it can't be followed.
@pytest.mark.parametrize("depth", [1_500, 100_000])
def test_a_file_that_is_nested_too_deeply_is_a_note(write_app, tmp_path, depth):
    write_app({"signals.py": SIGNALS, "deep.py": NESTED.format(".a" * depth)})
    with override_settings(INSTALLED_APPS=["shop"]):
        assert find()[1] == [
            f"{tmp_path / 'shop' / 'deep.py'} is nested too deeply for Python's "
            "parser, so it wasn't searched for code that sends signals."
        ]


def test_a_large_file_is_a_note_if_it_may_send_something(write_app, tmp_path):
    data = "# " + "x" * 1_000_000
    files = {"data.py": data, "large.py": f"{NESTED.format('')}{data}"}
    write_app({"signals.py": SIGNALS, **files})
    with override_settings(INSTALLED_APPS=["shop"]):
        records, notes = find()
    assert notes == [
        f"{tmp_path / 'shop' / 'large.py'} is larger than 1 MB, so it wasn't searched "
        "for code that sends signals."
    ]
    assert not any(record.sent_by for record in records)


def test_receivers_have_the_signals_that_they_send_in_turn(write_app):
    source = """
from django.dispatch import receiver
from . import signals

@receiver([signals.placed, signals.lost])
def reserve(sender, **kwargs):
    tell()
    signals.placed.send(1)

def tell():
    signals.paid.send(1)

@receiver(signals.paid)
def log(sender, **kwargs): ...
"""
    write_app({"signals.py": SIGNALS, "receivers.py": source})
    import_module("shop.receivers")
    with override_settings(INSTALLED_APPS=["shop"]):
        records, _ = find()
    both = ("shop.signals.placed", "shop.signals.paid")
    assert {
        record.name: [(r.qualname, sorted(r.triggers)) for r in record.receivers]
        for record in records
        if record.name != "post_save"
    } == {
        "shop.signals.placed": [("reserve", sorted(both))],
        "shop.signals.lost": [("reserve", sorted(both))],
        "shop.signals.paid": [("log", [])],
    }


def test_a_signal_that_no_code_sends_has_been_looked_for(write_app):
    write_app({"signals.py": SIGNALS})
    with override_settings(INSTALLED_APPS=["shop"]):
        records, _ = find()
    assert [each.sent_by for each in records] == [()] * 4
    assert signal("shop.signals.paid").sent_by is None
