"""
See, record and check the signals of a Django project.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .events import event, receiver
from .registry import registry

if TYPE_CHECKING:
    from .tracing import trace

__all__ = ["event", "receiver", "registry", "trace"]


def __getattr__(name: str) -> Any:
    # Whoever does not record need not load what does it.
    if name == "trace":
        from .tracing import trace

        return trace
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
