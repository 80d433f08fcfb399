"""
Tell whether a send is the expected one, and in what it differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from django.dispatch import Signal

from .._dispatch import Sender
from .._text import did_you_mean
from .wording import name_of, sender_text, value_text

#: All senders, None included.
ANY_SENDER = Sender.ANY


class Sent:
    """
    A send, with the objects themselves.

    ``arguments`` has all of them but the sender, those that have a default in the
    declaration of an event too. ``responses`` is what the method has returned, None if
    it has not or raised ``error``.
    """

    def __init__(
        self, signal: Signal, method: str, sender: Any, arguments: dict[str, Any]
    ) -> None:
        self.signal = signal
        self.method = method
        self.sender = sender
        self.arguments = arguments
        self.responses: list[tuple[Callable[..., Any], Any]] | None = None
        self.error: BaseException | None = None

    def __repr__(self) -> str:
        return f"<Sent: {name_of(self.signal)} {sent_text(self)}>"


class Expected(NamedTuple):
    """
    What a test expects of a send.
    """

    signal: Signal
    arguments: Mapping[str, Any] | None
    sender: Any

    def fits(self, sent: Sent) -> bool:
        return sent.signal is self.signal and not any(self.differences(sent))

    def differences(self, sent: Sent) -> Iterator[str]:
        """
        Yield in what ``sent`` differs, as ends of a sentence.
        """
        if not self.is_by_sender(sent):
            yield (
                f"the sender was {sender_text(sent.sender)}, "
                f"not {sender_text(self.sender)}"
            )
        for name, value in (self.arguments or {}).items():
            if name not in sent.arguments:
                hint = did_you_mean(name, sent.arguments)
                yield f"there was no argument {name!r}{_in_brackets(hint)}"
            elif not _equal(sent.arguments[name], value):
                yield (
                    f"{name!r} was {value_text(sent.arguments[name])}, "
                    f"not {value_text(value)}"
                )

    def is_by_sender(self, sent: Sent) -> bool:
        return self.sender is ANY_SENDER or _equal(sent.sender, self.sender)


def sent_text(sent: Sent) -> str:
    """
    Return who sent a signal with what.
    """
    arguments = ", ".join(
        f"{name}={value_text(value)}" for name, value in sent.arguments.items()
    )
    return f"by {sender_text(sent.sender)} with {arguments or 'no arguments'}"


def _equal(value: Any, expected: Any) -> bool:
    if value is expected:
        return True
    try:
        # On the left is what may be equal to anything, such as mock.ANY.
        return bool(expected == value)
    except Exception:
        return False


def _in_brackets(hint: str) -> str:
    return f" ({hint.strip()[:-1]}?)" if hint else ""
