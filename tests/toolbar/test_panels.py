from __future__ import annotations

import asyncio
import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import debug_toolbar
import pytest
from debug_toolbar.settings import get_config
from debug_toolbar.store import get_store
from debug_toolbar.toolbar import DebugToolbar
from django.core.checks import Warning as CheckWarning
from django.core.checks import run_checks
from django.db.models.signals import post_save
from django.dispatch import Signal
from django.http import HttpResponse, StreamingHttpResponse
from django.test import AsyncClient, Client, RequestFactory, override_settings
from django.utils import translation

from signaltools import panels
from signaltools.inventory.records import EventRecord, SendRecord
from signaltools.inventory.sent_by import Sends
from signaltools.panels import SignalToolsPanel
from signaltools.recording.current import current
from signaltools.recording.not_run import Outcome, SignalOutcome
from signaltools.recording.remarks import Remark
from signaltools.recording.tree import Tree
from signaltools.reports import panel_sends
from signaltools.reports.editor import Editor
from signaltools.reports.panel_options import PanelOptions
from signaltools.reports.panel_receivers import show_signal
from signaltools.reports.panel_sends import SendPlaces
from signaltools.reports.panel_stats import panel_stats
from signaltools.reports.panel_store import compress, pack
from tests.records import builtin, call, receiver, send, signal, totals
from tests.testapp.management.commands import pay_and_wait
from tests.testapp.models import Order
from tests.toolbar.urls import NAME, asked

PANEL = "SignalToolsPanel"
PATH = "signaltools.panels.SignalToolsPanel"
OTHER = "debug_toolbar.panels.signals.SignalsPanel"


@pytest.fixture(autouse=True)
def store(settings):
    """
    Keep what the panels store in memory.
    """
    configure(settings, TOOLBAR_STORE_CLASS="debug_toolbar.store.MemoryStore")
    yield
    get_store().clear()


def configure(settings, **options):
    settings.DEBUG_TOOLBAR_CONFIG = {**settings.DEBUG_TOOLBAR_CONFIG, **options}


def request_id(response):
    [found] = re.findall(r'data-request-id="(\w+)"', response.content.decode())
    return found


def stored(response):
    """
    Return the panel as it is read from the store.
    """
    toolbar = DebugToolbar.fetch(request_id(response), PANEL)
    return toolbar.get_panel_by_id(PANEL)


def get(path, **cookies):
    client = Client(raise_request_exception=False)
    client.cookies.load(cookies)
    return client.get(path)


async def get_async(path):
    return await AsyncClient().get(path)


def new_panel():
    request = RequestFactory().get("/")
    toolbar = DebugToolbar(request, lambda request: HttpResponse())
    return toolbar.get_panel_by_id(PANEL)


def record_stats(panel, stats, signals=()):
    panel.record_stats(pack({**stats, "cost": 0.5}, compress(signals), {}))


def panel_with(*sends, remarks=(), **sums):
    panel = new_panel()
    tree = Tree(sends, (), totals(**sums))
    record_stats(panel, panel_stats(tree, remarks, PanelOptions()))
    return panel


def sent(panel):
    return [row["name"] for row in panel.shown_stats()["rows"] if row["kind"] == "send"]


# Recording

# What a request to "/pay/" sends.
PAYING = ["tests.toolbar.urls.asked", "tests.testapp.signals.order_cancelled"]


def test_request_is_recorded():
    panel = stored(get("/pay/"))
    stats = panel.shown_stats()

    assert panel.enabled
    assert stats["totals"]["sends"] == 2
    assert stats["totals"]["calls"] == 1
    assert sent(panel) == PAYING
    assert stats["rows"][1]["name"] == "tests.toolbar.urls.answer"
    assert stats["rows"][2]["has_no_receivers"]
    assert stats["cost"] > 0


def test_request_without_signals_is_recorded():
    panel = stored(get("/quiet/"))

    assert panel.enabled
    assert panel.shown_stats()["rows"] == []
    assert "No signals were sent during this request." in panel.content
    assert "tests.testapp.receivers.audit" in panel.content


def test_panel_tells_that_everything_is_hidden(settings):
    settings.SIGNALTOOLS = {"HIDE": ["tests", "django"]}
    page = stored(get("/pay/")).content

    assert "<p>Every signal that was sent is hidden by the HIDE setting.</p>" in page


def test_request_is_recorded_under_asgi():
    panel = stored(asyncio.run(get_async("/pay-async/")))

    assert sent(panel) == ["tests.testapp.signals.order_paid"]
    receivers = {
        row["name"]: row["order"]
        for row in panel.shown_stats()["rows"]
        if row["kind"] == "call"
    }
    assert receivers["tests.testapp.receivers.notify"] == "~"
    assert receivers["tests.testapp.receivers.Ledger.book"] == "3"


def test_sync_view_is_recorded_under_asgi():
    panel = stored(asyncio.run(get_async("/pay/")))

    assert sent(panel) == PAYING


def test_concurrent_requests_are_recorded_each_for_itself():
    async def main():
        paths = ["/pay-async/", "/pay/", "/quiet/"] * 3
        return await asyncio.gather(*map(get_async, paths))

    found = [len(sent(stored(response))) for response in asyncio.run(main())]
    assert found == [1, 2, 0] * 3


def test_view_that_raises_is_recorded():
    response = get("/crash/")
    [newest] = get_store().request_ids()
    panel = DebugToolbar.fetch(newest, PANEL).get_panel_by_id(PANEL)

    assert response.status_code == 500
    assert sent(panel)[:2] == ["tests.toolbar.urls.asked", "tests.toolbar.urls.failing"]
    [problem, *_] = panel.shown_stats()["problems"]
    assert problem["level"] == "error"
    assert problem["text"].startswith("raised ValueError: <script>")
    assert current.get() is None


def test_nothing_is_left_behind():
    plain = Signal.__dict__["send"]
    get("/pay/")
    get("/crash/")

    assert Signal.__dict__["send"] is plain
    assert current.get() is None


def test_panel_that_is_switched_off_records_nothing():
    response = get("/pay/", djdtSignalToolsPanel="off")

    assert response.status_code == 200
    assert not stored(response).enabled
    assert f"{PANEL}_signals" not in response.headers.get("Server-Timing", "")


def test_panel_may_be_switched_on_and_off_twice():
    plain, panel = Signal.__dict__["send"], new_panel()
    panel.disable_instrumentation()
    panel.enable_instrumentation()
    recorder = current.get()
    panel.enable_instrumentation()
    assert current.get() is recorder is not None
    Signal().send(None)
    panel.disable_instrumentation()
    panel.disable_instrumentation()
    Signal().send(None)
    panel.generate_stats(panel.toolbar.request, HttpResponse())

    assert panel.shown_stats()["totals"]["sends"] == 1
    assert current.get() is None
    assert Signal.__dict__["send"] is plain


def test_many_sends_are_one_after_a_few():
    def counts(times):
        rows = stored(get(f"/swallow/?times={times}")).shown_stats()["rows"]
        return [row["count"] for row in rows if row["kind"] == "send"]

    assert counts(3) == [1, 1, 1]
    assert counts(4) == [4]


# What is stored


@pytest.mark.parametrize("name", ["MemoryStore", "CacheStore", "DatabaseStore"])
@pytest.mark.django_db
def test_stats_are_the_same_from_every_store(settings, name, caplog):
    configure(settings, TOOLBAR_STORE_CLASS=f"debug_toolbar.store.{name}")
    response = get("/pay/")
    stats = stored(response).shown_stats()

    assert set(stats) == {*panel_with().shown_stats(), "is_streamed"}
    assert sent(stored(response)) == PAYING
    assert json.loads(json.dumps(stats)) == stats
    assert stored(response).content
    assert caplog.records == []


def test_what_is_stored_needs_no_encoder(monkeypatch):
    saved = {}
    monkeypatch.setattr(
        get_store(),
        "save_panel",
        lambda request_id, panel, data: saved.setdefault(panel, data),
    )
    get("/swallow/")

    assert json.loads(json.dumps(saved[PANEL])) == saved[PANEL]
    assert saved[PANEL]["totals"]["swallowed"] == 1


def test_types_of_arguments_are_stored_but_no_values():
    response = get("/pay/")
    [row, *_] = stored(response).shown_stats()["rows"]

    assert row["arguments"] == "order=int, password=str, note=str"
    assert "secret" not in json.dumps(stored(response).shown_stats())


def test_values_are_stored_if_a_setting_asks_for_them(settings):
    settings.SIGNALTOOLS = {"SHOW_VALUES": True}
    response = get("/pay/")
    [row, *_] = stored(response).shown_stats()["rows"]

    assert row["arguments"] == (
        "order=7, password=********************, note='to be kept secret'"
    )
    assert "open sesame" not in json.dumps(stored(response).shown_stats())


def test_settings_are_those_of_the_panel(settings):
    settings.SIGNALTOOLS = {
        "EDITOR_URL": "code:{file}:{line}",
        "EDITOR_PATHS": {"/": "/mnt"},
        "SLOW_RECEIVER_MS": 0,
        "ALWAYS_SHOW": ["tests.testapp.signals"],
        "HIDE": ["tests.testapp.receivers"],
    }
    panel = stored(get("/pay/"))
    stats = panel.shown_stats()

    assert stats["rows"][0]["href"].startswith("code:/mnt/")
    assert stats["rows"][1]["is_slow"] is True
    assert stats["slow_ms"] == 0
    assert stats["rows"][2]["name"] == "tests.testapp.signals.order_cancelled"
    assert stats.pop("hide") == ["tests.testapp.receivers"]
    assert "tests.testapp.receivers" not in json.dumps(stats)
    number = stats["hidden"]
    text = f"{number} items are hidden by the HIDE setting (tests.testapp.receivers)."
    assert number > 1
    assert text in panel.content


def test_editor_may_be_named(settings):
    settings.SIGNALTOOLS = {"EDITOR": "vscode", "EDITOR_PATHS": {"/": "/mnt"}}
    [row, *_] = stored(get("/pay/")).shown_stats()["rows"]

    assert re.fullmatch(r"vscode://file//mnt/.+/toolbar/urls\.py:\d+", row["href"])


def test_places_are_relative_to_the_project(monkeypatch):
    monkeypatch.chdir("tests")
    [row, *_] = stored(get("/pay/")).shown_stats()["rows"]

    assert re.fullmatch(r"toolbar/urls\.py:\d+", row["place"])


def test_toolbar_itself_is_hidden():
    stats = stored(get("/pay/")).shown_stats()
    names = [
        receiver.get("name", "")
        for group in stats["groups"]
        for signal in group["signals"]
        for receiver in signal["receivers"]
    ]

    assert not [name for name in names if name.startswith("debug_toolbar")]
    assert stats["hidden"] > 0


# What is shown


class Nesting(HTMLParser):
    """
    Check that every element is closed, and collect the text.
    """

    def __init__(self, content):
        super().__init__()
        self.open, self.tags, self.text = [], [], []
        self.feed(content)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in {"link", "input", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_content_is_the_same_within_the_page(settings):
    configure(settings, RENDER_PANELS=True)
    response = get("/pay/")
    page = response.content.decode()
    [newest] = get_store().request_ids()
    panel = DebugToolbar.fetch(newest, PANEL).get_panel_by_id(PANEL)

    assert panel.content in page
    assert '<script type="module" src="/static/signaltools/panel.js" async>' in page


def test_content_is_the_same_when_it_is_fetched():
    response = get("/pay/")
    fetched = Client().get(
        "/__debug__/render_panel/",
        {"request_id": request_id(response), "panel_id": PANEL},
    )

    assert fetched.json() == {
        "content": stored(response).content,
        "scripts": ["/static/signaltools/panel.js"],
    }


SENDER = "tests.testapp.management.commands.pay_and_wait.Command.handle"


def test_signal_that_was_not_sent_shows_the_code_that_sends_it(settings):
    settings.SIGNALTOOLS = {"EDITOR_URL": "editor:{file}:{line}"}
    panel = stored(get("/quiet/"))
    file = Path(pay_and_wait.__file__)
    place = f"{file.relative_to(Path.cwd())}:15"

    assert (
        '<span class="signaltools-state">sent by</span> '
        f'<span class="signaltools-what">{SENDER} '
        f'<a class="signaltools-place" href="editor:{file}:15">{place}</a>'
    ) in panel.content
    assert SENDER not in str(panel.shown_stats())


def test_signal_that_was_sent_shows_where_in_the_tree_only():
    assert SENDER not in stored(asyncio.run(get_async("/pay-async/"))).content


def test_process_that_does_not_know_a_signal_shows_nothing_more():
    panel = new_panel()
    outcome = SignalOutcome(signal("gone.signals.paid"), False, ())
    shown = [show_signal(outcome, PanelOptions(), {})]
    record_stats(panel, panel_stats(Tree((), (), totals()), (), PanelOptions()), shown)

    assert "gone.signals.paid" in panel.content
    assert "sent by" not in panel.content


def test_many_places_and_hostile_names_of_code_that_sends(monkeypatch):
    sends = [SendRecord(NAME, "", "project", NAME, NAME, 1, frozenset())] * 7
    found = Sends({"tests.testapp.signals.order_paid": sends}, [])
    monkeypatch.setattr(panels, "_places", SendPlaces())
    monkeypatch.setattr(panel_sends, "places_of_signals", lambda names: found)
    content = stored(get("/quiet/")).content
    page = Nesting(content)

    assert content.count(">sent by<") == 5
    assert "script" not in page.tags
    assert (
        "and by code in 2 more places: "
        "manage.py list_signals tests.testapp.signals.order_paid"
    ) in page.text


def test_panel_says_that_sources_are_still_being_read(monkeypatch):
    monkeypatch.setattr(panels._places, "add_to", lambda *args: False)

    assert (
        "Where signals are sent is still being read from the sources. Reload the page "
        "to see it."
    ) in stored(get("/quiet/")).content


def test_styles_have_the_nonce_of_the_request():
    panel = panel_with()
    panel.toolbar.request.csp_nonce = "abc"

    assert 'signaltools/panel.css" nonce="abc">' in panel.content
    del panel.toolbar.request.csp_nonce
    assert 'signaltools/panel.css">' in panel.content


@pytest.mark.parametrize("path", ["/quiet/", "/pay/", "/swallow/"])
def test_every_element_is_closed(path):
    Nesting(stored(get(path)).content)


def test_every_element_of_a_large_tree_is_closed():
    node = send("a.b", *[call("c.d", raised=1, error=NAME)] * 20)
    for _ in range(40):
        node = send("a.b", call("c.d", node), call("c.last"), call("c.d", send("e.f")))
    panel = panel_with(*[node] * 4, *[send("a.b", call("c.d"))] * 300)
    found = Nesting(panel.content)

    assert "more rows and their children aren't shown" in "".join(found.text)
    assert len(found.tags) <= 3_000


def test_hostile_names_are_escaped():
    response = get("/swallow/")
    for content in (stored(response).content, response.content.decode()):
        assert "<script>alert" not in content
        assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in content
        assert "\x1b" not in content
    found = Nesting(stored(response).content)

    assert "script" not in found.tags
    assert "<script>alert('1')</script>\\u202e\\x1b" in "".join(found.text)


@pytest.mark.parametrize("editor_url", ["", f"{NAME}{{file}}"])
def test_every_text_is_escaped(editor_url):
    file = {"file": NAME, "sender": NAME, "method": NAME}
    hostile = {"raised": 1, "error": NAME}
    node = send(NAME, call(NAME, file=NAME, **hostile), arguments=(NAME,), **file)
    seen = receiver(
        NAME, dispatch_uid=NAME, file=NAME, sender=NAME, sender_kind="model"
    )
    event = EventRecord(NAME, 1, NAME, ())
    outcomes = Outcome(seen, 0, "unknown", NAME), Outcome(seen, 0, "unknown", "other")
    signals = [
        SignalOutcome(record, False, outcomes)
        for record in (
            signal(NAME, seen, seen, doc=NAME, event=event),
            signal(NAME, component="third_party"),
        )
    ]
    signals.append(SignalOutcome(signal("a.b", seen), True, outcomes[:1]))
    signals.append(SignalOutcome(builtin(NAME), False, ()))
    remarks = [
        Remark(level, NAME, NAME, NAME, NAME, 1, 1) for level in ("error", "note")
    ]
    tree = Tree((node, send(NAME, **file)), (node,), totals())
    options = PanelOptions(editor=Editor(editor_url))
    shown = [show_signal(signal, options, {}) for signal in signals]
    panel = new_panel()
    record_stats(panel, panel_stats(tree, remarks, options), shown)

    found = Nesting(panel.content)
    assert "script" not in found.tags
    assert "<script" not in panel.content
    assert panel.content.count("&lt;script&gt;") > 20


def test_hostile_editor_cannot_leave_its_attribute(settings):
    settings.SIGNALTOOLS = {"EDITOR_URL": "\"><script>'{file}"}
    content = stored(get("/pay/")).content

    assert "<script>" not in content
    assert 'href="&quot;&gt;&lt;script&gt;&#x27;/' in content


@pytest.mark.parametrize(
    ("sums", "subtitle"),
    [
        ({}, "0 sent · 0 calls · 0.0 ms"),
        (
            {"sends": 14, "calls": 1, "receiver_time": 0.01836},
            "14 sent · 1 call · 18.4 ms",
        ),
        (
            {"sends": 1_204, "calls": 2_300, "receiver_time": 0.1, "raised": 1},
            "1,204 sent · 2,300 calls · 100.0 ms · 1 error",
        ),
        (
            {"sends": 1, "calls": 2, "raised": 1, "swallowed": 2},
            "1 sent · 2 calls · 0.0 ms · 3 errors",
        ),
    ],
)
def test_subtitle_sums_up(sums, subtitle):
    assert panel_with(**sums).nav_subtitle == subtitle


def test_subtitle_is_the_same_from_the_store():
    response = get("/pay/")

    assert re.fullmatch(r"2 sent · 1 call · \d+\.\d ms", stored(response).nav_subtitle)
    assert stored(response).nav_subtitle in response.content.decode()


def test_panel_may_be_shown_in_another_language(settings):
    settings.TOOLBAR_LANGUAGE = "de"
    response = get("/swallow/")
    with translation.override("de"):
        panel = panel_with(sends=1_204, receiver_time=0.0184, raised=1)
        assert panel.nav_subtitle == "1.204 sent · 0 calls · 18,4 ms · 1 error"
        assert str(panel.title) == "Signal tools"
        Nesting(stored(response).content)


def test_bars_are_numbers_in_every_language():
    calls = call("c.d", start=0.0042, time=0.0005), call("c.e", time=0.001)
    with translation.override("de"):
        content = panel_with(send("a.b", *calls)).content

    assert re.findall(r'<rect x="(.+?)" width="(.+?)"', content) == [
        ("0.0", "25.0"),
        ("0.0", "50.0"),
    ]


@pytest.mark.parametrize(("calls", "title"), [(1, "1 receiver call"), (2, None)])
def test_server_timing_has_the_calls(calls, title):
    panel = panel_with(calls=calls, receiver_time=0.0184)
    panel.generate_server_timing(panel.toolbar.request, HttpResponse())

    title = title or "2 receiver calls"
    assert panel.get_headers(panel.toolbar.request) == {
        "Server-Timing": f'{PANEL}_signals;dur=18.4;desc="{title}"'
    }


def test_server_timing_is_sent():
    timing = get("/pay/").headers["Server-Timing"]

    assert re.search(rf'{PANEL}_signals;dur=[\d.]+;desc="1 receiver call"', timing)


# Set-up


def check(*panels):
    with override_settings(DEBUG_TOOLBAR_PANELS=panels):
        return SignalToolsPanel.run_checks()


def test_one_panel_is_fine():
    assert check(PATH) == []


@pytest.mark.django_db
def test_toolbar_runs_the_checks_of_the_panel():
    assert run_checks() == []
    with override_settings(DEBUG_TOOLBAR_PANELS=[OTHER, PATH]):
        assert [message.id for message in run_checks()] == ["signaltools.W032"]


@pytest.mark.parametrize("version", ["6.3.0", "5.0.0a0", "6"])
def test_W030_toolbar_is_too_old(monkeypatch, version):  # noqa: N802
    monkeypatch.setattr(debug_toolbar, "VERSION", version)
    assert check(PATH) == [
        CheckWarning(
            f"The panel {PATH!r} requires django-debug-toolbar 7.0 or "
            f"later, not {version}.",
            hint="Upgrade django-debug-toolbar.",
            id="signaltools.W030",
        )
    ]


@pytest.mark.parametrize("version", ["7.0.0", "7.0", "8.1.2", "10.0.0", "9.0b1"])
def test_W030_later_toolbars_are_fine(monkeypatch, version):  # noqa: N802
    monkeypatch.setattr(debug_toolbar, "VERSION", version)
    assert check(PATH) == []


def test_W031_panel_is_listed_twice():  # noqa: N802
    assert check(PATH, PATH) == [
        CheckWarning(
            f"DEBUG_TOOLBAR_PANELS lists {PATH!r} more than once.",
            hint="List it once.",
            id="signaltools.W031",
        )
    ]


def test_W032_panel_of_the_toolbar_is_listed_as_well():  # noqa: N802
    assert check(PATH, OTHER) == [
        CheckWarning(
            f"DEBUG_TOOLBAR_PANELS lists {OTHER!r} beside {PATH!r}, which shows the "
            "same and more.",
            hint=f"Remove {OTHER!r}.",
            id="signaltools.W032",
        )
    ]


def test_both_panels_may_be_used_nevertheless(settings):
    settings.DEBUG_TOOLBAR_PANELS = [OTHER, PATH]
    response = get("/pay/")

    assert sent(stored(response)) == PAYING
    assert 'id="djdt-SignalsPanel"' in response.content.decode()


def test_frames_are_hidden_once(settings):
    settings.DEBUG_TOOLBAR_CONFIG = {"HIDE_IN_STACKTRACES": ["shop"]}
    SignalToolsPanel.ready()
    SignalToolsPanel.ready()

    assert get_config()["HIDE_IN_STACKTRACES"] == ("shop", "signaltools")
    assert settings.DEBUG_TOOLBAR_CONFIG == {"HIDE_IN_STACKTRACES": ["shop"]}


def test_icon_exists():
    from django.contrib.staticfiles import finders

    for name in (SignalToolsPanel.nav_icon, "signaltools/panel.css"):
        assert finders.find(name)


def test_receivers_show_what_is_wrong_with_them():
    def without_kwargs(sender, value): ...

    asked.connect(without_kwargs)
    try:
        page = stored(get("/quiet/")).content
    finally:
        asked.disconnect(without_kwargs)

    name = f"{__name__}.{without_kwargs.__qualname__}".replace("<", "&lt;")
    name = name.replace(">", "&gt;")
    assert "· [W012] " in page
    assert (
        f'W012 tests.toolbar.urls.asked {name}">W012 The receiver '
        f"&#x27;{name}&#x27; of "
        "&#x27;tests.toolbar.urls.asked&#x27; doesn&#x27;t accept **kwargs. Add "
        "**kwargs, or the receiver will break as soon as the signal sends another "
        "argument.</p>"
    ) in page


def texts_of(page):
    return " ".join(unescape(re.sub("<[^>]+>", " ", page)).split())


def test_problem_of_a_connection_is_seen_without_a_click():
    def without_kwargs(sender): ...

    asked.connect(without_kwargs)
    try:
        panel = stored(get("/quiet/"))
    finally:
        asked.disconnect(without_kwargs)

    first, _, _ = texts_of(panel.content).partition("This request, in order")
    assert "Problems (1) WARNING W012 The receiver" in first
    assert panel.nav_subtitle.endswith(" · 1 warning")


def test_numbers_are_those_of_what_is_shown(settings):
    settings.SIGNALTOOLS = {"HIDE": ["tests.toolbar.urls.asked", "debug_toolbar"]}
    panel = stored(get("/pay/"))

    assert panel.nav_subtitle.startswith("1 sent · 0 calls · 0.0 ms")
    assert "1 send (1 without receivers) · 0 calls · " in texts_of(panel.content)


def test_streamed_body_is_not_recorded():
    told = "What that sends isn't recorded."
    request = RequestFactory().get("/")
    for response in (HttpResponse(), StreamingHttpResponse()):
        panel = new_panel()
        panel.enable_instrumentation()
        panel.disable_instrumentation()
        panel.generate_stats(request, response)
        assert (told in panel.content) == response.streaming


def test_row_says_what_it_cannot_see():
    unseen = texts_of(panel_with(send("a.b", unseen=1)).content)
    assert "a.b shop.Order (order) from" in unseen
    assert "· receivers can't be seen" in unseen
    asynchronous = send("a.b", call("c.d", order=None))
    assert "async_to_sync()" in panel_with(asynchronous).content


def page_of_a_save():
    """
    Return what the panel shows of a request that saves an order, which has a receiver.
    """

    def on_save(**kwargs): ...

    post_save.connect(on_save, sender=Order)
    try:
        Client().post("/save/")
        [newest] = get_store().request_ids()
        panel = DebugToolbar.fetch(newest, PANEL).get_panel_by_id(PANEL)
        return texts_of(panel.content)
    finally:
        post_save.disconnect(on_save, sender=Order)


@pytest.mark.django_db
def test_no_file_of_the_toolbar_is_a_caller():
    page = page_of_a_save()
    assert "post_save" in page
    assert not re.findall(r"\S*(?:debug_toolbar|middleware)\S*\.py:\d+", page)


@pytest.mark.django_db
@pytest.mark.parametrize("is_on", [False, True])
def test_stack_of_a_send_is_shown_if_asked_for(settings, is_on):
    settings.SIGNALTOOLS = {"SHOW_STACKS": is_on}
    page = page_of_a_save()
    assert ("stack of the send" in page) == is_on
    assert not re.findall(
        r"\S*(?:debug_toolbar|middleware|dispatcher)\S*\.py:\d+", page
    )
