"""
See, record and check the signals of a Django project.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .events import event, receiver
    from .registry import registry
    from .tracing import trace

__all__ = ["event", "receiver", "registry", "trace"]

# Whoever does not use it need not load it: pytest loads the plugin in any project.
_MODULES = {
    "event": "events",
    "receiver": "events",
    "registry": "registry",
    "trace": "tracing",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_MODULES[name]}")
    value = globals()[name] = getattr(module, name)
    return value


class _Package(ModuleType):
    def __setattr__(self, name: str, value: object) -> None:
        # Python gives a package each submodule that has been imported. What has the
        # name of this one is what it holds.
        if name == "registry" and isinstance(value, ModuleType):
            value = value.registry
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
