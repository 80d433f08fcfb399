"""
Exceptions and warnings for users of signaltools.
"""

from __future__ import annotations


class SignalNotFound(LookupError):
    """
    No signal has the requested name.

    ``name`` is the name that was requested.
    """

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class SignalNameTaken(ValueError):
    """
    A name already belongs to another signal.

    ``name`` is that name.
    """

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class EventWarning(UserWarning):
    """
    An event declared with ``check="warn"`` was used in a way that doesn't match its
    declaration.
    """


class BackgroundError(ValueError):
    """
    A receiver in the background can't get what an event was sent with.

    It is raised where the event is sent if an argument can't be written as JSON, and in
    the worker if a message doesn't fit the event that is declared there.
    """
