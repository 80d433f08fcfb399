"""
Servers of the project in ``shop_site``, each in a process of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import urlopen

SITE = Path(__file__).with_name("shop_site")
ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "example_project"


class Setup(NamedTuple):
    """
    One way to run the project.
    """

    server: str = "wsgi"
    render_panels: bool = False
    shadow: bool = True
    policy: str = "none"
    store: str = "Memory"
    update_on_fetch: bool = False
    stacks: bool = False

    def __str__(self) -> str:
        render = "page" if self.render_panels else "ajax"
        shadow = "shadow" if self.shadow else "plain"
        return "-".join([self.server, render, shadow, f"csp_{self.policy}", self.store])

    @property
    def blocks_own_files(self) -> bool:
        """
        Whether the policy keeps the panel from its script and its style sheet.

        What the toolbar fetches later has no nonce.
        """
        return self.policy == "nonce" and not self.render_panels

    @property
    def toolbar(self) -> dict[str, Any]:
        return {
            "RENDER_PANELS": self.render_panels,
            "USE_SHADOW_DOM": self.shadow,
            "TOOLBAR_STORE_CLASS": f"debug_toolbar.store.{self.store}Store",
            "UPDATE_ON_FETCH": self.update_on_fetch,
        }


class Server:
    """
    A server in a process of its own.

    ``command`` gets a free port as its last argument.
    """

    def __init__(
        self, command: list[str], site: Path, environ: dict[str, str], output: Path
    ) -> None:
        self.output = output
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        with output.open("w") as file:
            self._process = subprocess.Popen(
                [sys.executable, *command, str(self.port)],
                cwd=site,
                env=environ,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        self._wait()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def _wait(self) -> None:
        for _ in range(600):
            assert self._process.poll() is None, self.output.read_text()
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise TimeoutError(self.output.read_text())

    def get(self, path: str) -> Answer:
        with urlopen(self.url(path), timeout=60) as response:
            return Answer(response.read().decode(), response.headers)

    def panel(self, request_id: str) -> str:
        """
        Return the HTML of the panel of an earlier request, as the toolbar gets it.
        """
        query = f"request_id={request_id}&panel_id=SignalToolsPanel"
        return json.loads(self.get(f"/__debug__/render_panel/?{query}").text)["content"]

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)


class Answer(NamedTuple):
    text: str
    headers: Any

    @property
    def request_id(self) -> str:
        return self.headers["djdt-request-id"]


RUNSERVER = ["manage.py", "runserver", "--noreload"]
UVICORN = ["-m", "uvicorn", "asgi:application", "--lifespan", "off", "--port"]


def serve_site(setup: Setup, folder: Path, database: Path) -> Server:
    """
    Serve the project of these tests with a copy of a database.
    """
    copy = shutil.copy2(database, folder / "db.sqlite3")
    command = UVICORN if setup.server == "asgi" else RUNSERVER
    return Server(command, SITE, _site_environ(setup, copy), folder / "output.txt")


def make_database(path: Path) -> Path:
    # Only with this store, the toolbar has a table.
    environ = _site_environ(Setup(store="Database"), path)
    _manage(SITE, environ, "migrate", "--run-syncdb", "-v0")
    return path


def serve_example(folder: Path) -> Server:
    """
    Serve the example project like ``make example`` does.
    """
    environ = _environ("config.settings", [EXAMPLE])
    environ["EXAMPLE_DATABASE"] = str(folder / "db.sqlite3")
    _manage(EXAMPLE, environ, "migrate", "-v0")
    _manage(EXAMPLE, environ, "demo_data")
    return Server(RUNSERVER, EXAMPLE, environ, folder / "output.txt")


def _manage(site: Path, environ: dict[str, str], *arguments: str) -> None:
    command = [sys.executable, "manage.py", *arguments]
    subprocess.run(command, cwd=site, env=environ, stdout=subprocess.PIPE, check=True)


def _site_environ(setup: Setup, database: Path) -> dict[str, str]:
    return _environ("settings", [SITE, SITE / "site-packages"]) | {
        "SITE_DATABASE": str(database),
        "SITE_CSP": setup.policy,
        "SITE_TOOLBAR": json.dumps(setup.toolbar),
        "SITE_STACKS": "1" if setup.stacks else "",
    }


def _environ(settings: str, path: list[Path]) -> dict[str, str]:
    # With PYTEST_VERSION, the toolbar would take the server for a test.
    left_out = {"PYTHONDEVMODE", "PYTHONWARNINGS", "PYTEST_VERSION"}
    environ = {name: os.environ[name] for name in os.environ if name not in left_out}
    return environ | {
        "DJANGO_SETTINGS_MODULE": settings,
        "PYTHONPATH": os.pathsep.join(map(str, path)),
    }
