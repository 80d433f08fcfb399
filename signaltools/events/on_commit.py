"""
Send an event when the transaction is committed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, ParamSpec

from .._introspect import is_a

if TYPE_CHECKING:
    from .base import Event

P = ParamSpec("P")


class Using(Generic[P]):
    """
    An event that is sent on commit of one database, whoever sends it.
    """

    def __init__(self, event: Event[P], alias: str) -> None:
        self._event = event
        self._alias = alias

    def send_on_commit(self, *args: P.args, **named: P.kwargs) -> None:
        """
        Check the arguments now and send when the transaction is committed.
        """
        # The method of the event, which calls the methods below.
        type(self._event).send_on_commit(self, *args, **named)  # type: ignore[arg-type]

    def send_robust_on_commit(self, *args: P.args, **named: P.kwargs) -> None:
        """
        Do as ``send_on_commit()``, with ``send_robust()``.
        """
        type(self._event).send_robust_on_commit(self, *args, **named)  # type: ignore[arg-type]

    def _check_type(self, method: str, name: str, value: Any) -> None:
        self._event._check_type(method, name, value)

    def _completed(self, *args: Any) -> Any:
        return self._event._completed(*args)  # type: ignore[attr-defined]

    def _on_commit(self, method: str, arguments: Mapping[str, Any]) -> None:
        on_commit(self._event, method, arguments, self._alias)


def on_commit(
    event: Event[Any], method: str, arguments: Mapping[str, Any], alias: str = ""
) -> None:
    """
    Call ``method`` of ``event`` when the transaction is committed.
    """
    # Declaring an event shall need no settings.
    from django.db import transaction

    alias = alias or _database(arguments["sender"])
    # The method is looked up then: it may be mocked meanwhile, or put back.
    transaction.on_commit(lambda: getattr(event, method)(**arguments), using=alias)


def _database(sender: Any) -> str:
    """
    Return the database that instances of ``sender`` are written to.
    """
    from django.db import DEFAULT_DB_ALIAS, router
    from django.db.models import Model
    from django.db.models.base import ModelBase

    if is_a(sender, ModelBase):
        return router.db_for_write(sender)  # type: ignore[arg-type]
    if is_a(sender, Model):
        return router.db_for_write(type(sender), instance=sender)
    return DEFAULT_DB_ALIAS
