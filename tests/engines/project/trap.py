"""
A module that nothing imports, so a message that names it may not import it either.
"""

from __future__ import annotations
