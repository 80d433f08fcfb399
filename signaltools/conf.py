"""
Read the project's ``SIGNALTOOLS`` setting: one property per key, read on access.
"""

from __future__ import annotations

import math
import sys
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class Conf:
    """
    Give typed access to ``SIGNALTOOLS``.

    Nothing is cached, so ``override_settings`` works. Every property raises
    ``ImproperlyConfigured`` when the project set a value of another type.
    """

    @property
    def AUTODISCOVER(self) -> bool:
        """
        Whether to import ``<app>.signals`` of each installed app at start-up.
        """
        return self._bool("AUTODISCOVER", True)

    @property
    def AUTODISCOVER_MODULES(self) -> list[str]:
        """
        Names of the submodules that autodiscovery imports from each app.
        """
        return self._strings("AUTODISCOVER_MODULES", ["signals"])

    @property
    def AUTODISCOVER_EXCLUDE(self) -> list[str]:
        """
        App labels, app names or module paths that autodiscovery leaves alone.
        """
        return self._strings("AUTODISCOVER_EXCLUDE", [])

    @property
    def WATCH_CONNECT(self) -> bool:
        """
        Whether to watch how receivers are connected, for the checks W001 to W003, W009,
        W011, W016 and W017.
        """
        is_asked = not _COMMANDS.isdisjoint(sys.argv[1:2])
        return self._bool("WATCH_CONNECT", bool(settings.DEBUG) or is_asked)

    @property
    def IGNORE(self) -> list[str]:
        """
        Findings that nobody wants to see again: ``"W010 shop.receivers.on_save"``.
        """
        return self._strings("IGNORE", [])

    @property
    def CHECK_EVENTS(self) -> bool:
        """
        Whether to check the types of what events are sent with, and their receivers.
        """
        # Django sets DEBUG to False in tests.
        in_tests = any(name in sys.modules for name in _TEST_TOOLS)
        return self._bool("CHECK_EVENTS", bool(settings.DEBUG) or in_tests)

    @property
    def EDITOR_URL(self) -> str:
        """
        URL that opens a file in an editor: ``vscode://file/{file}:{line}``.
        """
        value = self._value("EDITOR_URL", "")
        if type(value) is not str or (value and "{file}" not in value):
            raise _wrong_type("EDITOR_URL", "a URL that has {file} in it", value)
        return value

    @property
    def EDITOR_PATHS(self) -> dict[str, str]:
        """
        Folders here and the same folders where the editor runs, for containers.
        """
        value = self._value("EDITOR_PATHS", {})
        if not isinstance(value, dict) or not all(
            isinstance(path, str) for pair in value.items() for path in pair
        ):
            raise _wrong_type("EDITOR_PATHS", "a dict of paths", value)
        return dict(value)

    @property
    def SLOW_RECEIVER_MS(self) -> float:
        """
        Milliseconds from which on the panel marks a receiver as slow.
        """
        value = self._value("SLOW_RECEIVER_MS", 100)
        if type(value) not in (int, float) or not 0 <= value < math.inf:
            raise _wrong_type("SLOW_RECEIVER_MS", "a number of milliseconds", value)
        return float(value)

    @property
    def HIDE(self) -> list[str]:
        """
        Signals, receivers and senders that the panel leaves out, by the beginnings of
        their dotted names.
        """
        return self._strings("HIDE", ["debug_toolbar"])

    @property
    def ALWAYS_SHOW(self) -> list[str]:
        """
        The same for what the panel never leaves out and never puts together.
        """
        return self._strings("ALWAYS_SHOW", [])

    @property
    def SHOW_VALUES(self) -> bool:
        """
        Whether the panel shows the values of arguments that are text, numbers or dates.
        """
        return self._bool("SHOW_VALUES", False)

    @property
    def unknown(self) -> list[str]:
        """
        Keys of the setting that signaltools does not know.
        """
        return [key for key in _user_settings() if key not in KEYS]

    def _value(self, key: str, default: Any) -> Any:
        return _user_settings().get(key, default)

    def _bool(self, key: str, default: bool) -> bool:
        value = self._value(key, default)
        if type(value) is not bool:
            raise _wrong_type(key, "True or False", value)
        return value

    def _strings(self, key: str, default: list[str]) -> list[str]:
        value = self._value(key, default)
        if not isinstance(value, (list, tuple)) or not all(
            isinstance(item, str) for item in value
        ):
            raise _wrong_type(key, "a list of strings", value)
        return list(value)


def _user_settings() -> dict[str, Any]:
    value = getattr(settings, "SIGNALTOOLS", {})
    if not isinstance(value, dict):
        raise ImproperlyConfigured(f"SIGNALTOOLS must be a dict, not {value!r}.")
    return value


def _wrong_type(key: str, expected: str, value: object) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"SIGNALTOOLS[{key!r}] must be {expected}, not {value!r}."
    )


# Whoever runs one of these wants to know what is wrong.
_COMMANDS = {"check", "list_signals", "lock_signals"}
# Whoever has loaded one of them runs tests.
_TEST_TOOLS = ("signaltools.testing", "signaltools.pytest_plugin")
KEYS = sorted(name for name in vars(Conf) if name.isupper())

conf = Conf()
