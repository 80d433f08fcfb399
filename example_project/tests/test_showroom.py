"""
Test that the panel shows what the receivers of the showroom wrote down.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from debug_toolbar.store import get_store
from pytest_django.asserts import assertContains

from shop.models import Product
from signaltools.reports.panel_store import unpack

pytestmark = pytest.mark.django_db


@pytest.fixture
def toolbar(settings):
    """
    Switch the toolbar on, and add its URLs, which it adds only if DEBUG is true early.
    """
    settings.DEBUG = True
    settings.ROOT_URLCONF = "urls_with_toolbar"


def stats(response):
    """
    Return what the panel has stored for a request.
    """
    request_id = response["djdt-request-id"]
    found: dict[str, Any] = unpack(get_store().panel(request_id, "SignalToolsPanel"))
    return found


def diary(response):
    return re.findall(r"<li><code>(\S+)</code></li>", response.content.decode())


def ran(found):
    rows = [row for row in found["rows"] if row["kind"] == "call"]
    return [row["name"] for row in rows if row["name"].startswith("showroom.")]


def test_the_first_page_explains_where_to_click(client):
    response = client.get("/panel/")
    assertContains(response, "<strong>Signal tools</strong>")
    for name in ("quiet", "checkout", "bulk", "prices"):
        assertContains(response, f'"/panel/{name}/"')


@pytest.mark.usefixtures("toolbar")
def test_a_quiet_request_sends_nothing(client):
    found = stats(client.get("/panel/quiet/"))
    calls = [row for row in found["rows"] if row["kind"] == "call"]
    # The test client connects a receiver of its own, to record templates.
    assert {row["component"] for row in calls} == {"django"}


@pytest.mark.usefixtures("toolbar")
def test_a_checkout_shows_what_ran_and_what_was_swallowed(client):
    response = client.post("/panel/checkout/")
    found = stats(response)
    assert ran(found) == diary(response)
    # The example has warnings about connections, too; they come after.
    problem, *_ = found["problems"]
    assert problem["receiver"] == "showroom.receivers.tell_sales"
    assert problem["text"] == "send_robust() swallowed KeyError: 'Grace Hopper'"


@pytest.mark.usefixtures("toolbar")
def test_a_checkout_is_never_sold_out(client):
    for _ in range(6):
        assert client.post("/panel/checkout/").status_code == 200
    assert Product.objects.get(name="Postcard").stock.available == 8


@pytest.mark.usefixtures("toolbar")
def test_a_bulk_page_stays_small(client):
    found = stats(client.get("/panel/bulk/"))
    assert found["totals"]["sends"] >= 10_000
    assert len(found["rows"]) < 10
    assert len(json.dumps(found)) < 128 * 1024


@pytest.mark.usefixtures("toolbar")
def test_an_async_view_shows_what_ran_at_the_same_time(client):
    response = client.get("/panel/prices/")
    assert sorted(ran(stats(response))) == sorted(diary(response))
