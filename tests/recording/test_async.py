"""
Django's asynchronous sends and receivers do the same while they are recorded.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import inspect
import sys
import threading
import warnings
import weakref
from contextvars import Context, ContextVar, copy_context
from unittest import mock

import django
import pytest
from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.dispatch import Signal

from signaltools import registry, trace
from signaltools.recording import calls, hooks, probes, recorder
from signaltools.recording.current import current

if sys.version_info >= (3, 12):
    from inspect import markcoroutinefunction
else:
    from asgiref.sync import markcoroutinefunction

TASK_GROUPS = django.VERSION >= (6, 1)

task_groups = pytest.mark.skipif(
    not TASK_GROUPS, reason="Django runs receivers in a TaskGroup from 6.1 on"
)
all_methods = pytest.mark.parametrize(
    "method", ["send", "send_robust", "asend", "asend_robust"]
)
awaited_methods = pytest.mark.parametrize("method", ["asend", "asend_robust"])
robust_methods = pytest.mark.parametrize("method", ["send_robust", "asend_robust"])

HOOKED = [
    (Signal, "send"),
    (Signal, "send_robust"),
    (Signal, "asend"),
    (Signal, "asend_robust"),
    (Signal, "_live_receivers"),
    (CursorWrapper, "_execute_with_wrappers"),
]
PLAIN = [vars(cls)[name] for cls, name in HOOKED]

language = ContextVar("language", default="en")


@pytest.fixture(autouse=True)
def nothing_is_left():
    """
    Check after each test that Django is as it was and nothing is current.
    """
    yield
    functions = [vars(cls)[name] for cls, name in HOOKED]
    assert all(now is then for now, then in zip(functions, PLAIN, strict=True))
    assert "__init_subclass__" not in vars(Signal)
    assert current.get() is None


@pytest.fixture(autouse=True)
def without_names(monkeypatch):
    """
    Leave out the search for the names of signals, which takes most of the time.
    """
    monkeypatch.setattr(registry, "entries", list)


@pytest.fixture
def unawaited():
    """
    Allow that Django, too, does not await what it has begun when something fails.
    """
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        gc.collect()


class Failure(Exception):
    pass


class OneAtATime(Signal):
    """
    A signal that needs no event loop.
    """

    async def asend(self, sender, **named):
        _, receivers = self._live_receivers(sender)
        return [
            (receiver, await receiver(signal=self, sender=sender, **named))
            for receiver in receivers
        ]


class Shop:
    def reserve(self, **kwargs):
        return "reserve"

    async def notify(self, **kwargs):
        return "notify"

    @classmethod
    async def count(cls, **kwargs):
        return "count"

    async def __call__(self, **kwargs):
        return "call"


class Awaitable:
    """
    What can be awaited and is no coroutine.
    """

    def __init__(self, value):
        self.value = value

    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        return self.value


def reserve(**kwargs):
    return "reserve"


async def notify(**kwargs):
    await asyncio.sleep(0)
    return "notify"


async def index(**kwargs):
    return "index"


shop = Shop()

RECEIVERS = {
    "sync": [reserve, shop.reserve, functools.partial(reserve)],
    "async": [notify, index],
    "mixed": [notify, reserve, index, shop.reserve],
    "methods": [shop.notify, Shop.count, shop.reserve],
    "partials": [functools.partial(notify), functools.partial(shop.notify, a=1)],
    "objects": [markcoroutinefunction(Shop()), notify],
    "mocks": [mock.AsyncMock(return_value="mock"), mock.Mock(return_value="mock")],
    "none": [],
}


def connected(*receivers):
    signal = Signal()
    for receiver in receivers:
        signal.connect(receiver, weak=False)
    return signal


def send(signal, method, **arguments):
    """
    Send by any of the four methods and return the responses.
    """
    responses = getattr(signal, method)(None, **arguments)
    return asyncio.run(responses) if method.startswith("a") else responses


def result(action):
    """
    Return what ``action`` returns or raises.
    """
    try:
        return action()
    except BaseException as error:
        return error


def plain_and_recorded(action):
    """
    Return what ``action`` results in without and with a trace, and the trace.
    """
    plain = result(action)
    with trace() as recording:
        recorded = result(action)
    return plain, recorded, recording


def receivers_of(responses):
    return [receiver for receiver, _ in responses]


def name(call):
    return call.receiver.rpartition(".")[2]


def outline(sends):
    """
    Return for each send its arguments, and for each receiver what it sent in turn.
    """
    return [
        (*send.arguments, {name(call): outline(call.sends) for call in send.calls})
        for send in sends
    ]


def outcomes(recording):
    return {name(call): call.outcome for call in recording.calls}


def raising(error):
    def fail(**kwargs):
        raise error

    return fail


def raising_async(error):
    async def fail_async(**kwargs):
        await asyncio.sleep(0)
        raise error

    return fail_async


def marked(answer):
    """
    Return a receiver that is no ``async def``, but connected like one.
    """

    def receiver(**kwargs):
        return answer()

    return markcoroutinefunction(receiver)


async def soon():
    """
    Let other tasks run for some steps.
    """
    for _ in range(5):
        await asyncio.sleep(0)


async def hang(**kwargs):
    await asyncio.Event().wait()


def query():
    database = connections.create_connection("default")
    with database.cursor() as cursor:
        cursor.execute("SELECT 1")
    # That of SQLite does nothing for a database in memory.
    BaseDatabaseWrapper.close(database)


# Responses


@all_methods
@pytest.mark.parametrize("kind", RECEIVERS)
def test_responses_are_those_of_django(kind, method):
    signal = connected(*RECEIVERS[kind])
    plain, recorded, recording = plain_and_recorded(lambda: send(signal, method))
    assert recorded == plain
    for (was, _), (now, _) in zip(plain, recorded, strict=True):
        assert type(now) is type(was)
        if inspect.isfunction(was):
            assert now is was
    assert recording.totals.calls == len(RECEIVERS[kind])


@all_methods
def test_mocks_are_called_with_the_same_arguments(method):
    receivers = mock.AsyncMock(), mock.Mock()
    signal = connected(*receivers)
    plain_and_recorded(lambda: send(signal, method, size=1))
    for receiver in receivers:
        call = mock.call(signal=signal, sender=None, size=1)
        assert receiver.mock_calls == [call, call]
    assert receivers[0].await_count == 2


@all_methods
def test_async_mock_is_the_very_receiver_in_the_response(method):
    receiver = mock.AsyncMock()
    signal = connected(receiver)
    with trace():
        assert receivers_of(send(signal, method))[0] is receiver


# Exceptions


@pytest.mark.parametrize("method", ["send", "asend"])
@pytest.mark.parametrize("make", [raising, raising_async])
@pytest.mark.parametrize("kind", [Failure, KeyError, RuntimeError, StopAsyncIteration])
def test_exception_of_a_receiver_is_raised_as_it_is(make, method, kind):
    error = kind("no")
    signal = connected(make(error))
    plain, recorded, recording = plain_and_recorded(lambda: send(signal, method))
    assert plain is error
    assert recorded is error
    [call] = recording.calls
    assert (call.outcome, call.raised) == ("raised", 1)
    assert recording.sends[0].raised == 1
    assert recording.sends[0].wrong_loop is False


@pytest.mark.parametrize("method", ["send", "asend"])
def test_stop_iteration_in_a_receiver_becomes_the_same_runtime_error(method):
    error = StopIteration("no")
    signal = connected(raising_async(error))
    plain, recorded, _ = plain_and_recorded(lambda: send(signal, method))
    assert type(recorded) is type(plain) is RuntimeError
    assert str(recorded) == str(plain)
    assert recorded.__cause__ is plain.__cause__ is error


@pytest.mark.parametrize("method", ["send", "asend"])
def test_two_exceptions_are_raised_as_by_django(method):
    first, second = Failure("first"), Failure("second")
    signal = connected(raising_async(first), notify, raising_async(second))
    plain, recorded, recording = plain_and_recorded(lambda: send(signal, method))
    if TASK_GROUPS:
        assert type(recorded) is type(plain) is ExceptionGroup
        assert recorded.message == plain.message
        assert recorded.exceptions == plain.exceptions == (first, second)
    else:
        assert recorded is plain is first
    assert [call.raised for call in recording.calls] == [1, 0, 1]


@robust_methods
@pytest.mark.parametrize("make", [raising, raising_async])
def test_robust_methods_return_the_exception_and_log_it(make, method, caplog):
    error = Failure("no")
    failing = make(error)
    signal = connected(failing, notify)
    plain, recorded, recording = plain_and_recorded(lambda: send(signal, method))
    assert recorded == plain == [(failing, error), (notify, "notify")]
    first, second = (record for record in caplog.records if record.exc_info)
    assert first.getMessage() == second.getMessage()
    assert outcomes(recording) == {failing.__name__: "swallowed", "notify": "returned"}
    assert recording.totals.swallowed == 1


@robust_methods
def test_robust_methods_let_other_exceptions_pass(method):
    error = KeyboardInterrupt()
    signal = connected(raising(error))
    plain, recorded, recording = plain_and_recorded(lambda: send(signal, method))
    assert recorded is plain is error
    assert outcomes(recording) == {"fail": "raised"}


@all_methods
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
def test_exception_before_there_is_anything_to_await(method, unawaited):
    error = Failure("no")

    def refuse():
        raise error

    signal = connected(marked(refuse))
    plain, recorded, recording = plain_and_recorded(lambda: send(signal, method))
    assert recorded == plain
    assert recording.calls[0].raised == 1
    expected = "swallowed" if method.endswith("robust") else "raised"
    assert recording.calls[0].outcome == expected


@pytest.mark.parametrize("method", ["send", "send_robust"])
def test_send_to_async_receivers_in_a_running_loop_gets_a_remark(method):
    signal = connected(reserve, notify)

    async def main():
        return result(lambda: getattr(signal, method)(None))

    plain, recorded, recording = plain_and_recorded(lambda: asyncio.run(main()))
    assert type(recorded) is type(plain) is RuntimeError
    assert str(recorded) == str(plain)
    [sent] = recording.sends
    assert sent.wrong_loop
    assert [name(call) for call in sent.calls] == ["reserve"]
    text = f"{method}() can't run async receivers in a running event loop"
    [remark] = recording.remarks
    assert remark.text == f"{text}; await a{method}()"
    assert (remark.level, remark.count) == ("error", 1)


@pytest.mark.parametrize("method", ["send", "asend"])
def test_another_runtime_error_is_not_about_the_loop(method):
    signal = connected(raising(RuntimeError("no")), notify)

    async def main():
        responses = getattr(signal, method)(None)
        return await responses if method == "asend" else responses

    with trace() as recording, pytest.raises(RuntimeError, match=r"^no$"):
        asyncio.run(main())
    assert not recording.sends[0].wrong_loop


def test_wrong_loop_gets_a_remark_for_a_send_that_has_many_before_it():
    signal = connected(notify)

    async def main():
        for _ in range(30):
            with pytest.raises(RuntimeError, match="event loop"):
                signal.send(None)

    with trace() as recording:
        asyncio.run(main())
    assert sum(remark.count for remark in recording.remarks) == 30


# Whose child is what


@awaited_methods
def test_receivers_that_interleave_keep_their_children(method):
    nested = connected(notify, index)

    async def first(**kwargs):
        await asyncio.sleep(0.002)
        await nested.asend(None, first_1=1)
        await asyncio.sleep(0.004)
        await nested.asend(None, first_2=1)

    async def second(**kwargs):
        await nested.asend(None, second_1=1)
        await asyncio.sleep(0.004)
        await nested.asend(None, second_2=1)

    signal = connected(first, second)
    with trace() as recording:
        send(signal, method)
    below = {"notify": [], "index": []}
    assert outline(recording.tree) == [
        (
            {
                "first": [("first_1", below), ("first_2", below)],
                "second": [("second_1", below), ("second_2", below)],
            },
        )
    ]


@all_methods
def test_synchronous_sends_of_receivers_that_interleave_keep_their_place(method):
    nested = connected(reserve)

    def sending(label):
        async def receiver(**kwargs):
            for _ in range(3):
                nested.send(None, **{label: 1})
                await asyncio.sleep(0)

        receiver.__qualname__ = label
        return receiver

    labels = [f"receiver_{number}" for number in range(5)]
    signal = connected(*map(sending, labels))
    with trace() as recording:
        send(signal, method)
    [sent] = recording.tree
    assert [name(call) for call in sent.calls] == labels
    for call in sent.calls:
        assert [below.arguments for below in call.sends] == [(name(call),)] * 3


@all_methods
def test_receivers_that_wait_for_each_other_finish(method):
    def waiting(events, mine, other):
        async def receiver(**kwargs):
            events[mine].set()
            await events[other].wait()
            events[mine].clear()
            events[f"{mine} again"].set()
            await events[f"{other} again"].wait()
            return mine

        return receiver

    names = ["one", "two", "one again", "two again"]
    events = {name: asyncio.Event() for name in names}
    signal = connected(waiting(events, "one", "two"), waiting(events, "two", "one"))
    with trace() as recording:
        responses = send(signal, method)
    assert [answer for _, answer in responses] == ["one", "two"]
    assert [call.outcome for call in recording.calls] == ["returned", "returned"]


def test_tasks_of_a_receiver_belong_to_it():
    nested = connected(reserve)

    async def part(label):
        await asyncio.sleep(0)
        nested.send(None, **{label: 1})

    async def parts():
        yield 1
        nested.send(None, generator=1)
        await asyncio.sleep(0)
        yield 2

    async def busy(**kwargs):
        await asyncio.gather(part("gathered_1"), part("gathered_2"))
        await asyncio.create_task(part("task"))
        async with asyncio.TaskGroup() as group:
            group.create_task(part("group"))
        assert [number async for number in parts()] == [1, 2]
        future = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(future.set_result, "future")
        assert await future == "future"
        nested.send(None, callback=1)
        await asyncio.wait_for(part("wait_for"), 1)
        await asyncio.shield(part("shield"))

    signal = connected(notify, busy, index)
    with trace() as recording:
        send(signal, "asend")
    [sent] = recording.tree
    assert [len(call.sends) for call in sent.calls] == [0, 8, 0]
    assert [below.arguments[0] for below in sent.calls[1].sends] == [
        "gathered_1",
        "gathered_2",
        "task",
        "group",
        "generator",
        "callback",
        "wait_for",
        "shield",
    ]


def test_gathered_sends_are_siblings():
    nested = connected(notify)

    async def main():
        sends = [nested.asend(None, **{f"send_{number}": 1}) for number in range(4)]
        await asyncio.gather(*sends)
        await asyncio.create_task(nested.asend(None, task=1))
        await asyncio.create_task(nested.asend(None, copied=1), context=copy_context())

    with trace() as recording:
        asyncio.run(main())
    below = {"notify": []}
    labels = ["send_0", "send_1", "send_2", "send_3", "task", "copied"]
    assert outline(recording.tree) == [(label, below) for label in labels]


def test_asend_within_asend_is_recorded_at_any_depth():
    signals = [Signal() for _ in range(40)]

    def passing_on(following):
        async def receiver(**kwargs):
            await following.asend(None)

        return receiver

    receivers = [passing_on(signal) for signal in signals[1:]]
    for signal, receiver in zip(signals, receivers, strict=False):
        signal.connect(receiver)
    with trace() as recording:
        send(signals[0], "asend")
    sends, depth = recording.tree, 0
    while sends:
        [sent] = sends
        sends, depth = [below for call in sent.calls for below in call.sends], depth + 1
    assert depth == 40


def test_signal_that_its_own_receiver_sends_gets_a_remark():
    signal = Signal()
    left = iter(range(3))

    async def again(**kwargs):
        if next(left, None) is not None:
            await signal.asend(None)

    signal.connect(again)
    with trace() as recording:
        send(signal, "asend")
    assert recording.totals.calls == 4
    assert [remark.text for remark in recording.remarks] == [
        "ran recursively (it sent a signal that called it again)"
    ]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python 3.12 has eager tasks")
def test_eager_tasks_keep_their_place():
    nested = connected(reserve)

    async def first(**kwargs):
        nested.send(None, first_1=1)
        await asyncio.sleep(0)
        await asyncio.create_task(second())
        nested.send(None, first_2=1)

    async def second(**kwargs):
        nested.send(None, second=1)

    async def main():
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        await connected(first, second).asend(None)

    with trace() as recording:
        asyncio.run(main())
    leaf = {"reserve": []}
    below = [("first_1", leaf), ("second", leaf), ("first_2", leaf)]
    assert outline(recording.tree) == [
        ({"first": below, "second": [("second", leaf)]},)
    ]


# Threads that a receiver hops to


@pytest.mark.django_db
@pytest.mark.parametrize("thread_sensitive", [True, False])
def test_sync_to_async_keeps_sends_and_queries(thread_sensitive):
    nested = connected(reserve)

    def work():
        nested.send(None, thread=threading.get_ident())
        query()

    async def hop(**kwargs):
        await sync_to_async(work, thread_sensitive=thread_sensitive)()
        await connected(index).asend(None, after=1)

    signal = connected(hop, notify)
    with trace() as recording:
        send(signal, "asend")
    [sent] = recording.tree
    hopping, other = sent.calls
    below = [
        ("thread", {"reserve": []}),
        # Django's connection_created.
        ("connection", {}),
        ("after", {"index": []}),
    ]
    assert outline(hopping.sends) == below
    assert hopping.sends[0].thread != hopping.thread
    assert (hopping.self_queries, other.self_queries) == (1, 0)
    assert recording.totals.queries == recording.totals.receiver_queries == 1


@pytest.mark.django_db
def test_queries_of_a_plain_thread_are_not_recorded():
    with trace() as recording:
        thread = threading.Thread(target=copy_context().run, args=(query,))
        thread.start()
        thread.join()
        thread = threading.Thread(target=Context().run, args=(query,))
        thread.start()
        thread.join()
    assert recording.totals.queries == 1


@pytest.mark.django_db
def test_to_thread_keeps_sends_and_queries():
    nested = connected(reserve)

    def work():
        nested.send(None, thread=1)
        query()

    async def hop(**kwargs):
        await asyncio.gather(asyncio.to_thread(work), asyncio.to_thread(work))

    with trace() as recording:
        send(connected(hop), "asend")
    [sent] = recording.tree
    below = sorted(below.arguments for below in sent.calls[0].sends)
    assert below == [("connection",)] * 2 + [("thread",)] * 2
    assert sent.calls[0].self_queries == 2


def test_sync_receiver_of_asend_runs_in_another_thread_and_gets_a_remark():
    nested = connected(notify)

    def hop(**kwargs):
        nested.send(None, back=1)
        return async_to_sync(nested.asend)(None, again=1)

    with trace() as recording:
        send(connected(hop, index), "asend")
    [sent] = recording.tree
    below = [("back", {"notify": []}), ("again", {"notify": []})]
    assert outline([sent]) == [({"hop": below, "index": []},)]
    assert "ran in a different thread from asend()" in {
        remark.text for remark in recording.remarks
    }


# Cancellation


def test_cancelled_receivers_get_a_remark():
    signal = connected(hang, index)

    async def main():
        task = asyncio.create_task(signal.asend(None))
        await soon()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with trace() as recording:
        asyncio.run(main())
    assert outcomes(recording) == {"hang": "cancelled", "index": "returned"}
    assert "cancelled before it finished" in {
        remark.text for remark in recording.remarks
    }
    assert "cancelled before it finished" in str(recording)


@awaited_methods
def test_timeout_is_that_of_asyncio(method):
    signal = connected(hang)

    async def main():
        async with asyncio.timeout(0.05):
            await getattr(signal, method)(None)

    plain, recorded, recording = plain_and_recorded(lambda: asyncio.run(main()))
    assert type(recorded) is type(plain) is TimeoutError
    assert outcomes(recording) == {"hang": "cancelled"}


def test_failure_of_a_sibling_cancels_as_in_django():
    signal = connected(raising_async(Failure("no")), hang)

    async def main():
        with trace() as recording, pytest.raises(Failure):
            await signal.asend(None)
        return recording

    recording = asyncio.run(main())
    outcome = "cancelled" if TASK_GROUPS else "unfinished"
    assert outcomes(recording) == {"fail_async": "raised", "hang": outcome}


@awaited_methods
def test_receiver_may_catch_its_cancellation_and_go_on(method):
    nested = connected(reserve)

    async def stubborn(**kwargs):
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            nested.send(None, afterwards=1)
        return "stayed"

    signal = connected(stubborn)

    async def main():
        task = asyncio.create_task(getattr(signal, method)(None))
        await soon()
        task.cancel()
        try:
            return await task
        except asyncio.CancelledError:
            return "cancelled"

    plain, recorded, recording = plain_and_recorded(lambda: asyncio.run(main()))
    assert recorded == plain
    [call] = recording.tree[0].calls
    assert call.outcome == "returned"
    assert outline(call.sends) == [("afterwards", {"reserve": []})]


def test_receiver_that_never_ends_is_cancelled_with_the_loop():
    signal = connected(hang)
    tasks = []

    async def main():
        tasks.append(asyncio.create_task(signal.asend(None)))
        await soon()

    with trace() as recording:
        asyncio.run(main())
    assert tasks[0].cancelled()
    assert outcomes(recording) == {"hang": "cancelled"}


@pytest.mark.parametrize("read_at_once", [True, False])
def test_receiver_that_still_runs_at_the_end_is_unfinished(read_at_once):
    nested = connected(reserve)
    event = asyncio.Event()

    async def slow(**kwargs):
        nested.send(None, before=1)
        await event.wait()
        nested.send(None, after=1)
        await nested.asend(None, awaited=1)
        return "slow"

    signal = connected(slow, index)

    async def main():
        with trace() as recording:
            task = asyncio.create_task(signal.asend(None))
            await soon()
        if read_at_once:
            assert recording.calls
        event.set()
        assert await task == [(slow, "slow"), (index, "index")]
        return recording

    recording = asyncio.run(main())
    below = [("before", {"reserve": []})]
    assert outline(recording.tree) == [({"slow": below, "index": []},)]
    assert outcomes(recording)["slow"] == "unfinished"
    [call, _] = recording.tree[0].calls
    assert call.time == 0
    assert call.busy <= recording.totals.time
    texts = {remark.text for remark in recording.remarks}
    assert "was still running when the recording ended" in texts


@pytest.mark.parametrize("fail", [True, False])
def test_what_happens_to_a_receiver_after_the_end_is_not_recorded(fail):
    event = asyncio.Event()

    async def slow(**kwargs):
        await event.wait()
        if fail:
            raise Failure("no")
        await hang()

    signal = connected(slow)

    async def main():
        with trace() as recording:
            task = asyncio.create_task(signal.asend(None))
            await soon()
        event.set()
        await soon()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return recording

    recording = asyncio.run(main())
    assert outcomes(recording) == {"slow": "unfinished"}
    assert recording.totals.raised == recording.sends[0].raised == 0


def test_task_that_outlives_the_trace_records_nothing_more():
    nested = connected(reserve, notify)
    event = asyncio.Event()

    async def outlive():
        await nested.asend(None, before=1)
        await event.wait()
        await nested.asend(None, after=1)
        with trace() as another:
            await nested.asend(None, another=1)
        assert [sent.arguments for sent in another.sends] == [("another",)]
        return "done"

    async def main():
        with trace() as recording:
            task = asyncio.create_task(outlive())
            while recording.totals.calls != 2:
                await asyncio.sleep(0.001)
            await soon()
        event.set()
        assert await task == "done"
        return recording

    recording = asyncio.run(main())
    below = {"reserve": [], "notify": []}
    assert outline(recording.tree) == [("before", below)]


@awaited_methods
def test_send_that_is_never_awaited_sends_nothing(method):
    signal = connected(notify)
    with trace() as recording:
        getattr(signal, method)(None).close()
    assert recording.totals.sends == 0


def test_closed_send_closes_its_receiver_and_is_recorded():
    closed = []

    async def patient(**kwargs):
        try:
            await asyncio.sleep(0)
        finally:
            closed.append("patient")

    signal = OneAtATime()
    signal.connect(patient)
    with trace() as recording:
        coroutine = signal.asend(None)
        coroutine.send(None)
        coroutine.close()
    assert closed == ["patient"]
    assert outcomes(recording) == {"patient": "cancelled"}


def test_receiver_that_ignores_being_closed_is_an_error_as_in_python():
    async def stubborn(**kwargs):
        try:
            await asyncio.sleep(0)
        except GeneratorExit:
            await asyncio.sleep(0)

    signal = OneAtATime()
    signal.connect(stubborn)

    def close():
        coroutine = signal.asend(None)
        coroutine.send(None)
        coroutine.close()

    plain, recorded, _ = plain_and_recorded(close)
    assert type(recorded) is type(plain) is RuntimeError
    assert str(plain) == "coroutine ignored GeneratorExit"
    assert str(recorded) == "generator ignored GeneratorExit"


def test_receiver_that_is_never_awaited_warns_as_without_a_trace():
    class Forgetful(Signal):
        async def asend(self, sender, **named):
            _, receivers = self._live_receivers(sender)
            for receiver in receivers:
                receiver(signal=self, sender=sender, **named)

    signal = Forgetful()
    signal.connect(notify)

    def forget():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            send(signal, "asend")
            texts = [str(warning.message).partition("\n")[0] for warning in caught]
            # A warning holds what it is about.
            caught.clear()
            gc.collect()
            return texts

    plain, recorded, recording = plain_and_recorded(forget)
    assert set(recorded) == set(plain) == {"coroutine 'notify' was never awaited"}
    assert outcomes(recording) == {"notify": "unfinished"}


@pytest.mark.parametrize("throw", ["into the receiver", "out of the receiver"])
def test_exception_is_not_kept_alive_by_the_steps(throw):
    async def receiver(**kwargs):
        try:
            await asyncio.sleep(0)
        except Failure:
            if throw == "out of the receiver":
                raise
        await asyncio.sleep(0)

    signal = OneAtATime()
    signal.connect(receiver)
    gc.disable()
    try:
        with trace():
            error = Failure("no")
            reference = weakref.ref(error)
            coroutine = signal.asend(None)
            coroutine.send(None)
            with contextlib.suppress(Failure):
                coroutine.throw(error)
            del error
            assert reference() is None
            coroutine.close()
    finally:
        gc.enable()


# Time


class Clock:
    """
    A clock that goes only when it is told to.
    """

    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds

    def tick(self, seconds):
        self.seconds += seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    for module in (calls, hooks, probes, recorder):
        monkeypatch.setattr(module, "now", clock)
    return clock


def times(recording):
    return {
        name(call): (call.time, call.busy, call.self_time) for call in recording.calls
    }


@awaited_methods
def test_times_of_concurrent_receivers_overlap_and_busy_ones_do_not(method, clock):
    event = asyncio.Event()

    def waiting(label):
        async def receiver(**kwargs):
            clock.tick(1)
            await event.wait()
            clock.tick(1)

        receiver.__qualname__ = label
        return receiver

    signal = connected(waiting("first"), waiting("second"), waiting("third"))

    async def main():
        task = asyncio.create_task(getattr(signal, method)(None))
        await soon()
        clock.tick(10)
        event.set()
        await task

    with trace() as recording:
        asyncio.run(main())
    assert times(recording) == {
        "first": (14, 2, 2),
        "second": (14, 2, 2),
        "third": (14, 2, 2),
    }
    assert recording.totals.time == 16
    assert recording.totals.receiver_time == 6
    assert recording.sends[0].time == 16
    # asend_robust() calls a receiver only when its turn has come.
    started = [0, 1, 2] if method == "asend_robust" else [0, 0, 0]
    assert [call.start for call in recording.calls] == started


def test_self_time_is_without_what_is_nested(clock):
    def work(**kwargs):
        clock.tick(1)

    async def work_async(**kwargs):
        clock.tick(10)
        await asyncio.sleep(0)
        clock.tick(20)

    sync_signal, async_signal = connected(work), connected(work_async)

    async def outer(**kwargs):
        clock.tick(100)
        sync_signal.send(None)
        sync_signal.send(None)
        await async_signal.asend(None)
        clock.tick(200)

    with trace() as recording:
        send(connected(outer), "asend")
    assert times(recording) == {
        "outer": (332, 302, 300),
        "work": (1, 1, 1),
        "work_async": (30, 30, 30),
    }
    assert recording.totals.time == recording.totals.receiver_time == 332


def test_time_of_an_own_asend_is_not_that_of_its_receivers(clock):
    class Slow(Signal):
        async def asend(self, sender, **named):
            clock.tick(5)
            responses = await super().asend(sender, **named)
            clock.tick(5)
            return responses

    async def work(**kwargs):
        clock.tick(1)

    signal = Slow()
    signal.connect(work)

    async def outer(**kwargs):
        await signal.asend(None)

    with trace() as recording:
        send(connected(outer), "asend")
    _, nested = recording.sends
    assert nested.time == 11
    assert times(recording) == {"outer": (11, 10, 0), "work": (1, 1, 1)}


def test_waiting_for_a_thread_is_no_self_time(clock):
    started, go_on = threading.Event(), threading.Event()

    def work():
        started.set()
        assert go_on.wait(10)
        clock.tick(10)

    async def hop(**kwargs):
        clock.tick(1)
        await asyncio.to_thread(work)

    async def main():
        task = asyncio.create_task(connected(hop).asend(None))
        await soon()
        assert started.wait(10)
        go_on.set()
        await task

    with trace() as recording:
        asyncio.run(main())
    assert times(recording) == {"hop": (11, 1, 1)}


@pytest.mark.parametrize("method", ["send", "send_robust"])
def test_send_to_async_receivers_measures_them_in_their_own_thread(method, clock):
    async def work(**kwargs):
        clock.tick(1)
        await asyncio.sleep(0)
        clock.tick(1)

    with trace() as recording:
        send(connected(work), method)
    [sent], [call] = recording.sends, recording.calls
    assert times(recording) == {"work": (2, 2, 2)}
    assert (sent.time, sent.self_time) == (2, 0)
    assert call.thread != sent.thread


@all_methods
def test_receiver_begins_when_it_runs(method, clock):
    def work(**kwargs):
        clock.tick(1)

    def more(**kwargs):
        clock.tick(1)

    with trace() as recording:
        send(connected(work, more), method)
    assert [call.start for call in recording.calls] == [0, 1]


# What is set in contexts


def set_language(value):
    def set_sync(**kwargs):
        before = language.get()
        language.set(value)
        return before

    return set_sync


def set_language_async(value):
    async def set_async(**kwargs):
        before = language.get()
        language.set(value)
        await asyncio.sleep(0)
        return before, language.get()

    return set_async


@all_methods
@pytest.mark.parametrize(
    "receivers",
    [
        [set_language("de")],
        [set_language_async("fr")],
        [set_language_async("fr"), set_language_async("it")],
        [set_language("de"), set_language_async("fr"), set_language("es")],
        [set_language_async("fr"), raising(Failure("no"))],
        [set_language_async("fr"), raising_async(Failure("no"))],
    ],
)
def test_context_variables_are_set_as_without_a_trace(receivers, method):
    signal = connected(*receivers)

    async def main():
        try:
            answers = await getattr(signal, method)(None)
        except Failure as error:
            answers = error
        return answers, language.get()

    def action():
        if method.startswith("a"):
            return copy_context().run(lambda: asyncio.run(main()))
        return copy_context().run(lambda: (result(lambda: send(signal, method)), get()))

    get = language.get
    plain, recorded, _ = plain_and_recorded(action)
    assert recorded == plain
    assert language.get() == "en"


@task_groups
def test_receiver_sets_context_variables_for_the_caller_from_6_1_on():
    async def main():
        await connected(set_language_async("fr")).asend(None)
        return language.get()

    with trace():
        assert asyncio.run(main()) == "fr"


def test_trace_within_a_receiver_goes_on_after_each_await():
    nested = connected(notify)
    inner = []

    async def tracing(**kwargs):
        await asyncio.sleep(0)
        with trace() as recording:
            inner.append(recording)
            await nested.asend(None, inner_1=1)
            await asyncio.sleep(0)
            await nested.asend(None, inner_2=1)
        await nested.asend(None, outer=1)

    with trace() as recording:
        send(connected(tracing, tracing), "asend")
        send(connected(tracing, index), "asend")
    below = {"notify": []}
    for one in inner:
        assert outline(one.tree) == [("inner_1", below), ("inner_2", below)]
    for sent in recording.tree:
        assert outline(sent.calls[0].sends) == [
            ("inner_1", below),
            ("inner_2", below),
            ("outer", below),
        ]


# The functions themselves


def test_asend_stays_a_coroutine_function():
    with trace():
        for cls, method in HOOKED[2:4]:
            assert inspect.iscoroutinefunction(vars(cls)[method])
            assert iscoroutinefunction(getattr(Signal(), method))
            assert getattr(cls, method).__name__ == method
            coroutine = getattr(Signal(), method)(None)
            assert inspect.iscoroutine(coroutine)
            coroutine.close()


@awaited_methods
def test_wrong_arguments_raise_the_same_type_error(method):
    signal = connected(notify)

    async def main():
        await getattr(signal, method)()

    plain, recorded, _ = plain_and_recorded(lambda: asyncio.run(main()))
    assert type(recorded) is type(plain) is TypeError
    assert str(recorded) == str(plain)


@awaited_methods
def test_sender_may_be_given_by_name(method):
    signal = connected(notify)
    with trace() as recording:
        asyncio.run(getattr(signal, method)(sender=Shop))
        asyncio.run(getattr(signal, method)(Shop))
    assert [sent.sender.rpartition(".")[2] for sent in recording.sends] == ["Shop"] * 2


# Signals of other classes


class Passing(Signal):
    async def asend(self, sender, **named):
        await asyncio.sleep(0)
        return await super().asend(sender, **named)


class PlainFunction(Signal):
    def asend(self, sender, **named):
        return super().asend(sender, **named)


class PlainAwaitable(Signal):
    def asend(self, sender, **named):
        return Awaitable("answer")


class PlainValue(Signal):
    def asend(self, sender, **named):
        return [(receiver, "value") for receiver in self._live_receivers(sender)[1]]


class PlainFailure(Signal):
    def asend(self, sender, **named):
        raise Failure("no")


class OwnLoop(Signal):
    async def asend(self, sender, **named):
        _, receivers = self._live_receivers(sender)
        tasks = [
            asyncio.create_task(receiver(signal=self, sender=sender, **named))
            for receiver in receivers
        ]
        return list(zip(receivers, await asyncio.gather(*tasks), strict=True))


class AnswersText(Signal):
    async def asend(self, sender, **named):
        responses = await super().asend(sender, **named)
        return [(1, 2, 3), "text", *responses, (notify, "more")]


class Silent(Signal):
    async def asend(self, sender, **named):
        await asyncio.sleep(0)
        return


class OtherSend(Signal):
    async def send(self, sender, **named):
        return await super().asend(sender, **named)


@pytest.mark.parametrize(
    ("cls", "calls"),
    [
        (Passing, 2),
        (PlainFunction, 2),
        (OwnLoop, 2),
        (AnswersText, 2),
        (Silent, 0),
    ],
)
def test_own_asend_of_a_subclass_is_one_send(cls, calls):
    signal = cls()
    signal.connect(notify)
    signal.connect(index)
    action = lambda: asyncio.run(in_coroutine(signal.asend))  # noqa: E731
    plain, recorded, recording = plain_and_recorded(action)
    assert recorded == plain
    [sent] = recording.tree
    assert (sent.method, sent.count, len(sent.calls)) == ("asend", 1, calls)
    assert sent.sends == ()
    assert (sent.without_receivers, sent.unseen) == (0, 0 if calls else 1)


async def elsewhere(context, function):
    return await asyncio.create_task(in_coroutine(function), context=context)


async def in_coroutine(function):
    return await function(None)


def test_own_asend_that_is_a_plain_function_returns_what_it_likes():
    signal = PlainValue()
    signal.connect(notify)
    with trace() as recording:
        assert signal.asend(None) == [(notify, "value")]
        assert PlainAwaitable().asend(None)
    assert recording.totals.sends == 2
    assert recording.totals.calls == 0


def test_awaitable_of_an_own_asend_is_awaited_as_it_is():
    with trace() as recording:
        assert asyncio.run(in_coroutine(PlainAwaitable().asend)) == "answer"
    assert recording.totals.sends == 1


@pytest.mark.parametrize("cls", [PlainFunction, Passing])
def test_own_asend_lets_exceptions_of_receivers_pass(cls):
    error = Failure("no")
    signal = cls()
    signal.connect(raising_async(error), weak=False)
    action = lambda: asyncio.run(in_coroutine(signal.asend))  # noqa: E731
    plain, recorded, recording = plain_and_recorded(action)
    assert recorded is plain is error
    [sent] = recording.sends
    assert (sent.raised, sent.calls[0].raised) == (1, 1)


def test_task_that_an_own_asend_returns_is_that_task():
    class Tasks(Signal):
        def asend(self, sender, **named):
            return asyncio.create_task(super().asend(sender, **named))

    signal = Tasks()
    signal.connect(notify)

    async def main():
        task = signal.asend(None)
        assert isinstance(task, asyncio.Task)
        return await task

    plain, recorded, recording = plain_and_recorded(lambda: asyncio.run(main()))
    assert recorded == plain == [(notify, "notify")]
    assert outline(recording.tree) == [({"notify": []},)]


def test_own_asend_that_raises_is_recorded():
    with trace() as recording, pytest.raises(Failure):
        PlainFailure().asend(None)
    assert recording.sends[0].raised == 1


def test_own_send_that_is_asynchronous_is_one_send():
    signal = OtherSend()
    signal.connect(notify)
    action = lambda: asyncio.run(in_coroutine(signal.send))  # noqa: E731
    plain, recorded, recording = plain_and_recorded(action)
    assert recorded == plain == [(notify, "notify")]
    assert outline(recording.tree) == [({"notify": []},)]
    assert recording.tree[0].method == "send"


@pytest.mark.parametrize("cls", [Passing, PlainFunction])
def test_own_asend_of_a_subclass_is_not_recorded_elsewhere(cls):
    signal = cls()
    signal.connect(notify)
    unrecorded = copy_context()
    with trace() as recording:
        responses = asyncio.run(elsewhere(unrecorded, signal.asend))
    assert responses == [(notify, "notify")]
    assert recording.totals.sends == 0


# What is awaited and is no coroutine


async def value_later():
    await asyncio.sleep(0)
    return "later"


def future():
    answer = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(answer.set_result, "future")
    return answer


AWAITABLES = {
    "future": future,
    "task": lambda: asyncio.create_task(value_later()),
    "object": lambda: Awaitable("object"),
    "gathered": lambda: asyncio.gather(value_later(), value_later()),
    "coroutine": value_later,
    "value": lambda: 1,
    "none": lambda: None,
}


@all_methods
@pytest.mark.parametrize("kind", AWAITABLES)
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
def test_receiver_may_return_anything_to_await(kind, method, unawaited):
    signal = connected(marked(AWAITABLES[kind]))
    plain, recorded, recording = plain_and_recorded(lambda: send(signal, method))
    if isinstance(plain, Exception) or isinstance(plain[0][1], Exception):
        assert repr(recorded) == repr(plain)
    else:
        assert recorded == plain
    assert recording.totals.calls == 1


def test_failing_future_and_object_raise_as_they_are():
    error = Failure("no")

    class Failing(Awaitable):
        def __await__(self):
            yield from super().__await__()
            raise error

    signal = connected(marked(lambda: Failing(1)))
    plain, recorded, recording = plain_and_recorded(lambda: send(signal, "asend"))
    assert recorded is plain is error
    assert recording.calls[0].outcome == "raised"


def test_future_of_a_receiver_is_cancelled_with_it():
    futures = []

    def never():
        futures.append(asyncio.get_running_loop().create_future())
        return futures[-1]

    signal = connected(marked(never))

    async def main():
        task = asyncio.create_task(signal.asend(None))
        await soon()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    _, _, recording = plain_and_recorded(lambda: asyncio.run(main()))
    assert [one.cancelled() for one in futures] == [True, True]
    assert recording.calls[0].outcome == "cancelled"


# What stands for a receiver


class Choosing(Signal):
    """
    A signal that compares, sorts and filters its receivers by itself.
    """

    chosen = None
    met = None

    async def asend(self, sender, **named):
        receivers = [*self._live_receivers(sender)[0], *self._live_receivers(sender)[1]]
        self.met = receivers
        return [
            (receiver, await receiver(signal=self, sender=sender, **named))
            for receiver in receivers
            if receiver == self.chosen
        ]


def test_stand_in_is_like_its_receiver():
    signal = Choosing()
    signal.connect(notify)
    signal.connect(index)
    signal.connect(reserve)
    signal.chosen = notify
    with trace() as recording:
        assert send(signal, "asend") == [(notify, "notify")]
        first, again = signal.met, None
        send(signal, "asend")
        again = signal.met
    for one, other, receiver in zip(
        first, again, [reserve, notify, index], strict=True
    ):
        assert one == other == receiver
        assert hash(one) == hash(receiver)
        assert repr(one) == repr(receiver)
        assert one.__name__ == receiver.__name__
        assert one.__doc__ == receiver.__doc__
        assert one.__module__ == receiver.__module__
        assert isinstance(one, type(receiver))
        assert inspect.iscoroutinefunction(one) == inspect.iscoroutinefunction(receiver)
    assert first[0] != first[1]
    assert recording.totals.calls == 2


class Reversed(Signal):
    def _live_receivers(self, sender):
        sync_receivers, async_receivers = super()._live_receivers(sender)
        assert all(map(inspect.isfunction, [*sync_receivers, *async_receivers]))
        return sync_receivers[::-1], async_receivers[::-1]


@all_methods
def test_own_live_receivers_of_a_subclass_are_those_that_run(method):
    signal = Reversed()
    signal.connect(notify)
    signal.connect(index)
    action = lambda: send(signal, method)  # noqa: E731
    plain, recorded, recording = plain_and_recorded(action)
    assert recorded == plain == [(index, "index"), (notify, "notify")]
    assert outline(recording.tree) == [({"index": [], "notify": []},)]


def test_own_live_receivers_of_a_subclass_may_be_asked_at_any_time():
    signal = Reversed()
    signal.connect(notify)
    with trace() as recording:
        assert signal._live_receivers(None) == ([], [notify])
        assert connected(notify)._live_receivers(None) == ([], [notify])
    assert recording.totals.sends == 0


@all_methods
def test_send_by_a_sender_without_receivers(method):
    signal = Signal()
    signal.connect(notify, sender=Shop)
    plain, recorded, recording = plain_and_recorded(lambda: send(signal, method))
    assert recorded == plain == []
    assert (recording.totals.without_receivers, recording.totals.calls) == (1, 0)


@awaited_methods
def test_many_sends_are_collapsed_and_counted_exactly(method):
    signal = connected(notify, reserve)

    async def main():
        for _ in range(30):
            await getattr(signal, method)(None)
        await asyncio.gather(*(getattr(signal, method)(None) for _ in range(30)))

    with trace() as recording:
        asyncio.run(main())
    # The line that awaits is the caller. A task has none.
    awaited, in_tasks = recording.tree
    assert (awaited.count, in_tasks.count, in_tasks.file) == (30, 30, None)
    for sent in awaited, in_tasks:
        assert {name(call): call.count for call in sent.calls} == {
            "notify": 30,
            "reserve": 30,
        }
    assert set(outcomes(recording).values()) == {"returned"}


def test_signal_class_that_is_made_meanwhile_is_recorded():
    with trace() as recording:

        class New(Signal):
            async def asend(self, sender, **named):
                return await super().asend(sender, **named)

        original = New.__dict__["asend"].__wrapped__
        signal = New()
        signal.connect(notify)
        send(signal, "asend")
    assert outline(recording.tree) == [({"notify": []},)]
    assert New.__dict__["asend"] is original


@awaited_methods
def test_class_that_is_made_after_the_trace_is_left_alone(method):
    with trace():
        make = Signal.__init_subclass__
    New = type("New", (Signal,), {method: getattr(Passing, "asend")})  # noqa: B009, N806
    make.__func__(New)
    assert New.__dict__[method] is vars(Passing)["asend"]


@awaited_methods
def test_tool_that_patches_over_a_hook_stays(method, monkeypatch):
    signal = connected(notify)
    recording = trace()
    recording.start()
    hook = vars(Signal)[method]
    calls = []

    async def patched(self, *args, **named):
        calls.append(method)
        return await hook(self, *args, **named)

    plain = hook.__wrapped__
    setattr(Signal, method, patched)
    try:
        send(signal, method)
        recording.stop()
        send(signal, method)
        assert vars(Signal)[method] is patched
        # The tool puts back what it has found.
        setattr(Signal, method, hook)
        with trace() as another:
            send(signal, method)
    finally:
        setattr(Signal, method, plain)
    assert calls == [method, method]
    assert recording.totals.calls == another.totals.calls == 1
