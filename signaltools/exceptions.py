"""
Errors that signaltools raises for its callers.
"""

from __future__ import annotations


class SignalNotFound(LookupError):
    """
    Say that no signal has the requested name.

    ``name`` holds the name that was asked for.
    """

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class SignalNameTaken(ValueError):
    """
    Say that a name already belongs to another signal.

    ``name`` holds the name in question.
    """

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class EventWarning(UserWarning):
    """
    Say that an event declared with ``check="warn"`` is used in another way.
    """
