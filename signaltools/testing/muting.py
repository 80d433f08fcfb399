"""
Keep receivers from running.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.dispatch import Signal

from ..introspect.callables import describe
from ..introspect.objects import is_a
from ..inventory.rows import connected_receivers
from ..inventory.weak import receiver_key
from ..recording.patches import Tool, caller
from ..recording.recorder import get_current
from .blocks import Block, active, as_signals, decorated
from .wording import listed, name_of, nearest

F = TypeVar("F", bound=Callable[..., Any])
Receivers = Iterable[Callable[..., Any] | str] | Callable[..., Any] | str


def mute(
    *signals: Signal | str, receivers: Receivers = (), everywhere: bool = False
) -> Mute:
    """
    Return what keeps the receivers of ``signals`` from running in a ``with`` block.

    A signal may be given by its name. ``receivers`` are the only ones that do not run,
    each a callable or its name as ``list_signals`` has it; without them none runs.
    The signals are sent as before, and declared events check their arguments; a send
    returns what it returns when the muted receivers are not connected. It may decorate
    a function or a coroutine function as well.

    Other threads and tasks are not affected, unless ``everywhere`` is true, which mutes
    in the whole process: a live server answers in threads of its own. Raises
    ``ValueError`` at the beginning of the block for a receiver that is not connected.
    """
    return Mute(as_signals("mute", signals), _names_and_keys(receivers), everywhere)


class Mute(Block):
    """
    Signals whose receivers do not run in a ``with`` block or a decorated function.
    """

    def __init__(
        self,
        signals: tuple[Signal, ...],
        receivers: dict[Any, str],
        everywhere: bool,
    ) -> None:
        super().__init__(everywhere)
        self.signals = signals
        self._receivers = receivers

    def __enter__(self) -> Mute:
        for key, name in self._receivers.items():
            self._look_for(key, name)
        return super().__enter__()

    def __call__(self, function: F) -> F:
        return decorated(
            function, lambda: Mute(self.signals, self._receivers, self.everywhere)
        )

    def __repr__(self) -> str:
        return f"<mute of {listed(map(name_of, self.signals))}>"

    def silences(self, signal: Signal, receiver: Any) -> bool:
        """
        Tell whether a receiver of ``signal`` does not run.
        """
        if not any(signal is muted for muted in self.signals):
            return False
        return not self._receivers or not self._receivers.keys().isdisjoint(
            (receiver_key(receiver), describe(receiver).name)
        )

    def _look_for(self, key: Any, name: str) -> None:
        connected = [
            receiver for each in self.signals for receiver in connected_receivers(each)
        ]
        names = [describe(receiver).name for receiver in connected]
        if key not in names and key not in map(receiver_key, connected):
            raise ValueError(
                f"Cannot mute {name!r}: it is not connected to "
                f"{listed(map(name_of, self.signals), 'or')}."
                f"{nearest(name, names)}"
            )


def _names_and_keys(receivers: Receivers) -> dict[Any, str]:
    if callable(receivers) or is_a(receivers, str):
        receivers = (receivers,)
    return {
        **{each: each for each in receivers if is_a(each, str)},
        **{
            receiver_key(each): describe(each).name
            for each in receivers
            if not is_a(each, str)
        },
    }


def _live_receivers_hook(_cls: type, original: Any, _name: str) -> Any:
    call = caller(original)

    @functools.wraps(original)
    def live_receivers(self: Signal, /, *args: Any, **named: Any) -> Any:
        found = call(self, *args, **named)
        # A class of signals that calls its receivers itself may return anything.
        if type(found) is not tuple:
            return found
        return tuple([each for each in part if _runs(self, each)] for part in found)

    return live_receivers


def _runs(signal: Signal, receiver: Any) -> bool:
    if not any(mute.silences(signal, receiver) for mute in active(Mute)):
        return True
    here = get_current()
    if here is not None and here.recorder.recording:
        here.recorder.note_muted(signal, receiver)
    return False


# Whoever records shall see what is left.
Mute.tool = Tool({"_live_receivers": _live_receivers_hook}, rank=1)
