from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import signaltools
from signaltools.inventory.names import registry

FORBIDDEN = {"debug_toolbar", "pytest", "opentelemetry", "jsonschema"}


def run(code):
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_it_imports_nothing_that_is_not_used():
    loaded = run("import signaltools, sys; print(*sys.modules)").split()
    own = {name for name in loaded if name.startswith("signaltools")}
    assert own == {"signaltools"}
    assert "django" not in loaded


def test_it_imports_without_settings_and_without_extras():
    code = "from signaltools import event, registry; import sys; print(*sys.modules)"
    loaded = run(code).split()
    assert "signaltools.inventory.names" in loaded
    assert "django.db.models" not in loaded
    assert not FORBIDDEN & {name.partition(".")[0] for name in loaded}


def test_the_public_names_are_sorted_and_exist():
    assert signaltools.__all__ == sorted(signaltools.__all__)
    assert all(hasattr(signaltools, name) for name in signaltools.__all__)


def test_registry_is_the_registry():
    assert signaltools.registry is registry
    for first in ("signaltools", "signaltools.inventory.names", "signaltools.events"):
        code = (
            f"import {first}, signaltools; print(type(signaltools.registry).__name__)"
        )
        assert run(code) == "Registry\n"


def test_other_names_do_not_exist():
    with pytest.raises(AttributeError) as caught:
        signaltools.nothing  # noqa: B018
    assert str(caught.value) == "module 'signaltools' has no attribute 'nothing'"


def test_the_package_is_marked_as_typed():
    assert Path(signaltools.__file__).with_name("py.typed").exists()
