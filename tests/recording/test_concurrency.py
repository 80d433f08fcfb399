"""
Recordings that go on at the same time never mix and lose nothing.
"""

from __future__ import annotations

import asyncio
import random
import sys
import threading
import time
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest
from asgiref.sync import iscoroutinefunction
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.dispatch import Signal
from django.http import HttpResponse
from django.test import AsyncClient, Client
from django.urls import path
from django.utils.decorators import sync_and_async_middleware

from signaltools import registry, trace
from signaltools.recording import hooks, patches
from tests.stress import STRESS_SECONDS, frequent_switches

THREADS = 8
TASKS = 50

ordered, packed = Signal(), Signal()


@pytest.fixture(autouse=True)
def receivers():
    """
    Connect receivers that send on, and check that nothing is left afterwards.
    """
    send = vars(Signal)["send"]
    ordered.connect(pack)
    ordered.connect(pack_async)
    packed.connect(label)
    packed.connect(label_async)
    yield
    for signal in (ordered, packed):
        signal.receivers.clear()
    assert vars(Signal)["send"] is send
    assert hooks.recording.users == 0
    assert patches._hooked == set()


@pytest.fixture
def without_names(monkeypatch):
    """
    Leave out the search for the names of signals, which takes most of the time.
    """
    monkeypatch.setattr(registry, "entries", list)


def pack(**arguments):
    packed.send(**passed_on(arguments))


async def pack_async(**arguments):
    await asyncio.sleep(0)
    await packed.asend(**passed_on(arguments))


def label(**arguments):
    pass


async def label_async(**arguments):
    await asyncio.sleep(0)


def passed_on(arguments):
    return {name: value for name, value in arguments.items() if name != "signal"}


# One `ordered`, its two receivers send `packed`, which has two receivers.
EVENTS = (3, 6)


def events(recording):
    return recording.totals.sends, recording.totals.calls


def owners(recording):
    """
    Return whose events are recorded: each has an argument named after its owner.
    """
    return {argument for sent in recording.sends for argument in sent.arguments}


def in_threads(*functions):
    """
    Run functions in a thread each, all at the same time, and return their results.
    """
    barrier = threading.Barrier(len(functions))

    def run(function):
        barrier.wait(10)
        return function()

    with ThreadPoolExecutor(len(functions)) as executor:
        return list(executor.map(run, functions))


# Threads and tasks


@pytest.mark.parametrize("count", [2, 6])
def test_threads_record_only_their_own(count):
    barrier = threading.Barrier(count)

    def work(owner):
        with trace() as recording:
            barrier.wait(10)
            ordered.send(None, **{owner: 1})
            barrier.wait(10)
        return owner, recording

    names = [f"thread_{number}" for number in range(count)]
    for owner, recording in in_threads(
        *(lambda name=name: work(name) for name in names)
    ):
        assert owners(recording) == {owner}
        assert events(recording) == EVENTS


@pytest.mark.parametrize("method", ["asend", "asend_robust"])
def test_tasks_record_only_their_own(method):
    async def work(owner, barrier):
        with trace() as recording:
            await barrier.wait()
            await getattr(ordered, method)(None, **{owner: 1})
            await barrier.wait()
        return owner, recording

    async def main():
        barrier = asyncio.Barrier(5)
        names = [f"task_{number}" for number in range(5)]
        return await asyncio.gather(*(work(name, barrier) for name in names))

    for owner, recording in asyncio.run(main()):
        assert owners(recording) == {owner}
        assert events(recording) == EVENTS


def test_tasks_without_a_trace_are_not_recorded():
    async def main():
        go_on = asyncio.Event()

        async def other():
            await go_on.wait()
            await ordered.asend(None, other=1)

        task = asyncio.create_task(other())
        with trace() as recording:
            go_on.set()
            await ordered.asend(None, own=1)
            await task
        return recording

    recording = asyncio.run(main())
    assert owners(recording) == {"own"}
    assert events(recording) == EVENTS


@pytest.mark.skipif(
    getattr(sys.flags, "thread_inherit_context", False),
    reason="threads have the context of who starts them",
)
def test_thread_that_is_started_in_a_trace_is_not_recorded():
    errors = []

    def work():
        try:
            ordered.send(None, thread=1)
            with trace() as own:
                ordered.send(None, own=1)
            assert owners(own) == {"own"}
        except BaseException as error:
            errors.append(error)

    with trace() as recording:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        packed.send(None, main=1)
    assert errors == []
    assert owners(recording) == {"main"}
    assert events(recording) == (1, 2)


def test_thread_that_goes_on_after_the_trace_does_no_harm():
    entered, go_on = threading.Event(), threading.Event()
    signal = Signal()

    def wait(**kwargs):
        entered.set()
        assert go_on.wait(10)
        packed.send(None, late=1)
        return "done"

    signal.connect(wait)
    with ThreadPoolExecutor(1) as executor:
        with trace() as recording:
            future = executor.submit(copy_context().run, signal.send, None)
            assert entered.wait(10)
        assert recording.calls[0].outcome == "unfinished"
        go_on.set()
        assert future.result(10) == [(wait, "done")]
    assert events(recording) == (1, 1)
    assert recording.calls[0].outcome == "unfinished"


def test_receiver_that_another_thread_connects_is_called_only_if_recorded():
    class Connecting(list):
        """
        Is empty when it is asked for the first time.
        """

        asked = 0

        def __bool__(self):
            self.asked += 1
            return self.asked > 1

    signal = Signal()
    signal.connect(label)
    signal.receivers = Connecting(signal.receivers)
    with trace() as recording:
        assert signal.send(None) == []
        assert signal.send(None) == [(label, None)]
    assert events(recording) == (2, 1)
    assert recording.totals.without_receivers == 1


def test_trace_may_be_stopped_in_another_task():
    async def main():
        recording = trace()
        recording.start()
        await ordered.asend(None, first=1)

        async def stop():
            recording.stop()

        await asyncio.create_task(stop())
        await ordered.asend(None, second=1)
        return recording

    recording = asyncio.run(main())
    assert owners(recording) == {"first"}


# Requests


@sync_and_async_middleware
def record(get_response):
    """
    Record each request and keep the recording under the request's own name.
    """
    if iscoroutinefunction(get_response):

        async def middleware(request):
            with trace() as recording:
                response = await get_response(request)
            recordings[request.GET["owner"]] = recording
            return response

    else:

        def middleware(request):
            with trace() as recording:
                response = get_response(request)
            recordings[request.GET["owner"]] = recording
            return response

    return middleware


recordings = {}
waiting = threading.Barrier(6)


def sync_view(request):
    owner = request.GET["owner"]
    if request.GET.get("together"):
        waiting.wait(10)
    ordered.send(None, **{owner: 1})
    return HttpResponse(owner)


async def async_view(request):
    owner = request.GET["owner"]
    await asyncio.sleep(0.002)
    await ordered.asend(None, **{owner: 1})
    await asyncio.sleep(0.002)
    return HttpResponse(owner)


urlpatterns = [path("sync/", sync_view), path("async/", async_view)]


@pytest.fixture
def site(settings):
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [f"{__name__}.record"]
    settings.ALLOWED_HOSTS = ["*"]
    recordings.clear()


def assert_requests_are_separate(answers):
    assert len(answers) == len(recordings) == 6
    assert set(answers) == set(recordings)
    for owner, recording in recordings.items():
        own = [sent for sent in recording.sends if sent.kind != "builtin"]
        assert {sent.arguments for sent in own} == {(owner,)}
        assert len(own) == EVENTS[0]
        assert sum(len(sent.calls) for sent in own) == EVENTS[1]


@pytest.mark.parametrize("view", ["sync", "async"])
def test_asgi_requests_never_share_events(view, site):
    async def get(owner):
        response = await AsyncClient().get(f"/{view}/", {"owner": owner})
        return response.content.decode()

    async def main():
        return await asyncio.gather(*(get(f"request_{number}") for number in range(6)))

    assert_requests_are_separate(asyncio.run(main()))


@pytest.mark.parametrize("view", ["sync", "async"])
def test_wsgi_requests_in_threads_never_share_events(view, site):
    def get(owner):
        query = {"owner": owner, "together": "yes"}
        return Client().get(f"/{view}/", query).content.decode()

    names = [f"request_{number}" for number in range(6)]
    answers = in_threads(*(lambda name=name: get(name) for name in names))
    assert_requests_are_separate(answers)


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def server(site):
    server = ThreadedWSGIServer(("127.0.0.1", 0), QuietHandler)
    server.daemon_threads = False
    server.set_app(get_wsgi_application())
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("view", ["sync", "async"])
def test_live_requests_never_share_events(view, server):
    def get(owner):
        url = f"{server}/{view}/?owner={owner}&together=yes"
        with urllib.request.urlopen(url, timeout=10) as response:
            return response.read().decode()

    names = [f"request_{number}" for number in range(6)]
    answers = in_threads(*(lambda name=name: get(name) for name in names))
    assert_requests_are_separate(answers)


# Stress


class Worker:
    """
    Sends, and counts by itself what it sent and what was called for it.
    """

    def __init__(self, name, signals, deadline):
        self.name = name
        self.signals = signals
        self.deadline = deadline
        self.random = random.Random(name)
        self.rounds = 0

    def run(self):
        # On a busy machine, a thread may start after the deadline.
        while not self.rounds or time.monotonic() < self.deadline:
            tally = Counter()
            with trace() as recording:
                for _ in range(self.random.randrange(1, 60)):
                    # A send to asynchronous receivers makes an event loop.
                    signals = self.signals if self.random.random() < 0.02 else SYNC
                    self.send(self.random.choice(list(signals)), tally)
            self.check(recording, tally)

    async def run_async(self):
        # On a busy machine, a thread may start after the deadline.
        while not self.rounds or time.monotonic() < self.deadline:
            tally = Counter()
            with trace() as recording:
                for _ in range(self.random.randrange(1, 30)):
                    await self.asend(self.random.choice(list(self.signals)), tally)
                    await asyncio.sleep(0)
            self.check(recording, tally)

    def send(self, name, tally):
        tally["sends"] += 1
        method = self.random.choice(["send", "send_robust"])
        signal = STRESSED[name]
        getattr(signal, method)(None, tally=tally, **{self.name: self})

    async def asend(self, name, tally):
        if name in SYNC and self.random.random() < 0.5:
            return self.send(name, tally)
        tally["sends"] += 1
        method = self.random.choice(["asend", "asend_robust"])
        signal = STRESSED[name]
        return await getattr(signal, method)(None, tally=tally, **{self.name: self})

    def check(self, recording, tally):
        recorded = Counter(sends=sum(sent.count for sent in recording.sends))
        for call in recording.calls:
            recorded[call.receiver.rpartition(".")[2]] += call.count
        assert recorded == tally
        assert recording.totals.sends == tally["sends"]
        assert recording.totals.calls == tally.total() - tally["sends"]
        assert {sent.arguments for sent in recording.sends} == {("tally", self.name)}
        self.rounds += 1


STRESSED = {name: Signal() for name in ("sync", "nested", "async", "mixed")}
SYNC = ("sync", "nested")


def counting(name, nested):
    def receiver(tally, **kwargs):
        tally[name] += 1
        if nested:
            worker = next(value for value in kwargs.values() if type(value) is Worker)
            worker.send("sync", tally)

    receiver.__qualname__ = name
    return receiver


def counting_async(name, nested):
    async def receiver(tally, **kwargs):
        tally[name] += 1
        await asyncio.sleep(0)
        if nested:
            worker = next(value for value in kwargs.values() if type(value) is Worker)
            await worker.asend("sync", tally)

    receiver.__qualname__ = name
    return receiver


def connections():
    """
    Return signals and receivers that may be connected and disconnected at any time.
    """
    numbers = range(4)
    yield from ((STRESSED["sync"], counting(f"sync_{n}", False)) for n in numbers)
    yield from ((STRESSED["nested"], counting(f"nested_{n}", n == 0)) for n in numbers)
    yield from (
        (STRESSED["async"], counting_async(f"async_{n}", n == 0)) for n in numbers
    )
    yield (STRESSED["mixed"], counting("mixed_sync", True))
    yield (STRESSED["mixed"], counting_async("mixed_async", True))


def disturb(pairs, stopped):
    chance = random.Random("disturb")
    while not stopped.is_set():
        signal, receiver = chance.choice(pairs)
        if not signal.disconnect(receiver):
            signal.connect(receiver)
        time.sleep(0.0005)


def test_nothing_is_lost_or_mixed_under_stress(without_names):
    pairs = list(connections())
    for signal, receiver in pairs:
        signal.connect(receiver)
    deadline = time.monotonic() + STRESS_SECONDS
    names = list(STRESSED)
    workers = [Worker(f"thread_{n}", names, deadline) for n in range(THREADS)]
    tasks = [Worker(f"task_{n}", names, deadline) for n in range(TASKS)]

    async def run_tasks():
        await asyncio.gather(*(worker.run_async() for worker in tasks))

    stopped = threading.Event()
    disturbing = threading.Thread(target=disturb, args=(pairs, stopped))
    disturbing.start()
    try:
        with frequent_switches():
            in_threads(
                *(worker.run for worker in workers), lambda: asyncio.run(run_tasks())
            )
    finally:
        stopped.set()
        disturbing.join()
        for signal in STRESSED.values():
            signal.receivers.clear()
    assert all(worker.rounds for worker in workers)
    print(f"{sum(worker.rounds for worker in [*workers, *tasks])} recordings")


def test_one_trace_of_many_threads_counts_exactly():
    signals = [Signal() for _ in range(3)]
    counters = [Counter() for _ in range(THREADS)]

    def receiver(counter, **kwargs):
        counter["calls"] += 1

    def other(counter, **kwargs):
        counter["calls"] += 1
        counter["sends"] += 1
        signals[2].send(None, counter=counter)

    for signal in signals:
        signal.connect(receiver)
    signals[1].connect(other)

    def work(counter):
        for number in range(400):
            counter["sends"] += 1
            signals[number % 2].send(None, counter=counter)

    with frequent_switches(), trace() as recording:
        contexts = [copy_context() for _ in counters]
        in_threads(
            *(
                lambda context=context, counter=counter: context.run(work, counter)
                for context, counter in zip(contexts, counters, strict=True)
            )
        )
    total = sum(counters, Counter())
    assert events(recording) == (total["sends"], total["calls"])
    assert sum(sent.count for sent in recording.sends) == total["sends"]
    assert sum(call.count for call in recording.calls) == total["calls"]
    assert all(call.outcome == "returned" for call in recording.calls)


def test_hooks_are_counted_exactly_when_threads_start_and_stop(without_names):
    def work():
        for _ in range(100):
            with trace() as recording:
                packed.send_robust(None, sync=1)
            assert recording.totals.sends == 1

    packed.disconnect(label_async)
    with frequent_switches():
        in_threads(*[work] * THREADS)
