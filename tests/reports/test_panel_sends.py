from __future__ import annotations

import os
import weakref
from importlib import import_module
from threading import Event

import pytest
from django.dispatch import Signal

from signaltools.inventory.names import NamedSignal
from signaltools.inventory.records import SendRecord
from signaltools.inventory.sent_by import Sends
from signaltools.reports import panel_sends
from signaltools.reports.editor import Editor
from signaltools.reports.panel_options import PanelOptions
from signaltools.reports.panel_sends import SendPlaces

SIGNALS = "from django.dispatch import Signal\npaid, lost = Signal(), Signal()\n"
SERVICES = "from .signals import paid\n\ndef pay():\n    paid.send(1)\n"


@pytest.fixture
def shop(write_app, settings, tmp_path):
    """
    Return a function that says where "shop" sends its signals, to be called again.
    """
    places = SendPlaces()

    def find(files, *names, options=PanelOptions(folder=str(tmp_path))):  # noqa: B008
        write_app({"signals.py": SIGNALS, **files})
        settings.INSTALLED_APPS = ["shop"]
        signals = import_module("shop.signals")
        names = names or ("paid",)
        named = [NamedSignal(f"shop.signals.{n}", getattr(signals, n)) for n in names]
        found = groups(*(each.name for each in named))
        assert places.add_to(found, named, options)
        return {
            signal["name"].rpartition(".")[2]: signal.get("sent_by")
            for signal in found[0]["signals"]
        }

    return find


@pytest.fixture
def reading(monkeypatch):
    """
    Return what is read instead of sources, and how often that was done.
    """
    sends, count = {}, []

    def read(names):
        count.append(names)
        return Sends(sends, [])

    monkeypatch.setattr(panel_sends, "places_of_signals", read)
    return sends, count


def groups(*names, component="project", sent=False):
    signals = [{"name": name, "sent": sent} for name in names]
    return [{"component": component, "signals": signals}]


def record(function="shop.pay", method="send", line=1):
    return SendRecord(function, "shop", "project", method, "/s.py", line, frozenset())


def test_the_code_that_sends_a_signal_that_was_not_sent(shop):
    source = f"{SERVICES}\nasync def refund():\n    await paid.asend_robust(1)\n"
    assert shop({"services.py": source}, "paid", "lost") == {
        "paid": [
            {"function": "shop.services.pay", "method": "", "place": place(4)},
            {
                "function": "shop.services.refund",
                "method": "asend_robust",
                "place": place(7),
            },
        ],
        "lost": [],
    }


def place(line):
    return f"shop/services.py:{line}".replace("/", os.sep)


def test_places_are_links_if_there_is_an_editor(shop, tmp_path):
    options = PanelOptions(str(tmp_path), Editor("e:{file}:{line}"))
    [send] = shop({"services.py": SERVICES}, options=options)["paid"]
    assert send["href"] == f"e:{tmp_path / 'shop' / 'services.py'}:4"


def test_a_file_that_has_changed_is_read_again(shop, tmp_path):
    shop({"services.py": SERVICES})
    assert shop({"services.py": f"\n{SERVICES}"})["paid"][0]["place"] == place(5)
    (tmp_path / "shop" / "services.py").unlink()
    assert shop({}) == {"paid": []}


def test_a_new_signal_is_looked_for(shop):
    services = SERVICES + "from .signals import lost\nlost.send(1)\n"
    assert [*shop({"services.py": services})] == ["paid"]
    assert shop({"services.py": services}, "lost")["lost"] != []


@pytest.mark.usefixtures("reading")
@pytest.mark.parametrize("options", [{"component": "django"}, {"sent": True}])
def test_django_and_what_was_sent_need_no_sources(reading, options):
    found = groups("a.b", **options)
    assert SendPlaces().add_to(found, [], PanelOptions())
    assert found == groups("a.b", **options)
    assert reading[1] == []


def test_sources_are_read_once(reading):
    places, named = SendPlaces(), [NamedSignal("a.b", Signal())]
    for _ in range(2):
        assert places.add_to(groups("a.b"), named, PanelOptions())
    assert len(reading[1]) == 1


def test_many_places_are_counted(reading):
    reading[0]["a.b"] = [record(line=line) for line in range(1, 8)]
    found = groups("a.b")
    SendPlaces().add_to(found, [NamedSignal("a.b", Signal())], PanelOptions())
    [signal] = found[0]["signals"]
    assert [send["place"] for send in signal["sent_by"]] == [
        f"/s.py:{line}" for line in range(1, 6)
    ]
    assert signal["more_sent_by"] == 2


def test_names_of_functions_are_printable(reading):
    reading[0]["a.b"] = [record("a\x1b")]
    found = groups("a.b")
    SendPlaces().add_to(found, [NamedSignal("a.b", Signal())], PanelOptions())
    assert found[0]["signals"][0]["sent_by"][0]["function"] == "a\\x1b"


def test_the_panel_does_not_wait_for_a_large_project(monkeypatch):
    go_on, calls = Event(), []

    def read(names):
        calls.append(names)
        go_on.wait()
        return Sends({"a.b": [record()]}, [])

    monkeypatch.setattr(panel_sends, "places_of_signals", read)
    monkeypatch.setattr(panel_sends, "_MAX_WAIT", 0.001)
    places, named = SendPlaces(), [NamedSignal("a.b", Signal())]
    for _ in range(2):
        found = groups("a.b")
        assert not places.add_to(found, named, PanelOptions())
        assert found == groups("a.b")
    assert len(calls) == 1
    go_on.set()
    places._reading.join()
    assert places.add_to(found, named, PanelOptions())
    assert found[0]["signals"][0]["sent_by"][0]["function"] == "shop.pay"


def test_no_signal_is_kept_alive(reading):
    places, signal = SendPlaces(), Signal()
    assert places.add_to(groups("a.b"), [NamedSignal("a.b", signal)], PanelOptions())
    reading[1].clear()
    reference = weakref.ref(signal)
    del signal
    assert reference() is None
