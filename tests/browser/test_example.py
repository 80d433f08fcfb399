"""
Every page of the example project, in both themes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

from .pages import ToolbarPage
from .servers import Setup

# The toolbar is not ours.
NOT_OURS = {"exclude": [["#djDebugRoot"]]}
LINKS = "nodes => nodes.map(node => node.href)"


@contextmanager
def visit(chromium, example, **options) -> Iterator[ToolbarPage]:
    """
    Open a page, and fail in the end on errors and on what another host was asked for.
    """
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, **options)
    page = ToolbarPage(example, Setup(), context.new_page())
    hosts: set[str] = set()
    context.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    failed: list[tuple[str, str]] = []
    context.on("requestfailed", lambda each: failed.append((each.url, each.failure)))
    yield page
    context.close()
    assert page.errors == []
    # To leave a page aborts what is still on its way.
    assert [each for each in failed if each[1] != "net::ERR_ABORTED"] == []
    assert hosts == {f"127.0.0.1:{example.port}"}


def links(page: ToolbarPage, start: str) -> set[str]:
    """
    Return the paths that a page has links to.
    """
    parts = map(urlsplit, page.page.locator("main a[href]").evaluate_all(LINKS))
    return {part.path for part in parts if part.path.startswith(start)}


def every_path(page: ToolbarPage) -> set[str]:
    """
    Follow all links from the first page on.
    """
    waiting, seen = {"/"}, set()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        page.goto(path)
        waiting |= links(page, "/") - seen
    return seen


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_without_errors_and_accessible(chromium, example, theme):
    with visit(chromium, example, color_scheme=theme) as page:
        paths = every_path(page)
        assert {"/", "/panel/", "/mistakes/"} <= paths
        # The first page has only the last orders: other tests place some.
        assert any(path.startswith("/orders/") for path in paths)
        for path in sorted(paths):
            page.goto(path)
            found = Axe().run(page.page, NOT_OURS)
            assert found.response["violations"] == [], path
        page.goto("/panel/")
        page.page.get_by_role("button", name="Check out").click()
        page.page.get_by_role("heading", name="A checkout").wait_for()


def test_the_admin_is_without_errors(chromium, example):
    with visit(chromium, example) as page:
        page.goto("/admin/")
        page.page.get_by_label("Username").fill("demo")
        page.page.get_by_label("Password").fill("demo")
        page.page.get_by_role("button", name="Log in").click()
        page.page.get_by_role("button", name="Log out").wait_for()
        paths = {
            path
            for path in page.page.locator("#content a[href]").evaluate_all(LINKS)
            if "/admin/" in path
        }
        assert len(paths) > 5
        for path in sorted(paths):
            page.goto(urlsplit(path).path)


def test_the_shop_works_without_javascript(chromium, example):
    with visit(chromium, example, java_script_enabled=False) as page:
        page.goto("/")
        page.page.get_by_role("link", name="Order Brass ruler").click()
        page.page.get_by_label("Your name").fill("Grace Hopper")
        page.page.get_by_label("Email").fill("grace@example.com")
        page.page.get_by_role("button", name="Place order").click()
        page.page.get_by_role("button", name="Pay").click()
        assert page.page.get_by_text("The order has been paid.").is_visible()
        page.goto("/mistakes/")
        for name in ("signaltools says", "Wrong", "Correct"):
            heading = page.page.get_by_role("heading", name=name, exact=True)
            assert heading.count() == 6
            assert heading.first.is_visible()
