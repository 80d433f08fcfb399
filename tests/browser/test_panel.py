"""
What people do with the panel, by mouse and by keyboard.
"""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from .servers import Setup

PLAIN = Setup(shadow=False)
both_roots = pytest.mark.parametrize("shadow", [True, False], ids=["shadow", "plain"])


def switch(panel, name):
    return panel.get_by_role("checkbox", name=name)


@pytest.mark.parametrize(
    ("path", "shadow", "theme"),
    [
        ("/checkout/", True, "light"),
        ("/checkout/", True, "dark"),
        ("/checkout/", False, "light"),
        ("/checkout/", False, "dark"),
        ("/hostile/", True, "light"),
        ("/quiet/", True, "dark"),
    ],
)
def test_axe_finds_nothing(open_page, path, shadow, theme):
    page = open_page(path, Setup(shadow=shadow), color_scheme=theme)
    panel = page.open_panel()
    switch(panel, "Django").check()
    panel.get_by_role("button", name="Expand all").click()
    parts = ["#djDebugRoot", ".signaltools"] if shadow else [".signaltools"]
    found = Axe().run(page.page, {"fromShadowDom": parts} if shadow else parts[0])
    assert found.response["violations"] == []
    assert found.response["passes"] != []


@both_roots
def test_the_keyboard_is_enough(open_page, shadow):
    page = open_page("/checkout/", Setup(shadow=shadow))
    press = page.page.keyboard.press

    def tab_to(what):
        for _ in range(60):
            press("Tab")
            if what in page.focused():
                return
        raise AssertionError(f"{what} never has the focus.")

    tab_to('class="SignalToolsPanel"')
    press("Enter")
    page.wait()
    panel = page.panel

    tab_to('type="search"')
    page.page.keyboard.type("notify")
    expect(panel.get_by_text("parcels.receivers.weigh").first).to_be_hidden()
    press("Control+A")
    press("Delete")
    expect(panel.get_by_text("parcels.receivers.weigh").first).to_be_visible()

    tab_to('value="django"')
    press("Space")
    expect(switch(panel, "Django")).to_be_checked()

    tab_to("<button")
    press("Enter")
    assert panel.locator("details:not([open])").count() == 0

    tab_to("<summary")
    details = panel.locator("details").first
    for key, state in [("Enter", False), ("Space", True)]:
        press(key)
        expect(details).to_have_js_property("open", state)

    press("Escape")
    expect(panel).to_be_hidden()
    expect(page.link()).to_be_visible()


@both_roots
def test_the_filter_shows_what_matches_and_where_it_is(open_page, shadow):
    page = open_page("/checkout/", Setup(shadow=shadow))
    panel = page.open_panel()
    before = page.visible_rows()
    search, status = panel.get_by_role("searchbox"), panel.locator("[data-nothing]")

    search.fill("Order_More")
    found = page.visible_rows()
    tree = ["start signal", "order_paid", "reserve", "post_save", "watch_stock"]
    tree += ["stock_low", "order_more"]
    for part, row in zip(["order_more", *tree, "stock_low"], found[:-1], strict=True):
        assert part in row
    # Self times, the tree, and all receivers, of which those of this signal ran.
    assert found[-1].startswith("ran ×5 1 shop.receivers.order_more")
    expect(status).to_have_text("")

    search.fill("nobody has this name")
    assert page.visible_rows() == []
    expect(status).to_have_text("Nothing matches.")

    search.fill("  ")
    expect(status).to_have_text("")
    assert page.visible_rows() == before


def test_the_filter_looks_into_collapsed_notes(open_page):
    page = open_page("/checkout/")
    panel = page.open_panel()
    note = panel.locator(".signaltools-notes .signaltools-row").first
    expect(note).to_be_hidden()
    panel.get_by_role("searchbox").fill("sent inside atomic()")
    expect(note).to_be_visible()
    panel.get_by_role("searchbox").fill("")
    expect(note).to_be_hidden()


def test_switches_hide_receivers_but_no_problem(open_page):
    page = open_page("/checkout/")
    panel = page.open_panel()
    panel.get_by_role("button", name="Expand all").click()
    rows = {
        name: panel.locator(f'[data-component="{name}"]')
        for name in ["project", "third_party", "django"]
    }
    names = {"project": "project", "third_party": "third party", "django": "Django"}
    for component, name in names.items():
        count = rows[component].count()
        assert count > 0
        expect(panel.get_by_label(f"{name} {count}", exact=True)).to_be_visible()
    expect(switch(panel, "Django")).not_to_be_checked()
    expect(rows["django"].locator("visible=true")).to_have_count(0)
    switch(panel, "Django").check()
    expect(rows["django"].locator("visible=true")).to_have_count(rows["django"].count())

    switch(panel, "third party").uncheck()
    expect(rows["third_party"].locator("visible=true")).to_have_count(0)
    switch(panel, "project").uncheck()
    visible = rows["project"].locator("visible=true")
    expect(visible).to_have_count(1)
    expect(visible).to_contain_text("notify_sales RAISED KeyError: 'vip'")
    expect(panel.get_by_text("swallowed KeyError: 'vip'")).to_be_visible()


def test_everything_is_expanded_and_collapsed_by_one_button(open_page):
    page = open_page("/checkout/")
    panel = page.open_panel()
    all_details, open_details = panel.locator("details"), panel.locator("details[open]")
    panel.get_by_role("button", name="Expand all").click()
    assert all_details.count() > 20
    expect(open_details).to_have_count(all_details.count())
    panel.get_by_role("button", name="Collapse all", exact=True).click()
    expect(open_details).to_have_count(0)
    expect(panel.get_by_role("button", name="Expand all")).to_be_visible()


@both_roots
def test_an_earlier_request_is_shown_again(open_page, shadow):
    page = open_page("/checkout/", Setup(shadow=shadow))
    earlier = page.request_id
    page.goto("/quiet/")
    page.open_panel()
    expect(page.panel).not_to_contain_text("Problems (1)")
    page.switch_to(earlier)
    expect(page.link()).to_contain_text("1 error")
    panel = page.open_panel()
    expect(panel).to_contain_text("Problems (1)")
    panel.get_by_role("searchbox").fill("nobody has this name")
    expect(panel.locator("[data-nothing]")).to_have_text("Nothing matches.")


def test_a_request_of_a_script_takes_the_place_of_the_page(open_page):
    page = open_page("/quiet/", Setup(update_on_fetch=True))
    expect(page.link()).to_contain_text("0 sent · 0 calls · 0.0 ms")
    page.page.evaluate("fetch('/json/')")
    expect(page.link()).to_contain_text("1 sent · 1 call · ")
    expect(page.open_panel()).to_contain_text("shop.signals.visited shop.visitors")


@pytest.mark.parametrize("setup", [Setup(), Setup("asgi", render_panels=True)], ids=str)
def test_hostile_names_are_only_text(open_page, setup):
    page = open_page("/hostile/", setup)
    panel = page.open_panel()
    panel.get_by_role("button", name="Expand all").click()
    assert panel.locator("script, img, iframe").count() == 0
    assert page.page.locator("[onerror]").count() == 0
    text = panel.inner_text()
    for name in [
        "<script>alert(1)</script>",
        "\"'><img src=x onerror=alert(2)>",
        "abc\\u202edcba",
        "{{ nonce }}",
        "long" * 2_500,
    ]:
        for part in [
            f"shop.hostile.{name}",
            f"shop.{name}.{name}",
            f"swallowed ValueError: {name}",
            f'uid="{name}',
            f"/tmp/{name[:100]}.py",
        ]:
            # What is longer has been cut.
            assert part[:350] in text
    assert "\u202e" not in text
    hrefs = panel.locator("a").evaluate_all("links => links.map(link => link.href)")
    assert {href.partition(":")[0] for href in hrefs} == {"editor"}


@pytest.mark.parametrize("path", ["/bulk/", "/crowd/"])
def test_a_request_with_thousands_of_signals_stays_small(open_page, path):
    page = open_page(path)
    panel = page.open_panel()
    stored = page.server.get(f"/stats/{page.request_id}/").text
    assert len(stored.encode()) <= 128 * 1024
    # With a button for the actions of each row.
    assert panel.locator("*").count() <= 3_300
    # 10,000 times post_init, each with one of tag_made; and 600 visitors.
    calls = {"/bulk/": "20,000 calls", "/crowd/": "20,600 calls"}[path]
    expect(panel.locator(".signaltools-totals")).to_contain_text(calls)
    expect(page.link()).to_contain_text(calls)


def message(panel):
    return panel.locator(".signaltools-found")


def actions(panel, name):
    return panel.get_by_role("button", name=f"Actions for {name}", exact=True).first


def in_order(page):
    return page.lists("This request, in order")


def test_words_of_the_filter_may_be_in_rows_above_one_another(open_page):
    page = open_page("/checkout/")
    panel = page.open_panel()
    panel.get_by_role("searchbox").fill("  weigh   POST_SAVE ")
    expect(in_order(page).get_by_text("parcels.receivers.weigh")).to_be_visible()
    expect(in_order(page).get_by_text("shop.receivers.watch_stock")).to_be_hidden()
    panel.get_by_role("searchbox").fill("weigh order_paid")
    expect(message(panel)).to_have_text("Nothing matches.")


def test_the_filter_says_that_hidden_rows_match(open_page):
    page = open_page("/checkout/")
    panel = page.open_panel()
    panel.get_by_role("searchbox").fill("pre_save no receivers")
    expect(message(panel)).to_have_text("Rows that you have hidden match.")


def test_the_filter_says_that_rows_are_left_out(open_page):
    page = open_page("/crowd/")
    panel = page.open_panel()
    panel.get_by_role("searchbox").fill("nobody has this name")
    text = "Nothing matches. Rows that were left out can't be found."
    expect(message(panel)).to_have_text(text)


def test_built_in_signals_without_receivers_have_a_switch(open_page):
    page = open_page("/checkout/")
    panel = page.open_panel()
    rows = in_order(page).locator(".signaltools-without-receivers")
    assert rows.count() == 2
    expect(rows.locator("visible=true")).to_have_count(0)
    expect(in_order(page).get_by_text("shop.signals.order_lost")).to_be_visible()
    switch(panel, "built-in signals without receivers 2").check()
    expect(rows.locator("visible=true")).to_have_count(2)


def test_nothing_expands_into_nothing(open_page):
    page = open_page("/checkout/")
    panel = page.open_panel()
    switch(panel, "third party").uncheck()
    switch(panel, "project").uncheck()
    for section in ("This request, in order", "All receivers"):
        for details in panel.locator(
            f"section:has(> h4:text-is('{section}')) details"
        ).all():
            if details.is_visible():
                details.evaluate("details => { details.open = true; }")
                below = details.locator("> .signaltools-node, > .signaltools-more")
                assert below.locator("visible=true").count() > 0


def test_a_hidden_receiver_and_app_are_remembered_on_the_next_page(open_page):
    page = open_page("/checkout/")
    panel = page.open_panel()
    row = in_order(page).get_by_text("shop.receivers.record")
    expect(row.first).to_be_visible()
    actions(in_order(page), "shop.receivers.record").click()
    panel.get_by_role("button", name="Hide shop.receivers.record").click()
    expect(row.first).to_be_hidden()
    actions(in_order(page), "parcels.receivers.print_label").click()
    panel.get_by_role("button", name="Hide parcels", exact=True).click()
    panel.get_by_role("searchbox").fill("shop")
    switch(panel, "Django").check()

    page.goto("/checkout/")
    panel = page.open_panel()
    expect(panel.get_by_role("searchbox")).to_have_value("shop")
    expect(switch(panel, "Django")).to_be_checked()
    panel.get_by_role("searchbox").fill("")
    row = in_order(page).get_by_text("shop.receivers.record")
    expect(row.first).to_be_hidden()
    expect(in_order(page).get_by_text("parcels.receivers").first).to_be_hidden()
    panel.get_by_role("button", name="Show shop.receivers.record").click()
    expect(row.first).to_be_visible()
    panel.get_by_role("button", name="Show parcels").click()
    expect(panel.locator(".signaltools-hidden")).to_be_hidden()


@pytest.mark.parametrize("stored", ["[", "null", "[]", '{"names": 1, "query": 2}'])
def test_what_is_stored_may_be_anything(open_page, stored):
    page = open_page("/quiet/")
    page.page.evaluate(
        "text => localStorage.setItem('signaltools.panel', text)", stored
    )
    page.goto("/checkout/")
    panel = page.open_panel()
    expect(panel.get_by_role("searchbox")).to_have_value("")
    expect(switch(panel, "project")).to_be_checked()


@both_roots
def test_a_problem_leads_to_its_row(open_page, shadow):
    page = open_page("/checkout/", Setup(shadow=shadow))
    panel = page.open_panel()
    panel.get_by_role("button", name="Expand all").click()
    panel.get_by_role("button", name="Collapse all").click()
    button = panel.get_by_role("button", name="Show the row of", exact=False).first
    button.press("Enter")
    row = in_order(page).locator(".signaltools-target")
    expect(row).to_contain_text("notify_sales RAISED KeyError")
    expect(row).to_be_in_viewport()
    expect(row).to_be_focused()


def test_a_collapsed_row_has_its_buttons(open_page):
    page = open_page("/checkout/")
    panel = page.open_panel()
    panel.get_by_role("button", name="Expand all").click()
    panel.get_by_role("button", name="Collapse all").click()
    row = in_order(page).locator("> .signaltools-node:has(.signaltools-branch)").first
    expect(row.get_by_role("link", name="Open shop/views.py")).to_be_visible()
    button = row.get_by_role("button", name="Actions for shop/views.py")
    button.press("Enter")
    copies = row.get_by_role("button", name="Copy shop/views.py")
    expect(copies).to_be_visible()
    expect(row.locator(".signaltools-branch")).to_have_js_property("open", False)
    copies.click()
    expect(row.get_by_role("button", name="Copied shop/views.py")).to_be_focused()
    button.press("Enter")
    expect(row.locator(".signaltools-menu")).to_be_hidden()


def test_a_place_is_copied(open_page):
    page = open_page("/checkout/", permissions=["clipboard-read", "clipboard-write"])
    page.open_panel()
    actions(in_order(page), "shop.receivers.reserve").click()
    copies = in_order(page).get_by_role("button", name="Copy shop/receivers.py")
    place = copies.inner_text().removeprefix("Copy ")
    copies.click()
    assert page.page.evaluate("navigator.clipboard.readText()") == place
    actions(in_order(page), "shop.receivers.reserve").click()
    expect(copies).to_be_hidden()


@pytest.mark.parametrize("render_panels", [False, True])
def test_queries_of_a_row_lead_to_the_panel_with_their_statements(
    open_page, render_panels
):
    page = open_page("/checkout/", Setup(render_panels=render_panels))
    page.open_panel()
    actions(in_order(page), "shop.receivers.reserve").click()
    in_order(page).get_by_role("button", name="Open the SQL panel").click()
    expect(page.page.locator("#SQLPanel")).to_be_visible()
    expect(page.page.locator("#SQLPanel .djDebugSql").first).to_be_visible()


def test_hundreds_of_sends_are_shown_with_what_ran(open_page):
    page = open_page("/crowd/")
    panel = page.open_panel()
    button = panel.get_by_role("button", name="Show the row of shop.receivers.refuse_c")
    button.first.click()
    row = in_order(page).locator(".signaltools-target")
    expect(row).to_contain_text("1 shop.receivers.refuse_crowd RAISED PermissionError")
    expect(row).to_be_in_viewport()
