from __future__ import annotations

import os
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from .pages import ToolbarPage
from .servers import Server, Setup, make_database, serve_example, serve_site


@pytest.fixture(scope="session")
def serve(tmp_path_factory):
    """
    Return a function from a setup to its server, which is started once.
    """
    database = make_database(tmp_path_factory.mktemp("database") / "db.sqlite3")
    servers: dict[Setup, Server] = {}

    def find(setup: Setup) -> Server:
        if setup not in servers:
            folder = tmp_path_factory.mktemp("server")
            servers[setup] = serve_site(setup, folder, database)
        return servers[setup]

    yield find
    for server in servers.values():
        server.stop()
    for server in servers.values():
        output = server.output.read_text()
        assert 'HTTP/1.1" 500' not in output, output


@pytest.fixture(scope="session")
def example(tmp_path_factory):
    """
    The server of the example project.
    """
    server = serve_example(tmp_path_factory.mktemp("example"))
    yield server
    server.stop()
    output = server.output.read_text()
    assert 'HTTP/1.1" 500' not in output, output


@pytest.fixture(scope="session")
def chromium():
    path = shutil.which("chromium")
    if path is None:
        reason = "there is no chromium on this machine (Debian: apt install chromium)"
        if os.environ.get("SIGNALTOOLS_NEEDS_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    # A busy machine may take longer than the 5 seconds of Playwright.
    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, serve):
    """
    Return a function that opens a page of a server and fails on errors in the end.
    """
    opened: list[ToolbarPage] = []

    def open_it(path: str, setup: Setup | None = None, **options) -> ToolbarPage:
        setup = setup or Setup()
        size = {"width": 1400, "height": 900}
        context = chromium.new_context(viewport=size, **options)
        opened.append(ToolbarPage(serve(setup), setup, context.new_page()))
        opened[-1].goto(path)
        return opened[-1]

    yield open_it
    for page in opened:
        page.close()
    for page in opened:
        assert page.errors == []
