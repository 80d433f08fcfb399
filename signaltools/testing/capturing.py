"""
Look at what is sent.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from inspect import iscoroutinefunction
from types import CoroutineType
from typing import Any, Self, overload

from django.dispatch import Signal

from ..recording.patches import Tool, caller, sender_of
from .blocks import Block, active, as_signal, as_signals
from .matching import ANY_SENDER, Expected, Sent, sent_too_often, verdict_of

Arguments = Mapping[str, Any]


def capture(*signals: Signal | str, everywhere: bool = False) -> Capture:
    """
    Return what keeps each send of ``signals`` in a ``with`` block, in their order.

    A signal may be given by its name. Sends are kept as they are made, with their
    sender, arguments and responses themselves, until the capture is dropped; whether
    anything receives them does not matter, and ``has_listeners()`` is true meanwhile.

    What other threads and tasks send is not captured, unless ``everywhere`` is true,
    which captures in the whole process: a live server answers in threads of its own.
    """
    return Capture(as_signals("capture", signals), everywhere)


def assert_sent(
    signal: Signal | str,
    arguments: Arguments | None = None,
    *,
    times: int | None = None,
    sender: Any = ANY_SENDER,
    everywhere: bool = False,
) -> Capture:
    """
    Fail at the end of a ``with`` block that has not sent ``signal``.

    Only sends that have all of ``arguments`` count, which may have others as well, and
    only those by ``sender``, None being one. With ``times`` there have to be exactly so
    many of them. For ``everywhere`` see ``capture()``, which this returns.
    """
    watched = as_signal("assert_sent", signal)
    expected = Expected(watched, arguments, sender)
    check = functools.partial(Capture._check, expected=expected, times=times)
    return _Assertion(watched, everywhere, check)


def assert_not_sent(
    signal: Signal | str,
    arguments: Arguments | None = None,
    *,
    sender: Any = ANY_SENDER,
    everywhere: bool = False,
) -> Capture:
    """
    Fail at the end of a ``with`` block that has sent ``signal`` in this way.
    """
    watched = as_signal("assert_not_sent", signal)
    expected = Expected(watched, arguments, sender)
    refuse = functools.partial(Capture._refuse, expected=expected)
    return _Assertion(watched, everywhere, refuse)


class Capture(Block, Sequence[Sent]):
    """
    The sends of some signals in a ``with`` block, in the order in which they began.
    """

    def __init__(self, signals: tuple[Signal, ...], everywhere: bool = False) -> None:
        super().__init__(everywhere)
        self.signals = signals
        self._sends: list[Sent] = []
        # Of all other signals, how often they were sent.
        self._others: dict[int, tuple[Signal, int]] = {}

    @overload
    def __getitem__(self, index: int) -> Sent: ...
    @overload
    def __getitem__(self, index: slice) -> list[Sent]: ...
    def __getitem__(self, index: int | slice) -> Sent | list[Sent]:
        return self._sends[index]

    def __iter__(self) -> Iterator[Sent]:
        return iter(self._sends)

    def __len__(self) -> int:
        return len(self._sends)

    def __repr__(self) -> str:
        return f"<Capture: {self._sends!r}>"

    def assert_sent(
        self,
        signal: Signal | str,
        arguments: Arguments | None = None,
        *,
        times: int | None = None,
        sender: Any = ANY_SENDER,
    ) -> None:
        """
        Fail unless ``signal`` has been sent so far, as the function says.
        """
        __tracebackhide__ = True
        self._check(Expected(self._own(signal), arguments, sender), times)

    def assert_not_sent(
        self,
        signal: Signal | str,
        arguments: Arguments | None = None,
        *,
        sender: Any = ANY_SENDER,
    ) -> None:
        """
        Fail if ``signal`` has been sent so far, as the function says.
        """
        __tracebackhide__ = True
        self._refuse(Expected(self._own(signal), arguments, sender))

    def watches(self, signal: Signal) -> bool:
        return any(signal is watched for watched in self.signals)

    def begin(self, signal: Signal, method: str, arguments: dict[str, Any]) -> Sent:
        """
        Keep a send that begins now, of other signals only their number.
        """
        sent = Sent(signal, method, arguments.pop("sender"), arguments)
        if self.watches(signal):
            self._sends.append(sent)
        else:
            _, count = self._others.get(id(signal), (signal, 0))
            self._others[id(signal)] = signal, count + 1
        return sent

    def _own(self, signal: Signal | str) -> Signal:
        watched = as_signal("assert_sent", signal)
        if not self.watches(watched):
            raise ValueError(f"{signal!r} is not captured: name it in capture().")
        return watched

    def _check(self, expected: Expected, times: int | None) -> None:
        __tracebackhide__ = True
        found = [sent for sent in self._sends if expected.fits(sent)]
        if len(found) == times or (times is None and found):
            return
        own = [sent for sent in self._sends if sent.signal is expected.signal]
        others = tuple(self._others.values())
        raise AssertionError(verdict_of(expected, times, found, own, others))

    def _refuse(self, expected: Expected) -> None:
        __tracebackhide__ = True
        found = [sent for sent in self._sends if expected.fits(sent)]
        if found:
            raise AssertionError(sent_too_often(expected, found))


class _Assertion(Capture):
    """
    A capture that is looked at when its block ends.
    """

    def __init__(
        self, signal: Signal, everywhere: bool, check: Callable[[Capture], None]
    ) -> None:
        super().__init__((signal,), everywhere)
        self._check_at_end = check

    def __exit__(self, *exception: object) -> None:
        __tracebackhide__ = True
        super().__exit__(*exception)
        if exception[0] is None:
            self._check_at_end(self)


# The signal that is being sent until it asks for its receivers: a method of a class of
# signals most often goes on to that of Signal, which is hooked as well.
_sending: ContextVar[Signal | None] = ContextVar("signaltools.sending", default=None)


class _Sends:
    """
    Tell the captures of one send, for a ``with`` statement around each part of it.
    """

    def __init__(
        self, signal: Signal, method: str, args: tuple[Any, ...], named: dict[str, Any]
    ) -> None:
        captures = active(Capture) if _sending.get() is not signal else []
        arguments = {**named, "sender": sender_of(args, named)}
        self._signal = signal
        self._sends = [
            capture.begin(signal, method, dict(arguments)) for capture in captures
        ]

    def __enter__(self) -> Self:
        self._outer = _sending.get()
        _sending.set(self._signal)
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _tb: object) -> None:
        _sending.set(self._outer)
        for sent in self._sends:
            sent.error = error

    def answered(self, responses: Any) -> Any:
        if type(responses) is list:
            for sent in self._sends:
                sent.responses = list(responses)
        return responses


def _send_hook(_cls: type, original: Any, method: str) -> Any:
    call = caller(original)

    @functools.wraps(original)
    def send(self: Signal, /, *args: Any, **named: Any) -> Any:
        with _Sends(self, method, args, named) as sends:
            responses = call(self, *args, **named)
        # A plain function may leave it to its caller to await.
        if type(responses) is CoroutineType:
            return _await_send(sends, responses)
        return sends.answered(responses)

    return send


async def _await_send(sends: _Sends, awaitable: Awaitable[Any]) -> Any:
    with sends:
        return sends.answered(await awaitable)


def _asend_hook(cls: type, original: Any, method: str) -> Any:
    if not iscoroutinefunction(original):
        return _send_hook(cls, original, method)
    call = caller(original)

    @functools.wraps(original)
    async def asend(self: Signal, /, *args: Any, **named: Any) -> Any:
        sends = _Sends(self, method, args, named)
        return await _await_send(sends, call(self, *args, **named))

    return asend


def _live_receivers_hook(_cls: type, original: Any, _name: str) -> Any:
    call = caller(original)

    @functools.wraps(original)
    def live_receivers(self: Signal, /, *args: Any, **named: Any) -> Any:
        found = call(self, *args, **named)
        # What these send themselves is another send, also of the same signal.
        _sending.set(None)
        return found

    return live_receivers


def _has_listeners_hook(_cls: type, original: Any, _name: str) -> Any:
    call = caller(original)

    @functools.wraps(original)
    def has_listeners(self: Signal, /, *args: Any, **named: Any) -> Any:
        outer = _sending.get()
        try:
            found = call(self, *args, **named)
        finally:
            _sending.set(outer)
        return found or any(each.watches(self) for each in active(Capture))

    return has_listeners


Capture.tool = Tool(
    {
        "send": _send_hook,
        "send_robust": _send_hook,
        "asend": _asend_hook,
        "asend_robust": _asend_hook,
        "_live_receivers": _live_receivers_hook,
        "has_listeners": _has_listeners_hook,
    },
    rank=1,
)
