from __future__ import annotations

import re

import pytest
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.dispatch import Signal
from django.test.utils import isolate_apps
from django.views.debug import SafeExceptionReporterFilter

import signaltools
from signaltools.recording.secrets import cleansed
from tests import shapes
from tests.testapp.models import Tag

HIDDEN = "********************"
signal = Signal()


def shown(instance):
    with signaltools.trace(argument_types=True) as trace:
        signal.send(None, order=instance)
    [argument] = trace.tree[0].arguments
    return argument.partition(" pk=")[2]


@isolate_apps("tests.testapp")
def test_key_of_a_session_is_hidden_once_it_has_one():
    class Visit(AbstractBaseSession):
        class Meta:
            app_label = "testapp"

    assert shown(Visit(session_key="8a85")) == HIDDEN
    assert shown(Visit(session_key=None)) == "None"


@isolate_apps("tests.testapp")
def test_key_of_a_model_with_a_secret_name_is_hidden_unless_it_is_a_number():
    class AccessToken(models.Model):
        id = models.CharField(primary_key=True, max_length=40)

        class Meta:
            app_label = "testapp"

    assert shown(AccessToken(pk="8a85")) == HIDDEN
    assert shown(AccessToken(pk=1)) == "1"


@isolate_apps("tests.testapp")
def test_uuid_with_a_secret_name_is_hidden():
    class Invitation(models.Model):
        secret = models.UUIDField(primary_key=True)

        class Meta:
            app_label = "testapp"

    assert shown(Invitation(pk="8a85")) == HIDDEN


@isolate_apps("tests.testapp")
def test_key_that_is_the_secret_of_another_model_is_hidden():
    class Invitation(models.Model):
        token = models.CharField(primary_key=True, max_length=40)

        class Meta:
            app_label = "testapp"

    class Reply(models.Model):
        invitation = models.OneToOneField(Invitation, models.CASCADE, primary_key=True)

        class Meta:
            app_label = "testapp"

    class Reminder(Invitation):
        class Meta:
            app_label = "testapp"

    assert shown(Reply(invitation_id="8a85")) == HIDDEN
    assert shown(Reminder(pk="8a85")) == HIDDEN


@isolate_apps("tests.testapp")
def test_key_that_refers_to_another_model_is_shown():
    class Place(models.Model):
        slug = models.SlugField(primary_key=True)

        class Meta:
            app_label = "testapp"

    class Cafe(Place):
        class Meta:
            app_label = "testapp"

    assert shown(Cafe(pk="corner")) == "corner"


@isolate_apps("tests.testapp")
def test_key_that_refers_to_its_own_model_is_shown():
    class Node(models.Model):
        parent = models.OneToOneField("self", models.CASCADE, primary_key=True)

        class Meta:
            app_label = "testapp"

    assert shown(Node(parent_id="root")) == "root"


@isolate_apps("tests.testapp")
def test_composite_key_hides_only_its_secret_part():
    class Login(models.Model):
        pk = models.CompositePrimaryKey("number", "api_key")
        number = models.IntegerField()
        api_key = models.CharField(max_length=40)

        class Meta:
            app_label = "testapp"

    assert shown(Login(number=3, api_key="8a85")) == f"(3, {HIDDEN})"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no token=8a85, sorry", f"no token={HIDDEN}, sorry"),
        ("/?api_key=8a85&page=2", f"/?api_key={HIDDEN}&page=2"),
        ("password = 'a b' is short", f"password = {HIDDEN} is short"),
        ('{"password": "a b", "x": 1}', f'{{"password": {HIDDEN}, "x": 1}}'),
        ("Key (token)=(8a85) exists.", f"Key (token)={HIDDEN} exists."),
        ("secret='8a85 that was cut", f"secret={HIDDEN}"),
        ("KeyError: 'name'", "KeyError: 'name'"),
        ("token == 3", "token == 3"),
        ("name=8a85", "name=8a85"),
        ("token: 8a85, gone", f"token: {HIDDEN}, gone"),
        ("/a?token=8a85&page=2", f"/a?token={HIDDEN}&page=2"),
        ("KeyError: 'a123'", "KeyError: 'a123'"),
        ("invalid token: expected a string", "invalid token: expected a string"),
        ("primary key: 5", "primary key: 5"),
    ],
)
def test_values_of_secret_names_are_hidden_in_a_message(text, expected):
    assert cleansed(text) == expected


def test_message_of_an_exception_is_cleansed():
    def fail(**kwargs):
        raise ValueError("token=8a85")

    failing = Signal()
    failing.connect(fail)
    with signaltools.trace() as trace:
        failing.send_robust(None)

    assert trace.calls[0].error == f"ValueError: token={HIDDEN}"
    assert "8a85" not in str(trace)


class HidesNames(SafeExceptionReporterFilter):
    hidden_settings = re.compile("name")
    __init__ = shapes.refuse


class HidesCase(SafeExceptionReporterFilter):
    hidden_settings = re.compile("(?i)name")


class HidesBytes(SafeExceptionReporterFilter):
    hidden_settings = re.compile(b"name")


class Computes(SafeExceptionReporterFilter):
    hidden_settings = property(shapes.refuse)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"{__name__}.HidesNames", f"token=1 name={HIDDEN}"),
        (f"{__name__}.Computes", f"token={HIDDEN} name=2"),
        (f"{__name__}.HidesCase", f"token={HIDDEN} name=2"),
        (f"{__name__}.HidesBytes", f"token={HIDDEN} name=2"),
        (f"{__name__}.signal", f"token={HIDDEN} name=2"),
        ("no_such.Filter", f"token={HIDDEN} name=2"),
        (None, f"token={HIDDEN} name=2"),
    ],
)
def test_filter_of_the_project_is_read_without_being_run(settings, path, expected):
    settings.DEFAULT_EXCEPTION_REPORTER_FILTER = path

    assert cleansed("token=1 name=2") == expected


def test_other_keys_are_shown():
    assert shown(Tag(pk="slug")) == "slug"
