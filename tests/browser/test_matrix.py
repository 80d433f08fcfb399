"""
The panel in a real browser, with every two ways in which a project may run it.
"""

from __future__ import annotations

from itertools import combinations, product

import pytest
from playwright.sync_api import expect

from .pages import plain
from .servers import Setup

MATRIX = [
    (Setup("wsgi", True, False, "none", "Cache"), "dark"),
    (Setup("wsgi", False, True, "self", "Memory"), "light"),
    (Setup("asgi", False, False, "nonce", "Cache"), "light"),
    (Setup("asgi", True, True, "nonce", "Memory"), "dark"),
    (Setup("wsgi", False, True, "none", "Database"), "dark"),
    (Setup("wsgi", True, False, "self", "Database"), "light"),
    (Setup("asgi", True, True, "self", "Cache"), "dark"),
    (Setup("asgi", False, False, "none", "Memory"), "light"),
    (Setup("wsgi", True, False, "nonce", "Database"), "dark"),
    (Setup("wsgi", False, True, "nonce", "Memory"), "dark"),
]
every_setup = pytest.mark.parametrize(("setup", "theme"), MATRIX, ids=str)

PROBLEMS = [
    "ERROR shop.signals.order_paid › shop.receivers.notify_sales "
    "send_robust() swallowed KeyError: 'vip' shop/receivers.py:LINE show"
]
# Two em spaces for each level, so that it can be read without a style sheet.
TREE = """
start signal or receiver self total queries
+T shop.Order: pre_init, post_init, pre_save · no receivers T ms
+T post_save shop.Order (pk=N, created=True) from shop/views.py:LINE T ms T ms
__1 shop.receivers.record shop/receivers.py:LINE T ms T ms
__2 parcels.receivers.weigh site-packages/parcels/receivers.py:LINE T ms T ms
+T shop.signals.order_paid send_robust shop.Order (order=shop.Order pk=N) \
from shop/views.py:LINE · inside atomic() T ms T ms 1 query
__1 shop.receivers.reserve shop/receivers.py:LINE T ms T ms 1 query
+T ____shop.Stock: pre_init, post_init, pre_save · no receivers T ms
+T ____post_save shop.Stock (pk=N, created=True) from shop/receivers.py:LINE T ms T ms
______1 shop.receivers.watch_stock shop/receivers.py:LINE T ms T ms
+T ________shop.signals.stock_low ×5 shop.Stock \
from shop/receivers.py:LINE T ms T ms
__________1 shop.receivers.order_more ×5 shop/receivers.py:LINE T ms T ms
______2 shop.receivers.record shop/receivers.py:LINE T ms T ms
__2 parcels.receivers.print_label site-packages/parcels/receivers.py:LINE T ms T ms
__3 shop.receivers.notify_sales RAISED KeyError: 'vip' shop/receivers.py:LINE \
T ms T ms
+T shop.signals.order_lost shop.Order from shop/views.py:LINE · no receivers T ms T ms
"""
TREE = TREE.replace("__", "\N{EM SPACE}" * 2)
ORDER_PAID = [
    'ran ×1 1 shop.receivers.reserve · any sender · uid="reserve" '
    "shop/receivers.py:LINE",
    "ran ×1 2 parcels.receivers.print_label · any sender "
    "site-packages/parcels/receivers.py:LINE",
    "ran ×1 3 shop.receivers.notify_sales · shop.Order shop/receivers.py:LINE",
]


def test_every_two_values_are_combined():
    values = [["wsgi", "asgi"], [True, False], [True, False]]
    values += [["none", "self", "nonce"], ["Memory", "Cache", "Database"]]
    values += [["light", "dark"]]
    found = {
        pair
        for setup, theme in MATRIX
        for pair in combinations(enumerate([*setup[:5], theme]), 2)
    }
    wanted = {
        pair for row in product(*values) for pair in combinations(enumerate(row), 2)
    }
    # The toolbar's own store in the database needs threads of its own.
    assert wanted - found == {((0, "asgi"), (4, "Database"))}


@every_setup
def test_the_panel_tells_what_happened(open_page, setup, theme):
    page = open_page("/checkout/", setup, color_scheme=theme)
    page.open_panel()
    expect(page.page.locator("#djDebug")).to_have_attribute("data-theme", theme)
    assert page.rows("Problems (1)") == PROBLEMS
    assert page.rows("This request, in order") == TREE.strip().splitlines()
    details = page.panel.locator("details", has_text="shop.signals.order_paid (3)")
    rows = details.locator(".signaltools-row").all_text_contents()
    assert [plain(row) for row in rows] == ORDER_PAID


@pytest.mark.parametrize("shadow", [True, False])
def test_the_tree_is_good_without_its_style_sheet_and_script(open_page, shadow):
    page = open_page("/checkout/", Setup(shadow=shadow, policy="nonce"))
    panel = page.open_panel()
    assert sorted(page.blocked) == ["signaltools/panel.css", "signaltools/panel.js"]
    expect(panel.locator(".signaltools-controls")).to_be_hidden()
    row = page.lists("This request, in order").locator(".signaltools-row").last
    expect(row).not_to_have_css("display", "flex")
    assert page.rows("This request, in order") == TREE.strip().splitlines()

    all_details = page.lists("This request, in order").locator("details")
    details = all_details.filter(has_text="shop.receivers.notify_sales")
    inner = details.get_by_text("parcels.receivers.print_label")
    expect(inner).to_be_visible()
    details.locator("summary").first.click()
    expect(inner).to_be_hidden()
    details.locator("summary").first.click()
    expect(inner).to_be_visible()


def test_both_ways_to_render_show_the_same_text(open_page):
    def text(setup):
        page = open_page("/checkout/", setup)
        # Only then has the process loaded everything that connects receivers.
        page.goto("/checkout/")
        before, _, after = page.open_panel().inner_text().partition("Receivers by")
        # Which receivers are the slowest differs from time to time.
        return plain(before), plain(after.partition("All receivers")[2])

    first, second = text(Setup()), text(Setup(render_panels=True))
    assert "swallowed KeyError: 'vip'" in first[0]
    assert "shop.signals.order_paid (3) 3 ran" in first[1]
    assert first == second
