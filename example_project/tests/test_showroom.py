"""
The requests to look at: the panel tells what the receivers wrote down themselves.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from debug_toolbar.store import get_store
from django.test import Client
from pytest_django.asserts import assertContains

from shop.models import Product

pytestmark = pytest.mark.django_db


@pytest.fixture
def toolbar(settings: Any) -> None:
    """
    Switch the toolbar on, whose URLs are there only if DEBUG was on from the start.
    """
    settings.DEBUG = True
    settings.ROOT_URLCONF = "urls_with_toolbar"


def stats(response: Any) -> dict[str, Any]:
    """
    Return what the panel has stored for a request.
    """
    request_id = response["djdt-request-id"]
    found: dict[str, Any] = get_store().panel(request_id, "SignalToolsPanel")
    return found


def diary(response: Any) -> list[str]:
    return re.findall(r"<li><code>(\S+)</code></li>", response.content.decode())


def ran(found: dict[str, Any]) -> list[str]:
    rows = [row for row in found["rows"] if row["kind"] == "call"]
    return [row["name"] for row in rows if row["name"].startswith("showroom.")]


def test_the_first_page_tells_where_to_click(client: Client) -> None:
    response = client.get("/panel/")
    assertContains(response, "<strong>Signal tools</strong>")
    for name in ("quiet", "checkout", "bulk", "prices"):
        assertContains(response, f'"/panel/{name}/"')


@pytest.mark.usefixtures("toolbar")
def test_a_quiet_request_sends_nothing(client: Client) -> None:
    found = stats(client.get("/panel/quiet/"))
    calls = [row for row in found["rows"] if row["kind"] == "call"]
    # The test client itself is told of the templates.
    assert {row["component"] for row in calls} == {"django"}


@pytest.mark.usefixtures("toolbar")
def test_a_checkout_shows_what_ran_and_what_was_swallowed(client: Client) -> None:
    response = client.post("/panel/checkout/")
    found = stats(response)
    assert ran(found) == diary(response)
    [problem] = found["problems"]
    assert problem["receiver"] == "showroom.receivers.tell_sales"
    assert problem["text"] == "send_robust() swallowed KeyError: 'Grace Hopper'"


@pytest.mark.usefixtures("toolbar")
def test_a_checkout_is_never_sold_out(client: Client) -> None:
    for _ in range(6):
        assert client.post("/panel/checkout/").status_code == 200
    assert Product.objects.get(name="Postcard").stock.available == 8


@pytest.mark.usefixtures("toolbar")
def test_a_bulk_page_stays_small(client: Client) -> None:
    found = stats(client.get("/panel/bulk/"))
    assert found["totals"]["sends"] >= 10_000
    assert len(found["rows"]) < 10
    assert len(json.dumps(found)) < 128 * 1024


@pytest.mark.usefixtures("toolbar")
def test_an_async_view_shows_what_ran_at_the_same_time(client: Client) -> None:
    response = client.get("/panel/prices/")
    assert sorted(ran(stats(response))) == sorted(diary(response))
