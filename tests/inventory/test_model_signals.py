from __future__ import annotations

from contextlib import contextmanager

import django
import pytest
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, connection, models
from django.db.models import Model, signals
from django.test.utils import isolate_apps

from signaltools.introspect.deletion import cascades, parents
from signaltools.introspect.models import find_models, no_model
from signaltools.inventory.model_signals import ModelSignals, read_model
from tests.records import builtin, receiver
from tests.testapp.models import GiftOrder, Line, Order, RushOrder, Tag

LOUD = ("pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed")
QUIET = ("pre_init", "post_init")

Sent = list[tuple[str, str]]


@contextmanager
def watching(*names):
    """
    Collect the signals that Django really sends, with their senders.
    """
    sent: Sent = []
    receivers = {}
    for name in names:

        def record(sender, name=name, **kwargs):
            sent.append((name, sender._meta.label))

        receivers[name] = record
        getattr(signals, name).connect(record)
    try:
        yield sent
    finally:
        for name, record in receivers.items():
            getattr(signals, name).disconnect(record)


def really_sent(action):
    with watching(*LOUD) as sent:
        action()
    return sent


def planned(model, action):
    steps = read_model([], model).steps
    return [
        (step.signal.rpartition(".")[2], step.sender)
        for step in steps
        if step.action == action
    ]


def everything_deleted_with(model):
    return cascades(model, lambda other: True)


def changes(name):
    return f"{name}.add(), remove(), set(), clear()"


# --- what Django sends, by sending it -----------------------------------------------


def make(model):
    if model is not Line:
        return model(stamp="x")
    return Line(order=Order.objects.create(), item=Tag.objects.create())


@pytest.mark.django_db
@pytest.mark.parametrize("model", [Tag, Order, RushOrder, GiftOrder, Line])
def test_save_and_delete_send_what_is_planned(model):
    new = make(model)
    assert really_sent(new.save) == planned(model, "save()")
    assert really_sent(new.delete) == planned(model, "delete()")
    make(model).save()
    deleted = model._default_manager.all().delete
    assert really_sent(deleted) == planned(model, "delete()")


def test_a_child_sends_for_its_parents_on_delete_only():
    assert planned(GiftOrder, "save()") == [
        ("pre_save", "testapp.GiftOrder"),
        ("post_save", "testapp.GiftOrder"),
    ]
    assert planned(GiftOrder, "delete()") == [
        ("pre_delete", "testapp.GiftOrder"),
        ("pre_delete", "testapp.Order"),
        ("post_delete", "testapp.GiftOrder"),
        ("post_delete", "testapp.Order"),
    ]


@pytest.mark.django_db
def test_parents_that_are_kept_send_nothing():
    gift = GiftOrder.objects.create()
    sent = really_sent(lambda: gift.delete(keep_parents=True))
    assert sent == planned(GiftOrder, "delete()")[::2]


def test_a_proxy_sends_for_itself():
    assert planned(RushOrder, "delete()") == [
        ("pre_delete", "testapp.RushOrder"),
        ("post_delete", "testapp.RushOrder"),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("model", [Order, RushOrder, GiftOrder])
def test_fields_send_for_their_through_model(model):
    order, tag = model._default_manager.create(), Tag.objects.create()
    through = [("m2m_changed", "testapp.Order_tags")]
    assert planned(model, changes("tags")) == through
    assert really_sent(lambda: order.tags.add(tag)) == through * 2
    assert planned(Tag, changes("tagged")) == through
    assert really_sent(lambda: tag.tagged.clear()) == through * 2
    assert planned(Order.tags.through, changes("testapp.Order.tags")) == through


@pytest.mark.django_db
def test_a_field_with_a_custom_through_model_deletes_its_rows_with_signals():
    order, tag = Order.objects.create(), Tag.objects.create()
    changed, deleted, gone = (
        (name, "testapp.Line") for name in ("m2m_changed", "pre_delete", "post_delete")
    )
    for model, name in [
        (Order, "items"),
        (Tag, "ordered"),
        (Line, "testapp.Order.items"),
    ]:
        assert planned(model, changes(name)) == [changed, deleted, gone]
    assert really_sent(lambda: order.items.add(tag)) == [changed, changed]
    removed = really_sent(lambda: order.items.remove(tag))
    assert removed == [changed, deleted, gone, changed]


@pytest.mark.django_db
def test_receivers_of_creation_run_for_the_class_itself():
    with watching(*QUIET) as sent:
        GiftOrder(stamp="x")
    report = read_model(
        [model_signal(name, receiver("a.b")) for name in QUIET], GiftOrder
    )
    steps = [(step.signal.rpartition(".")[2], step.sender) for step in report.steps]
    assert sent == steps[:2]
    assert [step.action for step in report.steps[:3]] == [
        "create or load",
        "create or load",
        "save()",
    ]


@pytest.mark.django_db
def test_what_is_listed_as_sending_no_signals_sends_none():
    tag, order = Tag.objects.create(), Order.objects.create()
    order.tags.add(tag)
    assert not really_sent(lambda: Tag.objects.bulk_create([Tag()]))
    assert not really_sent(lambda: Tag.objects.bulk_update([tag], ["stamp"]))
    assert not really_sent(lambda: Tag.objects.update(stamp="y"))
    row = Order.tags.through.objects.get()
    assert not really_sent(row.save)
    assert not really_sent(row.delete)
    order.tags.add(tag)
    assert {name for name, _ in really_sent(order.delete)} == {
        "pre_delete",
        "post_delete",
    }


@pytest.mark.django_db
def test_models_that_a_delete_reaches_are_named():
    assert everything_deleted_with(Tag) == [Line]
    assert everything_deleted_with(Order) == [Line, GiftOrder]
    assert everything_deleted_with(RushOrder) == [Line, GiftOrder, Order]
    assert everything_deleted_with(GiftOrder) == [Line]
    for model in (Order, RushOrder, GiftOrder):
        gift = GiftOrder.objects.create()
        Line.objects.create(order=gift, item=Tag.objects.create())
        sent = really_sent(model._default_manager.get().delete)
        deleted = [model, *parents(model), *everything_deleted_with(model)]
        assert {sender for _, sender in sent} == {each._meta.label for each in deleted}


# --- models of other shapes ---------------------------------------------------------


def do_anything(*args, **kwargs):
    pass


class Meta:
    app_label = "testapp"


@contextmanager
def tables(*created):
    with connection.schema_editor() as editor:
        for model in created:
            editor.create_model(model)
    try:
        yield
    finally:
        with connection.schema_editor() as editor:
            for model in reversed(created):
                editor.delete_model(model)


@pytest.mark.django_db(transaction=True)
@isolate_apps("tests.testapp")
def test_parents_are_deleted_depth_first():
    class First(Model):
        one = models.AutoField(primary_key=True)
        Meta = type("Meta", (Meta,), {})

    class Second(Model):
        two = models.AutoField(primary_key=True)
        Meta = type("Meta", (Meta,), {})

    class Middle(Second):
        Meta = type("Meta", (Meta,), {})

    class Both(Middle, First):
        Meta = type("Meta", (Meta,), {})

    assert [sender for _, sender in planned(Both, "delete()")[:4]] == [
        "testapp.Both",
        "testapp.Middle",
        "testapp.Second",
        "testapp.First",
    ]
    with tables(First, Second, Middle, Both):
        both = Both.objects.create()
        assert really_sent(both.delete) == planned(Both, "delete()")


@pytest.mark.django_db(transaction=True)
@isolate_apps("tests.testapp")
def test_a_proxy_of_an_automatic_through_model_is_deleted_with_signals():
    class Stop(Model):
        Meta = type("Meta", (Meta,), {})

    class Route(Model):
        stops = models.ManyToManyField(Stop)
        Meta = type("Meta", (Meta,), {})

    class Row(Route.stops.through):
        Meta = type("Meta", (Meta,), {"proxy": True})

    assert planned(Row, "save()") == []
    with tables(Stop, Route):
        row = Row(route=Route.objects.create(), stop=Stop.objects.create())
        assert really_sent(row.save) == []
        assert really_sent(row.delete) == planned(Row, "delete()") != []
    assert read_model([], Row).never[1] == (
        "save() of a model that Django created for a many-to-many field"
    )
    assert read_model([], Route.stops.through).never[1] == (
        "save() and delete() of a model that Django created for a many-to-many field"
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(django.VERSION < (6, 1), reason="DB_CASCADE is new in 6.1")
@isolate_apps("tests.testapp")
def test_rows_that_the_database_deletes_are_named():
    class Parent(Model):
        Meta = type("Meta", (Meta,), {})

    class Child(Model):
        parent = models.ForeignKey(Parent, models.DB_CASCADE)
        Meta = type("Meta", (Meta,), {})

    assert everything_deleted_with(Parent) == []
    assert read_model([], Child).never[1:] == (
        "rows that the database deletes with their testapp.Parent (DB_CASCADE)",
    )
    with tables(Parent, Child):
        child = Child.objects.create(parent=Parent.objects.create())
        assert really_sent(child.parent.delete) == planned(Parent, "delete()")
        assert not Child.objects.exists()


@isolate_apps("tests.testapp")
def test_db_cascade_is_told_from_other_on_delete_functions(
    monkeypatch,
):
    # Before Django 6.1 there is no DB_CASCADE, so another function replaces it.
    monkeypatch.setattr(models, "DB_CASCADE", models.DO_NOTHING, raising=False)

    class Child(Model):
        parent = models.ForeignKey(Tag, models.DO_NOTHING)
        Meta = type("Meta", (Meta,), {})

    assert read_model([], Child).never[1:] == (
        "rows that the database deletes with their testapp.Tag (DB_CASCADE)",
    )


@pytest.mark.django_db(transaction=True)
@isolate_apps("tests.testapp")
def test_a_reference_that_is_set_to_null_changes_without_a_signal():
    class Parent(Model):
        Meta = type("Meta", (Meta,), {})

    class Child(Model):
        parent = models.ForeignKey(Parent, models.SET_NULL, null=True)
        other = models.ForeignKey(Parent, models.SET(None), related_name="+", null=True)
        keeper = models.ForeignKey(Parent, models.PROTECT, related_name="+", null=True)
        own = models.ForeignKey(Parent, do_anything, related_name="+", null=True)
        Meta = type("Meta", (Meta,), {})

    assert everything_deleted_with(Parent) == []
    assert read_model([], Child).never[1:] == (
        "changes to parent when its testapp.Parent is deleted",
        "changes to other when its testapp.Parent is deleted",
    )
    with tables(Parent, Child):
        child = Child.objects.create(parent=Parent.objects.create())
        assert really_sent(child.parent.delete) == planned(Parent, "delete()")


@isolate_apps("tests.testapp", "django.contrib.contenttypes")
def test_a_delete_reaches_the_objects_of_a_generic_relation():
    class Note(Model):
        kind = models.ForeignKey(ContentType, models.CASCADE)
        number = models.IntegerField()
        about = GenericForeignKey("kind", "number")
        Meta = type("Meta", (Meta,), {})

    class Page(Model):
        notes = GenericRelation(Note, "number", "kind")
        Meta = type("Meta", (Meta,), {})

    assert everything_deleted_with(Page) == [Note]


@pytest.mark.django_db(transaction=True)
@isolate_apps("tests.testapp")
def test_the_parent_of_a_child_of_a_proxy_is_the_concrete_model():
    class Page(Model):
        Meta = type("Meta", (Meta,), {})

    class Cover(Page):
        Meta = type("Meta", (Meta,), {"proxy": True})

    class Jacket(Cover):
        Meta = type("Meta", (Meta,), {})

    class Flap(Jacket):
        Meta = type("Meta", (Meta,), {"proxy": True})

    assert parents(Cover) == []
    assert parents(Jacket) == parents(Flap) == [Page]
    assert reasons(Jacket, post_save=[for_model("testapp.Cover")]) == {
        "testapp.Cover": f"parent: {EXACTLY}"
    }
    with tables(Page, Jacket):
        for model in (Jacket, Flap):
            new = model()
            assert really_sent(new.save) == planned(model, "save()")
            assert really_sent(new.delete) == planned(model, "delete()")


@isolate_apps("tests.testapp")
def test_a_field_of_an_abstract_model_has_no_through_model():
    class Base(Model):
        tags = models.ManyToManyField("Tag")
        kinds = models.ManyToManyField("Tag", through="Kind", related_name="+")
        Meta = type("Meta", (Meta,), {"abstract": True})

    assert read_model([], Base).unrelated == ()


def test_a_field_without_a_through_model_has_no_steps(
    monkeypatch,
):
    # As Django leaves the fields of a model that was swapped out.
    monkeypatch.setattr(Order._meta.get_field("tags").remote_field, "through", None)
    actions = {step.action for step in read_model([], Line).steps}
    assert changes("testapp.Order.items") in actions
    assert planned(Order, changes("tags")) == planned(Tag, changes("tagged")) == []


@isolate_apps("tests.testapp")
def test_a_symmetrical_field_has_one_side():
    class Person(Model):
        friends = models.ManyToManyField("self")
        Meta = type("Meta", (Meta,), {})

    actions = [step.action for step in read_model([], Person).steps]
    assert actions[4:] == [changes("friends")]


@pytest.mark.django_db
@isolate_apps("tests.testapp")
def test_a_model_that_is_swapped_out_has_no_table(settings):
    settings.TESTAPP_CARD = "testapp.NewCard"

    class Card(Model):
        Meta = type("Meta", (Meta,), {"swappable": "TESTAPP_CARD"})

    class NewCard(Model):
        Meta = type("Meta", (Meta,), {})

    with pytest.raises(DatabaseError):
        Card().save()
    report = read_model([], Card)
    swapped = "it is swapped out for testapp.NewCard, so it has no table"
    assert report == ModelSignals("testapp.Card", swapped, (), (), (), ())
    both = [for_model("testapp.Card"), for_model("testapp.NewCard", order=2)]
    assert reasons(Card, post_save=both) == {
        "testapp.Card": swapped,
        "testapp.NewCard": "swapped in for this model",
    }
    assert reasons(NewCard, post_save=both) == {
        "testapp.Card": "swapped out for testapp.NewCard"
    }


# --- receivers ----------------------------------------------------------------------


def model_signal(name, *receivers):
    return builtin(f"db.models.signals.{name}", *receivers)


def for_model(sender, **changes):
    return receiver("a.b", sender=sender, sender_kind="model", **changes)


def reasons(model, **connected):
    found = read_model([model_signal(*each) for each in flat(connected)], model)
    return {each.receiver.sender: each.reason for each in found.unrelated}


def flat(connected):
    for name, receivers in connected.items():
        yield [name, *receivers]


def running(model, *receivers):
    [step] = [
        step
        for step in read_model([model_signal("post_save", *receivers)], model).steps
        if step.signal == "django.db.models.signals.post_save"
    ]
    return list(step.receivers)


def test_receivers_of_the_model_and_of_any_sender_run_in_order():
    own, any_sender = for_model("testapp.Order"), receiver("a.c", order=3)
    concurrent = receiver("a.d", order=None, is_async=True)
    others = [
        for_model("testapp.Tag", order=2),
        for_model("testapp.Stamped", order=4),
        receiver("a.e", sender="testapp.Order", sender_kind="class", order=5),
        receiver("a.f", sender_kind="unknown", order=6),
    ]
    assert reasons(Order, post_save=others)["testapp.Stamped"]
    assert "testapp.Order" not in reasons(Order, pre_init=others)
    found = running(Order, own, others[0], any_sender, *others[1:], concurrent)
    assert found == [own, any_sender, concurrent]


EXACTLY = "Django compares senders exactly, not by class"
SENDERS = [
    for_model(f"testapp.{name}")
    for name in (
        "Order",
        "RushOrder",
        "GiftOrder",
        "Stamped",
        "Tag",
        "Line",
        "Order_tags",
    )
]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (
            Order,
            {
                "RushOrder": f"proxy: {EXACTLY}",
                "GiftOrder": f"child: {EXACTLY}",
                "Stamped": f"abstract base: {EXACTLY}",
                "Line": "items.add() and set() use bulk_create()",
                "Order_tags": "tags sends m2m_changed only",
            },
        ),
        (
            RushOrder,
            {
                "Order": f"the concrete model of this proxy: {EXACTLY}",
                "Stamped": f"abstract base: {EXACTLY}",
                "Line": "items.add() and set() use bulk_create()",
                "Order_tags": "tags sends m2m_changed only",
            },
        ),
        (
            GiftOrder,
            {
                "Order": f"parent: {EXACTLY}",
                "RushOrder": "",
                "Stamped": f"abstract base: {EXACTLY}",
                "Line": "items.add() and set() use bulk_create()",
                "Order_tags": "tags sends m2m_changed only",
            },
        ),
        (
            Order.tags.through,
            {"Order_tags": "Django sends m2m_changed instead"},
        ),
    ],
)
def test_relatives_look_related_when_a_model_is_saved(model, expected):
    assert reasons(model, post_save=SENDERS) == {
        f"testapp.{name}": reason for name, reason in expected.items() if reason
    }


def test_receivers_of_a_parent_and_of_a_through_model_do_run_on_delete():
    assert reasons(GiftOrder, post_delete=SENDERS) == {
        "testapp.Stamped": f"abstract base: {EXACTLY}",
        "testapp.Order_tags": "tags sends m2m_changed only",
    }


def test_instances_of_a_through_model_concern_no_other_model():
    assert "testapp.Order_tags" not in reasons(Order, post_init=SENDERS)


def test_the_sender_of_m2m_changed_is_a_through_model():
    senders = [*SENDERS, for_model("testapp.Order_items")]
    through = "the sender of m2m_changed is the through model of a field"
    assert reasons(Order, m2m_changed=senders) == {
        f"testapp.{name}": through
        for name in ("Order", "RushOrder", "GiftOrder", "Stamped")
    }


@isolate_apps("tests.testapp")
def test_through_models_of_other_fields_are_wrong_senders():
    class Page(Model):
        Meta = type("Meta", (Meta,), {})

    class Chapter(Page):
        links = models.ManyToManyField(Page, related_name="+")
        Meta = type("Meta", (Meta,), {})

    class Note(Model):
        page = models.ForeignKey(Page, models.CASCADE)
        Meta = type("Meta", (Meta,), {})

    senders = [for_model("testapp.Chapter_links"), for_model("testapp.Note")]
    assert reasons(Page, m2m_changed=senders) == {
        "testapp.Chapter_links": "belongs to testapp.Chapter.links",
        "testapp.Note": "not the through model of a field of testapp.Page",
    }


def test_a_cascade_is_named_if_a_receiver_runs_for_it():
    deleted = model_signal("post_delete", for_model("testapp.Line"))
    assert read_model([deleted], Order).cascades == ("testapp.Line",)
    everything = model_signal("pre_delete", receiver("a.b"))
    assert read_model([everything], Order).cascades == (
        "testapp.Line",
        "testapp.GiftOrder",
    )
    assert read_model([], Order).cascades == ()


def test_an_abstract_model_sends_nothing():
    [stamped] = find_models("testapp.STAMPED")
    assert stamped is Order.__mro__[1]
    abstract = "it is abstract, so it has no instances"
    assert read_model([], stamped) == ModelSignals(
        "testapp.Stamped", abstract, (), (), (), ()
    )
    own = reasons(stamped, post_save=SENDERS)
    assert own["testapp.Stamped"] == abstract
    assert own["testapp.Order"] == f"child: {EXACTLY}"
    through = reasons(stamped, m2m_changed=SENDERS)["testapp.Order_tags"]
    assert through == "belongs to testapp.Order.tags"


# Without the mark of a database, pytest-django refuses every query.
def test_reading_makes_no_query():
    records = [model_signal(name, receiver("a.b"), *SENDERS) for name in LOUD]
    for model in (Order, Tag, Line, RushOrder, GiftOrder):
        read_model(records, model)


# --- names --------------------------------------------------------------------------


def test_a_model_is_found_whatever_the_case():
    assert find_models("TESTAPP.order") == [Order]
    assert find_models("testapp.order_tags") == [Order.tags.through]


def test_a_bare_name_finds_each_model_that_has_it():
    assert find_models("order") == [Order]
    assert find_models("Stamped") == [Order.__mro__[1]]
    assert find_models("order_TAGS") == [Order.tags.through]
    assert find_models("Ordr") == []


@isolate_apps("tests.testapp")
def test_of_equal_names_the_model_that_has_rows_is_meant(monkeypatch):
    class Order(Model):
        Meta = type("Meta", (Meta,), {"abstract": True})

    found = [Order, *find_models("testapp.Order")]
    monkeypatch.setattr("signaltools.introspect.models._all_models", lambda: found)
    assert find_models("order") == found[1:]


@pytest.mark.parametrize(
    ("label", "hint"),
    [
        ("testapp.Ordr", " Did you mean 'testapp.Order'?"),
        ("testapp.Stampd", " Did you mean 'testapp.Stamped'?"),
        ("Ordr", " Did you mean 'Order'?"),
        ("testap.Order", " Did you mean 'testapp.Order'?"),
        ("", ""),
    ],
)
def test_an_unknown_model_comes_with_the_nearest(label, hint):
    assert find_models(label) == []
    assert no_model(label) == f"No model is named {label!r}.{hint}"
