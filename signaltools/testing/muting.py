"""
Prevent receivers from running.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable
from typing import Any

import django
from django.dispatch import Signal

from ..exceptions import SignalNotFound
from ..introspect.callables import describe
from ..introspect.objects import is_a, loaded_object
from ..introspect.text import did_you_mean, text_list
from ..inventory.names import registry
from ..inventory.receivers import connected_receivers, receiver_key
from ..recording.current import get_current
from ..recording.patches import Tool, caller
from ..recording.wrapped import receivers_behind
from .blocks import Block, F, active, as_signals, decorated
from .wording import name_of, receiver_name, suggest_receiver

Receivers = Iterable[Callable[..., Any] | str] | Callable[..., Any] | str
SignalOrReceiver = Signal | Callable[..., Any] | str
Exceptions = Iterable[SignalOrReceiver] | SignalOrReceiver

_DJANGO = os.path.join(os.path.dirname(django.__file__), "")


def mute(
    *signals: Signal | str,
    receivers: Receivers = (),
    except_: Exceptions | None = None,
    everywhere: bool = False,
) -> Mute:
    """
    Return a context manager that prevents the receivers of ``signals`` from running.

    Signals can be given by name. With ``receivers``, only these don't run; each is a
    callable or its name in ``list_signals``. The signals are still sent, and declared
    events check their arguments. A send returns what it would return if the muted
    receivers weren't connected. It can also decorate a function or coroutine function.

    ``except_`` lists signals whose receivers run, and receivers that run, by themselves
    or by name. With it, ``signals`` may be omitted to mute all signals there are or
    will be. In that case, receivers that are part of Django run, too.

    Other threads and tasks aren't affected, unless ``everywhere`` is true, which mutes
    in the whole process: a live server uses other threads. Raises ``ValueError`` at the
    beginning of the block for a receiver that isn't connected.
    """
    if not signals and except_ is None:
        raise TypeError(
            "mute() requires at least one signal; pass except_=[] to mute all signals."
        )
    muted = as_signals("mute", signals) if signals else ()
    only = _as_tuple(receivers)
    if except_ is None:
        return Mute(muted, only, False, everywhere)
    if only:
        raise TypeError("mute() accepts either receivers or except_, not both.")
    exceptions = _as_tuple(except_)
    for each in exceptions:
        if not (is_a(each, str) or is_a(each, Signal) or callable(each)):
            raise TypeError(f"except_ requires a signal or a receiver, not {each!r}.")
    return Mute(muted, exceptions, True, everywhere)


def _as_tuple(values: Any) -> tuple[Any, ...]:
    is_single = is_a(values, str) or is_a(values, Signal) or callable(values)
    return (values,) if is_single else tuple(values)


class Mute(Block):
    """
    Receivers that don't run in a ``with`` block or a decorated function.

    Without ``signals``, all signals are muted. If ``listed_run`` is true, the receivers
    and signals that are ``listed`` run; otherwise the receivers that are listed don't,
    or all of them if none is listed.
    """

    def __init__(
        self,
        signals: tuple[Signal, ...],
        listed: tuple[Any, ...],
        listed_run: bool,
        everywhere: bool,
    ) -> None:
        super().__init__(everywhere)
        self.signals = signals
        self._listed = listed
        self._listed_run = listed_run
        # What identifies each listed receiver, as it was given: see _key().
        self._keys: set[Any] = set()
        self._running: list[Signal] = []

    def __enter__(self) -> Mute:
        self._keys, self._running = set(), []
        for each in self._listed:
            signal = _find_signal(each) if self._listed_run else None
            if signal is not None:
                self._running.append(signal)
            else:
                self._keys.add(_key(each))
        if not self._listed_run:
            self._check_connected()
        return super().__enter__()

    def _check_connected(self) -> None:
        connected = [
            each for signal in self.signals for each in connected_receivers(signal)
        ]
        names = [describe(receiver).name for receiver in connected]
        # Otherwise a typo would mute nothing, and the test would still pass.
        found = {*names, *map(receiver_key, connected)}
        for receiver in self._listed:
            if _key(receiver) not in found:
                name = receiver_name(receiver)
                raise ValueError(
                    f"Can't mute {name!r}: it isn't connected to "
                    f"{text_list(map(name_of, self.signals), 'or')}."
                    f"{suggest_receiver(name, names)}"
                )

    def __call__(self, function: F) -> F:
        return decorated(
            function,
            lambda: Mute(self.signals, self._listed, self._listed_run, self.everywhere),
        )

    def mutes(self, signal: Signal, receiver: Any) -> bool:
        """
        Return whether a receiver of ``signal`` is muted.
        """
        # With "is": a subclass of Signal may define __eq__().
        if self.signals and not any(signal is muted for muted in self.signals):
            return False
        if any(signal is running for running in self._running):
            return False
        found = describe(receiver)
        is_listed = not self._keys.isdisjoint((receiver_key(receiver), found.name))
        if not self._listed_run:
            return is_listed or not self._keys
        # The test client, override_settings(), and ImageField need their receivers.
        is_own = not self.signals and (found.filename or "").startswith(_DJANGO)
        return not is_listed and not is_own


def _key(receiver: Callable[..., Any] | str) -> Any:
    # A receiver that is given by its name may be connected later as another object.
    return receiver if is_a(receiver, str) else receiver_key(receiver)


def _find_signal(name: SignalOrReceiver) -> Signal | None:
    """
    Return a signal, also by its name, or None for a receiver or its name.
    """
    if is_a(name, Signal):
        return name
    if not is_a(name, str):
        return None
    # Most names are paths, and looking for all signals takes milliseconds.
    parts = name.split(".")
    for end in range(len(parts) - 1, 0, -1):
        value = loaded_object(".".join(parts[:end]), ".".join(parts[end:]))
        if is_a(value, Signal):
            return value
        if callable(value):
            return None
    found: dict[str, Signal | None] = {}
    for entry in registry.entries():
        for receiver in connected_receivers(entry.signal):
            found.setdefault(describe(receiver).name, None)
        found.update(dict.fromkeys((entry.name, *entry.aliases), entry.signal))
    if name not in found:
        raise SignalNotFound(
            name,
            f"No loaded signal or connected receiver is named {name!r}."
            f"{did_you_mean(name, found)}",
        )
    return found[name]


def _live_receivers_hook(_cls: type, original: Any, _name: str) -> Any:
    call = caller(original)

    @functools.wraps(original)
    def live_receivers(self: Signal, /, *args: Any, **named: Any) -> Any:
        found = call(self, *args, **named)
        # A subclass that calls its receivers by itself may return anything.
        if type(found) is not tuple:
            return found
        # Another tool may have wrapped the receivers.
        behind = receivers_behind(self)
        return tuple(
            [each for each in part if _runs(self, behind(each))] for part in found
        )

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
