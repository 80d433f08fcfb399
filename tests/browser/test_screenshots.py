"""
The pictures in README and docs: a checkout of the example project.

``UPDATE_SCREENSHOTS=1 tox run -e browser-toolbar8`` makes them anew.
"""

from __future__ import annotations

import os
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import expect

from .pages import ToolbarPage
from .servers import ROOT, Setup

PAGE, BUTTON = "/panel/", "Check out"
SIZE = {"width": 1280, "height": 1060}
IMAGES = ROOT / "docs" / "images"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_checkout_of_the_example_looks_like_in_the_docs(chromium, example, theme):
    context = chromium.new_context(viewport=SIZE, color_scheme=theme)
    page = ToolbarPage(example, Setup(), context.new_page())
    page.goto(PAGE)
    page.page.get_by_role("button", name=BUTTON).click()
    panel = page.open_panel()
    expect(panel.get_by_text("Problems (7)")).to_be_in_viewport()
    expect(panel.get_by_text("This request, in order")).to_be_in_viewport()
    expect(panel.locator("details[open]").first).to_be_in_viewport()
    picture = small(page.page.screenshot(animations="disabled"))
    file = IMAGES / f"panel-{theme}.png"
    if os.environ.get("UPDATE_SCREENSHOTS") == "1":
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(picture)
    context.close()
    assert page.errors == []
    with Image.open(file) as image:
        assert image.size == tuple(SIZE.values())


def small(png: bytes) -> bytes:
    """
    Return a picture with 256 colors, which nobody sees and is half the size.
    """
    output = BytesIO()
    with Image.open(BytesIO(png)) as image:
        image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
            output, "PNG", optimize=True
        )
    return output.getvalue()
