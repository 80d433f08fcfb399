"""
Make Django send every signal that it ships; print as JSON who sent which arguments.

Run in a process of its own: it imports what a project need not have imported.
"""

from __future__ import annotations

import asyncio
import json
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import django
from django.conf import settings
from django.http import HttpResponse
from django.urls import path

SETTINGS = {
    "SECRET_KEY": "only for tests",
    "ALLOWED_HOSTS": ["*"],
    "DATABASES": {
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    },
    "INSTALLED_APPS": [
        "signaltools",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "tests.testapp",
    ],
    "LOGGING_CONFIG": None,
    "ROOT_URLCONF": "tests.every_signal",
    "SESSION_ENGINE": "django.contrib.sessions.backends.cache",
    "TEMPLATES": [{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    "USE_TZ": True,
}

seen: set[tuple[str, str, tuple[str, ...]]] = set()


def main():
    settings.configure(**SETTINGS)
    django.setup()
    connect()
    for send in (migrations, models, auth, requests, settings_change, reloader):
        send()
    if django.VERSION >= (6, 0):
        tasks()
    sent = sorted(seen)
    seen.clear()
    in_bulk()
    print(json.dumps({"sent": sent, "sent in bulk": sorted(seen)}))


def connect():
    from signaltools.inventory.django_signals import BUILTIN_SIGNALS

    for name in BUILTIN_SIGNALS:
        module, _, attribute = name.rpartition(".")
        signal = getattr(import_module(module), attribute)
        signal.connect(recorder(name), weak=False)


def recorder(name):
    def record(signal, sender, **arguments):
        seen.add((name, role(sender, arguments), tuple(sorted(arguments))))
        return True  # the reloader must not end this process

    return record


def role(sender, arguments):
    """
    Say what the sender is, in the words of the table.
    """
    if sender is None or sender is type(None):
        return "`None`" if sender is None else "`NoneType`"
    if isinstance(sender, str):
        return f"the string `{sender!r}`"
    for name, value in arguments.items():
        if sender is value:
            return "the " + name.replace("_", " ")
        if sender is type(value):
            return "class of the " + name.replace("_", " ")
    return "the through model" if "pk_set" in arguments else base_role(sender)


def base_role(sender):
    from django.conf import LazySettings, Settings, UserSettingsHolder
    from django.core.handlers.base import BaseHandler
    from django.db.models import Model
    from django.utils.autoreload import BaseReloader

    if isinstance(sender, BaseReloader):
        return "the reloader"
    roles = {
        BaseHandler: "class of the handler",
        (LazySettings, Settings, UserSettingsHolder): "class of the settings",
        Model: "the model class",
    }
    if django.VERSION >= (6, 0):
        from django.tasks.backends.base import BaseTaskBackend

        roles[BaseTaskBackend] = "class of the task backend"
    [words] = [words for base, words in roles.items() if issubclass(sender, base)]
    return words


def migrations():
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0)
    call_command("flush", interactive=False, verbosity=0)


def models():
    from django.db.models import Model

    from tests.testapp.models import GiftOrder, Order, RushOrder, Tag

    type("Late", (Model,), {"__module__": Order.__module__})
    tag = Tag.objects.create(stamp="urgent")
    for model in (Order, RushOrder, GiftOrder):
        order = model.objects.create(stamp="first")
        order.tags.add(tag)
        order.tags.clear()
        order.delete()


def in_bulk():
    from django.db import connection

    from tests.testapp.models import Tag

    tags = Tag.objects.bulk_create([Tag(stamp="one"), Tag(stamp="two")])
    Tag.objects.bulk_update(tags, ["stamp"])
    Tag.objects.update(stamp="three")
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {Tag._meta.db_table}")


def auth():
    from django.contrib.auth import authenticate, get_user_model, login, logout
    from django.contrib.auth.models import AnonymousUser
    from django.contrib.sessions.backends.cache import SessionStore
    from django.test import RequestFactory

    get_user_model().objects.create_user("ada", password="secret")
    request = RequestFactory().get("/")
    request.session, request.user = SessionStore(), AnonymousUser()
    authenticate(request, username="ada", password="wrong")
    login(request, authenticate(request, username="ada", password="secret"))
    logout(request)
    logout(request)  # there isn't a user afterwards


def requests():
    from django.core.handlers.asgi import ASGIHandler
    from django.core.handlers.wsgi import WSGIHandler
    from django.test import Client, RequestFactory
    from django.test.utils import setup_test_environment

    environ = RequestFactory()._base_environ
    for url in ("/", "/broken/"):
        answer = WSGIHandler()(environ(PATH_INFO=url), lambda *args: None)
        answer.close()
    asyncio.run(asgi_request(ASGIHandler()))
    setup_test_environment()
    Client().get("/")


async def asgi_request(application):
    from asgiref.testing import ApplicationCommunicator

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "headers": [],
    }
    client = ApplicationCommunicator(application, scope)
    await client.send_input({"type": "http.request"})
    for _ in ("start", "body"):
        await client.receive_output()
    await client.wait()


def settings_change():
    from django.test import override_settings

    with override_settings(TIME_ZONE="Europe/Rome"):
        pass


def reloader():
    from django.utils.autoreload import StatReloader

    # It waits for the thread of the server before it starts to look at files.
    server = SimpleNamespace(is_alive=lambda: True)
    reloader = StatReloader()
    reloader.run_loop = lambda: None
    reloader.run(server)
    reloader.notify_file_changed(Path(__file__))


def tasks():
    from django.tasks import task

    task(nothing).enqueue()


def nothing():
    pass


def page(request):
    from django.template import engines

    return HttpResponse(engines["django"].from_string("Hello").render({}, request))


def broken_page(request):
    raise ValueError("This page is broken.")


urlpatterns = [path("", page), path("broken/", broken_page)]

if __name__ == "__main__":
    main()
