from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.db.models.signals import m2m_changed, post_init, post_save

from signaltools.inventory.django_signals import BUILTIN_SIGNALS
from signaltools.inventory.filters import (
    Filters,
    select,
    select_problems,
    unconnected_for,
    unmatched,
)
from signaltools.inventory.records import Problem, Unconnected
from tests.records import builtin, receiver, sent_by, signal
from tests.testapp.models import Line, Order, Tag

ORDER = {"sender": "testapp.Order", "sender_kind": "model"}
TAG = {"sender": "testapp.Tag", "sender_kind": "model"}

SIGNALS = [
    signal(
        "shop.signals.order_paid",
        receiver("stock.receivers.reserve"),
        receiver("crm.receivers.notify_sales", order=2, **ORDER),
        receiver("push.ws.broadcast", is_async=True, order=None),
    ),
    signal("shop.signals.order_lost"),
    signal("audit.Events.entry", app=None, component="third_party"),
    builtin(
        "db.models.signals.post_migrate",
        receiver(
            "shop.apps.create_defaults",
            sender="django.apps.config.AppConfig",
            sender_kind="app_config",
            sender_app="shop",
        ),
        receiver("audit.log.Migrated", order=2),
    ),
    builtin(
        "db.models.signals.post_save",
        receiver("shop.search.index_order", **ORDER),
        receiver("shop.search.index_tag", order=2, **TAG),
        receiver("audit.log.record", order=3),
        receiver("crm.sync.guess", order=4, sender_kind="unknown"),
    ),
    builtin("contrib.auth.signals.user_logged_out", app="auth"),
]


def shown(**filters):
    """
    Map the last part of each selected signal to "order last part" of its receivers.
    """
    return {
        last_part(signal.name): [in_order(r) for r in signal.receivers]
        for signal in select(SIGNALS, Filters(**filters))
    }


def in_order(receiver):
    return f"{receiver.order or '~'} {last_part(receiver.name)}"


def last_part(name):
    return name.rpartition(".")[2]


ORDER_PAID = ["1 reserve", "2 notify_sales", "~ broadcast"]
POST_SAVE = ["1 index_order", "2 index_tag", "3 record", "4 guess"]


# --- each filter --------------------------------------------------------------------


def test_without_filters_everything_is_selected():
    assert select(SIGNALS, Filters()) == SIGNALS


def test_a_pattern_in_the_name_of_a_signal_keeps_all_its_receivers():
    assert shown(patterns=["order_pa"]) == {"order_paid": ORDER_PAID}


def test_a_pattern_in_the_name_of_a_receiver_keeps_only_that_receiver():
    assert shown(patterns=["crm."]) == {
        "order_paid": ["2 notify_sales"],
        "post_save": ["4 guess"],
    }


@pytest.mark.parametrize("pattern", ["testapp.Tag", "testapp.tag", "PP.TA"])
def test_a_pattern_in_the_name_of_a_sender_selects_its_receivers(
    pattern,
):
    assert shown(patterns=[pattern]) == {"post_save": ["2 index_tag"]}


def test_a_pattern_in_the_label_of_a_sending_app_selects_its_receivers():
    # "shop" is also part of other names, so the class is asked for here.
    assert shown(patterns=["AppConfig"]) == {"post_migrate": ["1 create_defaults"]}


@pytest.mark.parametrize("pattern", ["ORDER_PAID", "shop.signals.order_paid", "_Paid"])
def test_patterns_ignore_case(pattern):
    assert shown(patterns=[pattern]) == {"order_paid": ORDER_PAID}


def test_patterns_with_capitals_in_the_names_ignore_case():
    assert shown(patterns=["migrated"]) == {"post_migrate": ["2 Migrated"]}
    assert shown(patterns=["events.ENTRY"]) == {"entry": []}


def test_an_app_has_its_signals_and_its_receivers_elsewhere():
    assert shown(apps=["shop"]) == {
        "order_paid": ORDER_PAID,
        "order_lost": [],
        "post_migrate": ["1 create_defaults"],
        "post_save": ["1 index_order", "2 index_tag"],
    }


def test_an_app_is_its_whole_label_in_any_case():
    assert shown(apps=["STOCK"]) == {"order_paid": ["1 reserve"]}
    assert shown(apps=["stoc"]) == {}


@pytest.mark.parametrize("sender", ["testapp.Order", "TESTAPP.order"])
def test_a_sender_has_its_receivers_and_those_of_any_sender(sender):
    assert shown(senders=[sender]) == {
        "order_paid": ORDER_PAID,
        "post_save": ["1 index_order", "3 record"],
    }


def test_a_sender_is_its_whole_name():
    assert shown(senders=["testapp.Ord"]) == {}
    assert shown(senders=["Order"]) == {}


@pytest.mark.parametrize("sender", ["shop", "django.apps.config.AppConfig"])
def test_an_app_config_is_found_by_label_and_by_class(sender):
    assert shown(senders=[sender]) == {
        "order_paid": ["1 reserve", "~ broadcast"],
        "post_migrate": ["1 create_defaults", "2 Migrated"],
    }


def test_kinds_select_signals():
    assert list(shown(kinds=["custom"])) == ["order_paid", "order_lost", "entry"]
    assert list(shown(kinds=["builtin"])) == [
        "post_migrate",
        "post_save",
        "user_logged_out",
    ]
    assert shown(kinds=["builtin"])["post_save"] == POST_SAVE


def test_without_receivers_selects_signals_without_receivers():
    assert shown(without_receivers=True) == {
        "order_lost": [],
        "entry": [],
        "user_logged_out": [],
    }


def test_unsent_selects_signals_that_no_code_sends():
    records = [
        signal("shop.paid", sent_by=(sent_by("shop.services.pay"),)),
        signal("shop.lost", receiver("crm.notify"), sent_by=()),
        signal("shop.event", kind="event", sent_by=()),
        builtin("db.models.signals.post_save", sent_by=()),
    ]
    filters = Filters(unsent=True)
    selected = select(records, filters)
    assert [each.name for each in selected] == ["shop.lost", "shop.event"]
    problems = [
        Problem("W012", "crm.notify", "m", "h", "shop.lost", 0),
        Problem("W001", "crm.gone", "m", "h", "shop.paid"),
    ]
    assert select_problems(problems, selected, records, filters) == problems[:1]


# --- combinations -------------------------------------------------------------------


def test_several_patterns_are_alternatives():
    assert shown(patterns=["order_lost", "index_tag", "INDEX_ORDER"]) == {
        "order_lost": [],
        "post_save": ["1 index_order", "2 index_tag"],
    }


def test_several_apps_are_alternatives():
    assert shown(apps=["stock", "push", "audit"]) == {
        "order_paid": ["1 reserve", "~ broadcast"],
        "post_migrate": ["2 Migrated"],
        "post_save": ["3 record"],
    }


def test_several_senders_are_alternatives():
    assert shown(senders=["testapp.Order", "testapp.Tag"]) == {
        "order_paid": ORDER_PAID,
        "post_save": ["1 index_order", "2 index_tag", "3 record"],
    }


def test_several_kinds_are_alternatives():
    assert len(shown(kinds=["builtin", "custom"])) == len(SIGNALS)
    assert shown(kinds=["event"]) == {}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (
            {"patterns": ["post_save"], "apps": ["audit"]},
            {"post_save": ["3 record"]},
        ),
        (
            {"patterns": ["post_save"], "senders": ["testapp.Tag"]},
            {"post_save": ["2 index_tag", "3 record"]},
        ),
        (
            {"apps": ["crm"], "senders": ["testapp.Order"]},
            {"order_paid": ["2 notify_sales"]},
        ),
        (
            {"apps": ["shop"], "kinds": ["builtin"]},
            {
                "post_migrate": ["1 create_defaults"],
                "post_save": ["1 index_order", "2 index_tag"],
            },
        ),
        ({"apps": ["shop"], "without_receivers": True}, {"order_lost": []}),
        ({"kinds": ["builtin"], "without_receivers": True}, {"user_logged_out": []}),
        ({"patterns": ["order_paid"], "without_receivers": True}, {}),
        (
            {
                "patterns": ["order", "record"],
                "apps": ["shop", "audit"],
                "senders": ["testapp.Order"],
                "kinds": ["builtin"],
            },
            {"post_save": ["1 index_order", "3 record"]},
        ),
    ],
)
def test_different_options_must_all_match(filters, expected):
    assert shown(**filters) == expected


def test_a_signal_whose_receivers_were_filtered_out_has_receivers():
    # post_save has receivers of crm, but none of them is left for this sender.
    assert shown(senders=["testapp.Tag"], without_receivers=True) == {}


def test_filters_change_no_record():
    before = list(SIGNALS)
    [post_save] = select(SIGNALS, Filters(patterns=["index_tag"]))
    assert post_save.receivers == (SIGNALS[4].receivers[1],)
    assert before == SIGNALS


# --- which signals a sender can send ------------------------------------------------


def any_sender_signals():
    names = [*BUILTIN_SIGNALS, "shop.signals.order_paid"]
    return [signal(name, receiver("audit.log.record")) for name in names]


def signals_of(sender, *connected):
    selected = select([*any_sender_signals(), *connected], Filters(senders=[sender]))
    return {last_part(record.name) for record in selected} - {"connected"}


def connected(**changes):
    return signal("shop.signals.connected", receiver("shop.code", **changes))


CREATED = {"class_prepared", "pre_init", "post_init"}
MODEL = {*CREATED, "pre_save", "post_save", "pre_delete", "post_delete"}
CUSTOM = {"order_paid"}


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("testapp.Tag", {*MODEL, *CUSTOM}),
        ("testapp.RushOrder", {*MODEL, *CUSTOM}),
        ("testapp.Line", {*MODEL, "m2m_changed", *CUSTOM}),
        ("auth.User", {*MODEL, "user_logged_in", "user_logged_out", *CUSTOM}),
        ("shop.Nonsense", set()),
    ],
)
def test_receivers_of_any_sender_run_for_signals_that_a_model_sends(sender, expected):
    assert signals_of(sender) == expected


def test_an_automatic_through_model_is_never_saved_or_deleted_with_a_signal():
    assert signals_of("testapp.Order_tags") == {*CREATED, "m2m_changed", *CUSTOM}


@pytest.mark.django_db
def test_django_sends_no_save_signal_for_an_automatic_through_model():
    # What the test above relies on.
    sent: list[tuple[object, object]] = []

    def record(sender, signal, **kwargs):
        sent.append((signal, sender))

    watched = (m2m_changed, post_init, post_save)
    for each in watched:
        each.connect(record)
    try:
        Order.objects.create(stamp="a").tags.add(tag := Tag.objects.create(stamp="b"))
        Order.tags.through.objects.create(order=Order.objects.create(), tag=tag)
        Line.objects.create(order=Order.objects.get(stamp="a"), item=tag)
    finally:
        for each in watched:
            each.disconnect(record)
    through = Order.tags.through
    assert {(m2m_changed, through), (post_init, through)} <= set(sent)
    assert (post_save, through) not in sent
    assert (post_save, Line) in sent


def test_receivers_of_any_sender_run_for_signals_that_an_app_config_sends():
    config = connected(
        sender="shop.apps.ShopConfig", sender_kind="app_config", sender_app="shop"
    )
    expected = {"pre_migrate", "post_migrate", *CUSTOM}
    assert signals_of("shop", config) == expected
    assert signals_of("shop.apps.ShopConfig", config) == expected


def test_receivers_of_any_sender_run_for_requests_of_a_handler_class():
    name = "django.core.handlers.wsgi.WSGIHandler"
    handler = connected(sender=name, sender_kind="class")
    found = signals_of(name, handler)
    assert {"request_started", "request_finished", *CUSTOM} <= found
    assert not found & {*MODEL, "m2m_changed", "post_migrate", "user_logged_in"}


def test_receivers_of_any_sender_run_for_signals_that_an_instance_sends():
    name = "django.template.base.Template"
    template = connected(sender=name, sender_kind="instance")
    found = signals_of(name, template)
    assert {"template_rendered", *CUSTOM} <= found
    assert not found & {*MODEL, "m2m_changed", "post_migrate", "request_started"}


def test_got_request_exception_has_no_sender():
    for sender in ("testapp.Order", "testapp.Line", "auth.User"):
        assert "got_request_exception" not in signals_of(sender)


def test_the_user_model_is_the_one_that_the_settings_name(
    monkeypatch,
):
    monkeypatch.setattr("django.conf.settings.AUTH_USER_MODEL", "testapp.Tag")
    assert get_user_model() is Tag
    login = {"user_logged_in", "user_logged_out"}
    assert signals_of("testapp.Tag") == {*MODEL, *login, *CUSTOM}
    assert signals_of("auth.User") == {*MODEL, *CUSTOM}


def test_a_many_to_many_field_without_a_through_model_sends_nothing(
    monkeypatch,
):
    # As Django leaves the fields of a model that was swapped out.
    field = Order._meta.get_field("tags")
    monkeypatch.setattr(field.remote_field, "through", None)
    assert signals_of("testapp.Order") == {*MODEL, *CUSTOM}


# --- what matched nothing -----------------------------------------------------------


def sentences(**filters):
    return [*unmatched(SIGNALS, Filters(**filters))]


def test_what_matches_needs_no_sentence():
    assert (
        sentences(
            patterns=["order_paid", "RECORD", "testapp"],
            apps=["SHOP", "auth"],
            senders=["testapp.order", "shop"],
            kinds=["event"],
            without_receivers=True,
        )
        == []
    )


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("zzzzz", "No signal, receiver, or sender matches 'zzzzz'."),
        (
            "order_payd",
            "No signal, receiver, or sender matches 'order_payd'."
            " Did you mean 'order_paid'?",
        ),
        (
            "stock.receivers.reserv_",
            "No signal, receiver, or sender matches 'stock.receivers.reserv_'."
            " Did you mean 'stock.receivers.reserve'?",
        ),
        (
            "MIGRATEDD",
            "No signal, receiver, or sender matches 'MIGRATEDD'."
            " Did you mean 'Migrated'?",
        ),
        (
            "testap.Tag",
            "No signal, receiver, or sender matches 'testap.Tag'."
            " Did you mean 'testapp.Tag'?",
        ),
    ],
)
def test_an_unmatched_pattern_comes_with_the_nearest_name(pattern, message):
    assert sentences(patterns=[pattern]) == [message]


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("testapp", "The app 'testapp' has no signals or receivers."),
        ("TestApp", "The app 'testapp' has no signals or receivers."),
        ("zzzzz", "No installed app has the label 'zzzzz'."),
        (
            "testap",
            "No installed app has the label 'testap'. Did you mean 'testapp'?",
        ),
        (
            "tests.testapp",
            "No installed app has the label 'tests.testapp'. Did you mean 'testapp'?",
        ),
        (
            "django.contrib.auth",
            "No installed app has the label 'django.contrib.auth'."
            " Did you mean 'auth'?",
        ),
    ],
)
def test_an_unmatched_app_says_whether_it_is_installed(label, message):
    assert sentences(apps=[label]) == [message]


@pytest.mark.parametrize(
    ("sender", "message"),
    [
        ("zzzzz", "No model or connected sender is named 'zzzzz'."),
        ("", "No model or connected sender is named ''."),
        (
            "testapp.Ordr",
            "No model or connected sender is named 'testapp.Ordr'."
            " Did you mean 'testapp.Order'?",
        ),
        (
            "auth.permision",
            "No model or connected sender is named 'auth.permision'."
            " Did you mean 'auth.Permission'?",
        ),
        (
            "django.apps.config.AppConf",
            "No model or connected sender is named 'django.apps.config.AppConf'."
            " Did you mean 'django.apps.config.AppConfig'?",
        ),
    ],
)
def test_an_unmatched_sender_comes_with_the_nearest_model_or_sender(sender, message):
    assert sentences(senders=[sender]) == [message]


def test_a_model_without_receivers_is_not_called_unknown():
    signals = [signal("shop.signals.order_lost")]
    assert [*unmatched(signals, Filters(senders=["testapp.Tag"]))] == [
        "No receiver runs for the sender 'testapp.Tag'."
    ]


def test_each_value_that_matches_nothing_has_its_own_sentence():
    assert sentences(
        patterns=["zzzzz", "record", "yyyyy"], apps=["zzzzz"], senders=["zzzzz"]
    ) == [
        "No signal, receiver, or sender matches 'zzzzz'.",
        "No signal, receiver, or sender matches 'yyyyy'.",
        "No installed app has the label 'zzzzz'.",
        "No model or connected sender is named 'zzzzz'.",
    ]


def test_a_builtin_signal_that_is_not_imported_is_not_called_misspelled():
    assert [*unmatched([], Filters(patterns=["Template_Rendered"]))] == [
        "'django.test.signals.template_rendered' isn't imported, "
        "so it has no receivers."
    ]


LOST = Problem(
    "W003", "shop.receivers.lost", "Lost.", "Keep it.", "shop.signals.order_paid"
)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, [LOST]),
        ({"patterns": ["receivers.LOST"]}, [LOST]),
        ({"patterns": ["order_paid"]}, [LOST]),
        ({"patterns": ["order_lost"]}, []),
        ({"patterns": ["receivers.lost"], "apps": ["audit"]}, []),
    ],
)
def test_a_pattern_finds_the_problem_of_a_garbage_collected_receiver(filters, found):
    # The command gives lists for options that are not used.
    given = Filters(**{"apps": [], "senders": [], "kinds": [], **filters})
    selected = select(SIGNALS, given)
    assert select_problems([LOST], selected, SIGNALS, given) == found


def test_problem_of_a_module_belongs_to_the_receivers_in_it():
    on_paid = receiver(
        "shop.signals.on_paid", module="shop.signals", problems=("W019",)
    )
    records = [signal("shop.paid", on_paid), signal("shop.lost")]
    problem = Problem("W019", "shop.signals", "Nothing imports it.", "Import it.")

    def found(problem, **filters):
        filters = Filters(**filters)
        selected = select(records, filters)
        return select_problems([problem], selected, records, filters)

    assert found(problem, patterns=["paid"]) == [problem]
    assert found(problem, patterns=["lost"]) == []
    assert found(problem._replace(id="W006"), patterns=["paid"]) == []


# --- what isn't connected -----------------------------------------------------------


POST_SAVE_NAME = "django.db.models.signals.post_save"
LATE = Problem(
    "W005",
    "tests.testapp.late",
    "It was never imported.",
    "Import it.",
    unconnected=(
        Unconnected(
            "tests.testapp.late.index", POST_SAVE_NAME, "testapp.Order", "model", None
        ),
        Unconnected("tests.testapp.late.guess", None, None, None, None),
        Unconnected(
            "tests.testapp.late.log", "gone.signals.sent", None, "unknown", None
        ),
    ),
)


def is_found(**filters):
    filters = Filters(**filters)
    found = select_problems([LATE], select(SIGNALS, filters), SIGNALS, filters)
    return found == [LATE]


@pytest.mark.parametrize(
    "filters",
    [
        {"patterns": ["late.INDEX"]},
        {"patterns": ["testapp.late"]},
        {"patterns": ["gone.signals"]},
        {"apps": ["testapp"]},
        {"apps": ["auth", "TESTAPP"]},
        {"senders": ["testapp.order"]},
        {"kinds": ["builtin"]},
        {"patterns": ["index"], "apps": ["testapp"], "senders": ["testapp.Order"]},
    ],
)
def test_what_is_not_connected_is_found_by_what_the_source_says(filters):
    assert is_found(**filters)
    assert list(unmatched(SIGNALS, Filters(**filters), [LATE])) == []


@pytest.mark.parametrize(
    "filters",
    [
        {"patterns": ["late.other"]},
        {"apps": ["test"]},
        # The sender of "guess" is any one, but of which signal isn't known.
        {"senders": ["testapp.Tag"]},
        {"kinds": ["event"]},
        {"patterns": ["late.guess"], "senders": ["testapp.Order"]},
        {"apps": ["testapp"], "without_receivers": True},
    ],
)
def test_what_is_not_connected_is_not_guessed(filters):
    assert not is_found(**filters)


def test_a_model_has_what_is_not_connected_for_what_it_sends():
    def found(*sends):
        return unconnected_for([LATE], SIGNALS, sends)

    assert found((POST_SAVE_NAME, "testapp.Order")) == [LATE]
    assert found((POST_SAVE_NAME, "testapp.Tag")) == []
    assert found(("django.db.models.signals.pre_save", "testapp.Order")) == []


def test_installed_apps_and_models_may_match_nothing_where_that_is_fine():
    filters = Filters(apps=["testapp", "nope"], senders=["testapp.Tag", "no.Model"])
    assert list(unmatched([], filters, may_be_empty=True)) == [
        "No installed app has the label 'nope'.",
        "No model or connected sender is named 'no.Model'.",
    ]


def not_connected(sender, **kwargs): ...


def helper(value): ...


another_name = not_connected


@pytest.mark.parametrize(
    "pattern",
    [f"{__name__}.not_connected", "test_filters.not_connected", "not_connected"],
)
def test_a_function_that_is_not_connected_has_a_place(pattern):
    place = f"tests/inventory/test_filters.py:{not_connected.__code__.co_firstlineno}"
    assert list(unmatched([], Filters(patterns=[pattern]))) == [
        f"'{__name__}.not_connected' is defined at {place}, but isn't connected to a "
        "signal."
    ]


@pytest.mark.parametrize(
    "pattern", ["helper", f"{__name__}.another_name", "filters.not_connected", "Order"]
)
def test_only_receivers_and_full_names_are_taken_for_a_function(pattern):
    assert list(unmatched([], Filters(patterns=[pattern]))) == [
        f"No signal, receiver, or sender matches {pattern!r}."
    ]


def test_any_function_is_found_by_its_full_name():
    [sentence] = unmatched([], Filters(patterns=[f"{__name__}.helper"]))
    assert sentence.startswith(f"'{__name__}.helper' is defined at ")


def test_a_problem_is_shown_with_the_receiver_that_it_is_printed_beside():
    name = "shop.signals.order_paid"
    taken = Problem("W003", "shop.late.dropped", "It is taken.", "Change it.", name, 0)

    def found(**filters):
        selected = select(SIGNALS, Filters(**filters))
        return select_problems([taken], selected, SIGNALS, Filters(**filters))

    assert found(patterns=["stock.receivers.reserve"]) == [taken]
    assert found(patterns=["notify_sales"]) == []


def test_a_signal_that_lost_its_receivers_shows_them_without_receivers():
    name = "shop.signals.order_lost"
    gone = Problem("W001", "shop.late.gone", "It is gone.", "Keep it.", name)
    filters = Filters(without_receivers=True)
    selected = select(SIGNALS, filters)
    assert select_problems([gone, LATE], selected, SIGNALS, filters) == [gone]
