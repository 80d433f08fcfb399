"""
What people do with the panel in a browser, and what they see.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any

from playwright.sync_api import ConsoleMessage, Dialog, Locator, Page, expect
from playwright.sync_api import TimeoutError as Late

from .servers import Server, Setup

_BLOCKED = re.compile(
    r"(script|stylesheet) '[^']*/static/(\S+)' .*Content Security Policy"
)
_TEXTS = "nodes => nodes.map(node => node.textContent)"
_VISIBLE_TEXTS = (
    f"""nodes => ({_TEXTS})(nodes.filter(node => node.checkVisibility()))"""
)


class ToolbarPage:
    """
    A page with the toolbar.

    ``errors`` is what went wrong in the browser, ``blocked`` which files its policy
    has kept out.
    """

    def __init__(self, server: Server, setup: Setup, page: Page) -> None:
        self.server = server
        self.setup = setup
        self.page = page
        self.errors: list[str] = []
        self.blocked: list[str] = []
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._on_console)
        page.on("dialog", self._on_dialog)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        blocked = _BLOCKED.search(message.text)
        if blocked and self.setup.blocks_own_files:
            self.blocked.append(blocked[2])
        else:
            self.errors.append(message.text)

    def _on_dialog(self, dialog: Dialog) -> None:
        self.errors.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def goto(self, path: str) -> None:
        answer = self.page.goto(self.server.url(path))
        assert answer is not None
        assert answer.ok

    def close(self) -> None:
        self.page.context.close()

    def open_panel(self) -> Locator:
        """
        Click the panel in the side bar and return what is shown then.
        """
        self.link().click()
        self.wait()
        return self.panel

    def wait(self) -> None:
        """
        Return when the panel is there, with its style sheet and its script.
        """
        self.panel.wait_for()
        if self.setup.blocks_own_files:
            while len(self.blocked) < 2:
                self.page.wait_for_event("console")
        else:
            row = self.panel.locator(".signaltools-row").first
            expect(row).to_have_css("display", "flex")
            expect(self.panel.get_by_role("searchbox")).to_be_visible()

    def link(self, panel: str = "SignalToolsPanel") -> Locator:
        return self.page.locator(f"#djdt-{panel} a")

    def switch_to(self, request_id: str) -> None:
        """
        Show an earlier request, by the toolbar's history.
        """
        self.link("HistoryPanel").click()
        button = self.page.locator(f'.switchHistory[data-request-id="{request_id}"]')
        # The script that listens to the button is loaded after it.
        for _ in range(50):
            with suppress(Late):
                pattern = "**/history_sidebar/**"
                with self.page.expect_response(pattern, timeout=300):
                    button.dispatch_event("click")
                return
        raise TimeoutError

    @property
    def panel(self) -> Locator:
        return self.page.locator("#SignalToolsPanel .signaltools")

    @property
    def request_id(self) -> str:
        return self.page.locator("#djDebug").get_attribute("data-request-id") or ""

    @property
    def journal(self) -> list[list[Any]]:
        """
        What the receivers have written down themselves.
        """
        return json.loads(self.page.locator("#journal").inner_text())

    def lists(self, heading: str) -> Locator:
        """
        Return the list below a heading.
        """
        return self.panel.locator(f'h4:text-is("{heading}") + .signaltools-list')

    def rows(self, heading: str) -> list[str]:
        """
        Return the text of each row below a heading, collapsed or not.
        """
        rows = self.lists(heading).locator(
            ".signaltools-row, .signaltools-more:not([hidden])"
        )
        return [plain(text) for text in rows.evaluate_all(_TEXTS)]

    def visible_rows(self) -> list[str]:
        """
        Return the text of each row that is to be seen.
        """
        rows = self.panel.locator(".signaltools-row, summary > b")
        return [plain(text) for text in rows.evaluate_all(_VISIBLE_TEXTS)]

    def focused(self) -> str:
        """
        Return the first tag of what has the focus.
        """
        html = self.page.evaluate(
            """() => {
                let found = document.activeElement;
                while (found?.shadowRoot?.activeElement) {
                    found = found.shadowRoot.activeElement;
                }
                return found?.outerHTML ?? "";
            }"""
        )
        return html.partition(">")[0]


def plain(text: str) -> str:
    """
    Return ``text`` without what differs between two requests, and on one line.
    """
    text = re.sub(r"[ \n]+", " ", text).strip(" ")
    text = re.sub(r"\+\d+\.\d", "+T", text)
    text = re.sub(r"\d+\.\d ms", "T ms", text)
    text = re.sub(r"\.py:\d+", ".py:LINE", text)
    text = re.sub(r"\(\d+%\)", "(P%)", text)
    return re.sub(r"pk=\d+", "pk=N", text)
