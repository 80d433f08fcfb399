from __future__ import annotations

import gc
import inspect
import json
import os
import sys
import sysconfig
import time
import weakref
from functools import partial
from threading import Event, Thread
from types import ModuleType

import django
import pytest
from django.apps import AppConfig, apps
from django.core.files.storage import FileSystemStorage
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection, models
from django.db.models.signals import ModelSignal
from django.dispatch import Signal
from django.test.utils import CaptureQueriesContext
from django.utils.functional import SimpleLazyObject

from signaltools.events.background import Background
from signaltools.introspect.objects import class_name, short_name
from signaltools.introspect.text import stable_text
from signaltools.inventory.django_signals import BUILTIN_SIGNALS
from signaltools.inventory.names import registry
from signaltools.inventory.reading import (
    describe_row,
    not_imported,
    read_connected,
    with_unnamed,
)
from signaltools.inventory.receivers import Row, Sender, receiver_key
from signaltools.inventory.records import (
    EventRecord,
    ReceiverRecord,
    SignalRecord,
    describe_sender,
)
from tests.events import queued
from tests.records import read_notes, read_records, signal
from tests.shapes import SHAPES, refuse
from tests.stress import STRESS_SECONDS, frequent_switches
from tests.testapp import models as testapp
from tests.testapp import receivers as testapp_receivers
from tests.testapp import signals as testapp_signals

UNKNOWN = (None, "unknown", None)
knows_instances = django.VERSION >= (6, 0)


@pytest.fixture
def probe(monkeypatch):
    """
    Load a module with one new signal, so that nothing has to be disconnected.
    """
    module = ModuleType("probe")
    module.signal = Signal()
    monkeypatch.setitem(sys.modules, "probe", module)
    return module


def read_signal(name):
    [record] = [record for record in read_records() if record.name == name]
    return record


def read_receivers(name="probe.signal"):
    return read_signal(name).receivers


def read_receiver(name="probe.signal"):
    [record] = read_receivers(name)
    return record


def read_sender():
    record = read_receiver()
    return record.sender, record.sender_kind, record.sender_app


def on_signal(**kwargs):
    pass


async def on_signal_async(**kwargs):
    pass


class Plain:
    def method(self, **kwargs):
        pass


def function_at(module, filename):
    namespace = {"__name__": module}
    exec(compile("def function(**kwargs): pass", filename, "exec"), namespace)
    return namespace["function"]


# --- records of signals -------------------------------------------------------------


def test_a_custom_signal_has_its_name_app_place_and_comment():
    record = read_signal("tests.testapp.signals.order_paid")
    source = inspect.getsource(testapp_signals).splitlines()
    assert record._replace(aliases=(), receivers=()) == SignalRecord(
        name="tests.testapp.signals.order_paid",
        kind="custom",
        class_name="django.dispatch.dispatcher.Signal",
        app="testapp",
        component="project",
        imported=True,
        file=testapp_signals.__file__,
        line=source.index("order_paid = Signal()") + 1,
        doc=(
            "Sent once, after commit, when an order is paid.\n"
            "The sender is the class of the order."
        ),
        aliases=(),
        dispatches_itself=False,
        receivers=(),
    )
    assert "tests.testapp.receivers.order_paid" in record.aliases


def test_an_event_has_its_declaration_and_docstring():
    record = read_signal("tests.testapp.signals.order_shipped")
    source = inspect.getsource(testapp_signals).splitlines()
    assert (record.kind, record.dispatches_itself) == ("event", False)
    assert record.class_name == "signaltools.events.base.Event"
    assert record.line == source.index("@event(version=2)") + 1
    assert record.doc == "An order has left the house.\n\nIt has no receivers."
    assert record.event is not None
    assert record.event._replace(arguments=()) == EventRecord(
        label="testapp.order_shipped",
        version=2,
        signature=(
            "(sender: type[Order], *, order: Order, parcels: int = 1, "
            "note: str | None = None)"
        ),
        arguments=(),
    )
    assert [argument.name for argument in record.event.arguments] == [
        "order",
        "parcels",
        "note",
    ]


def test_the_label_of_an_event_may_not_be_known_yet(
    monkeypatch,
):
    monkeypatch.setattr(apps, "apps_ready", False)
    record = read_signal("tests.testapp.signals.order_shipped")
    assert record.event is not None
    assert record.event.label == "tests.testapp.signals.order_shipped"


def test_an_event_without_docstring_has_the_comment_above_it(
    import_source,
):
    import_source(
        "commented",
        """
        from signaltools import event

        # Sent at night.
        @event
        def dark(sender): ...
        """,
    )
    assert read_signal("commented.dark").doc == "Sent at night."


def test_a_builtin_signal_is_of_kind_and_component_django():
    record = read_signal("django.db.models.signals.post_save")
    assert (record.kind, record.component, record.app) == ("builtin", "django", None)
    assert record.class_name == "django.db.models.signals.ModelSignal"


def test_a_signal_of_a_contrib_app_belongs_to_that_app():
    record = read_signal("django.contrib.auth.signals.user_logged_in")
    assert (record.kind, record.app) == ("builtin", "auth")


def test_signals_are_listed_once_and_sorted_by_name():
    names = [record.name for record in read_records()]
    assert names == sorted(set(names))


def test_a_signal_registered_by_hand_belongs_to_the_module_that_registered_it(
    monkeypatch,
):
    monkeypatch.setattr(registry, "_registered", {})
    registry.register("by.hand", held := Signal())
    record = read_signal("by.hand")
    assert (record.component, record.app) == ("project", None)
    assert record.file == __file__
    del held


def test_a_very_long_signal_name_is_clipped(probe):
    vars(probe)["x" * 1000] = Signal()
    [name] = [record.name for record in read_records() if "xxx" in record.name]
    assert len(name) == 400
    assert name.endswith("xxx…")


# --- records of receivers -----------------------------------------------------------


def test_a_receiver_in_the_background_is_the_function_with_its_queue():
    book, mail = read_signal(queued.paid.name).receivers
    assert (book.name, mail.name) == (f"{queued.__name__}.book", mail.name)
    assert (book.file, book.line) == (
        queued.__file__,
        queued.book.__wrapped__.__code__.co_firstlineno,
    )
    assert book.background == Background("default", "default", True)
    assert mail.background == Background("default", "mail", False)


def test_a_receiver_record_describes_the_whole_connection():
    [record] = [
        record
        for record in read_receivers("django.db.models.signals.post_save")
        if record.qualname == "index_order"
    ]
    assert record._replace(order=None) == ReceiverRecord(
        name="tests.testapp.receivers.index_order",
        module="tests.testapp.receivers",
        qualname="index_order",
        app="testapp",
        component="project",
        file=testapp_receivers.__file__,
        line=testapp_receivers.index_order.__code__.co_firstlineno,
        sender="testapp.Order",
        sender_kind="model",
        sender_app=None,
        dispatch_uid="testapp.index",
        weak=True,
        is_async=False,
        order=None,
        storage=False,
    )


def test_the_receivers_of_the_test_app_are_all_there():
    seen = {
        (record.name.rpartition(".")[2], receiver.qualname, receiver.sender)
        for record in read_records()
        for receiver in record.receivers
        if receiver.app == "testapp"
    }
    assert seen == {
        ("post_save", "index_order", "testapp.Order"),
        ("post_save", "audit", None),
        ("pre_save", "normalize_tag", "testapp.Tag"),
        ("m2m_changed", "retag", "testapp.Order_tags"),
        ("post_migrate", "create_defaults", "tests.testapp.apps.TestappConfig"),
        ("order_paid", "reserve", None),
        ("order_paid", "<lambda>", None),
        ("order_paid", "Ledger.book", "testapp.Order"),
        ("order_paid", "notify", None),
    }


def test_order_counts_synchronous_receivers_and_asynchronous_ones_come_last(
    probe,
):
    async def other_async(**kwargs):
        pass

    def other(**kwargs):
        pass

    for receiver in (on_signal_async, on_signal, other_async, other):
        probe.signal.connect(receiver)
    assert [
        (record.qualname.rpartition(".")[2], record.is_async, record.order)
        for record in read_receivers()
    ] == [
        ("on_signal", False, 1),
        ("other", False, 2),
        ("on_signal_async", True, None),
        ("other_async", True, None),
    ]


def test_strong_receivers_are_not_weak(probe):
    probe.signal.connect(partial(on_signal), weak=False)
    record = read_receiver()
    assert (record.qualname, record.weak) == ("on_signal", False)


def test_a_receiver_that_died_is_not_listed(probe):
    plain = Plain()
    probe.signal.connect(plain.method)
    assert len(read_receivers()) == 1
    del plain
    gc.collect()
    assert read_receivers() == ()


@pytest.mark.parametrize(
    ("uid", "text"),
    [
        (None, None),
        ("", None),
        ("shop.index", "shop.index"),
        (7, "7"),
        ((1, "a"), "(1, 'a')"),
        ("<Shop at 0x7f00deadbeef>", "<Shop at 0x…>"),
        (frozenset({"b", "a"}), "frozenset"),
    ],
)
def test_a_dispatch_uid_is_shown_without_addresses(probe, uid, text):
    probe.signal.connect(on_signal, dispatch_uid=uid)
    assert read_receiver().dispatch_uid == text


@pytest.mark.parametrize("uid", [2**47, (2**47, 2**47 + 8), ("a", 2**47)])
def test_an_id_in_a_dispatch_uid_is_not_shown(probe, uid):
    probe.signal.connect(on_signal, dispatch_uid=uid)
    text = read_receiver().dispatch_uid
    assert text == stable_text(uid)
    assert str(2**47) not in text


def test_the_key_of_a_bound_method_is_not_a_dispatch_uid(probe):
    plain = Plain()
    probe.signal.connect(plain.method)
    assert read_receiver().dispatch_uid is None


def test_a_receiver_without_a_file_keeps_its_line_only(probe):
    probe.signal.connect(function := function_at("probe", "<string>"))
    record = read_receiver()
    assert (record.file, record.line) == (None, 1)
    del function


def test_a_relative_file_becomes_absolute(probe):
    probe.signal.connect(function := function_at("probe", "shop/code.py"))
    assert read_receiver().file == os.path.abspath("shop/code.py")
    del function


# --- senders ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        (None, (None, None, None)),
        (testapp.Order, ("testapp.Order", "model", None)),
        (testapp.Stamped, ("testapp.Stamped", "model", None)),
        (testapp.RushOrder, ("testapp.RushOrder", "model", None)),
        (testapp.GiftOrder, ("testapp.GiftOrder", "model", None)),
        (testapp.Line, ("testapp.Line", "model", None)),
        (testapp.Order.tags.through, ("testapp.Order_tags", "model", None)),
        (models.Model, ("django.db.models.base.Model", "class", None)),
        (Plain, ("tests.inventory.test_reading.Plain", "class", None)),
        (WSGIHandler, ("django.core.handlers.wsgi.WSGIHandler", "class", None)),
        (json, ("json", "module", None)),
    ],
)
def test_long_lived_senders_are_known_on_every_django(probe, sender, expected):
    probe.signal.connect(on_signal, sender=sender)
    assert read_sender() == expected


def test_a_lazy_sender_is_resolved(probe):
    probe.signal = ModelSignal()
    probe.signal.connect(on_signal, sender="testapp.Tag")
    assert read_sender() == ("testapp.Tag", "model", None)


def test_an_abstract_model_outside_every_app_is_a_class(probe):
    meta = type("Meta", (), {"abstract": True})
    floating = type(
        "Floating", (models.Model,), {"__module__": "nowhere", "Meta": meta}
    )
    probe.signal.connect(on_signal, sender=floating)
    assert read_sender() == ("nowhere.Floating", "class", None)


def make_config(name):
    module = ModuleType(name)
    module.__path__ = ["/nowhere"]
    return AppConfig(name, module)


def test_app_configs_of_one_class_are_distinguished_by_label(probe, monkeypatch):
    for label in ("one", "two"):
        config = make_config(f"probe.{label}")
        monkeypatch.setitem(apps.app_configs, label, config)
        probe.signal.connect(on_signal, sender=config)
    assert [
        (record.sender, record.sender_kind, record.sender_app)
        for record in read_receivers()
    ] == [
        ("django.apps.config.AppConfig", "app_config", "one"),
        ("django.apps.config.AppConfig", "app_config", "two"),
    ]


def test_an_app_config_that_is_not_installed_has_its_own_label(
    probe,
):
    config = make_config("probe.three")
    probe.signal.connect(on_signal, sender=config)
    expected = ("django.apps.config.AppConfig", "app_config", "three")
    assert read_sender() == (expected if knows_instances else UNKNOWN)


def test_an_app_config_whose_label_is_not_a_string_has_none(probe):
    config = AppConfig.__new__(AppConfig)
    config.label = 7
    probe.signal.connect(on_signal, sender=config)
    expected = ("django.apps.config.AppConfig", "app_config", None)
    assert read_sender() == (expected if knows_instances else UNKNOWN)


def test_an_instance_is_named_by_its_class_where_django_remembers_it(
    probe,
):
    sender = Plain()
    probe.signal.connect(on_signal, sender=sender)
    expected = ("tests.inventory.test_reading.Plain", "instance", None)
    assert read_sender() == (expected if knows_instances else UNKNOWN)


def test_a_string_sender_is_unknown(probe):
    probe.signal.connect(on_signal, sender="django.contrib.auth")
    assert read_sender() == UNKNOWN


def test_a_sender_that_died_is_never_taken_for_another(probe):
    sender = type("Gone", (), {})
    probe.signal.connect(on_signal, sender=sender)
    assert read_sender() == ("tests.inventory.test_reading.Gone", "class", None)
    del sender
    gc.collect()
    senders = [(r.sender, r.sender_kind, r.sender_app) for r in read_receivers()]
    assert senders == ([] if knows_instances else [UNKNOWN])


def test_a_bound_method_as_sender_is_never_taken_for_another(
    probe,
):
    method = Plain().method
    probe.signal.connect(on_signal, sender=method)
    expected = ("builtins.method", "instance", None)
    assert read_sender() == (expected if knows_instances else UNKNOWN)


def test_a_module_without_a_name_is_still_a_module(probe):
    module = ModuleType("renamed")
    del module.__name__
    sys.modules["probe_renamed"] = module
    probe.signal.connect(on_signal, sender=module)
    try:
        assert read_sender()[1] == "module"
    finally:
        del sys.modules["probe_renamed"]


# --- app and component --------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "app"),
    [
        ("shop", "shop"),
        ("shop.receivers", "shop"),
        ("shop.api.receivers", "shop_api"),
        ("shop.apiary", "shop"),
        ("shopping.receivers", None),
        ("", None),
    ],
)
def test_a_receiver_belongs_to_the_app_with_the_longest_matching_name(
    probe, monkeypatch, module, app
):
    for name, label in (("shop", "shop"), ("shop.api", "shop_api")):
        config = make_config(name)
        config.label = label
        monkeypatch.setitem(apps.app_configs, label, config)
    probe.signal.connect(function := function_at(module, "/srv/shop.py"))
    assert read_receiver().app == app
    del function


@pytest.mark.parametrize(
    ("module", "filename", "component"),
    [
        ("shop.code", "/srv/shop/code.py", "project"),
        ("django", "/srv/shop/code.py", "django"),
        ("django.dispatch", "/x/site-packages/django/code.py", "django"),
        ("django_filters", "/x/lib/site-packages/code.py", "third_party"),
        ("djangoshop", "/srv/djangoshop/code.py", "project"),
        ("audit", "/usr/lib/python3/dist-packages/audit.py", "third_party"),
        ("audit", "/srv/my-site-packages/audit.py", "project"),
        ("json", f"{sysconfig.get_path('stdlib')}/json/code.py", "third_party"),
        ("audit", f"{sysconfig.get_path('stdlib')}-not/audit.py", "project"),
        # Code without a file is placed by its module.
        ("json", "<string>", "third_party"),
        ("zipimport", "<string>", "third_party"),
        ("vendored", "<string>", "third_party"),
        ("no_module", "<string>", "project"),
        ("no_file_name", "<string>", "project"),
        ("never_imported", "<string>", "project"),
    ],
)
def test_the_component_follows_module_and_file(
    probe,
    monkeypatch,
    module,
    filename,
    component,
):
    vendored, no_file_name = ModuleType("vendored"), ModuleType("no_file_name")
    vendored.__file__ = "/x/site-packages/vendored.so"
    vars(no_file_name)["__file__"] = 7
    monkeypatch.setitem(sys.modules, "vendored", vendored)
    monkeypatch.setitem(sys.modules, "no_file_name", no_file_name)
    monkeypatch.setitem(sys.modules, "no_module", object())
    probe.signal.connect(function := function_at(module, filename))
    assert read_receiver().component == component
    del function


def test_a_builtin_function_is_third_party_without_a_place(probe):
    probe.signal.connect(print)
    record = read_receiver()
    assert (record.name, record.component) == ("builtins.print", "third_party")
    assert (record.file, record.line) == (None, None)


# --- storage objects ----------------------------------------------------------------


class ShopStorage(FileSystemStorage):
    @classmethod
    def of_the_class(cls, **kwargs):
        pass


@pytest.mark.parametrize(
    ("receiver", "is_storage"),
    [
        (FileSystemStorage()._clear_cached_properties, True),
        (ShopStorage()._clear_cached_properties, True),
        (ShopStorage.of_the_class, False),
        (Plain().method, False),
        (on_signal, False),
    ],
)
def test_methods_of_storage_objects_are_marked(probe, receiver, is_storage):
    probe.signal.connect(receiver)
    assert read_receiver().storage is is_storage


def test_nothing_is_a_storage_where_storages_are_not_imported(probe, monkeypatch):
    plain = Plain()
    probe.signal.connect(plain.method)
    monkeypatch.delitem(sys.modules, "django.core.files.storage.base")
    assert read_receiver().storage is False


# --- hostile objects ----------------------------------------------------------------


def weak_reference(sender):
    try:
        return weakref.ref(sender)
    except TypeError:
        return None


def append_row(signal, receiver, sender):
    """
    Connect what ``connect()`` would refuse, or run code of.
    """
    key = receiver_key(receiver), id(sender)
    row = key, receiver, weak_reference(sender), False
    signal.receivers.append(row if knows_instances else (key, receiver, False))


def place_of(shape):
    has_file = shape.file and not shape.file.startswith("<")
    return shape.file if has_file else None, shape.line


def test_every_shape_of_receiver_has_its_row(probe):
    for shape in SHAPES:
        append_row(probe.signal, shape.receiver, None)
    assert [
        (r.order, r.name, r.module, (r.file, r.line), r.sender_kind, r.dispatch_uid)
        for r in read_receivers()
    ] == [
        (order, shape.name, shape.module, place_of(shape), None, None)
        for order, shape in enumerate(SHAPES, 1)
    ]


def kind_of(shape):
    cls = type(shape.receiver)
    if issubclass(cls, type):
        return f"{shape.module}.{shape.qualname}", "class"
    if knows_instances and weak_reference(shape.receiver):
        return class_name(cls), "instance"
    return None, "unknown"


def test_no_shape_of_sender_runs_code_or_loses_the_row(probe):
    for shape in SHAPES:
        append_row(probe.signal, on_signal, shape.receiver)
    assert [
        (r.qualname, r.order, (r.sender, r.sender_kind)) for r in read_receivers()
    ] == [("on_signal", order, kind_of(shape)) for order, shape in enumerate(SHAPES, 1)]


def test_no_shape_of_dispatch_uid_runs_code(probe):
    for shape in SHAPES:
        append_row(probe.signal, on_signal, None)
        (_, sender_key), *rest = probe.signal.receivers.pop()
        probe.signal.receivers.append(((shape.receiver, sender_key), *rest))
    assert [(r.qualname, r.dispatch_uid) for r in read_receivers()] == [
        ("on_signal", short_name(type(shape.receiver))) for shape in SHAPES
    ]


def test_a_row_that_cannot_be_read_is_listed_as_unreadable(probe):
    probe.signal.connect(on_signal)
    probe.signal.receivers.insert(0, ("not", "a", "row", "of", "django"))
    unreadable, readable = read_receivers()
    assert unreadable == ReceiverRecord(
        name="unreadable receiver (ValueError)",
        module="",
        qualname="unreadable receiver (ValueError)",
        app=None,
        component="project",
        file=None,
        line=None,
        sender=None,
        sender_kind="unknown",
        sender_app=None,
        dispatch_uid=None,
        weak=False,
        is_async=False,
        order=1,
        storage=False,
    )
    assert (readable.qualname, readable.order) == ("on_signal", 2)


class SignalWithReceivers(Signal):
    """
    Keep the receivers of another signal, or raise instead of giving them.
    """

    def __init__(self, read):
        self._read = read
        super().__init__()

    @property
    def receivers(self):
        return self._read()

    @receivers.setter
    def receivers(self, value):
        pass


def test_a_signal_whose_receivers_raise_is_listed_with_a_note(
    probe,
):
    probe.broken = SignalWithReceivers(refuse)
    assert [r.receivers for r in read_records() if r.name == "probe.broken"] == [()]
    assert read_notes() == [
        "The receivers of 'probe.broken' could not be read"
        " (RuntimeError: code of a receiver was run)."
    ]


def test_a_signal_may_keep_its_receivers_in_a_property(probe):
    probe.signal.connect(on_signal)
    probe.special = SignalWithReceivers(lambda: iter(probe.signal.receivers))
    record = read_signal("probe.special")
    assert record.class_name == "tests.inventory.test_reading.SignalWithReceivers"
    assert [receiver.qualname for receiver in record.receivers] == ["on_signal"]


def test_a_signal_may_keep_its_receivers_in_a_tuple(probe):
    probe.signal.connect(on_signal)
    probe.signal.receivers = tuple(probe.signal.receivers)
    assert read_receiver().qualname == "on_signal"


def test_an_ordinary_project_has_no_notes(probe):
    assert read_notes() == []


# --- what reading must not do -------------------------------------------------------


@pytest.mark.django_db
def test_reading_makes_no_query(probe):
    order = testapp.Order.objects.create(stamp="x")
    senders = (
        testapp.Order.objects.all(),
        testapp.Order.objects.defer("stamp").get(pk=order.pk),
        testapp.Tag.objects,
        SimpleLazyObject(testapp.Order.objects.get),
    )
    for sender in senders:
        probe.signal.connect(on_signal, sender=sender)
    probe.signal.connect(order.tags.all, weak=False)
    probe.signal.connect(on_signal, dispatch_uid=order)
    with CaptureQueriesContext(connection) as queries:
        read_records()
    assert queries.captured_queries == []


def test_reading_keeps_nothing_alive(probe):
    plain, sender, uid = Plain(), type("Sender", (), {}), Plain()
    probe.signal.connect(plain.method, sender=sender, dispatch_uid=uid)
    references = [weakref.ref(obj) for obj in (plain, sender, probe.signal)]
    records = read_records()
    del plain, sender, uid, probe.signal
    gc.collect()
    assert [reference() for reference in references] == [None, None, None]
    assert [record.name for record in records if record.name == "probe.signal"]
    assert read_notes() == []


def test_reading_imports_nothing(monkeypatch):
    read_records()
    before = set(sys.modules)
    not_imported(read_records())
    assert set(sys.modules) == before


def test_two_readings_are_equal_and_records_cannot_change(probe):
    probe.signal.connect(on_signal)
    first = read_records()
    assert read_records() == first
    with pytest.raises(AttributeError):
        first[0].name = "changed"


@pytest.fixture
def churn(probe):
    stop = Event()

    def connect_and_disconnect():
        while not stop.is_set():

            def passing(**kwargs):
                pass

            probe.signal.connect(passing, sender=Plain)
            probe.signal.connect(passing, weak=False)
            probe.signal.disconnect(passing)
            time.sleep(0)

    threads = [Thread(target=connect_and_disconnect) for _ in range(3)]
    with frequent_switches():
        for thread in threads:
            thread.start()
        yield
        stop.set()
        for thread in threads:
            thread.join()


def test_other_threads_can_connect_and_disconnect_meanwhile(probe, churn):
    probe.signal.connect(on_signal)
    end = time.monotonic() + STRESS_SECONDS
    while time.monotonic() < end:
        record = read_signal("probe.signal")
        names = [r.qualname.rpartition(".")[2] for r in record.receivers]
        assert names.count("on_signal") == 1
        assert set(names) <= {"on_signal", "passing"}
        assert [r.order for r in record.receivers] == list(range(1, len(names) + 1))


class DisconnectingReference(weakref.ref):
    """
    Drop the first connection while this one is read, as another thread might.
    """

    signal: Signal

    def __call__(self):
        del self.signal.receivers[0]
        return super().__call__()


def test_a_connection_that_is_disconnected_meanwhile_hides_no_other(probe):
    names = ["first", "second", "third"]
    receivers = [function_at("probe", f"/srv/{name}.py") for name in names]
    for receiver in receivers:
        append_row(probe.signal, receiver, None)
    reference = DisconnectingReference(receivers[0])
    reference.signal = probe.signal
    key, _, *rest = probe.signal.receivers[0]
    probe.signal.receivers[0] = (key, reference, *rest)
    assert [record.file for record in read_receivers()] == [
        f"/srv/{name}.py" for name in names
    ]
    assert len(probe.signal.receivers) == 2


# --- built-in signals that are not imported -----------------------------------------


def test_builtin_signals_that_are_not_imported_are_named():
    missing = {
        "django.contrib.auth.signals.user_logged_in",
        "django.core.signals.request_started",
    }
    known = tuple(signal(name) for name in BUILTIN_SIGNALS if name not in missing)
    assert sorted(not_imported(known)) == [
        SignalRecord(
            name=name,
            kind="builtin",
            class_name=None,
            app=app,
            component="django",
            imported=False,
            file=None,
            line=None,
            doc="",
            aliases=(),
            dispatches_itself=False,
            receivers=(),
        )
        for name, app in (
            ("django.contrib.auth.signals.user_logged_in", "auth"),
            ("django.core.signals.request_started", None),
        )
    ]


def test_what_is_imported_is_not_named_again():
    known = tuple(signal(name) for name in BUILTIN_SIGNALS)
    assert not_imported(known) == []


@pytest.mark.parametrize(
    "method", ["send", "send_robust", "asend", "asend_robust", "_live_receivers"]
)
def test_a_signal_that_dispatches_in_its_own_way_is_marked(method, monkeypatch):
    cls = type("OwnSignal", (Signal,), {method: lambda self, sender: None})
    module = ModuleType("own_signals")
    module.plain, module.own = Signal(), cls()
    monkeypatch.setitem(sys.modules, "own_signals", module)
    found = {s.name: s.dispatches_itself for s in read_records()}
    assert found["own_signals.own"] is True
    assert found["own_signals.plain"] is False
    assert found["django.db.models.signals.post_save"] is False


# --- connections behind the records -------------------------------------------------


def test_signals_are_read_with_the_connections_behind_their_records(
    probe,
):
    probe.signal.connect(on_signal_async)
    probe.signal.connect(on_signal, sender=testapp.Order)

    [found] = [
        one for one in read_connected(registry.entries()) if one.signal is probe.signal
    ]

    assert found.record == read_signal("probe.signal")
    assert [row.receiver for row in found.rows] == [on_signal, on_signal_async]
    assert [row.sender for row in found.rows] == [testapp.Order, Sender.ANY]


def test_signals_without_a_name_are_read_if_they_are_given(probe):
    signal = Signal()
    signal.connect(on_signal)

    found = read_connected(with_unnamed(registry.entries(), [probe.signal, signal]))

    assert [one.signal for one in found].count(probe.signal) == 1
    assert found[-1].signal is signal
    assert found[-1].record.name == "unnamed Signal (django.dispatch.dispatcher.Signal)"
    assert [row.receiver for row in found[-1].rows] == [on_signal]


def test_connection_that_is_dead_has_a_record_without_an_order():
    record = describe_row(Row(on_signal, Sender.UNKNOWN, "uid", True, False, 1))

    assert record.name == f"{__name__}.on_signal"
    assert (record.sender, record.sender_kind, record.order) == (None, "unknown", None)
    assert record.dispatch_uid == "uid"


@pytest.mark.parametrize(
    ("sender", "described"),
    [
        (None, (None, None, None)),
        (testapp.Order, ("testapp.Order", "model", None)),
        (testapp.RushOrder, ("testapp.RushOrder", "model", None)),
        (Plain, (f"{__name__}.Plain", "class", None)),
        (models.Model, ("django.db.models.base.Model", "class", None)),
        (sys, ("sys", "module", None)),
        (Plain(), (f"{__name__}.Plain", "instance", None)),
        ("django.contrib.auth", ("builtins.str", "instance", None)),
        (
            apps.get_app_config("testapp"),
            ("tests.testapp.apps.TestappConfig", "app_config", "testapp"),
        ),
    ],
)
def test_senders_are_described(sender, described):
    assert describe_sender(sender) == described


def test_senders_whose_names_are_not_strings_are_described():
    module = ModuleType("nameless")
    module.__name__ = 7
    config = object.__new__(AppConfig)
    config.__dict__["label"] = 7

    assert describe_sender(module) == (None, "module", None)
    assert describe_sender(config) == (
        "django.apps.config.AppConfig",
        "app_config",
        None,
    )
