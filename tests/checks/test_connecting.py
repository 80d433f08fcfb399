from __future__ import annotations

import pytest
from django.test import override_settings

from signaltools.checks.connecting import connects
from signaltools.inventory.app_files import AppFile
from tests.testapp.models import Order

HEAD = """
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models.signals import m2m_changed, post_save
from django.dispatch import Signal, receiver
from tests.testapp import models
from tests.testapp.models import Order
User = get_user_model()
LABEL = "testapp.order"
NUMBER = 1
Tags = Order.tags.through
"""
POST_SAVE = "django.db.models.signals.post_save"
STARTED = "django.core.signals.request_started"
ANY = (None, None, None)
UNKNOWN = (None, "unknown", None)
ORDER = ("testapp.Order", "model", None)
USER = ("auth.User", "model", None)


@pytest.fixture
def read(tmp_path):
    def read(source):
        path = tmp_path / "receivers.py"
        path.write_text(HEAD + source, "utf-8")
        return connects(AppFile("shop.receivers", "shop", str(path), ()))

    return read


def test_a_file_that_connects_nothing(read):
    assert read("") is None


@pytest.mark.parametrize(
    ("arguments", "sender"),
    [
        ("", ANY),
        (", sender=None", ANY),
        (", sender=Order", ORDER),
        (", sender=models.Order", ORDER),
        (", sender='testapp.order'", ORDER),
        (", sender='shop.Nothing'", ("shop.Nothing", "string", None)),
        (", sender=settings.AUTH_USER_MODEL", USER),
        (", sender=get_user_model()", USER),
        (", sender=User", USER),
        (", sender=User.through", UNKNOWN),
        (", sender=make()", UNKNOWN),
        (", sender=1", UNKNOWN),
        (", sender=Unseen", UNKNOWN),
        (", sender=SENDERS[0]", UNKNOWN),
        (", sender=settings", UNKNOWN),
        (", **options", UNKNOWN),
        (", *options", UNKNOWN),
        (", sender=Order.tags.through", ("testapp.Order_tags", "model", None)),
        (", sender=Order.nothing.through", UNKNOWN),
        (", sender=LABEL", ORDER),
        (", sender=NUMBER", UNKNOWN),
        (", sender=Tags", ("testapp.Order_tags", "model", None)),
        (", sender=Signal", ("django.dispatch.dispatcher.Signal", "class", None)),
    ],
)
def test_the_sender_is_what_the_source_says_or_unknown(read, arguments, sender):
    assert Order.tags.through._meta.label == "testapp.Order_tags"
    found = read(f"@receiver(post_save{arguments})\ndef on_save(): ...")
    assert found.receivers == (("shop.receivers.on_save", POST_SAVE, *sender),)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("def f(): ...\npost_save.connect(f, Order)", "shop.receivers.f"),
        (
            "def f(): ...\npost_save.connect(receiver=f, sender=Order)",
            "shop.receivers.f",
        ),
        ("from .other import f\npost_save.connect(f, sender=Order)", "shop.other.f"),
        ("from . import other\npost_save.connect(other.f, Order)", "shop.other.f"),
        ("def f(): ...\nreceiver(post_save, sender=Order)(f)", "shop.receivers.f"),
        (
            "class A:\n    def f(): ...\n    post_save.connect(f, Order)",
            "shop.receivers.A.f",
        ),
        (
            "class A:\n    class B:\n        @receiver(post_save, sender=Order)\n"
            "        def f(): ...",
            "shop.receivers.A.B.f",
        ),
    ],
)
def test_the_name_is_the_path_of_the_receiver(read, source, name):
    assert read(source) == (1, ((name, POST_SAVE, *ORDER),))


@pytest.mark.parametrize(
    ("source", "signal"),
    [
        ("paid = Signal()\npaid.connect(f)", "shop.receivers.paid"),
        ("paid = Signal()\nalias = paid\nalias.connect(f)", "shop.receivers.paid"),
        (
            "class Desk:\n    paid = Signal()\nDesk.paid.connect(f)",
            "shop.receivers.Desk.paid",
        ),
        (
            "class Desk:\n    paid = Signal()\n    paid.connect(f)",
            "shop.receivers.Desk.paid",
        ),
        ("from django.core.signals import *\nrequest_started.connect(f)", STARTED),
        (
            "import django.core.signals as s\na = s\na.request_started.connect(f)",
            STARTED,
        ),
        (
            "try:\n    from django.core.signals import request_started\n"
            "except ImportError:\n    from shop.compat import request_started\n"
            "request_started.connect(f)",
            STARTED,
        ),
    ],
)
def test_the_signal_has_the_path_that_its_names_lead_to(read, source, signal):
    found = read(f"def f(): ...\n{source}")
    assert [each.signal for each in found.receivers] == [signal]


@pytest.mark.parametrize(
    "source",
    [
        # A loop and a second assignment change what the name means.
        "for post_save in SIGNALS:\n    post_save.connect(print)",
        "if X:\n    post_save = other()\npost_save.connect(print)",
        # What an object has as "signals" isn't a module.
        "signals = make()\nsignals.paid.connect(print)",
        "a = b\nb = a\na.connect(print)",
        "from nowhere import *\npaid.connect(print)",
        "".join(f"a{n} = a{n + 1}\n" for n in range(2_000)) + "a0.connect(print)",
    ],
)
def test_a_name_without_a_clear_meaning_connects_nothing(read, source):
    assert read(source) is None


def test_a_function_that_is_defined_twice_has_one_name(read):
    found = read("def f(): ...\ndef f(): ...\npost_save.connect(f)")
    assert found == (1, (("shop.receivers.f", POST_SAVE, *ANY),))


def test_one_receiver_of_several_signals(read):
    found = read("@receiver([post_save, m2m_changed, OTHER])\ndef f(): ...")
    signals = [each.signal for each in found.receivers]
    assert signals == [POST_SAVE, "django.db.models.signals.m2m_changed", None]
    assert found.total == 1


@pytest.mark.parametrize(
    "source",
    [
        "def f(): ...\nfor model in MODELS:\n    post_save.connect(f, sender=model)",
        "if X:\n    @receiver(post_save)\n    def f(): ...",
        "class A:\n    if X:\n        @receiver(post_save)\n        def f(): ...",
        "if X:\n    class A:\n        @receiver(post_save)\n        def f(): ...",
        "post_save.connect(make())",
        "f = make()\npost_save.connect(f)",
        "shop = make()\npost_save.connect(shop.f)",
        "post_save.connect(lambda **kwargs: None, weak=False)",
        "post_save.connect()",
    ],
)
def test_the_number_is_not_known_if_the_module_has_to_run(read, source):
    assert read(source).total is None


def test_a_user_model_that_is_not_installed_is_a_string(read):
    with override_settings(AUTH_USER_MODEL="none.User"):
        found = read("@receiver(post_save, sender=get_user_model())\ndef f(): ...")
    assert found.receivers[0][2:] == ("none.User", "string", None)
