"""
See, record and check the signals of a Django project.
"""

from __future__ import annotations

from .registry import registry

__all__ = ["registry"]
