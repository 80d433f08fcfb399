"""
Problems in the panel: short, first, and never in the way of what ran.
"""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from .pages import ToolbarPage
from .servers import Setup

SIZE = {"width": 1400, "height": 900}
PARTS = {"fromShadowDom": ["#djDebugRoot", ".signaltools"]}


@pytest.fixture
def open_example(chromium, example):
    """
    Return a function that opens a page of the example project and its panel.
    """
    opened = []

    def open_it(path, button=None, **options):
        context = chromium.new_context(**{"viewport": SIZE, **options})
        page = ToolbarPage(example, Setup(), context.new_page())
        opened.append(page)
        page.goto(path)
        if button:
            page.page.get_by_role("button", name=button).click()
        page.open_panel()
        return page

    yield open_it
    for page in opened:
        page.close()
        assert page.errors == []


def remarks(page):
    return page.panel.locator(".signaltools-remark")


def test_each_problem_is_one_line_and_what_ran_is_on_the_first_screen(open_example):
    page = open_example("/panel/", "Check out")
    expect(remarks(page).locator("visible=true")).to_have_count(7)
    for remark in remarks(page).locator("visible=true").all():
        assert remark.bounding_box()["height"] < 30
    expect(page.panel.get_by_text("This request, in order")).to_be_in_viewport()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_rest_of_a_problem_is_one_click_away(open_example, theme):
    page = open_example("/mistakes/", color_scheme=theme)
    [remark] = remarks(page).filter(has_text="W003").all()
    hint = remark.get_by_text("Use a unique dispatch_uid")
    brief = remark.locator(".signaltools-brief")
    is_clipped = "node => node.scrollHeight > node.clientHeight"
    expect(hint).to_be_hidden()
    assert brief.evaluate(is_clipped)

    remark.locator("summary").press("Enter")
    expect(hint).to_be_visible()
    expect(remark.locator(".signaltools-place")).to_have_text(
        "mistakes/receivers.py:25"
    )
    assert not brief.evaluate(is_clipped)
    found = Axe().run(page.page, PARTS)
    assert found.response["violations"] == []


def test_the_filter_finds_words_of_hints(open_example):
    page = open_example("/mistakes/")
    page.panel.get_by_role("searchbox").fill("unique dispatch_uid")
    visible = remarks(page).locator("visible=true")
    expect(visible).to_have_count(1)
    expect(visible).to_contain_text("W003")


def test_a_problem_of_a_connection_leads_to_its_receiver(open_example):
    page = open_example("/mistakes/")
    [remark] = remarks(page).filter(has_text="W003").all()
    remark.get_by_role("button", name="Show the row of", exact=False).click()
    target = page.panel.locator(".signaltools-target")
    expect(target).to_contain_text("W003")
    expect(target).to_be_in_viewport()


def test_repeated_problems_of_a_receiver_are_one_click_away(open_page):
    page = open_page("/crowd/")
    panel = page.open_panel()
    expect(panel.get_by_text("Problems (600)")).to_be_visible()
    expect(remarks(page).locator("visible=true")).to_have_count(1)
    panel.get_by_text("599 more problems").click()
    expect(remarks(page).locator("visible=true")).to_have_count(51)
    expect(panel.get_by_text("Only the first 50 are shown.")).to_be_visible()


def test_a_table_whose_rows_are_all_hidden_says_so(open_page):
    page = open_page("/parcels/")
    panel = page.open_panel()
    told = panel.get_by_text("The choices above hide all rows.")
    expect(told).to_be_hidden()
    panel.get_by_role("checkbox", name="project").uncheck()
    expect(told).to_be_visible()
    panel.get_by_role("checkbox", name="project").check()
    expect(told).to_be_hidden()


def test_headings_of_groups_without_visible_receivers_are_hidden(open_page):
    page = open_page("/quiet/")
    panel = page.open_panel()
    heading = panel.get_by_text("Project signals")
    expect(heading).to_be_visible()
    panel.get_by_role("checkbox", name="project").uncheck()
    panel.get_by_role("checkbox", name="third party").uncheck()
    for section in panel.locator("section:has(> h5)").all():
        rows = section.locator(".signaltools-node").locator("visible=true")
        assert section.is_hidden() or rows.count() > 0
