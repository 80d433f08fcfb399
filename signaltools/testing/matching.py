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
            name: snapshot(value)
            for name, value in {**arguments, "sender": sender}.items()
        }

    def __repr__(self) -> str:
        return f"<Sent: {name_of(self.signal)} {self._text()}>"

    def _text(self) -> str:
        arguments = ", ".join(
            f"{name}={self._value_text(name)}" for name in self.arguments
        )
        sender = sender_text(self._snapshots["sender"])
        return f"by {sender} with {arguments or 'no arguments'}"

    def _value_text(self, name: str) -> str:
        """
        Return an argument as it was at the send, and as it is now if that differs.
        """
        now = value_text(self.arguments[name])
        if self._snapshots[name] is self.arguments[name]:
            return now
        then = value_text(self._snapshots[name])
        return then if then == now else f"{then} (now {now})"


class Expected:
    """
    What a test expects: a signal with some arguments, sent a number of times.

    Without ``times``, it has to be sent at least once. ``caller`` is the test tool that
    captures the sends.
    """

    def __init__(
        self,
        signal: Signal,
        arguments: Any,
        sender: Any,
        times: int | None,
        caller: str,
    ) -> None:
        if arguments is not None and not isinstance(arguments, Mapping):
            hint = ""
            if isinstance(arguments, type):
                hint = "; use sender= for the sender"
            elif callable(arguments):
                hint = "; call functions inside the block, or use where() for a value"
            raise TypeError(
                f"The expected arguments must be a dict, not {arguments!r}{hint}."
            )
        self.signal = signal
        self.arguments: Mapping[str, Any] = arguments or {}
        self.sender = sender
        self.times = times
        self.caller = caller
        # By the id() of a send: the arguments that were equal when it began.
        self._equal_at_send: dict[int, set[str]] = {}

    def compare_at_send(self, sent: Sent) -> None:
        """
        Compare the sender and the arguments of a send before anything changes them.
        """
        # Evaluating a lazy object would change what the code under test does.
        self._equal_at_send[id(sent)] = {
            name
            for name, value, expected in self._compared(sent)
            if not is_unevaluated(value)
            and not is_unevaluated(expected)
            and is_equal(value, expected)
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
        more = hints.find(self.signal, len(own), self.caller)
        if not own:
            return f"{name} wasn't sent.{hints.sent_instead(self.signal)}{more}"
        # Too few or too many sends match.
        if found:
            is_partial = self.arguments or self.sender is not ANY_SENDER
            times = f"{times_text(len(found))}{' in this way' if is_partial else ''}"
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

    def _compared(self, sent: Sent) -> Iterator[tuple[str, Any, Any]]:
        """
        Yield a name, the value that was sent, and the expected one.
        """
        if self.sender is not ANY_SENDER:
            yield "sender", sent.sender, self.sender
        for name, expected in self.arguments.items():
            if name in sent.arguments:
                yield name, sent.arguments[name], expected

    def _was_equal(self, sent: Sent) -> bool:
        return all(
            self._was_equal_at_send(sent, name, expected)
            for name, _, expected in self._compared(sent)
        )

    def _was_equal_at_send(self, sent: Sent, name: str, expected: Any) -> bool:
        # Only an assertion knows at the send what it expects. A capture has a copy.
        equal = self._equal_at_send.get(id(sent))
        if equal is not None:
            return name in equal
        return is_equal(sent._snapshots[name], expected)

    def _differences(self, sent: Sent) -> Iterator[str]:
        for name, value, expected in self._compared(sent):
            if self._was_equal_at_send(sent, name, expected):
                continue
            if is_equal(value, expected):
                continue
            then = sent._snapshots[name]
            if name == "sender":
                reason = explain(then, expected, sender_text)
                yield (
                    f"the sender was {sender_text(then)}, "
                    f"not {sender_text(expected)}{reason}"
                )
            else:
                yield (
                    f"{name!r} was {sent._value_text(name)}, "
                    f"not {value_text(expected)}{explain(then, expected)}"
                )
        for name in self.arguments:
            if name not in sent.arguments:
                hint = did_you_mean(str(name), sent.arguments).strip()
                if name == "sender":
                    hint = "use sender="
                yield f"there was no argument {name!r}{hint and f' ({hint})'}"
