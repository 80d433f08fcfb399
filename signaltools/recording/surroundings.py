"""
Read the transaction that a send is in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from ..introspect.objects import is_a


def connection_of(arguments: Mapping[str, Any]) -> Any:
    """
    Return the connection for the argument ``using``, None if this thread has none.
    """
    using = arguments.get("using")
    alias = using if type(using) is str else DEFAULT_DB_ALIAS
    # Not connections[alias], which would create a connection.
    connection = getattr(connections._connections, alias, None)  # type: ignore[attr-defined]
    return connection if is_a(connection, BaseDatabaseWrapper) else None


def in_atomic(connection: Any) -> bool | None:
    """
    Return whether an ``atomic()`` block is open, not counting those of ``TestCase``.

    None if there is no connection.
    """
    if connection is None:
        return None
    # Those of a TestCase are the outermost ones, so the innermost one decides.
    blocks = connection.atomic_blocks
    return bool(blocks) and not blocks[-1]._from_testcase
