"""
The files in ``golden/`` are what people see; rewrite them with
``UPDATE_GOLDEN=1 python -m pytest tests/reports/test_list_text.py`` and read the diff.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from signaltools.events.background import Background
from signaltools.reports.layout import Look
from signaltools.reports.list_text import render_text
from tests.records import builtin, receiver, sent_by, signal

GOLDEN = Path(__file__).parents[1] / "golden"
FOLDER = "/srv/site"
ORDER = {"sender": "shop.Order", "sender_kind": "model"}
VENV = "/srv/site/.venv/lib/python3.13/site-packages"


def django(name, **changes):
    place = {"component": "django", "app": None, "line": 5}
    return receiver(
        f"django.{name}",
        **{**place, "file": f"{VENV}/django/{name.rpartition('.')[0]}.py", **changes},
    )


def toolbar(name, **changes):
    return receiver(
        f"debug_toolbar.{name}",
        **{"component": "third_party", "file": f"{VENV}/debug_toolbar/x.py", **changes},
    )


STORAGE = django(
    "core.files.storage.filesystem.FileSystemStorage._clear_cached_properties",
    storage=True,
    order=4,
)

SITE = [
    signal("shop.signals.order_lost", doc="Sent when a cart times out.", line=29),
    signal(
        "shop.signals.order_paid",
        receiver("shop.stock.reserve", line=31),
        receiver("crm.receivers.notify_sales", order=2, dispatch_uid="crm-sales"),
        receiver("push.ws.broadcast", order=None, is_async=True, weak=False, **ORDER),
        doc="Sent once, after commit, when a payment is captured.\nNever twice.",
        line=14,
    ),
    signal(
        "audit.events.entry",
        receiver("audit.log.write", component="third_party", file=f"{VENV}/audit/l.py"),
        component="third_party",
        file=f"{VENV}/audit/events.py",
    ),
    signal("audit.events.purged", component="third_party"),
    signal("audit.events.rotated", component="third_party"),
    builtin(
        "core.signals.setting_changed",
        django("core.signals.a"),
        toolbar("toolbar.b", order=2),
        receiver("shop.conf.reload_settings", order=3),
        STORAGE,
    ),
    builtin("core.signals.request_started", django("db.reset_queries")),
    builtin("db.models.signals.post_save", receiver("shop.search.index", **ORDER)),
    *(builtin(f"db.models.signals.{name}") for name in ("pre_init", "post_init")),
    builtin("contrib.auth.signals.user_logged_in", app="auth"),
    *(
        builtin(f"{name}", imported=False, class_name=None)
        for name in ("test.signals.template_rendered", "tasks.signals.task_started")
    ),
]


def render(signals, everything=None, **look):
    everything = signals if everything is None else everything
    return render_text(signals, everything, Look(**{"folder": FOLDER, **look}))


def render_one(record, **look):
    """
    Return the lines about one signal, without heading and footer.
    """
    return render([record], **look).split("\n")[2:-3]


def assert_golden(name, text):
    file = GOLDEN / name
    if "UPDATE_GOLDEN" in os.environ:
        file.write_text(text, encoding="utf-8", newline="\n")
    assert text == file.read_text(encoding="utf-8")


# --- the whole report ---------------------------------------------------------------


def test_a_project_at_a_glance():
    assert_golden("overview.txt", render(SITE))


def test_expanded():
    assert_golden("expanded.txt", render(SITE, collapse=False))


def test_a_narrow_terminal():
    assert_golden("narrow.txt", render(SITE, width=60, collapse=False))


def test_a_wide_terminal():
    assert_golden("wide.txt", render(SITE, width=140))


def test_a_part_of_everything():
    assert_golden("part.txt", render(SITE[:1], SITE, collapse=False))


def test_every_sort_of_sender():
    senders = [
        {},
        {"sender": "shop.Order", "sender_kind": "model"},
        {"sender": "shop.views.Api", "sender_kind": "class"},
        {
            "sender": "django.apps.config.AppConfig",
            "sender_kind": "app_config",
            "sender_app": "shop",
        },
        {"sender": "shop.apps.ShopConfig", "sender_kind": "app_config"},
        {"sender": "shop.views.Api", "sender_kind": "instance"},
        {"sender": "shop.jobs", "sender_kind": "module"},
        {"sender_kind": "unknown"},
    ]
    receivers = [
        receiver("shop.code.run", order=order, **sender)
        for order, sender in enumerate(senders, 1)
    ]
    record = signal("shop.signals.done", *receivers)
    assert_golden("senders.txt", render([record], collapse_senders=False))


def test_names_that_need_more_room():
    long = "shop.orders.receivers.payments.OrderPaymentReceivers.on_order_payment_made"
    records = [
        signal(
            "shop.signals.done",
            receiver(long, dispatch_uid="a long uid, as long as it takes"),
            receiver("shop.code.run", order=2, sender=long, sender_kind="class"),
            receiver("shop.code.run", order=3, file=f"{FOLDER}/{'deep/' * 18}run.py"),
        ),
        signal("shop.signals." + "really_" * 11 + "long", file=f"{FOLDER}/a/b/c.py"),
    ]
    assert_golden("long_names.txt", render(records))


HOSTILE = "\x1b[31m\n\x07\u202e\u2066\udc80"


def hostile_site():
    return [
        signal(
            f"shop.signals.{HOSTILE}paid",
            receiver(
                f"shop.{HOSTILE}.run",
                sender=f"shop.{HOSTILE}",
                sender_kind="class",
                dispatch_uid=HOSTILE,
                file=f"{FOLDER}/{HOSTILE}.py",
            ),
            receiver(
                "shop.run",
                order=2,
                sender="x",
                sender_kind="app_config",
                sender_app=HOSTILE,
            ),
            doc="Red \x1b[31m and \u202eback.",
            file=f"{FOLDER}/{HOSTILE}.py",
        ),
        signal(f"audit.{HOSTILE}", component="third_party"),
    ]


def test_hostile_names_are_escaped():
    assert_golden("hostile.txt", render(hostile_site()))


# --- in the background ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("background", "shown"),
    [
        (Background("default", "default", True), "background"),
        (Background("default", "mail", True), "background (queue mail)"),
        (
            Background("mail", "default", False),
            "background (backend mail, not on commit)",
        ),
    ],
)
def test_a_receiver_in_the_background_has_what_differs_from_the_default(
    background, shown
):
    text = render([signal("shop.paid", receiver("shop.x", background=background))])
    assert f"   1  shop.x  any sender  {shown}  " in text


# --- nothing unprintable ------------------------------------------------------------


@pytest.mark.parametrize("collapse", [True, False])
def test_no_report_has_an_unprintable_character(collapse):
    text = render(hostile_site(), collapse=collapse)
    assert [char for char in text if not char.isprintable()] == ["\n"] * text.count(
        "\n"
    )


def test_the_hint_how_to_expand_a_hostile_signal_is_escaped():
    collapsed = django("core.run")
    text = render([signal(f"shop.{HOSTILE}paid", collapsed)])
    assert "\x1b" not in text
    assert "\u202e" not in text


# --- sections and counts ------------------------------------------------------------


def headings(text):
    return re.findall(r"^[A-Z-]+ SIGNALS +.*$", text, re.MULTILINE)


def test_sections_are_project_then_third_party_then_django():
    shuffled = [SITE[7], SITE[2], SITE[0]]
    titles = [line.rpartition(" SIGNALS")[0] for line in headings(render(shuffled))]
    assert titles == ["PROJECT", "THIRD-PARTY", "DJANGO"]


def test_a_section_without_signals_is_left_out():
    assert len(headings(render([SITE[0]]))) == 1


@pytest.mark.parametrize(
    ("signals", "counts"),
    [
        ([signal("a.b")], "1 signal · 0 receivers · 1 without receivers"),
        ([signal("a.b", receiver("c.d"))], "1 signal · 1 receiver"),
        (
            [signal("a.b", receiver("c.d"), receiver("c.e")), signal("a.c")],
            "2 signals · 2 receivers · 1 without receivers",
        ),
        (
            [signal("a.b", receiver("c.d"), STORAGE)],
            "1 signal · 2 receivers (1 collapsed)",
        ),
    ],
)
def test_a_heading_counts_signals_and_receivers(signals, counts):
    [heading] = headings(render(signals))
    assert heading.partition("  ")[2].strip() == counts


@pytest.mark.parametrize(
    ("shown", "everything", "footer"),
    [
        ([], [], "0 signals · 0 receivers"),
        ([], SITE, "0 of 13 signals · 0 of 10 receivers"),
        (SITE[:1], SITE[:1], "1 signal · 0 receivers"),
        (SITE[7:8], SITE, "1 of 13 signals · 1 of 10 receivers"),
        (SITE[7:8], SITE[6:8], "1 of 2 signals · 1 of 2 receivers"),
        (SITE[1:2], SITE[1:2], "1 signal · 3 receivers     ~ = async, concurrent"),
    ],
)
def test_the_last_line_counts_what_is_shown_of_everything(shown, everything, footer):
    assert render(shown, everything).splitlines()[-1] == footer


def test_an_empty_report_is_its_last_line():
    assert render([], SITE) == "0 of 13 signals · 0 of 10 receivers\n"


# --- collapsing -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("receivers", "line"),
    [
        ([django("a.b")], "   +  1 receiver inside Django"),
        ([django("a.b"), django("a.c")], "   +  2 receivers inside Django"),
        ([toolbar("a.b")], "   +  1 receiver inside the toolbar"),
        ([STORAGE], "   +  1 receiver inside storage objects"),
        (
            [toolbar("a.b"), django("a.b")],
            "   +  2 receivers inside Django and the toolbar",
        ),
        (
            [toolbar("a.b"), STORAGE, django("a.b"), django("a.c")],
            "   +  4 receivers inside Django, storage objects, and the toolbar",
        ),
    ],
)
def test_collapsed_receivers_are_counted_with_their_home(receivers, line):
    record = builtin("core.signals.setting_changed", *receivers)
    hint = "list_signals setting_changed"
    assert render_one(record)[1:] == [line + hint.rjust(100 - len(line))]


def test_receivers_of_a_package_named_almost_like_the_toolbar_do_not_collapse():
    [_, line] = render_one(signal("a.b", receiver("debug_toolbars.x.run")))
    assert line.split()[:2] == ["1", "debug_toolbars.x.run"]


def test_order_numbers_do_not_change_by_collapsing():
    record = signal("a.b", django("x.y"), receiver("shop.run", order=2))
    [_, shown, collapsed] = render_one(record)
    assert shown.split()[:2] == ["2", "shop.run"]
    assert collapsed.split()[:2] == ["+", "1"]


def test_expanded_nothing_is_counted_as_collapsed():
    text = render(SITE, collapse=False)
    assert "collapsed" not in text
    assert "list_signals" not in text
    assert sum(line.startswith("   +") for line in text.splitlines()) == 0
    for record in SITE:
        for each in record.receivers:
            assert each.name in text


# --- signals without receivers --------------------------------------------------------


def test_project_signals_without_receivers_have_lines_of_their_own():
    assert render_one(signal("shop.signals.lost", doc="When lost.\nMore.")) == [
        "shop.signals.lost" + "shop/signals.py:3".rjust(83),
        "  When lost.",
        "      no receivers",
    ]


def test_other_signals_without_receivers_share_a_line():
    assert render_one(signal("audit.events.purged", component="third_party")) == [
        "no receivers: audit.events.purged"
    ]
    assert render_one(builtin("db.models.signals.pre_init")) == [
        "no receivers: pre_init"
    ]


def test_signals_that_are_not_imported_have_their_full_name():
    record = builtin("tasks.signals.task_started", imported=False, class_name=None)
    assert render_one(record) == ["not imported: django.tasks.signals.task_started"]


def test_a_long_line_of_signals_without_receivers_wraps_between_names():
    names = [f"audit.events.something_number_{number}" for number in range(9)]
    records = [signal(name, component="third_party") for name in names]
    heading, counts, _, *lines = render(records, width=60).splitlines()[:-2]
    assert heading == "THIRD-PARTY SIGNALS"
    assert counts == f"{'9 signals · 0 receivers · 9 without receivers':>60}"
    assert lines[0].startswith("no receivers: audit.events.something_number_0,")
    assert all(line.startswith("  audit.") for line in lines[1:])
    assert all(len(line) <= 60 for line in lines)
    assert re.findall(r"audit\.\w+\.\w+", " ".join(lines)) == names


# --- lines --------------------------------------------------------------------------


@pytest.mark.parametrize("width", [60, 80, 100, 140])
@pytest.mark.parametrize("collapse", [True, False])
def test_no_line_ends_in_blanks(width, collapse):
    lines = render(SITE, width=width, collapse=collapse).split("\n")
    assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_names_and_places_are_never_cut(width):
    words = render(SITE, width=width, collapse=False).split()
    for record in SITE[:2]:
        assert record.name in words
        for each in record.receivers:
            assert each.name in words
            assert f"{os.path.relpath(str(each.file), FOLDER)}:{each.line}" in words


@pytest.mark.parametrize("width", [80, 100, 140])
def test_places_end_at_the_right_edge(width):
    lines = render(SITE, width=width).splitlines()
    placed = [line for line in lines if re.search(r"\.py:\d+$", line)]
    assert {len(line) for line in placed} == {width}
    assert len(placed) == 9


def test_columns_line_up():
    record = signal(
        "shop.signals.done",
        receiver("shop.a", weak=False),
        receiver("shop.a_longer_name", order=2, is_async=True, **ORDER),
    )
    assert [line[:52] for line in render_one(record)[1:]] == [
        "   1  shop.a              any sender  strong        ",
        "   2  shop.a_longer_name  shop.Order  async         ",
    ]


def test_only_deviations_are_shown():
    record = signal(
        "a.b",
        receiver("shop.run", order=None, is_async=True, weak=False, dispatch_uid="u"),
        receiver("shop.run", order=10, dispatch_uid=""),
        receiver("shop.run", order=100),
    )
    assert [" ".join(line.split()) for line in render_one(record)[1:]] == [
        '~ shop.run any sender uid="u", async, strong shop.py:12',
        '10 shop.run any sender uid="" shop.py:12',
        "100 shop.run any sender shop.py:12",
    ]


def test_a_receiver_without_a_file_has_no_place():
    record = signal("a.b", receiver("builtins.print", file=None, line=None), file=None)
    assert render_one(record) == ["a.b", "   1  builtins.print  any sender"]


def test_a_file_without_a_line_stands_alone():
    [line] = render_one(signal("a.b", receiver("shop.run", line=None)))[1:]
    assert line.endswith(" shop.py")


def test_django_need_not_say_where_it_defines_its_signals():
    file = f"{VENV}/django/db/models/signals.py"
    record = builtin("db.x.post_save", receiver("shop.run"), file=file, line=40)
    assert render_one(record)[0] == "django.db.x.post_save"


# --- paths --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "folder", "shown"),
    [
        ("/srv/site/shop/a.py", "/srv/site", "shop/a.py"),
        ("/srv/site/shop/a.py", "/srv/site/", "shop/a.py"),
        ("/srv/site/shop/a.py", "/", "srv/site/shop/a.py"),
        ("/srv/site/shop/a.py", "", "/srv/site/shop/a.py"),
        ("/srv/site2/shop/a.py", "/srv/site", "/srv/site2/shop/a.py"),
        ("/srv/lib/shop/a.py", "/srv", "lib/shop/a.py"),
        (f"{VENV}/audit/log.py", "/srv/site", ".venv/…/audit/log.py"),
        (f"{VENV}/audit/log.py", "/home/me", "…/audit/log.py"),
        (
            "/srv/site/.venv/lib/python3.13t/site-packages/audit/log.py",
            "/srv/site",
            ".venv/…/audit/log.py",
        ),
        ("/usr/lib/python3/dist-packages/audit.py", "/srv", "…/audit.py"),
        (
            "/x/lib/python3.13/site-packages/a/lib/site-packages/b.py",
            "/srv",
            "…/a/lib/site-packages/b.py",
        ),
        (r"C:\env\Lib\site-packages\audit\log.py", "", r"…\audit\log.py"),
        (
            "/x/lib/python3.13/site-packages.py",
            "",
            "/x/lib/python3.13/site-packages.py",
        ),
    ],
)
def test_paths_are_short(file, folder, shown):
    record = signal("a.b", receiver("shop.run", file=file, line=9))
    assert render_one(record, folder=folder)[1].endswith(f" {shown}:9")


# --- color -------------------------------------------------------------------------


def bold(text):
    return f"\x1b[1m{text}\x1b[0m"


def cyan(text):
    return f"\x1b[36;1m{text}\x1b[0m"


@pytest.mark.parametrize("width", [60, 100, 140])
@pytest.mark.parametrize("collapse", [True, False])
def test_color_only_adds(width, collapse):
    plain = render(SITE, width=width, collapse=collapse)
    colorful = render(SITE, width=width, collapse=collapse, heading=cyan, name=bold)
    assert colorful != plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", colorful) == plain


def test_headings_and_names_of_signals_are_painted():
    painted = render([SITE[7]], heading=cyan, name=bold)
    assert re.findall(r"\x1b\[[0-9;]*m([^\x1b]+)\x1b\[0m", painted) == [
        "DJANGO SIGNALS",
        "django.db.models.signals.post_save",
    ]


def test_a_signal_that_dispatches_in_its_own_way_says_so():
    record = signal(
        "a.b", receiver("shop.run"), class_name="a.Sorted", dispatches_itself=True
    )
    [_, remark, _] = render_one(record)
    assert (
        remark
        == "  In connection order: a.Sorted decides which receivers run, and when."
    )
    without_receivers = record._replace(receivers=())
    assert render_one(without_receivers)[1:] == ["      no receivers"]


@pytest.mark.parametrize(
    ("doc", "shown"),
    [
        ("Sent when a user connects\nan account. Not when", "an account."),
        ("provides args: instance,\nuser", "provides args: instance, user"),
        ("Sent.\n\nSecond paragraph.", "Sent."),
        ("No end\n\nSecond paragraph.", "No end"),
        ("x" * 98, "x" * 98),
        ("x" * 99, "x" * 97 + "…"),
    ],
)
def test_the_first_sentence_of_the_doc_is_shown(doc, shown):
    [_, line, _] = render_one(signal("a.b", doc=doc))
    assert line.startswith("  ")
    assert line.endswith(shown)
    assert len(line) <= 100


def test_ids_of_problems_stand_beside_their_receiver():
    record = signal(
        "shop.signals.order_paid",
        receiver("shop.search.index", problems=("W001", "I001")),
        receiver("shop.audit.log", order=2, weak=False, problems=("W012",)),
    )
    [_, first, second] = render_one(record)
    assert first.split("  any sender")[1].split() == [
        *("[W001,", "I001]", "shop/search.py:12"),
    ]
    assert second.split("  any sender")[1].split() == [
        *("strong", "[W012]", "shop/audit.py:12"),
    ]


# --- what sends a signal ------------------------------------------------------------


def test_the_code_that_sends_a_signal_is_above_its_receivers():
    senders = (
        sent_by("shop.services.pay", method="send_on_commit"),
        sent_by("shop.tasks.<locals>.again", line=112),
    )
    record = signal("shop.paid", receiver("crm.notify"), sent_by=senders)
    assert render_one(record, width=70) == [
        "shop.paid                                                    shop.py:3",
        "  sent by  shop.services.pay  send_on_commit        shop/services.py:7",
        "           shop.tasks.<locals>.again  send  shop/tasks/<locals>.py:112",
        "   1  crm.notify  any sender                                 crm.py:12",
    ]


def test_a_long_function_has_its_place_on_a_line_of_its_own():
    senders = [sent_by("shop.management.commands.pay_and_wait.Command.handle")]
    record = signal("shop.paid", sent_by=senders)
    assert render_one(record, width=60)[2:] == [
        "  sent by  shop.management.commands.pay_and_wait.Command.handle  send",
        "          shop/management/commands/pay_and_wait/Command.py:7",
        "      no receivers",
    ]


def test_hostile_names_of_functions_are_printable():
    record = signal("shop.paid", sent_by=[sent_by("a.\x1b[31m")])
    assert r"  sent by  a.\x1b[31m  send" in render([record])


def test_a_signal_that_no_code_sends_is_said_only_if_it_was_looked_for():
    said = "  sent by  no code that was found"
    assert said in render([signal("shop.paid", sent_by=())])
    assert said not in render([signal("shop.paid", sent_by=None)])
    # Django sends its own signals.
    record = builtin("db.models.signals.post_save", receiver("a.b"), sent_by=())
    assert said not in render([record])


def test_a_signal_of_a_package_without_receivers_has_the_code_that_sends_it():
    place = {"component": "third_party"}
    senders = [sent_by("audit.log.f", **place)]
    record = signal("audit.gone", sent_by=senders, **place)
    assert render_one(record)[1:] == [
        f"  sent by  audit.log.f  send{'audit/log.py:7':>72}",
        "      no receivers",
    ]
