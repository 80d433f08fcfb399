"""
The stack of a send.
"""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from .servers import Setup


@pytest.mark.parametrize("policy", ["none", "nonce"])
def test_the_stack_of_a_send_is_one_click_away(open_page, policy):
    page = open_page("/checkout/", Setup(policy=policy, stacks=True))
    panel = page.open_panel()
    stacks = page.lists("This request, in order").locator(".signaltools-stack")
    # One for each row of a send that has receivers.
    expect(stacks).to_have_count(4)
    summary, frames = stacks.nth(1).locator("summary"), stacks.nth(1).locator("li")
    assert frames.filter(visible=True).count() == 0
    summary.press("Enter")
    expect(frames.first).to_be_visible()
    expect(frames).to_have_count(1)
    expect(frames.first).to_contain_text("shop/views.py")
    expect(frames.first).to_contain_text("checkout")
    link = frames.first.locator("a").get_attribute("href") or ""
    assert link.startswith("editor://")
    expect(panel.get_by_text("stack of the first send (1)")).to_be_visible()
    # It styles what it looks at, which the policy refuses.
    if policy == "none":
        parts = {"fromShadowDom": ["#djDebugRoot", ".signaltools"]}
        assert Axe().run(page.page, parts).response["violations"] == []


def test_without_the_setting_there_are_none(open_page):
    panel = open_page("/checkout/").open_panel()
    expect(panel.locator(".signaltools-stack")).to_have_count(0)
