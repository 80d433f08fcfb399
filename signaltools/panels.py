"""
The panel of django-debug-toolbar.
"""

from __future__ import annotations

import os

import debug_toolbar
from debug_toolbar.panels import Panel
from debug_toolbar.settings import get_config, get_panels
from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import floatformat
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .conf import conf
from .inventory.names import registry
from .inventory.recent import RecentSignals
from .recording.clock import now
from .reports.editor import Editor
from .reports.layout import plural
from .reports.panel_cache import SignalCache
from .reports.panel_options import PanelOptions, Stats
from .reports.panel_rows import without_nothing
from .reports.panel_sends import SendPlaces
from .reports.panel_stats import panel_stats
from .reports.panel_store import pack, unpack
from .tracing import Trace, trace

# A page shows a few lines of the same send at most. Fewer nodes also cost less.
_COLLAPSE_AFTER = 3
_OLDEST_TOOLBAR = 7
_TOOLBAR_PANEL = "debug_toolbar.panels.signals.SignalsPanel"


_cache = SignalCache()
_signals = RecentSignals(registry)
_places = SendPlaces()


class SignalToolsPanel(Panel):
    """
    Show which signals a request sent, which receivers ran, and why the others didn't.
    """

    title = gettext_lazy("Signal tools")
    template = "signaltools/panel.html"
    nav_icon = "signaltools/icon.svg"  # type: ignore[assignment]
    is_async = True
    _trace: Trace | None = None

    @classmethod
    def ready(cls) -> None:
        # In stack traces of queries, the frames of the recorder between a sender and
        # its receiver only distract.
        config = get_config()
        hidden = config["HIDE_IN_STACKTRACES"]
        if "signaltools" not in hidden:
            config["HIDE_IN_STACKTRACES"] = (*hidden, "signaltools")

    def enable_instrumentation(self) -> None:
        if self._trace is None:
            self._trace = trace(
                argument_types=True,
                argument_values=conf.SHOW_VALUES,
                collapse_after=_COLLAPSE_AFTER,
                stacks=conf.SHOW_STACKS,
            )
            self._trace.start()

    def disable_instrumentation(self) -> None:
        if self._trace is not None:
            self._trace.stop()

    def generate_stats(self, request: HttpRequest, response: HttpResponse) -> None:
        assert self._trace is not None, "the toolbar has enabled this panel before"
        started = now()
        options = _options()
        tree, remarks, facts, entries = self._trace.read(_signals.entries())
        unsent, sent, problems = _cache.show(facts, entries, options)
        stats = panel_stats(tree, remarks, options, problems)
        for part in ("rows", "overflow"):
            stats[part] = without_nothing(stats[part])
        stats["is_streamed"] = response.streaming
        stats["cost"] = (now() - started) * 1_000
        self.record_stats(pack(stats, unsent, sent))

    def generate_server_timing(
        self, request: HttpRequest, response: HttpResponse
    ) -> None:
        totals = self.get_stats()["totals"]
        title = plural(totals["calls"], "receiver call")
        self.record_server_timing("signals", title, totals["receiver_time"])

    @property
    def nav_subtitle(self) -> str:
        totals = self.get_stats()["totals"]
        calls, errors = totals["calls"], totals["errors"]
        parts = [
            _("%s sent") % number_format(totals["sends"], force_grouping=True),
            ngettext("%s call", "%s calls", calls)
            % number_format(calls, force_grouping=True),
            _("%s ms") % floatformat(totals["receiver_time"], 1),
        ]
        if errors:
            parts.append(
                ngettext("%s error", "%s errors", errors)
                % number_format(errors, force_grouping=True)
            )
        if warnings := totals["warnings"]:
            parts.append(
                ngettext("%s warning", "%s warnings", warnings)
                % number_format(warnings, force_grouping=True)
            )
        return " · ".join(parts)

    def shown_stats(self) -> Stats:
        """
        Return what the template shows.
        """
        return unpack(self.get_stats())

    @property
    def content(self) -> str:
        # The toolbar may render this later, from its store and without a request, so
        # everything else has to come from the stats, or be the same for each request.
        stats = self.shown_stats()
        stats["is_reading"] = not _places.add_to(
            stats["groups"], _signals.entries(), _options()
        )
        context = {**stats, "nonce": self.toolbar.csp_nonce}
        return render_to_string(self.template, context)

    @property
    def scripts(self) -> list[str]:
        return [static("signaltools/panel.js")]

    @classmethod
    def run_checks(cls) -> list[CheckMessage]:
        """
        Report a toolbar that is too old, and duplicate panels.
        """
        panels = get_panels()
        own_path = f"{cls.__module__}.{cls.__qualname__}"
        found: list[tuple[str, str, str]] = []
        if int(debug_toolbar.VERSION.partition(".")[0]) < _OLDEST_TOOLBAR:
            message = (
                f"The panel {own_path!r} requires django-debug-toolbar 7.0 or later, "
                f"not {debug_toolbar.VERSION}."
            )
            found.append(("W030", message, "Upgrade django-debug-toolbar."))
        if panels.count(own_path) > 1:
            message = f"DEBUG_TOOLBAR_PANELS lists {own_path!r} more than once."
            found.append(("W031", message, "List it once."))
        if _TOOLBAR_PANEL in panels:
            message = (
                f"DEBUG_TOOLBAR_PANELS lists {_TOOLBAR_PANEL!r} beside {own_path!r}, "
                "which shows the same and more."
            )
            found.append(("W032", message, f"Remove {_TOOLBAR_PANEL!r}."))
        return [
            CheckWarning(message, hint=hint, id=f"signaltools.{number}")
            for number, message, hint in found
        ]


def _options() -> PanelOptions:
    return PanelOptions(
        folder=os.getcwd(),
        editor=Editor.from_settings(),
        slow_ms=conf.SLOW_RECEIVER_MS,
        hide=conf.HIDE,
        always_show=conf.ALWAYS_SHOW,
        show_values=conf.SHOW_VALUES,
    )
