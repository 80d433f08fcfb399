from __future__ import annotations

import asyncio
import os
import threading
from contextvars import copy_context
from functools import partial

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.auth.signals import user_logged_in
from django.core.management import ManagementUtility, call_command
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import Signal
from django.test import Client, TestCase
from django.urls import path
from django.views.generic import UpdateView

import signaltools
from signaltools.introspect.callers import _CALLER, _ROLES
from tests.testapp.models import Tag

HERE = __file__


def place_in(trace, signal="tests.introspect.test_callers.sent"):
    [send] = [send for send in trace.sends if send.signal == signal]
    return send.file, send.line, send.queued


def line_of(function, offset=1):
    return function.__code__.co_firstlineno + offset


def record(send):
    with signaltools.trace() as trace:
        send()
    return trace


sent = Signal()


@signaltools.event
def shipped(sender: type) -> None:
    """
    A parcel has left.
    """


SHIPPED = "tests.introspect.test_callers.shipped"


def test_caller_is_the_line_that_sends():
    def send():
        sent.send(None)

    assert place_in(record(send)) == (HERE, line_of(send), False)


def test_caller_is_outside_django():
    def create():
        Tag(stamp="a")

    trace = record(create)

    init = "django.db.models.signals.pre_init"
    assert place_in(trace, init) == (HERE, line_of(create), False)


def test_caller_is_unknown_where_only_the_standard_library_calls():
    with signaltools.trace() as trace:
        run = copy_context().run
        thread = threading.Thread(target=run, args=(sent.send, None))
        thread.start()
        thread.join()

    assert place_in(trace) == (None, None, False)
    assert trace.tree[0].thread != threading.get_ident()


def test_caller_is_unknown_where_the_event_loop_calls():
    async def main():
        await asyncio.create_task(sent.asend(None))

    trace = record(lambda: asyncio.run(main()))

    assert place_in(trace) == (None, None, False)


def test_caller_is_the_line_that_awaits():
    async def main():
        await sent.asend(None)

    trace = record(lambda: asyncio.run(main()))

    assert place_in(trace) == (HERE, line_of(main), False)


# Requests


def middleware(get_response):
    def respond(request):
        if "visit" in request.GET:
            sent.send(None)
        return get_response(request)

    return respond


class GroupUpdate(UpdateView):
    model = Group
    fields = ["name"]
    success_url = "/"


class OwnUpdate(GroupUpdate):
    def form_valid(self, form):
        return super().form_valid(form)


urlpatterns = [
    path("generic/<int:pk>/", GroupUpdate.as_view()),
    path("own/<int:pk>/", OwnUpdate.as_view()),
]
SAVED = "django.db.models.signals.post_save"


@pytest.fixture
def visit(settings, db):
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [f"{__name__}.middleware"]
    group = Group.objects.create(name="a")

    def visit(url):
        data = {"name": "b"}
        return record(lambda: Client().post(url.format(group.pk), data))

    return visit


def test_middleware_around_a_view_is_not_the_caller(visit):
    file, _, _ = place_in(visit("/generic/{}/"), SAVED)
    assert file.replace(os.sep, "/").endswith("django/views/generic/edit.py")


def test_middleware_that_sends_is_the_caller(visit):
    trace = visit("/generic/{}/?visit")
    line = line_of(middleware, offset=3)
    assert place_in(trace) == (HERE, line, False)


def test_view_of_the_project_is_the_caller(visit):
    line = line_of(OwnUpdate.form_valid)
    assert place_in(visit("/own/{}/"), SAVED) == (HERE, line, False)


@pytest.mark.django_db
def test_sender_is_not_the_caller_of_what_its_receiver_sends():
    user = User.objects.create_user("ann")

    # update_last_login() saves the user.
    trace = record(lambda: user_logged_in.send(User, request=None, user=user))

    file, _, _ = place_in(trace, SAVED)
    assert file.replace(os.sep, "/").endswith("django/contrib/auth/models.py")


@pytest.mark.parametrize(
    "file",
    [
        "/x/lib/python3.13/site-packages/debug_toolbar/panels/sql/tracking.py",
        "/usr/lib/python3/dist-packages/sentry_sdk/integrations/django/views.py",
        "C:\\venv\\Lib\\site-packages\\opentelemetry\\trace.py",
    ],
)
def test_tools_around_the_code_of_others_are_not_callers(file):
    assert _ROLES[file] is not _CALLER


@pytest.mark.parametrize(
    "file",
    [
        "/srv/debug_toolbar/shop/views.py",
        "/x/lib/python3.13/site-packages/django_extensions/models.py",
        "/x/lib/python3.13/site-packages/silky/models.py",
    ],
)
def test_names_that_only_look_alike_are_callers(file):
    assert _ROLES[file] is _CALLER


# Commands


@pytest.mark.django_db
def test_caller_is_the_line_that_calls_a_command():
    def create():
        call_command("createsuperuser", "--noinput", username="ann", email="a@b.com")

    line = line_of(create)
    assert place_in(record(create), SAVED) == (HERE, line, False)


@pytest.mark.django_db
def test_caller_is_a_command_of_django_where_the_shell_runs_it():
    options = ["--noinput", "--username=ann", "--email=a@b.com"]
    command = ManagementUtility(["manage.py", "createsuperuser", *options])

    file, _, _ = place_in(record(command.execute), SAVED)

    assert file.replace(os.sep, "/").endswith("django/contrib/auth/models.py")


# Commits


def receive(sender, **kwargs):
    pass


@pytest.fixture
def ship():
    shipped.connect(receive)
    yield lambda: shipped.send_on_commit(int)
    shipped.disconnect(receive)


@pytest.mark.django_db(transaction=True)
def test_caller_is_the_line_that_has_queued(ship):
    def commit():
        with transaction.atomic():
            ship()
            shipped.using("default").send_on_commit(str)

    first, second = record(commit).tree

    assert (first.line, first.queued) == (line_of(ship, offset=0), True)
    assert (second.line, second.queued) == (line_of(commit, offset=3), True)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_queued_outside_a_transaction(ship):
    place = place_in(record(ship), SHIPPED)
    assert place == (HERE, line_of(ship, offset=0), False)


@pytest.mark.django_db
def test_caller_has_queued_where_a_test_case_runs_callbacks(ship):
    def capture():
        with TestCase.captureOnCommitCallbacks(execute=True):
            ship()
            transaction.on_commit(partial(sent.send, None))

    trace = record(capture)

    assert place_in(trace, SHIPPED) == (HERE, line_of(ship, offset=0), True)
    # Django doesn't know who has queued a function.
    assert place_in(trace) == (None, None, True)


@pytest.mark.django_db(transaction=True)
def test_line_that_commits_is_not_the_caller():
    def commit():
        with transaction.atomic():
            transaction.on_commit(partial(sent.send, None))
            transaction.on_commit(lambda: post_save.send(int))

    trace = record(commit)

    assert place_in(trace) == (None, None, True)
    assert place_in(trace, SAVED) == (HERE, line_of(commit, offset=3), False)


@pytest.mark.django_db(transaction=True)
def test_caller_has_queued_in_asynchronous_code():
    async def main():
        await shipped.asend_on_commit(int)
        await shipped.using("default").asend_on_commit(str)

    sends = record(lambda: asyncio.run(main())).sends
    first, second = [send for send in sends if send.signal == SHIPPED]

    assert [first.line, second.line] == [line_of(main), line_of(main, offset=2)]


# The stack


def send_it():
    sent.send(None)


def outer():
    send_it()


def frames_of(send):
    with signaltools.trace(stacks=True) as trace:
        send()
    return [frame for each in trace.sends for frame in each.stack]


@pytest.fixture
def receiver():
    def relay(**kwargs): ...

    sent.connect(relay)
    yield relay
    sent.disconnect(relay)


@pytest.mark.usefixtures("receiver")
def test_stack_has_the_functions_that_led_to_a_send():
    found = frames_of(outer)
    assert [frame.function for frame in found[:3]] == ["send_it", "outer", "frames_of"]
    assert found[0] == ("send_it", HERE, line_of(send_it))
    assert not any("signaltools/" in f.file and "tests" not in f.file for f in found)


@pytest.mark.usefixtures("receiver")
def test_stack_is_recorded_only_if_asked_for_and_with_receivers():
    assert record(outer).sends[0].stack == ()
    sent.receivers, receivers = [], sent.receivers
    sent.sender_receivers_cache.clear()
    found = frames_of(outer)
    sent.receivers = receivers
    assert found == []


@pytest.mark.usefixtures("receiver")
def test_stack_has_twenty_functions_at_most():
    def deep(level):
        return deep(level - 1) if level else send_it()

    found = frames_of(lambda: deep(50))
    assert len(found) == 20
    assert found[0].function == "send_it"


def test_stack_ends_at_the_receiver_that_has_sent():
    first = Signal()

    def relay(**kwargs):
        send_it()

    def last(**kwargs): ...

    first.connect(relay)
    sent.connect(last)
    try:
        with signaltools.trace(stacks=True) as trace:
            first.send(None)
    finally:
        sent.disconnect(last)
    [inner] = [each for each in trace.sends if each.signal.endswith(".sent")]
    assert [frame.function.rpartition(".")[2] for frame in inner.stack] == [
        "send_it",
        "relay",
    ]


@pytest.mark.usefixtures("receiver")
def test_stack_is_printed_and_in_the_json():
    with signaltools.trace(stacks=True) as trace:
        for _ in range(2):
            outer()
    text = str(trace)
    assert f"test_callers.py:{line_of(send_it)} in send_it\n" in text
    assert f"test_callers.py:{line_of(outer)} in outer\n" in text
    frame = trace.as_dict()["nodes"][0]["stack"][0]
    assert frame == {"function": "send_it", "file": HERE, "line": line_of(send_it)}
