from __future__ import annotations

import functools
import queue
import sys

import pytest
from django.contrib.auth.signals import user_logged_in
from django.core.signals import request_started
from django.db import models
from django.db.models.signals import (
    m2m_changed,
    post_delete,
    post_init,
    post_save,
    pre_delete,
    pre_init,
    pre_save,
)
from django.dispatch import Signal
from django.test.utils import isolate_apps

from signaltools.checks.run import find_problems
from signaltools.inventory.names import registry
from signaltools.inventory.reading import read_connected
from signaltools.inventory.records import distinct
from tests.problems import notes
from tests.testapp.models import GiftOrder, Order, RushOrder, Stamped, Tag

NAME = f"{__name__}.receive"


def receive(**kwargs): ...


def other(**kwargs): ...


async def receive_async(**kwargs): ...


@pytest.fixture
def noted(alone):
    """
    Return a function that connects a receiver and returns the notes.
    """

    def connect(signal, *senders, receiver=receive):
        alone(signal)
        for sender in senders:
            signal.connect(receiver, sender=sender)
        return notes(signal)

    return connect


def model(name, base, **options):
    meta = type("Meta", (), {"app_label": "testapp", **options})
    return type(name, (base,), {"__module__": __name__, "Meta": meta})


def not_for(what, signal="post_save"):
    noun, them = ("subclasses", "them") if "," in what else ("subclass", "it")
    message = (
        f"The receiver '{NAME}' is connected to {signal!r} for the model "
        f"'testapp.Order', but not for its {noun} {what}."
    )
    hint = f"Connect the receiver for the {noun} as well if it should run for {them}."
    return [("I001", message, hint)]


def test_I001_proxies_and_children_are_other_senders(noted):
    found = not_for("'testapp.RushOrder', 'testapp.GiftOrder'")
    assert noted(post_save, Order) == found


def test_I001_a_child_is_deleted_with_its_parent(noted):
    assert noted(post_delete, Order) == not_for("'testapp.RushOrder'", "post_delete")


def test_I001_names_the_first_three_only(noted, monkeypatch):
    with isolate_apps("tests.testapp") as isolated:
        kept = [model(f"Order{number}", Order, proxy=True) for number in range(5)]
        # Those of the test app are of another registry.
        monkeypatch.setattr("signaltools.checks.notes.apps", isolated)
        assert noted(post_save, Order) == not_for(
            "'testapp.Order0', 'testapp.Order1', 'testapp.Order2', and 2 more"
        )
    assert len(kept) == 5


def test_I001_looks_through_abstract_models(noted, monkeypatch):
    with isolate_apps("tests.testapp") as isolated:
        between = model("Between", Order, abstract=True)
        below = model("Below", between)
        monkeypatch.setattr("signaltools.checks.notes.apps", isolated)
        assert noted(post_save, Order) == not_for(f"'{below._meta.label}'")


def test_I001_an_abstract_model_is_another_matter(noted):
    assert noted(post_save, Stamped) == []


def test_I001_what_is_connected_for_all_of_them_is_fine(noted):
    assert noted(post_save, Order, RushOrder, GiftOrder) == []
    assert noted(post_save, Order, None) == []
    assert noted(post_save, Tag) == []
    assert noted(m2m_changed, Order.tags.through) == []


def test_I001_a_custom_signal_of_this_name_is_fine():
    signal = Signal()
    signal.connect(receive, sender=Order)
    assert notes(signal, "shop.signals.post_save") == []


def test_I001_a_receiver_of_the_proxy_only(noted):
    assert noted(post_save, RushOrder) == [
        (
            "I001",
            f"The receiver '{NAME}' is connected to 'post_save' for the proxy "
            "'testapp.RushOrder', but not for its model 'testapp.Order'.",
            "Connect the receiver for the model as well if objects are saved with it: "
            "the sender is the class of the object.",
        )
    ]
    assert noted(post_save, RushOrder, None) == []


def test_I001_names_several_receivers_and_signals_in_one_note(alone):
    signals = [alone(pre_save), alone(post_save)]
    for signal in signals:
        signal.connect(receive, sender=Order)
        signal.connect(other, sender=Order)
    entries = [e for e in registry.entries() if e.signal in signals]
    found = find_problems(read_connected(entries))
    assert len(found) == 4
    [note] = distinct(found)
    assert note.name == NAME
    assert note.message == (
        f"The receivers '{NAME}' and '{__name__}.other' are connected to 'post_save' "
        "and 'pre_save' for the model 'testapp.Order', but not for its subclasses "
        "'testapp.RushOrder', 'testapp.GiftOrder'."
    )
    assert note.hint == (
        "Connect the receivers for the subclasses as well if they should run for them."
    )


def test_I002_a_project_cannot_change_what_a_package_connects(noted, monkeypatch):
    monkeypatch.setattr("signaltools.inventory.places._is_elsewhere", lambda *_: True)
    monkeypatch.setattr(sys.modules[__name__], "__file__", "/site-packages/x.py")
    [(check, _, hint)] = noted(post_delete, None)
    assert check == "I002"
    assert hint == "Only the package that connects the receiver can change this."


@pytest.mark.parametrize("signal", [pre_delete, post_delete])
def test_I002_delete_receiver_of_any_model(noted, signal):
    name = "pre_delete" if signal is pre_delete else "post_delete"
    assert noted(signal, None) == [
        (
            "I002",
            f"The receiver '{NAME}' is connected to '{name}' for every model, so "
            "Django fetches rows and sends signals for each instead of deleting "
            "related rows with one query.",
            "Connect the receiver with a sender if it only concerns some models.",
        )
    ]


def test_I002_delete_receiver_of_one_model_is_fine(noted):
    assert noted(pre_delete, Tag) == []
    assert noted(post_save, None) == []


@pytest.mark.parametrize("signal", [pre_init, post_init])
def test_I003_receiver_runs_for_each_instance(noted, signal):
    assert noted(signal, Tag) == [
        (
            "I003",
            f"The receiver '{NAME}' runs for every instance created, including each "
            "row returned by a query.",
            "Compute the value lazily, for example in a cached_property.",
        )
    ]


def test_I003_what_django_connects_itself_is_fine(noted):
    field = models.ImageField(width_field="width")
    field.name = "image"
    method = field.update_dimension_fields
    assert noted(post_init, Tag, receiver=method) == []


def test_I004_asynchronous_receiver_of_what_is_sent(noted):
    assert noted(post_save, Tag, receiver=receive_async) == [
        (
            "I004",
            f"The receiver '{NAME}_async' is asynchronous, and Django sends "
            "'post_save' with send(), which starts an event loop for each call.",
            "Make the receiver synchronous, which saves a millisecond or two per call.",
        )
    ]


@pytest.mark.parametrize("signal", [user_logged_in, request_started])
def test_I004_asynchronous_receiver_of_what_is_awaited_is_fine(noted, signal):
    assert noted(signal, None, receiver=receive_async) == []


def test_I004_a_custom_signal_may_be_sent_in_any_way():
    signal = Signal()
    signal.connect(receive_async)
    assert notes(signal, "shop.signals.paid") == []


class Shop:
    def receive(self, **kwargs): ...

    def __call__(self, **kwargs): ...


shop = Shop()


@pytest.mark.parametrize(
    ("receiver", "name"),
    [(functools.partial(receive), "receive"), (shop, "Shop")],
)
def test_I005_receiver_without_a_qualname(receiver, name):
    signal = Signal()
    signal.connect(receiver)
    assert notes(signal, "shop.signals.paid") == [
        (
            "I005",
            f"If the receiver '{__name__}.{name}' raises an exception in "
            "send_robust(), Django raises AttributeError instead, because the receiver "
            "has no __qualname__.",
            "Connect a function or a method.",
        )
    ]


@pytest.mark.parametrize(
    "receiver",
    [
        *(receive, shop.receive, Shop, print, [].append, [].__len__),
        *(queue.SimpleQueue().get, functools.lru_cache(receive)),
    ],
    ids=str,
)
def test_I005_other_receivers_have_a_qualname(receiver):
    signal = Signal()
    signal.connect(receiver, weak=False)
    assert notes(signal, "shop.signals.paid") == []


def test_I005_django_sends_its_own_signals_without_send_robust(noted):
    assert noted(post_save, Tag, receiver=shop) == []
