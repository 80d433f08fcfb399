from __future__ import annotations

import functools
import gc
import sys
import threading
import time
import weakref

import django
import pytest
from django.apps import apps
from django.contrib.auth.models import AbstractUser, User
from django.dispatch import Signal

from signaltools.introspect.callables import Unreadable, describe
from signaltools.inventory import receivers as rows_module
from signaltools.inventory.receivers import (
    DEAD,
    Row,
    Sender,
    connected_receivers,
    dead_rows,
    read_rows,
    row_ids,
    sender_finder,
)
from tests.shapes import (
    SHAPES,
    AsyncCallable,
    Stock,
    hostile,
    hostile_meta,
    on_save,
    on_save_async,
    refuse,
    stock,
)
from tests.stress import STRESS_SECONDS, frequent_switches

SENDERS_ARE_REMEMBERED = django.VERSION >= (6, 0)

by_id_only = pytest.mark.skipif(
    SENDERS_ARE_REMEMBERED, reason="Django 6.0 and later remember senders"
)
by_reference = pytest.mark.skipif(
    not SENDERS_ARE_REMEMBERED, reason="Django 5.2 remembers the id() of senders"
)


class Order:
    pass


class RaisingSignal(Signal):
    receivers = property(refuse, lambda self, value: None)


def read(signal):
    return read_rows(signal, sender_finder())


def only_row(signal):
    [row] = read(signal)
    return row


def connected(receiver=on_save, sender=None, **options):
    signal = Signal()
    signal.connect(receiver, sender, **options)
    return signal


def local_class():
    class Local:
        def receive(self, **kwargs):
            pass

    return Local


def connect_rows(count):
    """
    Return a signal with rows whose receiver, sender and uid have the same number.
    """
    signal = Signal()
    for number in range(count):
        connect_numbered(signal, numbered(number), number)
    return signal


def numbered(number):
    def receiver(**kwargs):
        pass

    receiver.number = number
    receiver.sender = type("Sender", (), {"number": number})
    return receiver, receiver.sender


def connect_numbered(signal, pair, number, weak=False):
    receiver, sender = pair
    signal.connect(receiver, sender, weak, dispatch_uid=f"uid-{number}")


def is_whole(row):
    number = row.receiver.number
    return row.sender.number == number and row.dispatch_uid == f"uid-{number}"


def test_signal_without_receivers_has_no_rows():
    assert read(Signal()) == []


def test_row_describes_how_a_receiver_is_connected():
    signal = connected()
    [entry] = signal.receivers
    assert only_row(signal) == Row(on_save, Sender.ANY, None, True, False, entry)
    assert row_ids(signal) == {only_row(signal).id}


def test_rows_are_in_the_order_of_connection():
    signal = connect_rows(20)

    assert [row.receiver.number for row in read(signal)] == list(range(20))
    assert all(map(is_whole, read(signal)))


@pytest.mark.parametrize(
    "shape",
    [shape for shape in SHAPES if shape.connectable],
    ids=lambda shape: shape.label,
)
def test_every_shape_makes_one_row(shape):
    row = only_row(connected(shape.receiver, Order, weak=False))

    assert row.receiver is shape.receiver
    assert row.sender is Order
    assert row[2:4] == (None, False)


@pytest.mark.parametrize(
    "shape",
    [shape for shape in SHAPES if not shape.connectable],
    ids=lambda shape: shape.label,
)
def test_django_itself_refuses_the_other_shapes(shape):
    with pytest.raises((RuntimeError, TypeError)):
        connected(shape.receiver, weak=False)


def test_sender_none_is_any_sender():
    assert only_row(connected(sender=None)).sender is Sender.ANY


@pytest.mark.parametrize(
    "sender",
    [
        Order,
        User,
        User.groups.through,
        AbstractUser,
        type,
        object,
        sys,
        apps.get_app_config("auth"),
    ],
    ids=[
        "class",
        "model",
        "through model",
        "abstract model",
        "metaclass",
        "object",
        "module",
        "app config",
    ],
)
def test_long_lived_sender_is_found(sender):
    assert only_row(connected(sender=sender)).sender is sender


def test_sender_whose_metaclass_raises_is_found():
    sender = hostile_meta("__getattribute__", "__eq__", "__hash__", "__repr__")
    sender = sender("Order", (), {"__module__": "shop"})
    signal = Signal()
    key = (id(on_save), id(sender))
    reference = (weakref.ref(sender),) if SENDERS_ARE_REMEMBERED else ()
    signal.receivers.append((key, weakref.ref(on_save), *reference, False))

    assert only_row(signal).sender is sender


@by_reference
def test_instance_is_found():
    order = Order()

    assert only_row(connected(sender=order)).sender is order


@by_reference
def test_hostile_instance_is_found():
    sender = hostile("__eq__", "__hash__", "__bool__", "__repr__")

    assert only_row(connected(sender=sender)).sender is sender


@by_reference
def test_bound_method_as_sender_is_found():
    sender = stock.reserve

    assert only_row(connected(sender=sender)).sender is sender


@by_id_only
def test_instance_is_unknown():
    order = Order()

    assert only_row(connected(sender=order)).sender is Sender.UNKNOWN


@by_id_only
def test_bound_method_as_sender_is_unknown():
    sender = stock.reserve

    assert only_row(connected(sender=sender)).sender is Sender.UNKNOWN


@pytest.mark.parametrize("sender", ["django.contrib.auth", 7, (1, 2)])
def test_sender_that_cannot_be_referenced_is_unknown(sender):
    assert only_row(connected(sender=sender)).sender is Sender.UNKNOWN


@by_reference
def test_row_of_a_dead_sender_is_skipped():
    sender = local_class()
    signal = connected(sender=sender)
    signal.connect(on_save)

    del sender
    gc.collect()

    assert len(signal.receivers) == 2
    assert [row.sender for row in read(signal)] == [Sender.ANY]


@by_id_only
def test_row_of_a_dead_sender_stays_with_an_unknown_sender():
    sender = local_class()
    signal = connected(sender=sender)

    del sender
    gc.collect()

    assert only_row(signal)[:5] == (on_save, Sender.UNKNOWN, None, True, False)


@by_id_only
def test_senders_are_looked_for_once_in_a_reading(monkeypatch):
    searches = []
    search = rows_module._long_lived_objects
    monkeypatch.setattr(
        rows_module, "_long_lived_objects", lambda: searches.append(1) or search()
    )
    signal = connect_rows(3)
    finder = sender_finder()

    read_rows(signal, finder)
    read_rows(signal, finder)

    assert searches == [1]


@by_id_only
def test_senders_are_not_looked_for_without_need(monkeypatch):
    monkeypatch.setattr(rows_module, "_long_lived_objects", refuse)

    assert only_row(connected()).sender is Sender.ANY


@by_id_only
def test_class_made_between_two_readings_is_found():
    read(connected(sender=Order))
    sender = local_class()

    assert only_row(connected(sender=sender)).sender is sender


@pytest.mark.parametrize(
    "uid",
    [
        "shop.index",
        7,
        2**62,
        True,
        1.5,
        b"shop",
        ("shop", "index"),
        ("shop", 1),
        (1, 2),
        (id(on_save), id(Order)),
        (id(stock), id(Stock.check)),
        (1, 2, 3),
        (True, False),
        (),
        frozenset({1}),
        Order,
    ],
    ids=str,
)
@pytest.mark.parametrize("receiver", [on_save, stock.reserve, Stock.count])
def test_uid_is_shown_as_it_was_given(receiver, uid):
    row = only_row(connected(receiver, Order, dispatch_uid=uid))

    # Django ignores an empty dispatch_uid.
    assert row.dispatch_uid is uid if uid else row.dispatch_uid is None


@pytest.mark.parametrize("receiver", [on_save, stock.reserve])
def test_hostile_uid_is_never_compared(receiver):
    uid = hostile("__eq__", "__hash__", "__repr__", "__getattribute__", "__bool__")
    uids = [uid, (uid, uid), (id(stock), uid)]
    extra = (None, False) if SENDERS_ARE_REMEMBERED else (False,)
    signal = Signal()
    signal.receivers.extend(((given, id(Order)), receiver, *extra) for given in uids)

    for row, given in zip(read(signal), uids, strict=True):
        assert row.receiver is receiver
        assert row.dispatch_uid is given


def test_uid_that_django_accepts_but_cannot_compare_is_shown():
    uid = hostile("__eq__", "__hash__", "__repr__")

    assert only_row(connected(dispatch_uid=uid)).dispatch_uid is uid


@pytest.mark.parametrize("weak", [True, False], ids=["weak", "strong"])
@pytest.mark.parametrize(
    "receiver",
    [stock.reserve, Stock.count, stock.count],
    ids=["method", "class method", "class method of object"],
)
def test_no_uid_is_invented_for_a_method(receiver, weak):
    row = only_row(connected(receiver, weak=weak))

    assert (row.receiver, row.dispatch_uid, row.weak) == (receiver, None, weak)


@pytest.mark.parametrize("weak", [True, False], ids=["weak", "strong"])
def test_row_has_whether_the_connection_is_weak(weak):
    assert only_row(connected(weak=weak)).weak is weak


@pytest.mark.parametrize(
    ("receiver", "is_async"),
    [
        (on_save, False),
        (on_save_async, True),
        (stock.reserve_async, True),
        (functools.partial(on_save_async), True),
        (AsyncCallable(), False),
    ],
)
def test_receivers_that_django_awaits_are_async(receiver, is_async):
    assert only_row(connected(receiver, weak=False)).is_async is is_async


def test_dead_receivers_are_skipped():
    receiver, _ = numbered(1)
    signal = connected(receiver)
    signal.connect(on_save)
    signal.connect(local_class()().receive)

    del receiver
    gc.collect()

    assert len(signal.receivers) == 3
    assert [row.receiver for row in read(signal)] == [on_save]
    assert len(signal.receivers) == 3


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        (None, "TypeError"),
        (7, "TypeError"),
        ((), "ValueError"),
        (((1, 2), on_save), "ValueError"),
        (((1, 2), on_save, None, False, "more"), "ValueError"),
        (((1, 2, 3), on_save, None, False)[: 4 - (not SENDERS_ARE_REMEMBERED)],
         "ValueError"),
    ],
)  # fmt: skip
def test_row_of_a_foreign_shape_is_unreadable(entry, error):
    signal = connected()
    signal.connect(on_save, Order)
    signal.receivers.insert(1, entry)

    before, row, after = read(signal)

    assert (before.sender, after.sender) == (Sender.ANY, Order)
    assert is_unreadable(row, error)


def test_row_of_another_django_version_is_unreadable():
    rows = [((1, 2), on_save, False), ((1, 2), on_save, None, False)]
    signal = Signal()
    signal.receivers.append(rows[not SENDERS_ARE_REMEMBERED])

    assert is_unreadable(only_row(signal), "ValueError")


def test_row_that_raises_is_unreadable():
    signal = connected()
    [entry] = signal.receivers
    signal.receivers = [(*entry[:-1], hostile("__bool__")), entry]

    row, after = read(signal)

    assert is_unreadable(row, "RuntimeError")
    assert after.receiver is on_save


def test_sender_that_cannot_be_found_makes_the_row_unreadable():
    [row] = read_rows(connected(), refuse)

    assert is_unreadable(row, "RuntimeError")


def is_unreadable(row, error):
    assert type(row.receiver) is Unreadable
    assert describe(row.receiver).name == f"unreadable receiver ({error})"
    return row[1:5] == (Sender.UNKNOWN, None, False, False)


def test_error_of_a_receivers_property_propagates():
    with pytest.raises(RuntimeError, match=r"^code of a receiver was run$"):
        read(RaisingSignal())


def test_receivers_that_are_no_list_propagate():
    signal = Signal()
    signal.receivers = None

    with pytest.raises(TypeError):
        read(signal)


def test_connected_receivers_are_the_live_ones():
    signal = connected(stock.reserve, Order)
    signal.connect(on_save)
    signal.connect(local_class()().receive)

    assert connected_receivers(signal) == [stock.reserve, on_save]


def test_connected_receivers_that_cannot_be_read_are_none():
    assert connected_receivers(RaisingSignal()) == []


def test_receivers_that_connected_since_are_found():
    signal = connected()
    ids = row_ids(signal)
    signal.connect(stock.reserve)

    assert connected_receivers(signal, without=ids) == [stock.reserve]
    assert connected_receivers(signal, without=row_ids(signal)) == []


def test_row_ids_are_those_of_the_rows():
    signal = connect_rows(3)

    assert row_ids(signal) == {row.id for row in read(signal)}
    assert len(row_ids(signal)) == 3


def test_row_ids_stay_the_same_while_other_receivers_are_connected():
    signal = connect_rows(3)
    first, _, third = (row.id for row in read(signal))

    signal.disconnect(dispatch_uid="uid-1", sender=read(signal)[1].sender)
    signal.connect(on_save)

    assert {first, third} < row_ids(signal)
    assert len(row_ids(signal)) == 3


@pytest.mark.parametrize("receivers", [None, 7])
def test_row_ids_that_cannot_be_read_are_none(receivers):
    signal = Signal()
    signal.receivers = receivers

    assert row_ids(signal) == row_ids(RaisingSignal()) == frozenset()


def test_live_rows_are_not_dead():
    signal = connected()
    signal.connect(stock.reserve, Order)
    signal.connect(Stock.check, weak=False)

    assert dead_rows(signal) == []


@pytest.mark.parametrize("uid", [None, "uid"])
def test_dead_receivers_have_their_address_or_uid(uid):
    receiver, _ = numbered(1)
    owner = local_class()()
    signal = connected(receiver, dispatch_uid=uid)
    signal.connect(owner.receive, Order)
    signal.connect(on_save)
    key = id(receiver)
    method_key = id(owner), id(owner.receive.__func__)

    del receiver, owner
    gc.collect()

    first, second = dead_rows(signal)
    assert first[:5] == (DEAD, Sender.UNKNOWN, uid or key, True, False)
    assert second[:5] == (DEAD, Sender.UNKNOWN, method_key, True, False)
    assert {first.id, second.id} < row_ids(signal)


@by_reference
def test_dead_row_of_a_dead_sender_has_its_receiver():
    sender = local_class()
    signal = connected(on_save, sender)
    signal.connect(on_save_async, sender, weak=False, dispatch_uid="uid")

    del sender
    gc.collect()

    assert [row[:5] for row in dead_rows(signal)] == [
        (on_save, Sender.UNKNOWN, None, True, False),
        (on_save_async, Sender.UNKNOWN, "uid", False, True),
    ]


def test_rows_of_a_foreign_shape_are_not_dead():
    receiver, _ = numbered(1)
    signal = connected(receiver)
    signal.receivers.insert(0, None)
    signal.receivers.insert(0, (1, 2))

    del receiver
    gc.collect()

    assert [row.receiver for row in dead_rows(signal)] == [DEAD]


def test_dead_rows_that_cannot_be_read_are_none():
    assert dead_rows(RaisingSignal()) == []


def test_connected_receivers_do_not_look_for_senders(monkeypatch):
    monkeypatch.setattr(rows_module, "_long_lived_objects", refuse)
    monkeypatch.setattr(rows_module, "_sender_from_reference", refuse)

    assert connected_receivers(connected(sender=Order)) == [on_save]


@pytest.mark.parametrize("read_signal", [read, connected_receivers])
def test_what_was_read_is_not_kept_alive(read_signal):
    sender = local_class()
    receiver, _ = numbered(1)
    method_owner = local_class()()
    signal = connected(receiver, sender, dispatch_uid="uid")
    signal.connect(method_owner.receive, sender)
    gone = [weakref.ref(obj) for obj in (sender, receiver, method_owner)]

    assert len(read_signal(signal)) == 2
    del sender, receiver, method_owner
    gc.collect()

    assert [reference() for reference in gone] == [None, None, None]


def test_unreadable_row_keeps_nothing_alive():
    receiver, sender = numbered(1)
    gone = weakref.ref(receiver), weakref.ref(sender)
    signal = connected(receiver, sender)

    rows = read_rows(signal, refuse)
    del receiver, sender
    gc.collect()

    assert len(rows) == 1
    assert [reference() for reference in gone] == [None, None]


def test_reading_changes_nothing():
    signal = connect_rows(3)
    before = list(signal.receivers)

    read(signal)

    assert signal.receivers == before
    assert not signal.lock.locked()


def test_reading_takes_no_lock():
    signal = connect_rows(3)

    signal.lock = None

    assert len(read(signal)) == 3


def test_row_that_is_disconnected_meanwhile_hides_no_other():
    signal = connect_rows(3)

    def find_sender(key, reference):
        signal.receivers.clear()
        return Sender.UNKNOWN

    rows = read_rows(signal, find_sender)

    assert [row.receiver.number for row in rows] == [0, 1, 2]


def test_rows_are_whole_while_other_threads_connect_and_disconnect():
    signal = connect_rows(5)
    stop = threading.Event()
    errors = []

    def connect_and_disconnect(first):
        pairs = {number: numbered(number) for number in range(first, 25, 4)}
        try:
            while not stop.is_set():
                for number, (receiver, sender) in pairs.items():
                    connect_numbered(signal, (receiver, sender), number)
                    signal.disconnect(sender=sender, dispatch_uid=f"uid-{number}")
                    lost = functools.partial(receiver)
                    lost.number = number
                    connect_numbered(signal, (lost, sender), number, weak=True)
        except Exception as error:
            errors.append(error)

    threads = [
        threading.Thread(target=connect_and_disconnect, args=(first,))
        for first in (5, 6, 7, 8)
    ]
    readings, lengths = [], set()
    end = time.monotonic() + STRESS_SECONDS
    with frequent_switches():
        for thread in threads:
            thread.start()
        # On a busy machine, only one thread may run until then.
        while (len(lengths) < 2 and not errors) or time.monotonic() < end:
            readings.append(read(signal))
            lengths.add(len(readings[-1]))
        stop.set()
        for thread in threads:
            thread.join()

    assert errors == []
    assert all(is_whole(row) for rows in readings for row in rows)
    assert min(lengths) >= 5
    assert len(lengths) > 1


# Senders that are found quickly


@by_id_only
@pytest.mark.parametrize("sender", [User, apps.get_app_config("auth")])
def test_sender_is_found_without_looking_at_all_classes(sender, monkeypatch):
    monkeypatch.setattr(rows_module, "_known_senders", {})
    monkeypatch.setattr(rows_module, "_long_lived_objects", refuse)

    assert only_row(connected(sender=sender)).sender is sender


@by_id_only
def test_sender_that_was_found_before_is_not_looked_for(monkeypatch):
    signal = connected(sender=Order)
    assert only_row(signal).sender is Order
    monkeypatch.setattr(rows_module, "_long_lived_objects", refuse)

    assert only_row(signal).sender is Order


@by_id_only
def test_sender_that_was_found_before_is_not_kept_alive():
    sender = local_class()
    gone = weakref.ref(sender)
    signal = connected(sender=sender)
    assert only_row(signal).sender is sender

    del sender
    gc.collect()

    assert gone() is None
    assert only_row(signal).sender is Sender.UNKNOWN


@by_id_only
def test_class_at_the_address_of_a_dead_one_is_not_confused(monkeypatch):
    monkeypatch.setattr(rows_module, "_known_senders", {})
    sender = local_class()
    rows_module._known_senders[id(Order)] = weakref.ref(sender)

    del sender
    gc.collect()

    assert only_row(connected(sender=Order)).sender is Order
    assert rows_module._known_senders[id(Order)]() is Order


@by_id_only
def test_unknown_sender_is_not_remembered(monkeypatch):
    monkeypatch.setattr(rows_module, "_known_senders", {})
    order = Order()
    only_row(connected(sender=order))

    assert rows_module._known_senders == {}
