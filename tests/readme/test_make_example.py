"""
Test ``make example`` in a copy of the checkout, as in a fresh clone.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True
    )
    folder = tmp_path_factory.mktemp("fresh clone")
    for name in files.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def make_example(checkout, port):
    """
    Run ``make example`` like a terminal does, and end it like Ctrl-C does.
    """
    with (checkout / "output.txt").open("w") as output:
        process = subprocess.Popen(
            ["make", "example", f"PORT={port}"],
            cwd=checkout,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={key: os.environ[key] for key in os.environ if key != "PYTHONPATH"},
        )
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(30)


def wait_until(happened, process):
    for _ in range(1200):
        if happened():
            return
        assert process.poll() is None
        time.sleep(0.1)
    raise TimeoutError


def page(port):
    try:
        with urlopen(f"http://127.0.0.1:{port}/", timeout=10) as response:
            return response.read().decode()
    except URLError:
        return ""


def test_it_serves_the_shop_even_after_an_interrupt_and_twice(checkout, port):
    with make_example(checkout, port) as process:
        wait_until((checkout / ".venv/bin/python").exists, process)
    assert not (checkout / ".venv/ready").exists()
    for _ in range(2):
        with make_example(checkout, port) as process:
            wait_until(lambda: page(port), process)
            assert "list_signals" in page(port)
    output = (checkout / "output.txt").read_text()
    assert f"The shop runs on http://127.0.0.1:{port}/" in output
    first_hint, *_ = output.partition("Try next")[2].strip().splitlines()[2:]
    assert first_hint.strip().endswith("manage.py list_signals")
