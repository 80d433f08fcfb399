"""
Compare the sends in a block with the expected one, and describe the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from django.dispatch import Signal

from ..introspect.text import did_you_mean, text_list
from ..inventory.receivers import Sender
from .comparing import explain, is_equal, is_unevaluated
from .hints import Hints
from .snapshots import snapshot
from .wording import name_of, sender_text, times_text, value_text

#: Any sender, or none at all.
ANY_SENDER = Sender.ANY


class Sent:
    """
    A send, with the objects themselves.

    ``arguments`` holds all arguments except the sender, including the defaults of a
    declared event. ``responses`` is what the method has returned; it is None until
    then, or if the method raised ``error``.
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
        # Django sets the pk of a deleted instance to None, for example.
        self._snapshots = {
            name: snapshot(value) for name, value in self._values().items()
        }

    def __repr__(self) -> str:
        return f"<Sent: {name_of(self.signal)} {self._text()}>"

    def _values(self) -> dict[str, Any]:
        return {**self.arguments, "sender": self.sender}

    def _text(self) -> str:
        arguments = ", ".join(
            f"{name}={self._value_text(name)}" for name in self.arguments
        )
        return f"by {self._value_text('sender')} with {arguments or 'no arguments'}"

    def _value_text(self, name: str) -> str:
        """
        Return a value as it was at the send, and as it is now if that differs.
        """
        then, now = self._snapshots[name], self._values()[name]
        text = _shown(name)(then)
        now_text = text if now is then else _shown(name)(now)
        return text if now_text == text else f"{text} (now {now_text})"


def _shown(name: str) -> Callable[[Any], str]:
    return sender_text if name == "sender" else value_text


class Expected:
    """
    What a test expects: a signal with some arguments, sent a number of times.

    Without ``times``, it has to be sent at least once. ``tool`` is the name of the test
    tool that captures the sends.
    """

    def __init__(
        self, signal: Signal, arguments: Any, sender: Any, times: int | None, tool: str
    ) -> None:
        if arguments is not None and not isinstance(arguments, Mapping):
            raise TypeError(
                f"The expected arguments must be a dict, not {arguments!r}. "
                "Call functions inside the block, use where() for a value, and sender= "
                "for the sender."
            )
        if arguments and "sender" in arguments:
            raise TypeError("Use sender= for the sender, not the expected arguments.")
        self.signal = signal
        # No argument can have the name of the sender.
        self.values = {} if sender is ANY_SENDER else {"sender": sender}
        self.values.update(arguments or {})
        self.times = times
        self.tool = tool
        # By the id() of a send: the arguments that were equal when it began.
        self._equal_at_send: dict[int, set[str]] = {}

    def compare_at_send(self, sent: Sent) -> None:
        """
        Compare the sender and the arguments of a send before anything changes them.
        """
        # Evaluating a lazy object would change what the code under test does.
        self._equal_at_send[id(sent)] = {
            name
            for name, value in sent._values().items()
            if name in self.values
            and not is_unevaluated(value)
            and not is_unevaluated(self.values[name])
            and is_equal(value, self.values[name])
        }

    def find_failure(self, sends: Collection[Sent], hints: Hints) -> str:
        """
        Return how ``sends`` differ from what is expected, "" if they don't.
        """
        own = [sent for sent in sends if sent.signal is self.signal]
        found = [sent for sent in own if not any(self._differences(sent))]
        if len(found) == self.times or (self.times is None and found):
            return ""
        # A list that is sent, extended, and sent again is the same list in the end. To
        # count the sends, what it was at each of them is more exact.
        if self.times and self.times == sum(map(self._was_equal, found)):
            return ""
        name = name_of(self.signal)
        more = hints.find(self.signal, len(own), self.tool)
        if not own:
            return f"{name} wasn't sent.{hints.sent_instead(self.signal)}{more}"
        # Too few or too many sends match.
        if found:
            times = f"{times_text(len(found))}{' in this way' if self.values else ''}"
            expected = "but should not have been sent"
            if self.times:
                expected = f"not {times_text(self.times)}"
            if not self.times or len(found) > self.times:
                more = ""
            all_found = text_list(sent._text() for sent in found)
            return f"{name} was sent {times}, {expected}: {all_found}.{more}"
        # None matches: show how the most similar one differs.
        closest = min(own, key=lambda sent: len([*self._differences(sent)]))
        where = "" if len(own) == 1 else "in the closest match, "
        differences = text_list(self._differences(closest))
        return (
            f"{name} was sent {times_text(len(own))}, but {where}{differences}.{more}"
        )

    def _was_equal(self, sent: Sent) -> bool:
        return all(self._was_equal_at_send(sent, name) for name in self.values)

    def _was_equal_at_send(self, sent: Sent, name: str) -> bool:
        # Only an assertion knows at the send what it expects. A capture has a copy.
        if id(sent) in self._equal_at_send:
            return name in self._equal_at_send[id(sent)]
        return is_equal(sent._snapshots[name], self.values[name])

    def _differences(self, sent: Sent) -> Iterator[str]:
        values = sent._values()
        for name, expected in self.values.items():
            if name not in values:
                hint = did_you_mean(str(name), sent.arguments).strip()
                yield f"there was no argument {name!r}{hint and f' ({hint})'}"
            elif not self._was_equal_at_send(sent, name) and not is_equal(
                values[name], expected
            ):
                shown = _shown(name)
                subject = "the sender" if name == "sender" else repr(name)
                reason = explain(sent._snapshots[name], expected, shown)
                yield (
                    f"{subject} was {sent._value_text(name)}, "
                    f"not {shown(expected)}{reason}"
                )
