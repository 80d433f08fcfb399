"""
A project with a mistake for each check: these are found, and nothing else.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import django

from signaltools.checks.run import CHECKS

PROJECT = Path(__file__).parents[1] / "mistakes"
READY = "shop.apps.ShopConfig.ready.<locals>."
RECEIVERS = "shop.receivers."
FOUND = sorted(
    [
        ("W001", "shop.apps.Temporary.w001_method"),
        ("W001", f"{READY}w001_cycle"),
        ("W001", f"{READY}w001_local"),
        ("W001", "shop.functions.w001_partial"),
        ("W002", f"{RECEIVERS}w002"),
        ("W003", f"{RECEIVERS}w003"),
        ("W004", "shop.twin.w004"),
        ("W005", "shop.w005"),
        ("W006", "billing.config.BillingConfig"),
        ("W007", f"{RECEIVERS}w007"),
        ("W008", f"{RECEIVERS}w008"),
        ("W009", f"{RECEIVERS}w009"),
        ("W010", f"{RECEIVERS}w010"),
        ("W011", f"{RECEIVERS}w011"),
        ("W011", f"{RECEIVERS}w011_text"),
        ("W012", f"{RECEIVERS}w012"),
        ("W013", f"{RECEIVERS}Shop.w013"),
        ("W013", f"{RECEIVERS}w013"),
        ("W014", f"{RECEIVERS}w014"),
        ("W015", f"{RECEIVERS}W015"),
        ("W015", f"{RECEIVERS}w015_wrapped"),
        ("W016", "shop.functions.w016"),
        ("W017", "shop.functions.w017"),
        ("W021", f"{RECEIVERS}w021"),
        *([("W018", f"{RECEIVERS}w018")] if django.VERSION >= (6, 1) else []),
        ("W019", "early.signals"),
    ]
)
LISTS_ONLY = {"W005", "W009"}
# Without a watch, these leave no trace.
WATCHED = {"W001", "W002", "W003", "W009", "W016", "W017", "W021"}
# Django 5.2 keeps a connection whose sender is gone.
NO_ROW = {"W021"} if django.VERSION >= (6, 0) else set()
EVERYWHERE = [(check, name) for check, name in FOUND if check not in LISTS_ONLY]


def manage(*args, debug=False, **settings):
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "settings",
        "MISTAKES_DEBUG": "1" if debug else "",
        "MISTAKES_SIGNALTOOLS": json.dumps(settings),
        "PYTHONPATH": os.pathsep.join([str(PROJECT), str(PROJECT.parents[1])]),
    }
    command = [sys.executable, "manage.py", *args]
    process = subprocess.run(
        command, cwd=PROJECT, env=env, capture_output=True, text=True, check=True
    )
    return process.stdout, process.stderr


def checked(**options):
    _, err = manage("check", "--tag", "signals", **options)
    found = re.findall(r"^\?: \(signaltools\.(\w+)\) (.+)$", err, re.MULTILINE)
    return sorted((check, _name(message)) for check, message in found)


def _name(message):
    match = re.search(r"(?:receiver|method of|effect on|imports) '([^']+)'", message)
    assert match, message
    return match[1]


def listed(**settings):
    out, err = manage("list_signals", "--format", "json", **settings)
    assert err == ("" if not settings else f"{NOT_WATCHED}\n")
    document = json.loads(out)
    problems = document["problems"]
    found = [(each["id"], each["name"]) for each in problems if each["id"][0] == "W"]
    return sorted(found), document


NOT_WATCHED = (
    "Connections weren't watched, so some problems can't be found. "
    "See the WATCH_CONNECT setting."
)


def test_there_is_a_mistake_for_each_check():
    planted = {check for check, _ in FOUND} | {"W018"}
    assert planted == {check for check in CHECKS if check.startswith("W0")}


def test_check_finds_the_mistakes_and_nothing_else():
    assert checked() == EVERYWHERE


def test_check_finds_the_same_under_debug():
    # Django itself refuses the receiver without **kwargs.
    expected = [(check, name) for check, name in EVERYWHERE if check != "W012"]
    assert checked(debug=True) == expected


def test_list_signals_finds_the_mistakes_and_nothing_else():
    found, document = listed()
    assert found == FOUND
    assert dict(_ids(document)) == {
        name: [check]
        for check, name in FOUND
        # Of these no receiver is there, or another one of the same name is.
        if check not in {"W001", "W002", "W003", "W005", "W006", "W019", *NO_ROW}
    } | {f"{RECEIVERS}fine_uid": ["W003"], "early.signals.w019": ["W019"]}


def _ids(document):
    for signal in document["signals"]:
        for receiver in signal["receivers"]:
            ids = [id_ for id_ in receiver["problems"] if id_[0] == "W"]
            # That of a cycle is there as long as Python has not collected garbage.
            if ids and ids != ["W001"]:
                yield receiver["name"], ids


def test_without_a_watch_the_other_problems_are_found():
    found, document = listed(WATCH_CONNECT=False)
    gone = {check for check, name in found if name.startswith("django.")}
    assert gone == {"W001"}
    assert document["notes"] == [NOT_WATCHED]
    rest = [
        (check, name)
        for check, name in FOUND
        if check not in WATCHED and not name.endswith(".w011_text")
    ]
    assert [pair for pair in found if not pair[1].startswith("django.")] == rest
