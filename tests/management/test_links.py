"""
Places in the reports of commands are links in a terminal.
"""

from __future__ import annotations

import os
import pty
import re
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\x1b]8;;([^\x1b]*)\x1b\\(.*?)\x1b]8;;\x1b\\")


@pytest.fixture(autouse=True)
def editor(settings, monkeypatch):
    settings.SIGNALTOOLS = {"EDITOR_URL": "ed:{file}:{line}"}
    monkeypatch.setattr("signaltools.checks.watch._is_watching", True)
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm")


def in_terminal(*args, **options):
    return written(pty.openpty(), *args, **options).replace("\r\n", "\n")


def in_pipe(*args, **options):
    return written(os.pipe(), *args, **options)


def written(ends, *args, **options):
    parts = []

    def read():
        # On Linux, reading past the end of a terminal raises an error.
        with suppress(OSError):
            while part := screen.read(4096):
                parts.append(part)

    with os.fdopen(ends[0], "rb", buffering=0) as screen:
        # A terminal holds only some kilobytes until they are read.
        reader = threading.Thread(target=read)
        reader.start()
        with os.fdopen(ends[1], "w", encoding="utf-8") as stream:
            call_command(*args, stdout=stream, **options)
        reader.join()
    return b"".join(parts).decode()


def assert_linked(linked, plain):
    """
    Check that links change nothing that a terminal shows, and where they lead.
    """
    assert LINK.sub(r"\2", linked) == plain
    links = LINK.findall(linked)
    assert links
    for url, place in links:
        assert url == f"ed:{ROOT}/{place}"
    return [place for _, place in links]


def test_exact_bytes_of_a_list():
    place = "tests/testapp/signals.py:17"
    link = f"\x1b]8;;ed:{ROOT}/{place}\x1b\\{place}\x1b]8;;\x1b\\"
    name = "tests.testapp.signals.order_cancelled"
    first, _, second, *_ = in_terminal("list_signals", "order_cancelled").split("\n")
    assert (first[:15], second) == ("PROJECT SIGNALS", f"{name:<72} {link}")


def test_places_of_signals_receivers_and_sends_are_links():
    args = "list_signals", "order_paid"
    assert assert_linked(in_terminal(*args), in_pipe(*args)) == [
        "tests/testapp/signals.py:14",
        "tests/testapp/management/commands/pay_and_wait.py:15",
        "tests/testapp/receivers.py:44",
        "tests/testapp/receivers.py:49",
        "tests/testapp/receivers.py:53",
        "tests/testapp/receivers.py:39",
    ]


@pytest.mark.parametrize("columns", ["60", "75", "140"])
def test_links_take_no_room(columns, monkeypatch, settings):
    monkeypatch.setenv("COLUMNS", columns)
    linked = in_terminal("list_signals", app="testapp")
    settings.SIGNALTOOLS = {}
    assert LINK.sub(r"\2", linked) == in_terminal("list_signals", app="testapp")
    assert linked.count("\x1b]8;;ed:") > 10


def test_places_of_a_model_are_links():
    args = "list_signals", "--model=testapp.Order"
    assert assert_linked(in_terminal(*args), in_pipe(*args))


@pytest.mark.django_db
def test_places_of_a_trace_are_links():
    user = "--noinput", "--username=a", "--email=a@b.de"
    text = in_terminal("trace_signals", "createsuperuser", *user)
    assert LINK.findall(text)
    for url, place in LINK.findall(text):
        # Django's folder is shortened.
        assert url.endswith(place.rpartition("…")[2])


def test_named_editor_is_enough(settings):
    settings.SIGNALTOOLS = {"EDITOR": "zed"}
    text = in_terminal("list_signals", "order_cancelled")
    assert f"\x1b]8;;zed://file{ROOT}/tests/testapp/signals.py:17\x1b\\" in text


def test_forced_color_keeps_links_in_a_terminal():
    text = in_terminal("list_signals", force_color=True)
    assert LINK.findall(text)


@pytest.mark.parametrize("value", [{}, {"EDITOR": "vi"}, {"EDITOR_URL": "vi"}])
def test_no_links_without_an_editor(value, settings):
    settings.SIGNALTOOLS = value
    assert in_terminal("list_signals") == in_pipe("list_signals")


def test_no_links_without_color():
    assert in_terminal("list_signals", no_color=True) == in_pipe("list_signals")


def test_no_links_in_a_dumb_terminal(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert in_terminal("list_signals") == in_pipe("list_signals")


def test_no_links_in_a_pipe():
    assert "\x1b]8" not in in_pipe("list_signals", force_color=True)


def test_no_links_in_a_file(tmp_path):
    file = tmp_path / "signals.txt"
    in_terminal("list_signals", output=str(file), force_color=True)
    assert file.read_text(encoding="utf-8") == in_pipe("list_signals")
    text = in_terminal("list_signals", output="-")
    assert "\x1b" not in text
