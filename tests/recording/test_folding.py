from __future__ import annotations

import _thread
import sys
import threading
from contextvars import copy_context

import pytest
from django.conf import settings as dj_settings
from django.core.handlers import exception
from django.core.signals import setting_changed
from django.db.models.signals import m2m_changed, post_save, pre_save
from django.dispatch import Signal, dispatcher
from django.test import override_settings

import signaltools
from signaltools.recording.identity import Path
from tests.sending import make
from tests.testapp.models import Order, Tag


@signaltools.event
def shipped(sender: type) -> None:
    """
    A parcel has left.
    """


class Sub(Signal):
    pass


def receive(sender, **kwargs):
    pass


def one_line(send):
    send(int)


def other_line(send):
    send(int)


def line_of(function):
    return function.__code__.co_firstlineno + 1


ONE, OTHER = line_of(one_line), line_of(other_line)


def lines(trace):
    return [(send.line, send.count, send.same_caller) for send in trace.tree]


@pytest.fixture(params=["signal", "class", "event"])
def signal(request):
    signal = {"signal": Signal(), "class": Sub(), "event": shipped}[request.param]
    signal.connect(receive)
    yield signal
    signal.disconnect(receive)


def test_each_line_has_its_own_number(signal):
    with signaltools.trace() as trace:
        for number in range(500):
            one_line(signal.send)
            if number % 3:
                other_line(signal.send)

    assert lines(trace) == [(ONE, 500, True), (OTHER, 333, True)]
    assert [send.calls[0].count for send in trace.tree] == [500, 333]


def test_few_sends_of_many_lines_are_rows_of_their_own(signal):
    with signaltools.trace() as trace:
        one_line(signal.send)
        other_line(signal.send)
        one_line(signal.send)

    assert [line for line, *_ in lines(trace)] == [ONE, OTHER, ONE]


def test_without_receivers_only_the_first_line_of_many_sends_is_known():
    signal = Signal()
    with signaltools.trace() as trace:
        for _ in range(12):
            one_line(signal.send)
            other_line(signal.send)

    [first, second] = lines(trace)
    assert first[0] == ONE
    assert second[0] == OTHER
    assert first[1] + second[1] == 24
    assert [first[2], second[2]] == [False, True]
    assert "first from" in str(trace)


def test_receivers_that_are_connected_later_keep_the_lines_apart():
    signal = Signal()
    with signaltools.trace() as trace:
        for _ in range(30):
            one_line(signal.send)
        signal.connect(receive)
        for _ in range(30):
            other_line(signal.send)

    assert lines(trace) == [(ONE, 30, False), (OTHER, 30, True)]


def create():
    return [Tag() for _ in range(30)]


def create_elsewhere():
    return [Tag.from_db("default", ["id", "stamp"], [1, "a"]) for _ in range(30)]


def test_instances_that_django_creates_have_the_caller_of_the_first(request):
    with signaltools.trace() as trace:
        create()
        create_elsewhere()

    pre_init = [send for send in trace.tree if send.signal.endswith("pre_init")]
    assert sum(send.count for send in pre_init) == 60
    assert pre_init[0].line == line_of(create)


def test_instances_that_django_creates_with_receivers():
    def remember(**kwargs):
        pass

    from django.db.models.signals import post_init

    post_init.connect(remember, sender=Tag)
    with signaltools.trace() as trace:
        create()
        create_elsewhere()
    post_init.disconnect(remember, sender=Tag)

    found = [send for send in trace.tree if send.calls]
    assert [(send.line, send.count, send.same_caller) for send in found] == [
        (line_of(create), 30, True),
        (line_of(create_elsewhere), 30, False),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("received", [True, False])
def test_created_and_changed_objects_are_apart(received):
    if received:
        post_save.connect(receive, sender=Tag)
    with signaltools.trace() as trace:
        tags = [Tag(stamp="a") for _ in range(12)]
        for tag in tags * 3:
            tag.save()
        tags[0].save(update_fields=["stamp"])
    post_save.disconnect(receive, sender=Tag)

    saved = [send for send in trace.tree if send.signal.endswith("post_save")]
    usual = {"raw": False, "using": "default", "update_fields": None}
    assert [(send.count, send.values) for send in saved] == [
        (12, {"created": True, **usual}),
        (24, {"created": False, **usual}),
        (1, {"created": False, **usual, "update_fields": ("stamp",)}),
    ]
    assert all(send.same_caller for send in saved)


@pytest.fixture(params=["received", "not received"])
def saved(request):
    if request.param == "received":
        post_save.connect(receive, sender=Tag)
    yield {"sender": Tag, "instance": None, "raw": False, "using": "default"}
    post_save.disconnect(receive, sender=Tag)


def test_each_line_that_saves_has_its_own_number(saved):
    with signaltools.trace() as trace:
        for number in range(300):
            post_save.send(**saved, created=True)
            if number % 3:
                post_save.send(**saved, created=True)

    first = line_of(test_each_line_that_saves_has_its_own_number) + 2
    assert lines(trace) == [(first, 300, True), (first + 2, 200, True)]


def test_each_value_that_is_saved_has_its_own_number(saved):
    with signaltools.trace() as trace:
        for number in range(300):
            for fields in (None, frozenset(["stamp"])):
                created = number % 3 == 0
                post_save.send(**saved, created=created, update_fields=fields)

    assert [
        (send.count, send.values["created"], send.values["update_fields"])
        for send in trace.tree
    ] == [
        (100, True, None),
        (100, True, ("stamp",)),
        (200, False, None),
        (200, False, ("stamp",)),
    ]


def test_what_django_saves_by_itself_has_its_own_number(saved):
    # As if it was in a file of Django.
    source = "for _ in range(30): post_save.send(**saved)"
    code = compile(source, dispatcher.__file__, "exec")
    variables = {"post_save": post_save, "saved": saved}
    with signaltools.trace() as trace:
        exec(code, variables)
        exec(code, variables)

    line = line_of(test_what_django_saves_by_itself_has_its_own_number) + 5
    assert lines(trace) == [(line, 30, True), (line + 1, 30, True)]


def test_what_no_code_of_the_project_saves_has_its_own_number(saved):
    # What has called this function of Django doesn't know what is saved.
    source = "def inner(send):\n    for _ in range(30): send(**saved)"
    variables = {"saved": saved}
    exec(compile(source, exception.__file__, "exec"), variables)
    with signaltools.trace() as trace:
        variables["inner"](post_save.send)
        variables["inner"](post_save.send)

    assert lines(trace) == [(None, 60, True)]


def test_path_may_be_longer_than_the_stack():
    frame, codes = sys._getframe(), []
    outer = frame
    while outer is not None:
        codes.append(outer.f_code)
        outer = outer.f_back

    assert not Path([*codes, codes[0]], frame.f_lasti, ()).is_of(frame, {})


@pytest.mark.django_db
def test_actions_are_apart():
    order = Order.objects.create()
    tags = [Tag.objects.create() for _ in range(30)]
    m2m_changed.connect(receive)
    with signaltools.trace() as trace:
        for tag in tags:
            order.tags.add(tag)
    m2m_changed.disconnect(receive)

    changed = [send for send in trace.tree if send.calls]
    assert [(send.values["action"], send.count) for send in changed] == [
        ("pre_add", 30),
        ("post_add", 30),
    ]


def test_fixtures_are_apart():
    with signaltools.trace() as trace:
        for number in range(60):
            pre_save.send(Tag, instance=None, raw=number % 2 == 0, using="default")

    assert [(send.count, send.values["raw"]) for send in trace.tree] == [
        (30, True),
        (30, False),
    ]


def test_values_that_are_not_plain_are_only_types():
    class Raw:
        def __eq__(self, other):
            raise AssertionError

        __hash__ = None

    with signaltools.trace() as trace:
        pre_save.send(Tag, raw=Raw(), update_fields=frozenset([Raw]), using="default")

    [send] = trace.tree
    raw = "test_values_that_are_not_plain_are_only_types.<locals>.Raw"
    assert send.values["raw"].endswith(raw)
    assert send.values["update_fields"] == "frozenset"


def test_values_of_custom_signals_do_not_tell_them_apart():
    signal = make(receive)
    with signaltools.trace() as trace:
        for number in range(30):
            signal.send(None, created=number)

    [send] = trace.tree
    assert (send.count, send.values) == (30, {})


def test_what_django_sends_is_counted_for_its_caller():
    def change():
        override_settings(SHOP=1).enable()

    def change_elsewhere():
        override_settings(SHOP=2).enable()

    settings = dj_settings._wrapped
    setting_changed.connect(receive)
    with signaltools.trace() as trace:
        for _ in range(30):
            change()
            change_elsewhere()
    setting_changed.disconnect(receive)
    dj_settings._wrapped = settings

    found = [send for send in trace.tree if send.calls]
    assert [(send.line, send.count, send.same_caller) for send in found] == [
        (line_of(change), 30, True),
        (line_of(change_elsewhere), 30, True),
    ]


def test_c_code_may_send_without_frames():
    signal, done, context = make(receive), threading.Event(), None
    signal.connect(lambda **kwargs: done.set(), weak=False)
    with signaltools.trace() as trace:
        context = copy_context()
        _thread.start_new_thread(context.run, (signal.send, None))
        assert done.wait(10)

    [send] = trace.tree
    assert (send.file, len(send.calls)) == (None, 2)


def test_a_send_on_commit_is_not_found_by_the_line_that_commits(monkeypatch):
    from signaltools.events.on_commit import PendingSend

    shipped.connect(receive)
    places = [("shop.py", 1), ("shop.py", 2)]
    pending = [PendingSend(shipped, "send", {"sender": int}, each) for each in places]
    with signaltools.trace() as trace:
        for each in pending * 30:
            each()
    shipped.disconnect(receive)

    assert lines(trace) == [(1, 30, True), (2, 30, True)]
