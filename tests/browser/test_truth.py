"""
What the panel says, compared with what is true by other means.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote

import pytest
from playwright.sync_api import expect

from .servers import Setup

VISITORS = 10
WSGI = Setup()
ASGI = Setup("asgi")

_CALLS = """nodes => nodes.map(node => {
    let depth = 0;
    for (let up = node.parentElement; up; up = up.parentElement) {
        depth += up.matches("[data-component]");
    }
    return [depth, node.querySelector(".signaltools-what").textContent];
})"""


def calls(page):
    """
    Return depth and receiver of each call that the panel shows, in order.
    """
    nodes = page.lists("This request, in order").locator("[data-component]")
    for depth, text in nodes.evaluate_all(_CALLS):
        name, count = re.match(r"\s*(?:\d+|~) (\S+)(?: ×(\d+))?", text).groups()
        yield from [[depth, name]] * int(count or 1)


@pytest.mark.parametrize("setup", [WSGI, ASGI], ids=str)
def test_receivers_ran_in_the_order_that_they_tell_themselves(open_page, setup):
    page = open_page("/checkout/", setup)
    page.open_panel()
    assert len(page.journal) == 12
    assert list(calls(page)) == page.journal


@pytest.mark.parametrize("path", ["/bulk/", "/parcels/", "/quiet/"])
@pytest.mark.parametrize("setup", [WSGI, ASGI], ids=str)
def test_receivers_ran_as_often_as_they_tell_themselves(open_page, setup, path):
    page = open_page(path, setup)
    page.open_panel()
    shown = Counter(name for _, name in calls(page))
    assert shown == Counter(name for _, name in page.journal)


def test_concurrent_receivers_have_what_they_sent_below_them(open_page):
    page = open_page("/parcels/", ASGI)
    page.open_panel()
    assert list(calls(page)) == [
        [0, "shop.receivers.tell_customer"],
        [0, "shop.receivers.tell_driver"],
        [1, "shop.receivers.greet"],
    ]


def test_queries_are_counted_like_the_toolbar_counts_them(open_page):
    page = open_page("/checkout/")
    totals = page.open_panel().locator(".signaltools-totals")
    expect(page.link("SQLPanel")).to_contain_text("3 queries")
    expect(totals).to_contain_text("1 of 3 queries")


@pytest.mark.parametrize("path", ["/checkout/", "/bulk/", "/parcels/"])
def test_the_number_of_calls_is_in_the_server_timing_header(serve, path):
    answer = serve(WSGI).get(path)
    journal = re.search(r'<pre id="journal">(.*?)</pre>', answer.text)
    count = len(json.loads(journal[1].replace("&quot;", '"')))
    found = re.search(
        r'SignalToolsPanel_signals;dur=[\d.]+;desc="([\d,]+) receiver calls"',
        answer.headers["Server-Timing"],
    )
    assert int(found[1].replace(",", "")) == count


@pytest.mark.parametrize(
    ("setup", "path"),
    [
        (WSGI, "/visit/"),
        (ASGI, "/visit/"),
        (ASGI, "/visit/async/"),
        (Setup(store="Database"), "/visit/"),
    ],
    ids=str,
)
def test_requests_at_the_same_time_never_show_the_signals_of_others(serve, setup, path):
    server = serve(setup)
    with ThreadPoolExecutor(VISITORS) as pool:
        answers = pool.map(server.get, [f"{path}{n}/" for n in range(VISITORS)])
        panels = [server.panel(answer.request_id) for answer in answers]
    assert len(panels) == VISITORS
    for number, panel in enumerate(panels):
        assert set(re.findall(r"Visitor\d+", panel)) == {f"Visitor{number}"}
        _, _, receivers = panel.partition("<b>shop.signals.visited</b>")
        state = re.search(r"ran ×(\d+)", receivers)
        assert state[1] == ("4" if "async" in path else "2")


def expected_rows(signal):
    """
    Return each receiver that the command lists for a signal, and before them the code
    that sends a custom one, as the panel shows them.
    """
    is_shown = signal["kind"] != "builtin" and signal["app"] != "debug_toolbar"
    for send in signal["sent_by"][:5] if is_shown else ():
        method = "" if send["method"] == "send" else f" {send['method']}"
        yield f"{send['function']}{method}", f"{send['file']}:{send['line']}"
    for receiver in signal["receivers"]:
        if receiver["name"].startswith("debug_toolbar"):
            continue
        sender = "any sender"
        if receiver["sender_app"]:
            sender = f"app {receiver['sender_app']}"
        elif receiver["sender_kind"]:
            suffix = " instance" if receiver["sender_kind"] == "instance" else ""
            sender = receiver["sender"] + suffix
        details = []
        if receiver["dispatch_uid"] is not None:
            details.append(f'uid="{receiver["dispatch_uid"]}"')
        details += ["async"] * receiver["async"] + ["strong"] * (not receiver["weak"])
        words = f"{receiver['order'] or '~'} {receiver['name']} · {sender}"
        if receiver["problems"]:
            ids = f"[{', '.join(receiver['problems'])}]"
            details[-1:] = [" ".join([*details[-1:], ids])]
        if details:
            words += f" · {', '.join(details)}"
        place = f"{receiver['file']}:{receiver['line']}" if receiver["file"] else None
        yield words.replace("\u202e", "\\u202e"), place


def test_all_receivers_are_those_of_list_signals_row_by_row(open_page):
    page = open_page("/quiet/")
    # Only then has the process loaded everything that connects receivers.
    page.page.goto(page.server.url("/list_signals/"))
    listed = json.loads(page.page.locator("pre").inner_text())["signals"]
    page.goto("/quiet/")
    panel = page.open_panel()
    shown = panel.locator("h5 + .signaltools-list > details").evaluate_all(
        """all_details => all_details.map(details => [
            details.querySelector("summary b").textContent,
            [...details.querySelectorAll(".signaltools-what")].map(what => {
                const place = what.querySelector(".signaltools-place");
                place?.remove();
                return [what.textContent.trim(), place?.getAttribute("href")];
            }),
        ])"""
    )
    shown_rows = {
        name: [
            (words, unquote(href).removeprefix("editor://") if href else None)
            for words, href in rows
        ]
        for name, rows in shown
        if rows
    }
    listed_rows = {
        signal["name"].replace("\u202e", "\\u202e"): list(expected_rows(signal))
        for signal in listed
    }
    expected = {
        name.rpartition(".")[2] if name.startswith("django.") else name: rows
        for name, rows in listed_rows.items()
        if rows
    }
    assert len(expected) > 20
    assert shown_rows == expected
