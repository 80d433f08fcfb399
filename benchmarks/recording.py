"""
What it costs to record, as ratios measured in one run: see ``make bench``.

Each line compares the same code with and without a recorder, in turns, in one process;
the median of the rounds counts. The limit is in brackets.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Sequence
from contextvars import copy_context
from functools import cache
from statistics import median
from typing import Any

import django
from django.conf import settings

ROUNDS = 21
Action = Callable[[], Any]


def main() -> None:
    setup(ROOT_URLCONF=__name__)
    sends()
    models_and_queries()
    view()
    instances()
    sentry()


def setup(
    apps: Sequence[str] = (), middleware: Sequence[str] = (), **more: Any
) -> None:
    engine = "django.template.backends.django.DjangoTemplates"
    settings.configure(
        ALLOWED_HOSTS=["testserver"],
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
        },
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            *apps,
            "signaltools",
        ],
        MIDDLEWARE=[
            *middleware,
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        SECRET_KEY="bench",
        TEMPLATES=[{"BACKEND": engine, "APP_DIRS": True}],
        USE_TZ=True,
        **more,
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def sends() -> None:
    from django.dispatch import Signal

    original = Signal.__dict__["send"]
    limits = {0: (2.0, 2.1), 1: (3.4, 1.3), 10: (3.9, 1.1)}
    for count, (recording, other) in limits.items():
        send = signal_with(count)
        name = f"send to {count} receivers"
        show(name, ratio(send, recorded(send)), recording)
        show(f"{name}, in another context", ratio(send, elsewhere(send)), other)
    assert Signal.__dict__["send"] is original
    send = signal_with(1)
    show("send to 1 receiver, after recording", ratio(send, send), 1.0)


def signal_with(receivers: int) -> Action:
    from django.dispatch import Signal

    signal = Signal()
    for _ in range(receivers):
        signal.connect(lambda sender, **kwargs: None, weak=False)
    return lambda: signal.send(sender=Signal, order=1)


def models_and_queries() -> None:
    from django.contrib.auth.models import User
    from django.db import connection
    from django.db.models.signals import post_init, pre_init

    def receive(sender: Any, **kwargs: Any) -> None:
        pass

    def query() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    for signal in (pre_init, post_init):
        signal.connect(receive, sender=User)
    show("Model() with init receivers", ratio(User, recorded(User)), 2.5)
    show("raw SQL", ratio(query, recorded(query)), 1.10)
    for signal in (pre_init, post_init):
        signal.disconnect(receive, sender=User)


def page(request: Any) -> Any:
    """
    Do what a busy page does: know the user, read, save, tell, and render a table.
    """
    from django.contrib.auth.models import Group
    from django.http import HttpResponse
    from django.template import engines

    groups = list(Group.objects.order_by("name").prefetch_related("permissions")[:50])
    for group in groups[:20]:
        group.save()
    page_shown().send(sender=None, request=request)
    template = engines["django"].from_string(PAGE)
    context = {"groups": groups, "name": request.user.get_username()}
    return HttpResponse(template.render(context, request))


PAGE = """<h1>Groups of {{ name }}</h1><table>
{% for group in groups %}
<tr class="{% cycle 'odd' 'even' %}">
<td>{{ forloop.counter }}</td><td>{{ group.pk|stringformat:"05d" }}</td>
<td>{{ group.name|title|truncatechars:20 }}</td><td>{% now "Y-m-d" %}</td>
<td>{% if group.permissions.all %}{{ group.permissions.all|length }}{% endif %}</td>
</tr>{% endfor %}</table>"""


@cache
def page_shown() -> Any:
    from django.dispatch import Signal

    signal = Signal()
    for _ in range(5):
        signal.connect(lambda sender, **kwargs: None, weak=False)
    return signal


def instances_page(request: Any) -> Any:
    from django.contrib.auth.models import User
    from django.http import HttpResponse

    return HttpResponse(str(len([User() for _ in range(10_000)])))


def view() -> None:
    client, pages = busy_site()
    globals()["urlpatterns"] = pages

    def visit() -> None:
        assert client.get("/").status_code == 200

    totals = last_trace(visit).totals
    name = f"a view with {totals.sends} sends and {totals.calls} calls"
    show(name, ratio(visit, recorded(visit), seconds=0.1), 1.08)


def busy_site() -> tuple[Any, list[Any]]:
    """
    Return a client that is logged in, and the pages it can visit.
    """
    from django.contrib.auth.models import Group, User
    from django.db.models.signals import post_init, post_save
    from django.test import Client
    from django.urls import path

    def count_members(sender: Any, instance: Any, **kwargs: Any) -> None:
        instance.user_set.count()

    def remember(sender: Any, instance: Any, **kwargs: Any) -> None:
        instance.old_name = instance.name

    Group.objects.bulk_create(Group(name=f"group {number}") for number in range(50))
    post_init.connect(remember, sender=Group, weak=False)
    post_save.connect(count_members, sender=Group, weak=False)
    client = Client()
    client.force_login(User.objects.create_user("ada"))
    return client, [path("", page), path("instances/", instances_page)]


def instances() -> None:
    from django.contrib.auth.models import User

    trace = last_trace(lambda: [User() for _ in range(10_000)])
    nodes = len(trace.sends) + len(trace.calls)
    size = len(json.dumps([trace.as_dict()["nodes"], trace.as_dict()["totals"]]))
    print(f"10,000 instances: {nodes} nodes (at most 100), {size:,} bytes of JSON")


def sentry() -> None:
    """
    Compare with an integration that many projects have, where it is installed.
    """
    try:
        import sentry_sdk
    except ImportError:
        return
    plain = {count: signal_with(count) for count in (1, 10)}
    before = {count: seconds_of(send) for count, send in plain.items()}
    sentry_sdk.init(dsn="http://key@localhost/1", traces_sample_rate=1.0)
    for count, send in plain.items():
        with sentry_sdk.start_transaction(name="bench"):
            after = seconds_of(send)
        print(f"send to {count} receivers, in Sentry: {after / before[count]:.2f}x")


def recorded(action: Action) -> Action:
    """
    Return a function that repeats ``action`` under a recorder.
    """
    import signaltools

    def repeat(times: int) -> float:
        with signaltools.trace():
            return timed(action, times)

    return repeat


def elsewhere(action: Action) -> Action:
    """
    Return a function that repeats ``action`` while another context records.
    """
    import signaltools

    def repeat(times: int) -> float:
        trace = signaltools.trace()
        copy_context().run(trace.start)
        try:
            return timed(action, times)
        finally:
            trace.stop()

    return repeat


def last_trace(action: Action) -> Any:
    import signaltools

    with signaltools.trace() as trace:
        action()
    return trace


def ratio(plain: Action, other: Action, seconds: float = 0.02) -> float:
    """
    Return how long ``other`` takes in terms of ``plain``.
    """
    timed(plain, 5)  # Whatever only the first calls do.
    times = max(5, int(seconds / (timed(plain, 5) / 5)))
    repeat = other if other.__name__ == "repeat" else lambda times: timed(other, times)
    pairs = [(timed(plain, times), repeat(times)) for _ in range(ROUNDS)]
    return median(second / first for first, second in pairs)


def seconds_of(action: Action) -> float:
    return median(timed(action, 2_000) for _ in range(ROUNDS))


def timed(action: Action, times: int) -> float:
    # Otherwise, one side of a comparison could pay for the garbage of the other one.
    gc.collect()
    start = time.perf_counter()
    for _ in range(times):
        action()
    return time.perf_counter() - start


def show(name: str, figure: float, limit: float) -> None:
    print(f"{name}: {figure:.2f}x (at most {limit:.2f}x)")


if __name__ == "__main__":
    main()
