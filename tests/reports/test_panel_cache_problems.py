from __future__ import annotations

import pytest

from signaltools.inventory.names import registry
from signaltools.inventory.records import Problem
from signaltools.reports import panel_cache
from signaltools.reports.panel_cache import SignalCache
from signaltools.reports.panel_options import PanelOptions
from signaltools.reports.panel_receivers import ShownSignal, problem_of_signal
from tests.shapes import on_save

from . import cached
from .cached import NAME, audit, receivers, record, without_kwargs

no_garbage = cached.no_garbage
shop = cached.shop


def test_receivers_have_their_problems(shop):
    shop.paid.connect(without_kwargs)
    [found] = receivers(SignalCache())
    assert found["details"] == "[W012]"
    assert found["problems"] == [
        {
            "id": "W012",
            "text": f"The receiver '{cached.__name__}.without_kwargs' of {NAME!r} "
            "doesn't accept **kwargs.",
            "hint": "Add **kwargs, or the receiver will break as soon as the signal "
            "sends another argument.",
        }
    ]


def test_receivers_have_the_problems_of_their_module(shop, monkeypatch):
    problem = Problem("W019", cached.__name__, "Nothing imports it.", "Import it.")
    monkeypatch.setattr(panel_cache, "autodiscovered_only", lambda: [problem])
    shop.paid.connect(audit)
    [found] = receivers(SignalCache())
    assert found["details"] == "[W019]"
    assert found["problems"] == [
        {"id": "W019", "text": "Nothing imports it.", "hint": "Import it."}
    ]


@pytest.mark.usefixtures("watching")
def test_receiver_that_has_the_uid_of_another_one_has_the_problem(shop):
    shop.paid.connect(on_save, dispatch_uid="pay")
    shop.paid.connect(audit, dispatch_uid="pay")
    [found] = receivers(SignalCache())
    [problem] = found["problems"]

    assert problem["id"] == "W003"
    assert problem["text"].startswith(
        f"The receiver '{cached.__name__}.audit' wasn't connected"
    )


def problems(cache, **options):
    reading = record().read(registry.entries())
    _, _, found = cache.show(reading.facts, reading.entries, PanelOptions(**options))
    return [problem for problem in found if problem["signal"] == NAME]


@pytest.mark.usefixtures("watching")
def test_receiver_that_is_gone_has_its_problem(shop):
    def local(**kwargs): ...

    cache, name = SignalCache(), f"{__name__}.{local.__qualname__}"
    shop.paid.connect(audit)
    shop.paid.connect(local)
    assert problems(cache) == []
    del local

    for _ in range(2):
        [found] = problems(cache)
        assert found.pop("text").startswith(
            f"The receiver {name!r} connected to {NAME!r}"
        )
        assert found == {
            "level": "warning",
            "id": "W001",
            "hint": "Define the receiver at module level, keep a reference to it, or "
            "pass weak=False: Django keeps only a weak reference.",
            "signal": NAME,
            "receiver": name,
            "count": 1,
            "at": f"signal {NAME}",
        }
    for hidden in (NAME, name):
        assert problems(SignalCache(), hide=[hidden]) == []


@pytest.mark.usefixtures("watching")
def test_receiver_that_comes_and_goes_between_two_requests_has_its_problem(shop):
    cache = SignalCache()
    shop.paid.connect(audit)
    assert problems(cache) == []

    shop.paid.connect(lambda **kwargs: None)

    for _ in range(2):
        [found] = problems(cache)
        assert found["id"] == "W001"


@pytest.mark.parametrize(
    ("check", "name", "is_shown"),
    [
        ("W001", f"{cached.__name__}.audit", True),
        ("I005", f"{cached.__name__}.audit", False),
        ("W001", "django.dispatch.receiver", False),
    ],
)
def test_problems_of_receivers_that_are_gone_are_those_of_the_project(
    shop, monkeypatch, check, name, is_shown
):
    def find_problems(connected, others):
        [each] = connected
        signal = each.record.name
        return [Problem(check, name, "It is gone.", "Keep it.", signal)]

    monkeypatch.setattr(panel_cache, "find_problems", find_problems)
    assert bool(problems(SignalCache())) == is_shown


def test_problem_of_a_signal_that_is_not_listed_leads_nowhere():
    signal = ShownSignal("post_save", "django", None, 0)
    problem = Problem("W001", "shop.gone", "It is gone.", "Keep it.", "post_save")
    assert "at" not in problem_of_signal(problem, signal)


# What is kept alive
