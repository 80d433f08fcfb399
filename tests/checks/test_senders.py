from __future__ import annotations

import sys

import django
import pytest
from django.apps import AppConfig, apps
from django.contrib.auth.models import User
from django.contrib.auth.signals import (
    user_logged_in,
    user_logged_out,
    user_login_failed,
)
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import (
    got_request_exception,
    request_finished,
    request_started,
)
from django.db import connection, models
from django.db.backends.signals import connection_created
from django.db.models.signals import (
    class_prepared,
    m2m_changed,
    post_delete,
    post_init,
    post_migrate,
    post_save,
    pre_delete,
    pre_migrate,
    pre_save,
)
from django.dispatch import Signal
from django.test import override_settings
from django.test.utils import isolate_apps

from signaltools.introspect.models import installed_models
from signaltools.inventory.names import registry
from tests.problems import facts
from tests.testapp.models import Line, Order, RushOrder, Stamped, Tag

NAME = f"{__name__}.receive"
NEVER = f"The receiver '{NAME}' is never called: "


def receive(**kwargs): ...


@pytest.fixture
def found(alone):
    """
    Return a function that connects a receiver and returns what is wrong.
    """

    def connect(signal, sender, receiver=receive):
        alone(signal).connect(receiver, sender=sender)
        return facts(signal)

    return connect


@pytest.mark.parametrize(
    ("sender", "what", "senders"),
    [
        (
            Order,
            "the model 'testapp.Order'",
            "sender=testapp.Order.tags.through or sender=testapp.Order.items.through",
        ),
        (RushOrder, "the model 'testapp.RushOrder'", "sender=Model.field.through"),
        (
            AppConfig,
            "the class 'django.apps.config.AppConfig'",
            "sender=Model.field.through",
        ),
    ],
)
def test_W007_sender_of_m2m_changed_is_not_a_through_model(
    found, sender, what, senders
):
    assert found(m2m_changed, sender) == [
        (
            "W007",
            f"{NEVER}'m2m_changed' is sent by intermediate (\"through\") models, and "
            f"{what} isn't one.",
            f"Use the intermediate model: {senders}.",
        )
    ]


def test_W007_and_W008_in_a_loop_with_a_right_sender_are_fine(alone, watching):
    alone(m2m_changed), alone(post_save)
    for sender in (Order, Order.tags.through):
        m2m_changed.connect(receive, sender=sender)
        post_save.connect(receive, sender=sender)
    assert facts(m2m_changed) == []
    assert facts(post_save) == []


def test_W007_in_a_loop_over_wrong_senders_only(alone, watching):
    alone(m2m_changed)
    for sender in (Order, Tag):
        m2m_changed.connect(receive, sender=sender)
    assert [check for check, *_ in facts(m2m_changed)] == ["W007", "W007"]


def test_W007_beside_a_connection_that_is_right(alone, watching):
    alone(m2m_changed).connect(receive, sender=Order)
    m2m_changed.connect(receive, sender=Order.tags.through)
    assert [check for check, *_ in facts(m2m_changed)] == ["W007"]


def test_W007_hint_names_the_fields_of_the_model(found):
    with isolate_apps("tests.testapp"):

        class Parcel(models.Model):
            tags = models.ManyToManyField(Tag, related_name="+")
            others = models.ManyToManyField(Tag, related_name="+")

            class Meta:
                app_label = "testapp"

        [(_, _, hint)] = found(m2m_changed, Parcel)
    assert hint == (
        "Use the intermediate model: sender=testapp.Parcel.tags.through or "
        "sender=testapp.Parcel.others.through."
    )


def test_W007_the_descriptor_of_the_field(found, watching):
    assert found(m2m_changed, Order.tags) == [
        (
            "W007",
            f"{NEVER}'m2m_changed' is sent by intermediate (\"through\") models, and "
            "an instance of 'django.db.models.fields.related_descriptors."
            "ManyToManyDescriptor' isn't one.",
            "Use the intermediate model: sender=Model.field.through.",
        )
    ]


@pytest.mark.parametrize(
    "sender", [None, Line, Order.tags.through, User.groups.through]
)
def test_W007_through_models_and_any_sender_are_fine(found, sender):
    assert found(m2m_changed, sender) == []


class Tagged(models.ForeignObject):
    """
    A field such as that of django-taggit: many to many, of no class of Django's.
    """

    many_to_many = True
    many_to_one = False

    def __init__(self, through):
        relation = models.ManyToManyRel(self, "self", through=through)
        models.Field.__init__(self, rel=relation, editable=False)

    def contribute_to_class(self, cls, name, **options):
        self.set_attributes_from_name(name)
        self.model = cls
        cls._meta.add_field(self)


def test_W007_the_model_of_a_field_of_another_kind_is_fine(found, monkeypatch):
    with isolate_apps("tests.testapp") as isolated:

        class Stamp(models.Model):
            class Meta:
                app_label = "testapp"

        class Letter(models.Model):
            class Meta:
                app_label = "testapp"

        Tagged(Stamp).contribute_to_class(Letter, "stamps")
        monkeypatch.setattr(
            "signaltools.checks.senders.installed_models",
            lambda: installed_models(isolated),
        )
        assert found(m2m_changed, Stamp) == []


@pytest.mark.parametrize("signal", [pre_save, post_save, pre_delete, post_delete])
def test_W008_sender_is_an_automatic_through_model(found, signal):
    name = registry.name_of(signal).rpartition(".")[2]
    assert found(signal, Order.tags.through) == [
        (
            "W008",
            f"{NEVER}'{name}' is never sent by the model 'testapp.Order_tags', which "
            "Django created for a many-to-many field.",
            "Connect the receiver to 'm2m_changed' with this sender.",
        )
    ]


def test_W008_own_through_model_is_fine(found):
    assert found(post_save, Line) == []


@pytest.mark.parametrize("signal", [post_init, class_prepared])
def test_W008_automatic_through_models_have_instances(found, signal):
    assert found(signal, Order.tags.through) == []


def test_W009_sender_is_abstract(found, watching):
    assert found(post_save, Stamped) == [
        (
            "W009",
            f"{NEVER}'post_save' is never sent by the model 'testapp.Stamped', which "
            "is abstract.",
            "Connect the receiver to each model that inherits from this one.",
        )
    ]


class Elsewhere(models.Model):
    """
    An abstract model of no installed app.
    """

    class Meta:
        abstract = True


def test_W009_sender_is_abstract_and_of_no_app(found, watching):
    assert found(post_save, Elsewhere) == [
        (
            "W009",
            f"{NEVER}'post_save' is never sent by the class '{__name__}.Elsewhere', "
            "which is abstract.",
            "Connect the receiver to each model that inherits from this one.",
        )
    ]


def test_W009_sender_is_swapped_out(found, watching):
    with override_settings(AUTH_USER_MODEL="testapp.Order"):
        assert found(post_save, User) == [
            (
                "W009",
                f"{NEVER}'post_save' is never sent by the model 'auth.User', which is "
                "swapped out for 'testapp.Order'.",
                "Use sender=settings.AUTH_USER_MODEL.",
            )
        ]
        assert [check for check, _, _ in found(class_prepared, User)] == ["W017"]


class Marker(models.IntegerField):
    """
    A field that connects for each model that it is put into, abstract ones included.
    """

    def contribute_to_class(self, cls, name, **options):
        super().contribute_to_class(cls, name, **options)
        post_save.connect(receive, sender=cls)


def test_W009_a_field_that_connects_itself_is_fine(alone, watching):
    alone(post_save)

    class Marked(models.Model):
        marker = Marker()

        class Meta:
            abstract = True

    assert [row[0][1] for row in post_save.receivers] == [id(Marked)]
    assert facts(post_save) == []


def test_W009_without_a_watch_it_may_have_been_a_field(found):
    assert found(post_save, Stamped) == []


def test_W009_models_and_proxies_are_fine(found, watching):
    assert found(post_save, RushOrder) == []
    assert found(pre_delete, Order) == []


@pytest.mark.parametrize("signal", [pre_migrate, post_migrate])
def test_W010_sender_is_an_app_without_models(found, signal):
    name = registry.name_of(signal).rpartition(".")[2]
    assert found(signal, apps.get_app_config("signaltools")) == [
        (
            "W010",
            f"{NEVER}'{name}' is never sent by the app 'signaltools', which has no "
            "models.",
            "Use the AppConfig of an app with models, or no sender.",
        )
    ]


@pytest.mark.parametrize(
    ("sender", "what"),
    [
        (AppConfig, "the class 'django.apps.config.AppConfig'"),
        (Order, "the model 'testapp.Order'"),
        (sys.modules["tests.testapp.models"], "the module 'tests.testapp.models'"),
        ("testapp", "the string 'testapp'"),
    ],
)
def test_W010_sender_is_not_an_app_config(found, watching, sender, what):
    assert found(post_migrate, sender) == [
        (
            "W010",
            f"{NEVER}'post_migrate' is sent by AppConfig instances, but the sender is "
            f"{what}.",
            "Use sender=self in ready(), or sender=apps.get_app_config(label).",
        )
    ]


@pytest.mark.parametrize("label", [None, "testapp", "auth"])
def test_W010_apps_with_models_are_fine(found, label):
    assert found(post_migrate, label and apps.get_app_config(label)) == []


def test_W010_an_unknown_sender_may_be_anything(found):
    # Without a watch, only the id() of the string is known.
    assert found(post_migrate, "testapp") == []


@pytest.mark.parametrize(
    ("signal", "name", "sender", "what", "hint"),
    [
        (
            user_logged_in,
            "user_logged_in",
            "auth.User",
            "the string 'auth.User'",
            "Use sender=get_user_model().",
        ),
        (
            user_logged_out,
            "user_logged_out",
            apps.get_app_config("auth"),
            "the app 'auth'",
            "Use sender=get_user_model().",
        ),
        (
            got_request_exception,
            "got_request_exception",
            Order,
            "the model 'testapp.Order'",
            "Connect the receiver without a sender.",
        ),
        (
            got_request_exception,
            "got_request_exception",
            WSGIHandler,
            "the class 'django.core.handlers.wsgi.WSGIHandler'",
            "Connect the receiver without a sender.",
        ),
        (
            request_started,
            "request_started",
            "wsgi",
            "the string 'wsgi'",
            "Use the class that sends it as sender, or no sender.",
        ),
        (
            user_login_failed,
            "user_login_failed",
            "".join(["django.contrib", ".auth"]),
            "the string 'django.contrib.auth'",
            "Connect the receiver without a sender: only that exact object matches.",
        ),
        (
            post_save,
            "post_save",
            AppConfig,
            "the class 'django.apps.config.AppConfig'",
            "Use the model itself as sender.",
        ),
        (
            class_prepared,
            "class_prepared",
            "testapp.Order",
            "the string 'testapp.Order'",
            "Use the model itself as sender.",
        ),
    ],
)
def test_W011_sender_that_the_signal_never_has(
    found, watching, signal, name, sender, what, hint
):
    assert found(signal, sender) == [
        ("W011", f"{NEVER}'{name}' is never sent by {what}.", hint)
    ]


@pytest.mark.parametrize(
    ("signal", "sender"),
    [
        (user_logged_in, User),
        (user_logged_in, AppConfig),
        (user_login_failed, sys.modules["django.contrib.auth"].__name__),
        (request_started, WSGIHandler),
        (request_finished, None),
        (got_request_exception, None),
        (connection_created, type(connection)),
        (post_save, "testapp.Order"),
    ],
)
def test_W011_senders_that_the_signal_has_are_fine(found, watching, signal, sender):
    assert found(signal, sender) == []


@pytest.mark.parametrize("sender", ["anything", AppConfig, object()])
def test_W011_custom_signals_may_have_any_sender(watching, sender):
    paid = Signal()
    paid.connect(receive, sender=sender)
    assert facts(paid, "shop.signals.paid") == []
    # Also one that is called as one of Django's.
    assert facts(paid, "shop.signals.m2m_changed") == []


def test_W011_a_project_need_not_have_imported_auth(found, watching, monkeypatch):
    monkeypatch.delitem(sys.modules, "django.contrib.auth")
    [(check, _, _)] = found(user_login_failed, "anything")
    assert check == "W011"


needs_db_cascade = pytest.mark.skipif(
    django.VERSION < (6, 1), reason="DB_CASCADE is new in Django 6.1"
)


@needs_db_cascade
@isolate_apps("tests.testapp")
def test_W018_the_database_deletes_the_rows(found):
    class Row(models.Model):
        order = models.ForeignKey(Order, models.DB_CASCADE)

        class Meta:
            app_label = "testapp"

    class Kept(models.Model):
        order = models.ForeignKey(Order, models.CASCADE)

        class Meta:
            app_label = "testapp"

    assert found(post_delete, Row) == [
        (
            "W018",
            f"The receiver '{NAME}' doesn't run for 'testapp.Row' rows deleted through "
            "'order': DB_CASCADE deletes them in the database, without sending "
            "'post_delete'.",
            "Use on_delete=models.CASCADE, or don't rely on this signal.",
        )
    ]
    assert found(post_save, Row) == []
    assert found(post_delete, Kept) == []
    assert found(post_delete, None) == []


def test_W018_models_without_such_a_field_are_fine(found):
    assert found(post_delete, Line) == []
    assert found(pre_delete, Tag) == []
