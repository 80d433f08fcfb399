"""
Choose the database whose transaction an event waits for.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections, router
from django.db.models import Model
from django.db.models.base import ModelBase

from ..introspect.callers import Site
from ..introspect.objects import is_a


class Choice(NamedTuple):
    """
    A database, and those that are in a transaction while it isn't.
    """

    alias: str
    in_transaction: list[str]

    @property
    def problem(self) -> str:
        if not self.in_transaction:
            return ""
        others = " and ".join(map(repr, self.in_transaction))
        return (
            f"would send immediately, because the database {self.alias!r} isn't in a "
            f"transaction, unlike {others}. Choose the database with using()."
        )


#: Return a number that is higher than all before.
next_number = count().__next__


class PendingSend:
    """
    The callback that sends an event when the transaction is committed.

    Test tools and traces look for it in the callbacks of a connection. ``site`` is the
    line that has queued it, and ``number`` is higher than those of earlier ones.
    """

    def __init__(
        self, event: Any, method: str, arguments: dict[str, Any], site: Site | None
    ) -> None:
        self.event = event
        self.method = method
        self.arguments = arguments
        self.site = site
        self.number = next_number()
        self.was_sent = False

    def __call__(self) -> None:
        self.was_sent = True
        self.event._send_checked(self.method, self.arguments)


def choose_database(arguments: Mapping[str, Any]) -> Choice:
    """
    Return the database that the rows of the event are written to.
    """
    alias = choose_alias(arguments)
    if _is_in_transaction(alias):
        return Choice(alias, [])
    initialized = connections.all(initialized_only=True)
    aliases = [connection.alias for connection in initialized]
    return Choice(alias, [*filter(_is_in_transaction, aliases)])


def choose_alias(arguments: Mapping[str, Any]) -> str:
    """
    Return the alias of ``choose_database()``, the first one in a transaction.
    """
    candidates = _candidates(arguments)
    return next(filter(_is_in_transaction, candidates), candidates[0])


def _candidates(arguments: Mapping[str, Any]) -> list[str]:
    sender = arguments["sender"]
    model: Any = None
    base: Any = Model
    if is_a(sender, ModelBase):
        model = sender
        # A proxy and its model share their rows. An abstract model has none.
        base = sender._meta.concrete_model or sender  # type: ignore[attr-defined]
    elif is_a(sender, Model):
        model = base = type(sender)
    instances = [value for value in arguments.values() if is_a(value, base)]
    # Unsaved instances have no database yet.
    aliases = [each._state.db for each in instances if each._state.db]
    if model is None:
        return [*aliases, DEFAULT_DB_ALIAS]
    # A router may write the rows of a replica to another database.
    hints = {"instance": instances[0]} if instances else {}
    return [*aliases, router.db_for_write(model, **hints)]


def _is_in_transaction(alias: str) -> bool:
    # Django's own error for an unknown alias is a good one.
    if alias not in connections:
        return False
    # The transactions of a TestCase are never committed: no code of the project runs in
    # one of them alone.
    for block in connections[alias].atomic_blocks:
        if not getattr(block, "_from_testcase", False):
            return True
    return False
