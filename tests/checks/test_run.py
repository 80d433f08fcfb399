from __future__ import annotations

import gc
import re
from pathlib import Path

import pytest
from django.core.checks import Error
from django.core.checks import Warning as CheckWarning
from django.db.models.signals import m2m_changed, post_init, post_save
from django.dispatch import Signal
from django.test import override_settings

import signaltools
from signaltools.checks import check_events, check_settings, check_signals
from signaltools.checks.run import (
    CHECKS,
    fails,
    find_problems,
    is_of_project,
    is_silenced,
    with_problems,
)
from signaltools.events.base import any_events
from signaltools.inventory.filters import Filters, select, select_problems
from signaltools.inventory.names import NamedSignal, registry
from signaltools.inventory.reading import read_connected
from signaltools.inventory.records import Problem
from tests.problems import facts, problems
from tests.testapp.models import Order, Stamped

NAME = f"{__name__}.receive"


def receive(**kwargs): ...


async def receive_async(**kwargs): ...


@pytest.fixture
def m2m(alone):
    alone(m2m_changed).connect(receive, sender=Order)
    return m2m_changed


def ignore(*entries):
    return override_settings(SIGNALTOOLS={"IGNORE": entries})


def checked():
    return [message for message in check_signals() if __name__ in message.msg]


def test_check_reports_a_warning(m2m):
    assert checked() == [
        CheckWarning(
            f"The receiver '{NAME}' is never called: 'm2m_changed' is sent by "
            'intermediate ("through") models, and the model '
            "'testapp.Order' isn't one.",
            hint="Use the intermediate model: sender=testapp.Order.tags.through or "
            "sender=testapp.Order.items.through.",
            id="signaltools.W007",
        )
    ]


def test_check_leaves_notes_and_doubtful_rules_to_list_signals(alone, watching):
    alone(post_save).connect(receive, sender=Stamped)
    alone(post_init).connect(receive, sender=Order)
    assert [f.id for f in problems(post_save) + problems(post_init)] == [
        *("W009", "I001", "I003"),
    ]
    assert checked() == []


@pytest.mark.parametrize("entry", [f"W007 {NAME}", f"signaltools.W007 {NAME}"])
def test_one_problem_is_ignored(m2m, entry):
    m2m.connect(receive_async, sender=Order)
    with ignore(entry):
        assert [f.name for f in problems(m2m) if f.id == "W007"] == [NAME + "_async"]


@pytest.mark.parametrize(
    "entry", ["W007", f"W008 {NAME}", NAME, f"W007 {NAME}x", f"W007  {NAME}"]
)
def test_another_problem_is_not_ignored(m2m, entry):
    with ignore(entry):
        assert [check for check, _, _ in facts(m2m)] == ["W007"]


def test_problems_from_elsewhere_are_ignored_as_well():
    problem = Problem("W006", "shop", "The app.", "Do.")
    assert find_problems([], [problem]) == [problem]
    with ignore("W006 shop"):
        assert find_problems([], [problem]) == []


@pytest.mark.parametrize("value", ["W007", [1], None])
def test_a_wrong_value_ignores_nothing_and_is_an_error(m2m, value):
    with override_settings(SIGNALTOOLS={"IGNORE": value}):
        assert [message.id for message in checked()] == ["signaltools.W007"]
        assert [error.id for error in check_settings()] == ["signaltools.E002"]


@pytest.mark.parametrize(
    ("entry", "hint"),
    [
        ("W010", "Write an id and a name, such as 'W010 shop.receivers.on_migrate'."),
        ("shop.x", "Write an id and a name, such as 'W010 shop.receivers.on_migrate'."),
        ("", "Write an id and a name, such as 'W010 shop.receivers.on_migrate'."),
        ("W0100 shop.x", "Did you mean 'W010'?"),
        ("w007 shop.x", "Did you mean 'W007'?"),
        ("shop.x W007", f"Use one of: {', '.join(sorted(CHECKS))}."),
    ],
)
def test_E003_entry_without_an_effect(entry, hint):
    with ignore(entry):
        assert check_settings() == [
            Error(
                f"{entry!r} in SIGNALTOOLS['IGNORE'] has no effect.",
                hint=hint,
                id="signaltools.E003",
            )
        ]


def test_E003_every_id_of_a_problem_is_known():
    with ignore(*(f"{check} shop.x" for check in CHECKS), "signaltools.W018 shop.x"):
        assert check_settings() == []


def test_every_id_of_a_problem_can_be_ignored():
    sources = (Path(signaltools.__file__).parent / "checks").glob("*.py")
    text = "".join(path.read_text("utf-8") for path in sources)
    assert set(re.findall(r'"([IW]\d{3})"', text)) == CHECKS


def test_ids_are_beside_their_receivers():
    paid = Signal()
    paid.connect(receive_async, weak=False)

    def closed(order): ...

    paid.connect(closed, weak=False)
    entry = NamedSignal("shop.signals.paid", paid, (), "shop.signals", None, None, "")
    connected = read_connected([entry])
    found = find_problems(connected)
    note = Problem("I004", "x", "", "", "shop.signals.paid", 0)
    [record] = with_problems(connected, [*found, *found, note])
    assert [(r.qualname.rpartition(".")[2], r.problems) for r in record.receivers] == [
        ("closed", ("I004", "W012")),
        ("receive_async", ()),
    ]


def selected(found, record, **filters):
    chosen = select([record], Filters(**filters))
    return [f.id for f in select_problems(found, chosen, [record], Filters(**filters))]


def test_list_signals_shows_problems_of_what_it_shows():
    paid = Signal()
    paid.connect(receive)
    paid.connect(receive_async)
    entry = NamedSignal("shop.signals.paid", paid, (), "shop.signals", None, None, "")
    [connected] = read_connected([entry])
    gone = Problem("W001", "shop.gone", "", "", "shop.signals.paid")
    found = [
        Problem("I005", NAME, "", "", "shop.signals.paid", 0),
        Problem("W012", NAME, "", "", "shop.signals.paid", 0),
        Problem("W006", "crm.apps.Config", "", ""),
        gone,
    ]
    everything = ["W001", "W006", "W012", "I005"]
    assert selected(found, connected.record) == everything
    # A signal that is shown is shown with those that it has lost.
    assert selected(found, connected.record, patterns=["paid"]) == [
        *("W001", "W012", "I005"),
    ]
    assert selected(found, connected.record, patterns=["_async"]) == []
    # It isn't known which receiver this one is, so it may be the one that is asked for.
    unnamed = gone._replace(name="shop.signals.paid")
    assert selected([unnamed], connected.record, patterns=["_async"]) == ["W001"]
    assert selected(found, connected.record, patterns=["shop.gone"]) == ["W001"]
    assert selected(found, connected.record, patterns=["crm.apps"]) == ["W006"]
    assert (
        selected(found, connected.record, patterns=["crm"], without_receivers=True)
        == []
    )


def test_a_connection_that_cannot_be_read_has_no_problems():
    signal = Signal()
    signal.connect(receive)
    signal.receivers.append("no row")
    assert problems(signal, "shop.signals.paid") == []


def test_signals_of_the_test_app_have_no_problems():
    connected = read_connected(registry.entries())
    names = [
        problem.name
        for problem in find_problems(connected)
        if problem.name.startswith("tests.testapp.") and not problem.is_note
    ]
    assert names == []


def test_check_does_not_look_for_names_as_long_as_all_is_well(watching, monkeypatch):
    monkeypatch.setattr("signaltools.checks.loaded_modules", list)
    monkeypatch.setattr(registry, "entries", None)
    assert check_signals() == []


def test_check_finds_a_signal_that_only_a_watch_knows(watching, monkeypatch):
    monkeypatch.setattr("signaltools.checks.loaded_modules", list)
    signal = Signal()
    signal.connect(without_kwargs)
    entry = NamedSignal("shop.paid", signal, (), "shop", None, None, "")
    monkeypatch.setattr(registry, "entries", lambda: [entry])
    assert [warning.msg for warning in check_signals()] == [
        f"The receiver '{__name__}.without_kwargs' of 'shop.paid' doesn't accept "
        "**kwargs."
    ]


def without_kwargs(sender): ...


def test_signals_are_searched_for_events_only_if_there_are_any(monkeypatch):
    monkeypatch.delattr("signaltools.checks.loaded_modules")
    monkeypatch.setattr("signaltools.checks.any_events", lambda: False)
    assert check_events() == []


def test_events_are_classes_below_that_of_events(monkeypatch):
    base = type("Event", (), {})
    lenient = type("LenientEvent", (base,), {})
    monkeypatch.setattr("signaltools.events.base.Event", base)
    monkeypatch.setattr("signaltools.events.base.LenientEvent", lenient)
    assert not any_events()
    one = type("Event", (lenient,), {})
    assert any_events()
    del one
    gc.collect()
    assert not any_events()
    one = type("Event", (base,), {})
    assert any_events(), one


# --- what fails ---------------------------------------------------------------------


def problem(name, check="W012", signal=None):
    return Problem(check, name, "It breaks.", "Fix it.", signal)


@pytest.mark.parametrize(
    ("name", "own", "with_packages"),
    [
        (NAME, True, True),
        ("not_loaded.receivers.on_save", True, True),
        ("tests.not_loaded.on_save", True, True),
        ("pytest.receivers.on_save", False, True),
        ("django.contrib.auth.models.update_last_login", False, True),
    ],
)
def test_problems_of_installed_packages_fail_only_if_they_are_asked_for(
    name, own, with_packages
):
    assert is_of_project(problem(name)) is own
    assert fails(problem(name)) is own
    assert fails(problem(name), with_packages=True) is with_packages


def test_a_note_never_fails():
    assert not fails(problem(NAME, "I001"), with_packages=True)


def test_a_receiver_that_is_not_known_may_be_of_the_project():
    name = "django.db.models.signals.post_save"
    assert fails(problem(name, "W001", signal=name))


def test_django_silences_an_id():
    with override_settings(SILENCED_SYSTEM_CHECKS=["signaltools.W012"]):
        assert is_silenced(problem(NAME))
        assert not is_silenced(problem(NAME, "W013"))
