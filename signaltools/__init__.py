"""
See, record, and check the signals of a Django project.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .events import event, receiver
    from .events.background import in_background
    from .inventory.names import registry
    from .tracing import trace

__all__ = ["event", "in_background", "receiver", "registry", "trace"]
__version__ = "0.1.0"

# pytest imports this package in every project that has it installed, and test runs that
# don't use it must not become slower. Importing models before Django is set up would
# also fail. Therefore a name is imported when it is first used.
_MODULES = {
    "event": "events",
    "in_background": "events.background",
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
