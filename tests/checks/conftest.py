from __future__ import annotations

import sys

import pytest


@pytest.fixture(autouse=True)
def look_at_everything(whole_heap):
    """
    A check asks the garbage collector who holds a receiver.
    """


@pytest.fixture
def write_app(tmp_path, monkeypatch):
    """
    Return a function that writes the files of the app "shop".
    """
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(files):
        for name, source in {"__init__.py": "", **files}.items():
            path = tmp_path / "shop" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(source.encode() if type(source) is str else source)

    yield write
    for name in [name for name in sys.modules if name.split(".")[0] == "shop"]:
        del sys.modules[name]
