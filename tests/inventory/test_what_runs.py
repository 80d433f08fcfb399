"""
Connect receivers, save and delete real objects, and compare what ran with what
``list_signals --model`` had promised.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from itertools import chain, combinations
from typing import NamedTuple

import django
import pytest
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models, transaction
from django.db.models import Model, signals
from django.db.models.fields.related import ManyToManyDescriptor
from django.test.utils import isolate_apps

from signaltools.inventory.model_signals import read_model
from tests.records import builtin, receiver

INIT, SAVE, DELETE = (
    (f"pre_{name}", f"post_{name}") for name in ("init", "save", "delete")
)
SIGNALS = (*INIT, *SAVE, *DELETE, "m2m_changed")

pytestmark = pytest.mark.django_db(transaction=True)


class Meta:
    app_label = "testapp"


def of(base=Meta, **values):
    return type("Meta", (base,), values)


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


@contextmanager
def connected(senders):
    """
    Connect a receiver of each signal for each sender, and collect which of them run.
    """
    ran = set()

    def record(signal, label):
        def on_signal(sender, **kwargs):
            ran.add((signal, label))

        return on_signal

    with ExitStack() as stack:
        for name in SIGNALS:
            signal = getattr(signals, name)
            for sender in senders:
                label = sender and sender._meta.label
                on_signal = record(name, label)
                signal.connect(on_signal, sender=sender)
                # The stack keeps the receiver alive as well.
                stack.callback(signal.disconnect, on_signal, sender=sender)
        yield ran


class Promise(NamedTuple):
    """
    The receivers that run, that may run, and that don't run: signal and sender of each.
    """

    runs: set[tuple[str, str | None]]
    may_run: set[tuple[str, str | None]]
    run_for_cascades: set[tuple[str, str | None]]
    never_runs: set[tuple[str, str | None]]


def promised(model, senders, *actions):
    receivers = [
        receiver("a.b", sender=sender._meta.label, sender_kind="model")
        if sender
        else receiver("a.b")
        for sender in senders
    ]
    records = [builtin(f"db.models.signals.{name}", *receivers) for name in SIGNALS]
    found = read_model(records, model)
    runs, may_run = set(), set()
    for step in found.steps:
        if step.action in actions:
            senders = {each.sender for each in step.receivers}
            pairs = {(bare(step.signal), sender) for sender in senders}
            (may_run if step.decided_by else runs).update(pairs)
    cascades = {
        (name, each.sender)
        for name in DELETE
        for each in receivers
        if "delete()" in actions and each.sender in {None, *found.cascades}
    }
    denied = {(bare(each.signal), each.receiver.sender) for each in found.unrelated}
    return Promise(runs, may_run, cascades, denied)


def bare(name):
    return name.rpartition(".")[2]


def assert_kept(model, senders, action, make, act, *, with_all_rows=False):
    """
    Compare what ``act(make())`` runs with what was promised for ``action``.

    ``with_all_rows`` is whether each model that a delete can reach has a row for it.
    """
    obj = make()
    promise = promised(model, senders, action, "create or load")
    with connected(senders) as ran:
        act(obj)
    assert not ran & promise.never_runs
    # Any of these may be loaded on the way.
    ran = {each for each in ran if each[0] not in INIT}
    assert ran <= promise.runs | promise.may_run | promise.run_for_cascades
    if with_all_rows:
        assert promise.run_for_cascades - {(name, None) for name in DELETE} <= ran
    assert {each for each in promise.runs if each[0] not in INIT} <= ran


def subsets(senders):
    # Django deletes in another way if no receiver is connected, so each choice counts.
    return chain.from_iterable(combinations(senders, n) for n in range(3))


def assert_all_kept(model, others, make, *, with_all_rows=True):
    """
    Save and delete with receivers for none, one, and two of the models.
    """
    for senders in subsets([model, *others, None]):
        assert_kept(model, senders, "save()", make, lambda obj: obj.save())
        model._default_manager.all().delete()
        assert_kept(
            model,
            senders,
            "delete()",
            make,
            lambda obj: obj.delete(),
            with_all_rows=with_all_rows,
        )


# --- inheritance --------------------------------------------------------------------


@isolate_apps("tests.testapp")
def test_a_proxy_beside_children_and_grandchildren():
    class Base(Model):
        stamp = models.CharField(max_length=5)
        Meta = of(abstract=True)

    class Parent(Base):
        Meta = of()

    class Child(Parent):
        Meta = of()

    class Grandchild(Child):
        Meta = of()

    class Proxy(Parent):
        Meta = of(proxy=True)

    class ChildProxy(Child):
        Meta = of(proxy=True)

    family = [Parent, Child, Grandchild, Proxy, ChildProxy]

    def make(model, lowest):
        return lambda: model._base_manager.get(pk=lowest._base_manager.create().pk)

    with tables(Parent, Child, Grandchild):
        for model in family:
            others = [each for each in family if each is not model]
            for lowest in (model, Grandchild):
                assert_all_kept(
                    model,
                    [*others, Base],
                    make(model, lowest),
                    with_all_rows=lowest is Grandchild,
                )


@isolate_apps("tests.testapp")
def test_a_parent_link_of_ones_own_and_a_second_parent():
    class First(Model):
        one = models.AutoField(primary_key=True)
        Meta = of()

    class Second(Model):
        two = models.AutoField(primary_key=True)
        Meta = of()

    class Both(First, Second):
        link = models.OneToOneField(First, models.CASCADE, parent_link=True)
        Meta = of()

    def both():
        return Both.objects.create()

    with tables(First, Second, Both):
        assert_all_kept(Both, [First, Second], both)
        for parent in (First, Second):
            others = [each for each in (First, Second, Both) if each is not parent]

            def make(parent=parent):
                return parent.objects.get(pk=getattr(both(), parent._meta.pk.name))

            assert_all_kept(parent, others, make)
            Both.objects.all().delete()


# --- references ---------------------------------------------------------------------

ON_DELETE = [
    models.CASCADE,
    models.SET_NULL,
    models.SET_DEFAULT,
    models.SET(None),
    models.DO_NOTHING,
]
if django.VERSION >= (6, 1):
    ON_DELETE += [models.DB_CASCADE, models.DB_SET_NULL]


@pytest.mark.parametrize("on_delete", ON_DELETE)
@isolate_apps("tests.testapp")
def test_on_delete_of_each_kind(on_delete):
    class Owner(Model):
        Meta = of()

    class Owned(Model):
        owner = models.ForeignKey(
            Owner, on_delete, null=True, default=None, db_constraint=is_real(on_delete)
        )
        Meta = of()

    if on_delete not in ON_DELETE[5:]:

        class Below(Owned):
            Meta = of()

        class Leaf(Model):
            owned = models.ForeignKey(Owned, models.CASCADE)
            Meta = of()

        below = [Below, Leaf]
    else:
        below = []

    def make():
        owner = Owner.objects.create()
        owned = Owned.objects.create(owner=owner)
        if below:
            Leaf.objects.create(owned=owned)
            Below.objects.create(owner=owner)
        return owner

    with tables(Owner, Owned, *below):
        assert_all_kept(Owner, [Owned, *below], make)


def is_real(on_delete):
    return on_delete is not models.DO_NOTHING


@isolate_apps("tests.testapp", "django.contrib.contenttypes")
def test_a_generic_relation():
    class Note(Model):
        kind = models.ForeignKey(ContentType, models.DO_NOTHING, db_constraint=False)
        number = models.IntegerField()
        about = GenericForeignKey("kind", "number")
        Meta = of()

    class Reply(Model):
        note = models.ForeignKey(Note, models.CASCADE)
        Meta = of()

    class Page(Model):
        notes = GenericRelation(Note, "number", "kind")
        Meta = of()

    class Front(Page):
        Meta = of(proxy=True)

    def make():
        page = Page.objects.create()
        note = page.notes.create()
        Reply.objects.create(note=note)
        return page

    with tables(Note, Reply, Page):
        assert_all_kept(Page, [Note, Reply, Front], make)


# --- methods of the project ---------------------------------------------------------


class Hidden(Model):
    is_hidden = models.BooleanField(default=False)

    class Meta:
        abstract = True
        app_label = "testapp"

    def delete(self):
        type(self)._base_manager.filter(pk=self.pk).update(is_hidden=True)


class Logged(Model):
    class Meta:
        abstract = True
        app_label = "testapp"

    def save(self, *args, **kwargs):
        with transaction.atomic():
            super().save(*args, **kwargs)

    @transaction.atomic
    def delete(self, *args, **kwargs):
        return next(super(Logged, self).delete(*args, **kwargs) for _ in "1")


class Deletes(Model):
    class Meta:
        abstract = True
        app_label = "testapp"

    def delete(self):
        return getattr(super(), "delete")()  # noqa: B009


class ReadOnly(Model):
    class Meta:
        abstract = True
        app_label = "testapp"

    def save(self, *args, **kwargs):
        pass

    def delete(self, *args, **kwargs):
        pass


class Restored(ReadOnly):
    save = Model.save
    delete = Model.delete

    class Meta:
        abstract = True
        app_label = "testapp"


@pytest.mark.parametrize(
    ("bases", "decided"),
    [
        ((Hidden,), {"delete()": "tests.inventory.test_what_runs.Hidden"}),
        ((Logged, Hidden), {"delete()": "tests.inventory.test_what_runs.Hidden"}),
        (
            (ReadOnly,),
            {
                "save()": "tests.inventory.test_what_runs.ReadOnly",
                "delete()": "tests.inventory.test_what_runs.ReadOnly",
            },
        ),
        ((Logged,), {}),
        ((Deletes, Logged), {}),
        ((Restored,), {}),
    ],
)
@isolate_apps("tests.testapp")
def test_a_class_whose_methods_never_call_those_of_django_decides(bases, decided):
    Page = type("Page", bases, {"__module__": __name__, "Meta": of()})  # noqa: N806

    class Reply(Model):
        page = models.ForeignKey(Page, models.CASCADE)
        Meta = of()

    def make():
        Model.save_base(page := Page())
        Reply.objects.create(page=page)
        return page

    with tables(Page, Reply):
        for senders in subsets([Page, Reply, None]):
            for action, act in (("save()", Page.save), ("delete()", Page.delete)):
                assert_kept(Page, senders, action, make, act)
    steps = read_model([], Page).steps
    assert {s.action: s.decided_by for s in steps if s.decided_by} == decided
    for action in decided:
        assert promised(Page, [Page], action).runs == set()
    # It may save, for example.
    unseen = decided.get("delete()")
    assert read_model([], Page).unseen == (
        (f"what {unseen} sends instead",) if unseen else ()
    )


class HidingQuerySet(models.QuerySet):
    def delete(self):
        return self.update(is_hidden=True)


class CountingQuerySet(models.QuerySet):
    def delete(self):
        return super().delete()


@isolate_apps("tests.testapp")
def test_a_queryset_that_never_calls_the_method_of_django_decides():
    class Page(Model):
        is_hidden = models.BooleanField(default=False)
        objects = HidingQuerySet.as_manager()
        Meta = of()

    class Counted(Model):
        objects = models.Manager.from_queryset(CountingQuerySet)()
        Meta = of()

    with tables(Page):
        make = Page.objects.create
        assert_kept(Page, [Page], "delete()", make, lambda page: page.delete())
        with connected([Page]) as ran:
            make()
            Page.objects.all().delete()
        assert not {name for name, _ in ran} & {*DELETE}
    notes = {s.signal: s.note for s in read_model([], Page).steps if s.note}
    assert {bare(signal): note for signal, note in notes.items()} == dict.fromkeys(
        DELETE,
        "for one object; tests.inventory.test_what_runs.HidingQuerySet decides for a "
        "queryset",
    )
    assert not any(step.note for step in read_model([], Counted).steps)


def delete_paid(collector, field, rows, using):
    models.CASCADE(collector, field, rows, using)


@isolate_apps("tests.testapp")
def test_what_a_function_of_the_project_deletes_cannot_be_seen():
    class Owner(Model):
        Meta = of()

    class Owned(Model):
        owner = models.ForeignKey(Owner, delete_paid)
        other = models.ForeignKey(Owner, models.SET(None), null=True, related_name="+")
        Meta = of()

    assert read_model([], Owner).unseen == (
        "what tests.inventory.test_what_runs.delete_paid deletes, the on_delete of "
        "testapp.Owned.owner",
    )
    assert read_model([], Owned).unseen == ()


# --- many-to-many fields ------------------------------------------------------------


def change(manager, item):
    manager.add(item)
    manager.remove(item)
    manager.set([item])
    manager.clear()


def fields(name):
    return f"{name}.add(), remove(), set(), clear()"


def assert_field_kept(model, name, others, make, item):
    def act(pair):
        change(getattr(pair[0], name), pair[1])

    for senders in subsets([model, *others, None]):
        assert_kept(model, senders, fields(name), lambda: (make(), item()), act)


@isolate_apps("tests.testapp")
def test_through_models_of_django_and_of_the_project():
    class Topic(Model):
        Meta = of()

    class Page(Model):
        tags = models.ManyToManyField(Topic, related_name="pages")
        links = models.ManyToManyField(Topic, through="Link", related_name="linked")
        Meta = of()

    class Link(Model):
        page = models.ForeignKey(Page, models.CASCADE)
        tag = models.ForeignKey(Topic, models.CASCADE)
        Meta = of()

    class Cover(Page):
        Meta = of(proxy=True)

    others = [Page.tags.through, Link, Topic, Cover]
    with tables(Topic, Page, Link):
        make, item = Page.objects.create, Topic.objects.create
        for name in ("tags", "links"):
            assert_field_kept(Page, name, others, make, item)
        for name in ("pages", "linked"):
            assert_field_kept(Topic, name, [*others, Page], item, make)
        for model in (Page, Cover):

            def make(model=model):
                page = model.objects.create()
                page.links.add(item())
                page.tags.add(item())
                return page

            assert_all_kept(model, [*others[:3]], make)


class SavingManager(models.Manager):
    """
    A manager of a field as that of django-taggit: it saves each row.
    """

    def __init__(self, page):
        super().__init__()
        self.page, self.model = page, page._meta.get_field("tags").remote_field.through

    def add(self, *tags):
        for tag in tags:
            self.model.objects.get_or_create(page=self.page, tag=tag)

    def remove(self, *tags):
        self.model.objects.filter(page=self.page, tag__in=tags).delete()

    def set(self, tags):
        self.add(*tags)

    def clear(self):
        self.model.objects.filter(page=self.page).delete()


class SavingDescriptor(ManyToManyDescriptor):
    def __get__(self, instance, cls=None):
        return SavingManager(instance) if instance else self


class SavingField(models.ManyToManyField):
    def contribute_to_class(self, cls, name, **kwargs):
        super().contribute_to_class(cls, name, **kwargs)
        setattr(cls, name, SavingDescriptor(self.remote_field))


def link(tag, page, **values):
    attributes = {
        "__module__": __name__,
        "page": models.ForeignKey(page, models.CASCADE),
        "tag": models.ForeignKey(tag, models.CASCADE),
        "Meta": of(),
        **values,
    }
    return type("Link", (Model,), attributes)


@isolate_apps("tests.testapp")
def test_a_field_with_a_manager_of_its_own():
    class Topic(Model):
        Meta = of()

    class Page(Model):
        tags = SavingField(Topic, through="Link", related_name="pages")
        Meta = of()

    row = link(Topic, Page)
    with tables(Topic, Page, row):
        make, item = Page.objects.create, Topic.objects.create
        assert_field_kept(Page, "tags", [Topic, row], make, item)
        # The other side has Django's manager.
        assert_field_kept(Topic, "pages", [Page, row], item, make)
        promise = promised(Page, [row], fields("tags"))
        assert promise.runs == promise.never_runs == set()
        every = {(name, "testapp.Link") for name in (*SAVE, *DELETE, "m2m_changed")}
        assert promise.may_run == every
        # The field is known by another name to the model of its rows.
        promise = promised(row, [row], fields("testapp.Page.tags"))
        assert promise.may_run == every


class SavingQuerySet(models.QuerySet):
    def bulk_create(self, objs, **kwargs):
        for obj in objs:
            obj.save()
        return objs

    def delete(self):
        return self._raw_delete(self.db)


class RawManager(models.Manager):
    def bulk_create(self, objs, **kwargs):
        return SavingQuerySet(self.model).bulk_create(objs)


@pytest.mark.parametrize(
    ("manager", "decided"),
    [
        (SavingQuerySet.as_manager(), {*SAVE, *DELETE}),
        (RawManager(), {*SAVE}),
    ],
)
@isolate_apps("tests.testapp")
def test_a_through_model_with_a_manager_of_its_own(manager, decided):
    class Topic(Model):
        Meta = of()

    class Page(Model):
        tags = models.ManyToManyField(Topic, through="Link", related_name="pages")
        Meta = of()

    row = link(Topic, Page, objects=manager)
    with tables(Topic, Page, row):
        make, item = Page.objects.create, Topic.objects.create
        assert_field_kept(Page, "tags", [Topic, row], make, item)
        promise = promised(Page, [row], fields("tags"))
        assert {name for name, _ in promise.may_run} == decided


@isolate_apps("tests.testapp")
def test_a_field_without_an_attribute_on_the_other_side_has_one_side():
    class Topic(Model):
        Meta = of()

    class RushTopic(Topic):
        Meta = of(proxy=True)

    class Page(Model):
        tags = models.ManyToManyField(RushTopic, related_name="pages")
        Meta = of()

    actions = {step.action for step in read_model([], Topic).steps}
    assert actions == {"save()", "delete()"}
    actions = {step.action for step in read_model([], RushTopic).steps}
    assert actions == {"save()", "delete()", fields("pages")}
