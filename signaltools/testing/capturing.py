"""
Capture the signals that are sent, and assert them.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Mapping, Sequence
from contextvars import ContextVar
from inspect import iscoroutinefunction
from types import CoroutineType
from typing import Any, Self, overload

from django.dispatch import Signal

from ..recording.patches import Tool, caller, sender_of
from .blocks import Block, active, active_elsewhere, as_signal, as_signals
from .hints import Hints
from .matching import ANY_SENDER, Expected, Sent

Arguments = Mapping[str, Any]


def capture(*signals: Signal | str, everywhere: bool = False) -> Capture:
    """
    Return a context manager that captures each send of ``signals``, in order.

    Signals can be given by name. Each send is captured with the sender, the arguments,
    and the responses themselves, which are kept as long as the capture, whether the
    signal has receivers or not. In the block, ``has_listeners()`` is true for them.

    Sends of other threads and tasks aren't captured, unless ``everywhere`` is true,
    which captures in the whole process: a live server uses other threads.
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
    Fail at the end of a ``with`` block if it hasn't sent ``signal``.

    Only sends with all of ``arguments`` count, which may have other arguments as well,
    and only those by ``sender`` (``None`` is a valid sender). An argument has to be
    equal to its expected value at the send or at the end; see ``where()`` for other
    conditions. With ``times``, there must be exactly that many. Returns a capture; see
    ``capture()`` for ``everywhere``.
    """
    watched = as_signal("assert_sent", signal)
    expected = Expected(watched, arguments, sender, times, "assert_sent")
    return Capture((watched,), everywhere, expected)


def assert_not_sent(
    signal: Signal | str,
    arguments: Arguments | None = None,
    *,
    sender: Any = ANY_SENDER,
    everywhere: bool = False,
) -> Capture:
    """
    Fail at the end of a ``with`` block if it has sent ``signal`` in this way.
    """
    watched = as_signal("assert_not_sent", signal)
    expected = Expected(watched, arguments, sender, 0, "assert_not_sent")
    return Capture((watched,), everywhere, expected)


class Capture(Block, Sequence[Sent]):
    """
    The sends of some signals in a ``with`` block, in the order in which they began.

    At the end of the block, it fails if they aren't as ``expected``.
    """

    def __init__(
        self,
        signals: tuple[Signal, ...],
        everywhere: bool,
        expected: Expected | None = None,
    ) -> None:
        super().__init__(everywhere)
        self.signals = signals
        self._sends: list[Sent] = []
        self._expected = expected
        self.hints = Hints()

    def __enter__(self) -> Self:
        self.hints = Hints()
        return super().__enter__()

    def __exit__(self, *exception: object) -> None:
        __tracebackhide__ = True
        super().__exit__(*exception)
        # An exception of the block explains more than the signal that wasn't sent.
        if self._expected and exception[0] is None:
            self._check(self._expected)

    @overload
    def __getitem__(self, index: int) -> Sent: ...
    @overload
    def __getitem__(self, index: slice) -> list[Sent]: ...
    def __getitem__(self, index: int | slice) -> Sent | list[Sent]:
        return self._sends[index]

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
        Fail if ``signal`` hasn't been sent so far; see ``assert_sent()``.
        """
        __tracebackhide__ = True
        self._assert("assert_sent", signal, arguments, sender, times)

    def assert_not_sent(
        self,
        signal: Signal | str,
        arguments: Arguments | None = None,
        *,
        sender: Any = ANY_SENDER,
    ) -> None:
        """
        Fail if ``signal`` has been sent so far in this way.
        """
        __tracebackhide__ = True
        self._assert("assert_not_sent", signal, arguments, sender, 0)

    def captures(self, signal: Signal) -> bool:
        return any(signal is captured for captured in self.signals)

    def add(self, sent: Sent) -> None:
        """
        Add a send of a captured signal, which begins now.
        """
        if self._expected:
            self._expected.compare_at_send(sent)
        self._sends.append(sent)

    def _assert(
        self, caller: str, signal: Any, arguments: Any, sender: Any, times: int | None
    ) -> None:
        __tracebackhide__ = True
        watched = as_signal(caller, signal)
        if not self.captures(watched):
            raise ValueError(f"{signal!r} isn't captured; pass it to capture().")
        self._check(Expected(watched, arguments, sender, times, "capture"))

    def _check(self, expected: Expected) -> None:
        # pytest then shows the line of the test instead of this one.
        __tracebackhide__ = True
        failure = expected.find_failure(self._sends, self.hints)
        if failure:
            raise AssertionError(failure)


# The signal whose send has begun and hasn't yet asked for its receivers. send() of a
# subclass usually calls that of Signal, and both have a hook: the inner call belongs to
# the same send. Once receivers run, what they send is another one.
_sending: ContextVar[Signal | None] = ContextVar("signaltools.sending", default=None)
# Whether an assertion compares arguments now. A comparison that loads a model instance
# sends signals, which the code under test doesn't.
_comparing: ContextVar[bool] = ContextVar("signaltools.comparing", default=False)


class _Sends:
    """
    One send in all active captures; a context manager around each step of it.
    """

    def __init__(
        self, signal: Signal, method: str, args: tuple[Any, ...], named: dict[str, Any]
    ) -> None:
        self._signal = signal
        self._sends: list[Sent] = []
        if _sending.get() is signal or _comparing.get():
            return
        for capture in active_elsewhere(Capture):
            if capture.captures(signal):
                capture.hints.add_elsewhere()
        arguments = {name: named[name] for name in named if name != "sender"}
        for capture in active(Capture):
            if not capture.captures(signal):
                capture.hints.add_other(signal)
                continue
            sent = Sent(signal, method, sender_of(args, named), arguments.copy())
            self._sends.append(sent)
            _comparing.set(True)
            try:
                capture.add(sent)
            finally:
                _comparing.set(False)

    def __enter__(self) -> Self:
        self._outer = _sending.get()
        _sending.set(self._signal)
        return self

    def __exit__(self, _cls: object, error: BaseException | None, _tb: object) -> None:
        # Not ContextVar.reset(): a coroutine may be awaited in another context.
        _sending.set(self._outer)
        for sent in self._sends:
            sent.error = error

    def set_responses(self, responses: Any) -> Any:
        # A subclass of Signal may return anything.
        if type(responses) is list:
            for sent in self._sends:
                sent.responses = list(responses)
        return responses


def _send_hook(_cls: type, original: Any, method: str) -> Any:
    call = caller(original)

    async def wait(sends: _Sends, awaitable: Awaitable[Any]) -> Any:
        with sends:
            return sends.set_responses(await awaitable)

    @functools.wraps(original)
    def send(self: Signal, /, *args: Any, **named: Any) -> Any:
        with _Sends(self, method, args, named) as sends:
            responses = call(self, *args, **named)
        # A plain function may return a coroutine, too, as asend() of a subclass that
        # returns super().asend().
        if type(responses) is CoroutineType:
            return wait(sends, responses)
        return sends.set_responses(responses)

    @functools.wraps(original)
    async def asend(self: Signal, /, *args: Any, **named: Any) -> Any:
        return await send(self, *args, **named)

    # Tools look at a method to decide whether to await it.
    return asend if iscoroutinefunction(original) else send


def _live_receivers_hook(_cls: type, original: Any, _name: str) -> Any:
    call = caller(original)

    @functools.wraps(original)
    def live_receivers(self: Signal, /, *args: Any, **named: Any) -> Any:
        found = call(self, *args, **named)
        # A receiver that sends the same signal begins another send.
        _sending.set(None)
        return found

    return live_receivers


def _has_listeners_hook(_cls: type, original: Any, _name: str) -> Any:
    call = caller(original)

    @functools.wraps(original)
    def has_listeners(self: Signal, /, *args: Any, **named: Any) -> Any:
        # Django's has_listeners() asks for the receivers too, which isn't a send.
        outer = _sending.get()
        try:
            found = call(self, *args, **named)
        finally:
            _sending.set(outer)
        return found or any(each.captures(self) for each in active(Capture))

    return has_listeners


Capture.tool = Tool(
    {
        **dict.fromkeys(("send", "send_robust", "asend", "asend_robust"), _send_hook),
        "_live_receivers": _live_receivers_hook,
        "has_listeners": _has_listeners_hook,
    },
    rank=1,
)
