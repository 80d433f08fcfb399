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
    ``ImproperlyConfigured`` if the value has the wrong type.
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
        App labels, app names, or module paths that autodiscovery leaves alone.
        """
        return self._strings("AUTODISCOVER_EXCLUDE", [])

    @property
    def PROJECT(self) -> list[str]:
        """
        Packages, apps, or distributions that count as part of the project although they
        are installed in ``site-packages``.
        """
        return self._strings("PROJECT", [])

    @property
    def WATCH_CONNECT(self) -> bool:
        """
        Whether to watch how receivers are connected, for the checks W001 to W003, W009,
        W011, W016, W017, and W021.
        """
        # These commands show problems. Other processes save the cost unless DEBUG is
        # true.
        is_asked = not _COMMANDS.isdisjoint(sys.argv[1:2])
        return self._bool("WATCH_CONNECT", bool(settings.DEBUG) or is_asked)

    @property
    def IGNORE(self) -> list[str]:
        """
        Problems and notes to ignore, for example ``"W010 shop.receivers.on_save"``.
        """
        return self._strings("IGNORE", [])

    @property
    def CHECK_EVENTS(self) -> bool:
        """
        Whether to check the types of event arguments and the signatures of event
        receivers.
        """
        # Django sets DEBUG to False in tests, where these checks are most useful.
        in_tests = any(name in sys.modules for name in _TEST_TOOLS)
        return self._bool("CHECK_EVENTS", bool(settings.DEBUG) or in_tests)

    @property
    def EDITOR(self) -> str:
        """
        Name of the editor that opens places in the source, for example ``"vscode"``.
        """
        value = _value("EDITOR", "")
        if type(value) is not str or (value and value not in EDITORS):
            raise _wrong_type("EDITOR", "the name of a known editor", value)
        return value

    @property
    def EDITOR_URL(self) -> str:
        """
        URL that opens a file in any other editor, for example
        ``editor://{file}:{line}``. It overrides ``EDITOR``.
        """
        value = _value("EDITOR_URL", "")
        if type(value) is not str or (value and "{file}" not in value):
            raise _wrong_type("EDITOR_URL", "a URL with {file} in it", value)
        return value

    @property
    def EDITOR_PATHS(self) -> dict[str, str]:
        """
        Maps paths in this process to paths on the machine where your editor runs, for
        containers.
        """
        value = _value("EDITOR_PATHS", {})
        if not isinstance(value, dict) or not all(
            isinstance(path, str) for pair in value.items() for path in pair
        ):
            raise _wrong_type("EDITOR_PATHS", "a dict of paths", value)
        return dict(value)

    @property
    def SLOW_RECEIVER_MS(self) -> float:
        """
        The panel marks a receiver as slow if it takes at least this many milliseconds.
        """
        value = _value("SLOW_RECEIVER_MS", 100)
        if type(value) not in (int, float) or not 0 <= value < math.inf:
            raise _wrong_type("SLOW_RECEIVER_MS", "a number of milliseconds", value)
        return float(value)

    @property
    def HIDE(self) -> list[str]:
        """
        Dotted-path prefixes of the signals, receivers, and senders to hide from the
        panel, and from traces that are printed.
        """
        return self._strings("HIDE", ["debug_toolbar"])

    @property
    def ALWAYS_SHOW(self) -> list[str]:
        """
        Dotted-path prefixes that the panel always shows, even if ``HIDE`` matches, and
        never collapses.
        """
        return self._strings("ALWAYS_SHOW", [])

    @property
    def SHOW_VALUES(self) -> bool:
        """
        Whether the panel shows the values of arguments that are strings, numbers, or
        dates.
        """
        return self._bool("SHOW_VALUES", False)

    @property
    def SHOW_STACKS(self) -> bool:
        """
        Whether the panel shows the functions that have led to each send with receivers.
        """
        return self._bool("SHOW_STACKS", False)

    @property
    def editor_url(self) -> str:
        """
        The URL that opens a file in the project's editor, or "" without an editor.
        """
        return self.EDITOR_URL or EDITORS.get(self.EDITOR, "")

    @property
    def relies_on_autodiscovery(self) -> bool:
        """
        Whether the project has set ``AUTODISCOVER`` to true itself.
        """
        return _user_settings().get("AUTODISCOVER") is True

    @property
    def unknown(self) -> list[str]:
        """
        Keys of the setting that signaltools doesn't know.
        """
        return [key for key in _user_settings() if key not in KEYS]

    def _bool(self, key: str, default: bool) -> bool:
        value = _value(key, default)
        if type(value) is not bool:
            raise _wrong_type(key, "True or False", value)
        return value

    def _strings(self, key: str, default: list[str]) -> list[str]:
        value = _value(key, default)
        if not isinstance(value, (list, tuple)) or not all(
            isinstance(item, str) for item in value
        ):
            raise _wrong_type(key, "a list of strings", value)
        return list(value)


def _value(key: str, default: Any) -> Any:
    return _user_settings().get(key, default)


def _user_settings() -> dict[str, Any]:
    value = getattr(settings, "SIGNALTOOLS", {})
    if not isinstance(value, dict):
        raise ImproperlyConfigured(f"SIGNALTOOLS must be a dict, not {value!r}.")
    return value


def _wrong_type(key: str, expected: str, value: object) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"SIGNALTOOLS[{key!r}] must be {expected}, not {value!r}."
    )


EDITORS = {
    "cursor": "cursor://file/{file}:{line}",
    "emacs": "emacs://open?url=file://{file}&line={line}",
    "idea": "idea://open?file={file}&line={line}",
    "macvim": "mvim://open?url=file://{file}&line={line}",
    "pycharm": "pycharm://open?file={file}&line={line}",
    "sublime": "subl://open?url=file://{file}&line={line}",
    "textmate": "txmt://open?url=file://{file}&line={line}",
    "vscode": "vscode://file/{file}:{line}",
    "vscode-insiders": "vscode-insiders://file/{file}:{line}",
    "vscodium": "vscodium://file/{file}:{line}",
    "windsurf": "windsurf://file/{file}:{line}",
    # Zed takes everything after "zed://file" for the path.
    "zed": "zed://file{file}:{line}",
}


_COMMANDS = {"check", "list_signals", "lock_signals"}
# A process that has imported one of these runs tests.
_TEST_TOOLS = ("signaltools.testing", "signaltools.pytest_plugin")
KEYS = sorted(name for name in vars(Conf) if name.isupper())

conf = Conf()
