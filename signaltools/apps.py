from __future__ import annotations

from collections.abc import Sequence

from django.apps import AppConfig
from django.core.checks import register

from .autodiscover import Discovery, autodiscover
from .checks import check_command, check_events, check_settings, check_signals
from .checks.watch import watch_if_wanted

# Django imports all "apps" modules before any models and before any ready(), so hardly
# any other app has connected something by now.
watch_if_wanted()


class SignaltoolsConfig(AppConfig):
    name = "signaltools"
    verbose_name = "Signal tools"
    #: What autodiscovery did, one record for each app with a ``signals`` module.
    discoveries: Sequence[Discovery] = ()

    def ready(self) -> None:
        for check in (check_settings, check_command, check_events, check_signals):
            register(check, "signals")
        self.discoveries = autodiscover()
