"""
Test that each mistake is found and explained, and that the corrected code is accepted.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from django.contrib.auth.signals import user_logged_in
from django.core.checks import run_checks
from django.db.models.signals import m2m_changed, post_delete, pre_delete
from django.utils.html import escape
from pytest_django.asserts import assertContains, assertNotContains

from mistakes import apps, receivers
from mistakes.catalog import MISTAKES
from mistakes.signals import parcel_sent

each_mistake = pytest.mark.parametrize("mistake", MISTAKES, ids=lambda each: each.id)


def found_in(module):
    """
    Return what the system checks find in ``module``, by id.
    """
    messages = run_checks(tags=["signals"])
    return {
        str(message.id).removeprefix("signaltools."): message.msg
        for message in messages
        if f"'{module}." in message.msg
    }


def blocks(client):
    page = client.get("/mistakes/").content.decode()
    _, *parts = re.split(r'<section class="card mistake" id="(\w+)"', page)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_each_mistake_has_one_block_with_one_problem(client):
    found = found_in("mistakes")
    shown = blocks(client)
    assert list(shown) == [mistake.id for mistake in MISTAKES]
    assert set(shown) == set(found)
    for check, block in shown.items():
        assert block.count('class="problem"') == 1
        assert escape(found[check]) in block


@each_mistake
def test_a_block_has_the_code_as_it_is_in_the_file(mistake):
    source = bare(
        Path(apps.__file__).read_text() + Path(receivers.__file__).read_text()
    )
    parts = mistake.code.split("\n\n\n")
    assert len(parts) == len(mistake.made_in)
    for part in parts:
        assert bare(part) in source


def bare(code):
    """
    Return ``code`` without its indentation.
    """
    return "\n".join(line.strip() for line in code.splitlines())


@each_mistake
@pytest.mark.usefixtures("signal_isolate")
def test_correct_code_is_not_reported(mistake, tmp_path, monkeypatch):
    name = f"corrected_{mistake.id}"
    imports = (
        "from django.contrib.auth import get_user_model\n"
        "from mistakes.receivers import *\n"
    )
    (tmp_path / f"{name}.py").write_text(imports + mistake.corrected)
    monkeypatch.syspath_prepend(tmp_path)
    before = len(connections())
    importlib.import_module(name)
    assert len(connections()) == before + len(mistake.made_in)
    assert found_in(name) == {}


def connections():
    signals = (m2m_changed, parcel_sent, post_delete, pre_delete, user_logged_in)
    return [row for signal in signals for row in signal.receivers]


def test_the_page_says_that_connections_were_not_watched(client, monkeypatch):
    assertNotContains(client.get("/mistakes/"), "Connections weren't watched")
    monkeypatch.setattr("mistakes.views.is_watching", lambda: False)
    monkeypatch.setattr("mistakes.views.run_checks", lambda tags: [])
    response = client.get("/mistakes/")
    assertContains(response, "Connections weren't watched")
    assertContains(
        response, "Nothing: connections weren't watched.", count=len(MISTAKES)
    )
