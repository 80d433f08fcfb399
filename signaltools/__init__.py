"""
See, record and check the signals of a Django project.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .events import event, receiver
    from .inventory.names import registry
    from .tracing import trace

__all__ = ["event", "receiver", "registry", "trace"]
__version__ = "0.1.0"

# pytest loads the plugin in every project, so a name is imported when it is first used.
_MODULES = {
    "event": "events",
    "receiver": "events",
    "registry": "inventory.names",
    "trace": "tracing",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_MODULES[name]}")
    value = globals()[name] = getattr(module, name)
    return value
