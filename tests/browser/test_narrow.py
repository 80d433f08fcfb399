"""
The panel where it's narrow, or where a browser zooms.
"""

from __future__ import annotations

import pytest


def in_order(page):
    return page.lists("This request, in order")


@pytest.mark.parametrize(("width", "zoom"), [(1400, 1), (1024, 1), (1400, 2), (700, 1)])
def test_numbers_go_below_the_name_where_it_is_narrow(open_page, width, zoom):
    page = open_page("/checkout/")
    # A browser zooms by giving the page fewer pixels.
    page.page.set_viewport_size({"width": width // zoom, "height": 900})
    page.open_panel()
    row = in_order(page).locator("[data-name='shop.receivers.order_more']").first
    name = row.locator(".signaltools-what").bounding_box()
    number = row.locator(".signaltools-number").first.bounding_box()
    is_below = number["y"] >= name["y"] + name["height"] - 1
    assert is_below == (width // zoom < 1400)
    panel = page.panel.bounding_box()
    assert number["x"] + number["width"] <= panel["x"] + panel["width"]


def test_lines_that_wrap_stay_in_their_column(open_page):
    page = open_page("/checkout/")
    page.page.set_viewport_size({"width": 700, "height": 900})
    page.open_panel()
    lines = in_order(page).locator("[data-name='shop.receivers.order_more']").first
    left = lines.locator(".signaltools-what").evaluate(
        """what => {
            const range = document.createRange();
            range.selectNodeContents(what);
            return [...range.getClientRects()].filter(r => r.width).map(r => r.left);
        }"""
    )
    assert len(left) > 1
    assert min(left) == left[0]


def test_the_number_of_a_receiver_stays_beside_its_name(open_page):
    page = open_page("/checkout/")
    page.page.set_viewport_size({"width": 700, "height": 900})
    page.open_panel()
    name = in_order(page).locator(".signaltools-name").first
    lines = name.evaluate(
        """name => {
            name.textContent = `1 shop.${"long".repeat(30)}`;
            const text = name.firstChild;
            return [0, 2, text.length - 1].map((start) => {
                const range = document.createRange();
                range.setStart(text, start);
                range.setEnd(text, start + 1);
                return range.getBoundingClientRect().top;
            });
        }"""
    )
    assert lines[0] == lines[1] < lines[2]


@pytest.mark.parametrize("width", [700, 512])
def test_nothing_is_wider_than_the_panel(open_page, width):
    page = open_page("/hostile/")
    page.page.set_viewport_size({"width": width, "height": 900})
    panel = page.open_panel()
    panel.get_by_role("button", name="Expand all").click()
    assert panel.evaluate(
        """node => {
            node.querySelectorAll(".signaltools-more").forEach((more) => {
                more.textContent = "long".repeat(100);
            });
            return node.scrollWidth <= node.clientWidth;
        }"""
    )


@pytest.mark.parametrize("width", [1024, 700])
def test_rows_keep_their_indent_where_it_is_narrow(open_page, width):
    page = open_page("/checkout/")
    page.page.set_viewport_size({"width": width, "height": 900})
    page.open_panel()
    tree = page.lists("This request, in order")
    head = tree.locator(".signaltools-head span")
    tops = [each.bounding_box()["y"] for each in head.all() if each.is_visible()]
    assert len(tops) == 2
    assert abs(tops[0] - tops[1]) < 2

    left = """node => {
        const range = document.createRange();
        range.selectNodeContents(node.querySelector(".signaltools-what"));
        return [...range.getClientRects()].find(each => each.width).left;
    }"""
    reserve = tree.locator("[data-name='shop.receivers.reserve']").first
    order_more = tree.locator("[data-name='shop.receivers.order_more']").first
    assert order_more.evaluate(left) > reserve.evaluate(left)
