"""
Prevent receivers from running.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from django.dispatch import Signal

from ..introspect.callables import describe
from ..introspect.objects import is_a
from ..introspect.text import text_list
from ..inventory.rows import connected_receivers, receiver_key
from ..recording.patches import Tool, caller
from ..recording.recorder import get_current
from .blocks import Block, F, active, as_signals, decorated
from .wording import name_of, receiver_name, suggest_receiver

Receivers = Iterable[Callable[..., Any] | str] | Callable[..., Any] | str


def mute(
    *signals: Signal | str, receivers: Receivers = (), everywhere: bool = False
) -> Mute:
    """
    Return a context manager that prevents the receivers of ``signals`` from running.

    Signals can be given by name. With ``receivers``, only these don't run; each is a
    callable or its name in ``list_signals``. The signals are still sent, and declared
    events check their arguments. A send returns what it would return if the muted
    receivers weren't connected. It can also decorate a function or coroutine function.

    Other threads and tasks aren't affected, unless ``everywhere`` is true, which mutes
    in the whole process: a live server uses other threads. Raises ``ValueError`` at the
    beginning of the block for a receiver that isn't connected.
    """
    if callable(receivers) or is_a(receivers, str):
        receivers = (receivers,)
    # A name is compared with the names of receivers, a callable with themselves.
    names = {
        each if is_a(each, str) else receiver_key(each): receiver_name(each)
        for each in receivers
    }
    return Mute(as_signals("mute", signals), names, everywhere)


class Mute(Block):
    """
    Signals whose receivers don't run in a ``with`` block or a decorated function.
    """

    def __init__(
        self, signals: tuple[Signal, ...], receivers: dict[Any, str], everywhere: bool
    ) -> None:
        super().__init__(everywhere)
        self.signals = signals
        self._receivers = receivers

    def __enter__(self) -> Mute:
        connected = [
            each for signal in self.signals for each in connected_receivers(signal)
        ]
        names = [describe(receiver).name for receiver in connected]
        for key, name in self._receivers.items():
            # Otherwise a typo would mute nothing, and the test would still pass.
            if key not in names and key not in map(receiver_key, connected):
                raise ValueError(
                    f"Can't mute {name!r}: it isn't connected to "
                    f"{text_list(map(name_of, self.signals), 'or')}."
                    f"{suggest_receiver(name, names)}"
                )
        return super().__enter__()

    def __call__(self, function: F) -> F:
        return decorated(
            function, lambda: Mute(self.signals, self._receivers, self.everywhere)
        )

    def __repr__(self) -> str:
        return f"<Mute: {text_list(map(name_of, self.signals))}>"

    def mutes(self, signal: Signal, receiver: Any) -> bool:
        """
        Tell whether a receiver of ``signal`` is muted.
        """
        if not any(signal is muted for muted in self.signals):
            return False
        return not self._receivers or not self._receivers.keys().isdisjoint(
            (receiver_key(receiver), describe(receiver).name)
        )


def _live_receivers_hook(_cls: type, original: Any, _name: str) -> Any:
    call = caller(original)

    @functools.wraps(original)
    def live_receivers(self: Signal, /, *args: Any, **named: Any) -> Any:
        found = call(self, *args, **named)
        # A subclass that calls its receivers by itself may return anything.
        if type(found) is not tuple:
            return found
        return tuple([each for each in part if _runs(self, each)] for part in found)

    return live_receivers


def _runs(signal: Signal, receiver: Any) -> bool:
    if not any(mute.mutes(signal, receiver) for mute in active(Mute)):
        return True
    # The trace explains why the receiver didn't run.
    here = get_current()
    if here is not None and here.recorder.recording:
        here.recorder.add_muted(signal, receiver)
    return False


# Farther from Django than the hooks of a recorder, which then gets what is left.
Mute.tool = Tool({"_live_receivers": _live_receivers_hook}, rank=1)
