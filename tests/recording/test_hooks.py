from __future__ import annotations

import functools
import gc
import inspect
import os
import subprocess
import sys
import weakref
from contextvars import copy_context
from unittest import mock

import pytest
from django.db.backends.utils import CursorWrapper
from django.db.models.signals import ModelSignal
from django.dispatch import Signal

import signaltools
from signaltools.recording.current import current
from tests.shapes import SHAPES, Stock, on_save, on_save_async, stock

SENDING = ["send", "send_robust", "asend", "asend_robust", "_live_receivers"]


class Own(Signal):
    """
    Has everything that a subclass can have of its own.
    """

    def send(self, sender, **named):
        return super().send(sender, **named)

    def send_robust(self, sender, **named):
        return super().send_robust(sender, **named)

    async def asend(self, sender, **named):
        return await super().asend(sender, **named)

    async def asend_robust(self, sender, **named):
        return await super().asend_robust(sender, **named)

    def _live_receivers(self, sender):
        return super()._live_receivers(sender)


class WithSignature(Signal):
    def send(self, order, /, amount=0, *, sender="shop"):
        return super().send(sender, order=order, amount=amount)


class Positional(Signal):
    def send(self, *args):
        return super().send(args[0] if args else None)


class OwnLoop(Signal):
    def send(self, sender, **named):
        return [self.receivers[0][1]()(signal=self, sender=sender, **named)]


class Raising(Signal):
    def send(self, sender, **named):
        raise LookupError("no send today")


class Robust(Signal):
    def send(self, sender, **named):
        return self.send_robust(sender, **named)


class ByName(Signal):
    def _live_receivers(self, sender):
        receivers, async_receivers = super()._live_receivers(sender)
        self.seen = receivers
        chosen = [receiver for receiver in receivers if receiver.__module__ == __name__]
        return sorted(chosen, key=lambda receiver: receiver.__name__), async_receivers


class Lazy(Signal):
    def _live_receivers(self, sender):
        receivers, async_receivers = super()._live_receivers(sender)
        return iter(receivers), async_receivers


class OldStyle(Signal):
    def _live_receivers(self, sender):
        return [first, second]

    def send(self, sender, **named):
        return [receiver(**named) for receiver in self._live_receivers(sender)]


class Asking(Signal):
    def send(self, sender, **named):
        return super().send(sender, **named) if self.has_listeners(sender) else None


class Descriptor:
    def __get__(self, signal, cls=None):
        return functools.partial(Signal.send, signal)


class Odd(Signal):
    send = Descriptor()


class AsProperty(Signal):
    @property
    def send(self):
        return functools.partial(super().send, "from a property")


class Static(Signal):
    @staticmethod
    def send(*args, **named):
        return args


class NoDescriptor(Signal):
    send = mock.Mock()


def first(**kwargs):
    return 1


def second(**kwargs):
    return 2


def make(cls=Signal, *receivers):
    signal = cls()
    for receiver in receivers:
        signal.connect(receiver, weak=False)
    return signal


def stored():
    places = [(cls, name) for cls in (Signal, ModelSignal, Own) for name in SENDING]
    places.append((Signal, "__init_subclass__"))
    places.append((CursorWrapper, "_execute_with_wrappers"))
    return [cls.__dict__.get(name) for cls, name in places]


def untouched(before):
    return current.get() is None and all(
        now is then for now, then in zip(stored(), before, strict=True)
    )


@pytest.fixture(autouse=True)
def everything_is_put_back():
    before = stored()
    yield
    assert untouched(before)


def test_nothing_is_patched_before_and_after():
    before = stored()
    assert "__init_subclass__" not in Signal.__dict__

    with signaltools.trace():
        during = stored()

    assert all(
        now is not then for now, then in zip(during, before, strict=True) if then
    )
    assert untouched(before)
    assert "__init_subclass__" not in Signal.__dict__


def test_a_thousand_nested_traces_put_everything_back():
    before = stored()
    traces = [signaltools.trace() for _ in range(1_000)]
    for trace in traces:
        trace.start()
    for trace in reversed(traces):
        assert not untouched(before)
        trace.stop()

    assert untouched(before)


@pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt])
def test_error_of_a_receiver_puts_everything_back(error):
    def fail(**kwargs):
        raise raised

    before, raised, signal = stored(), error("stop"), make(Signal, fail)
    with pytest.raises(error) as caught, signaltools.trace() as trace:
        signal.send(None)

    assert caught.value is raised
    assert untouched(before)
    assert trace.totals.raised == 1
    assert trace.calls[0].outcome == "raised"


def test_only_exceptions_are_swallowed():
    def leave(**kwargs):
        raise SystemExit("stop")

    signal = make(Signal, leave)
    with pytest.raises(SystemExit), signaltools.trace() as trace:
        signal.send_robust(None)

    assert trace.calls[0].outcome == "raised"
    assert trace.sends[0].error == "SystemExit: stop"


def test_hooks_look_like_what_they_replace():
    with signaltools.trace():
        assert Signal.send.__name__ == "send"
        assert inspect.iscoroutinefunction(Signal.asend)
        assert list(inspect.signature(WithSignature.send).parameters) == [
            "self",
            "order",
            "amount",
            "sender",
        ]
        with pytest.raises(TypeError, match=r"Signal.send\(\) missing 1 required"):
            Signal().send()


# Other patchers


def count_sends(counted):
    original = Signal.send

    def send(self, sender, **named):
        counted.append(sender)
        return original(self, sender, **named)

    return send


def test_patch_from_before_is_kept():
    counted = []
    patch = count_sends(counted)
    with mock.patch.object(Signal, "send", patch):
        with signaltools.trace() as trace:
            make(Signal, first).send(1)
        make(Signal, first).send(2)
        assert Signal.__dict__["send"] is patch

    assert counted == [1, 2]
    assert trace.totals[1:3] == (1, 1)


def test_patch_within_a_trace_records_each_send_once():
    counted = []
    with signaltools.trace() as trace:
        with mock.patch.object(Signal, "send", count_sends(counted)):
            make(Signal, first).send(1)
        make(Signal, first).send(2)

    assert counted == [1]
    assert trace.totals[1:3] == (2, 2)


def test_patch_that_outlives_a_trace_goes_on_to_work():
    counted, original = [], Signal.__dict__["send"]
    trace = signaltools.trace()
    trace.start()
    with mock.patch.object(Signal, "send", count_sends(counted)):
        make(Signal, first).send(1)
        trace.stop()
        assert make(Signal, first).send(2) == [(first, 1)]
        with signaltools.trace() as second_trace:
            make(Signal, first).send(3)
        assert make(Signal, first).send(4) == [(first, 1)]

    # The other tool has put back our hook, which lets everything pass.
    assert Signal.__dict__["send"] is not original
    assert make(Signal, first).send(5) == [(first, 1)]
    with signaltools.trace() as third_trace:
        make(Signal, first).send(6)

    assert counted == [1, 2, 3, 4]
    assert trace.totals[1:3] == (1, 1)
    assert second_trace.totals[1:3] == third_trace.totals[1:3] == (1, 1)
    assert Signal.__dict__["send"] is original


def test_send_that_is_mocked_before_a_trace_is_called_the_same():
    signal = Signal()
    with mock.patch.object(Signal, "send") as send:
        with signaltools.trace() as trace:
            assert signal.send("shop", order=1) is send.return_value
        assert Signal.__dict__["send"] is send

    assert send.mock_calls == [mock.call("shop", order=1)]
    assert [node.method for node in trace.sends] == ["send"]


def test_send_that_is_mocked_within_a_trace_is_not_recorded():
    with signaltools.trace() as trace, mock.patch.object(Signal, "send") as send:
        Signal().send("shop")

    assert send.mock_calls == [mock.call("shop")]
    assert trace.sends == ()


def test_mock_that_outlives_a_trace_is_undone_by_the_next_one():
    original = Signal.__dict__["send"]
    trace = signaltools.trace()
    trace.start()
    with mock.patch.object(Signal, "send") as send:
        trace.stop()
        Signal().send("shop")
    assert make(Signal, first).send(None) == [(first, 1)]
    with signaltools.trace():
        pass

    assert send.mock_calls == [mock.call("shop")]
    assert Signal.__dict__["send"] is original


def test_mocked_live_receivers_are_recorded():
    signal = make(Signal, first)
    found = mock.Mock(return_value=([second], []))
    with (
        mock.patch.object(Signal, "_live_receivers", found),
        signaltools.trace() as trace,
    ):
        assert signal.send(None) == [(second, 2)]

    assert [call.receiver for call in trace.calls] == [f"{__name__}.second"]


# Subclasses


@pytest.mark.parametrize("method", ["send", "send_robust"])
def test_subclass_that_calls_super_is_recorded_once(method):
    signal = make(Own, first)
    with signaltools.trace() as trace:
        assert getattr(signal, method)("shop") == [(first, 1)]

    assert [node.method for node in trace.sends] == [method]
    assert trace.totals[1:4] == (1, 1, 0)


def test_subclass_may_have_another_signature():
    signal = make(WithSignature, first)
    with signaltools.trace() as trace:
        assert signal.send(7, amount=2) == [(first, 1)]
        signal.send(7, sender=Stock)

    assert [(node.sender, node.arguments) for node in trace.sends] == [
        ("builtins.int", ("amount",)),
        ("tests.shapes.Stock", ()),
    ]
    assert trace.totals[1:3] == (2, 2)


def test_sender_is_none_if_a_subclass_takes_none():
    signal = make(Positional, first)
    with signaltools.trace() as trace:
        signal.send()

    assert trace.sends[0].sender is None
    assert trace.totals[1:3] == (1, 1)


def test_own_loop_is_recorded_without_its_receivers():
    signal = OwnLoop()
    signal.connect(first)
    with signaltools.trace() as trace:
        assert signal.send(None) == [1]

    assert trace.totals[1:3] == (1, 0)


def test_send_that_raises_is_recorded():
    with signaltools.trace() as trace, pytest.raises(LookupError):
        Raising().send(None)

    [send] = trace.sends
    assert (send.raised, send.error) == (1, "LookupError: no send today")


def test_send_that_calls_send_robust_is_recorded_once():
    signal = make(Robust, first)
    with signaltools.trace() as trace:
        assert signal.send("shop") == [(first, 1)]

    assert [node.method for node in trace.sends] == ["send"]
    assert trace.totals[1:3] == (1, 1)


def test_own_live_receivers_sees_the_receivers_themselves():
    signal = make(ByName, second, on_save, first)
    with signaltools.trace() as trace:
        assert signal.send(None) == [(first, 1), (second, 2)]

    assert [type(receiver) for receiver in signal.seen] == [type(first)] * 3
    assert all(
        seen is real
        for seen, real in zip(signal.seen, [second, on_save, first], strict=True)
    )
    assert [call.receiver for call in trace.calls] == [
        f"{__name__}.first",
        f"{__name__}.second",
    ]


def test_own_live_receivers_outside_of_a_send_is_left_alone():
    signal = make(Own, first)
    with signaltools.trace() as trace:
        assert signal._live_receivers(None) == ([first], [])

    assert trace.sends == ()


def test_own_live_receivers_that_raises_is_survived():
    class Broken(Signal):
        def _live_receivers(self, sender):
            raise LookupError("no receivers today")

    signal = make(Broken, first)
    with signaltools.trace() as trace:
        with pytest.raises(LookupError):
            signal.send(None)
        make(Signal, first).send(None)

    assert [send.raised for send in trace.tree] == [1, 0]


@pytest.mark.parametrize(
    ("cls", "responses"), [(Lazy, [(first, 1), (second, 2)]), (OldStyle, [1, 2])]
)
def test_what_is_no_pair_of_lists_is_left_alone(cls, responses):
    signal = make(cls, first, second)
    with signaltools.trace() as trace:
        assert signal.send(None) == responses

    assert trace.totals[1:3] == (1, 0)


def test_send_that_asks_for_listeners_is_recorded_once():
    signal = make(Asking, first)
    with signaltools.trace() as trace:
        assert signal.send(None) == [(first, 1)]
        assert Asking().send(None) is None

    assert trace.totals[1:4] == (2, 1, 1)


@pytest.mark.parametrize("cls", [Odd, AsProperty])
def test_send_may_be_any_descriptor(cls):
    signal = make(cls, first)
    arguments = ["shop"] if cls is Odd else []
    with signaltools.trace() as trace:
        assert signal.send(*arguments) == [(first, 1)]

    assert trace.totals[1:3] == (1, 1)


@pytest.mark.parametrize("cls", [Static, NoDescriptor])
def test_send_may_be_without_self(cls):
    plain = cls().send("shop")
    with signaltools.trace() as trace:
        assert cls().send("shop") == plain

    assert [(node.sender, node.method) for node in trace.sends] == [
        ("builtins.str", "send")
    ]


def test_subclass_that_is_created_meanwhile_is_recorded():
    with signaltools.trace() as trace:

        class Late(Signal):
            def send(self, sender):
                return "sent"

        hooked = Late.__dict__["send"]
        assert Late().send("shop") == "sent"

    assert trace.totals.sends == 1
    assert Late.__dict__["send"] is not hooked
    assert Late().send("shop") == "sent"


def test_class_options_reach_the_other_bases_of_a_subclass():
    class Base:
        def __init_subclass__(cls, option=None, **options):
            super().__init_subclass__(**options)
            cls.option = option

    with signaltools.trace():

        class Late(Signal, Base, option="kept"):
            pass

        with pytest.raises(TypeError):

            class Wrong(Signal, option="unknown"):
                pass

    assert Late.option == "kept"


def test_subclass_that_is_created_as_the_last_trace_ends_is_not_hooked():
    trace = signaltools.trace()
    trace.start()
    hook = Signal.__dict__["__init_subclass__"]
    trace.stop()

    class Late(Signal):
        def send(self, sender):
            return "sent"

    plain = Late.__dict__["send"]
    hook.__get__(None, Late)()

    assert Late.__dict__["send"] is plain


def test_subclass_with_two_ways_to_signal_is_put_back():
    class Left(Signal):
        pass

    class Right(Signal):
        pass

    class Both(Left, Right):
        def send(self, sender):
            return super().send(sender)

    plain, signal = Both.__dict__["send"], make(Both, first)
    with signaltools.trace() as trace:
        assert signal.send(None) == [(first, 1)]

    assert trace.totals[1:3] == (1, 1)
    assert Both.__dict__["send"] is plain


# Responses


def exception_parts(error):
    parts = [exception_parts(part) for part in getattr(error, "exceptions", ())]
    return type(error), str(error), parts


def outcome(signal, method):
    try:
        responses = getattr(signal, method)(None)
    except BaseException as error:
        return exception_parts(error)
    for _, response in responses:
        if inspect.iscoroutine(response):
            response.close()
    # Some do not even let themselves be compared.
    return [(id(receiver), id(type(response))) for receiver, response in responses]


@pytest.mark.parametrize("method", ["send", "send_robust"])
@pytest.mark.parametrize(
    "shape",
    [shape for shape in SHAPES if shape.connectable],
    ids=lambda shape: shape.label,
)
def test_every_shape_answers_the_same(shape, method):
    signal = make(Signal, first, shape.receiver)
    signal.connect(second)
    plain = outcome(signal, method)
    with signaltools.trace() as trace:
        assert outcome(signal, method) == plain

    assert shape.name in {call.receiver for call in trace.calls}


@pytest.mark.parametrize("wrap", [functools.partial, lambda receiver: receiver])
def test_robust_send_fails_as_django_does(wrap):
    class Failing:
        def __call__(self, **kwargs):
            raise error

    error = ValueError("wrong")
    signal = make(Signal, wrap(Failing()))

    def send():
        with pytest.raises(AttributeError) as caught:
            signal.send_robust(None)
        assert caught.value.__context__ is error
        return str(caught.value)

    plain = send()
    with signaltools.trace() as trace:
        assert send() == plain

    assert (trace.sends[0].raised, trace.calls[0].swallowed) == (1, 1)


def test_errors_in_responses_are_the_same_objects():
    def fail(**kwargs):
        raise error

    error, signal = ValueError("wrong"), make(Signal, fail, first)
    with signaltools.trace() as trace:
        responses = signal.send_robust(None)

    assert [(receiver, type(answer)) for receiver, answer in responses] == [
        (fail, ValueError),
        (first, int),
    ]
    assert responses[0][0] is fail
    assert responses[0][1] is error
    assert [call.outcome for call in trace.calls] == ["swallowed", "returned"]


@pytest.mark.parametrize(
    "responses", [None, ("text",), [("text",), ["a", "b"], ("a", "b")]]
)
def test_responses_of_a_subclass_may_be_anything(responses):
    class Own(Signal):
        def send(self, sender):
            super().send(sender)
            return responses

    with signaltools.trace():
        assert make(Own, first).send(None) is responses


# Probes


def probe_of(receiver):
    class Keeping(Signal):
        def send(self, sender):
            [self.kept], _ = self._live_receivers(sender)

    signal = make(Keeping, receiver)
    with signaltools.trace():
        signal.send(None)
    return signal.kept


@pytest.mark.parametrize(
    "receiver", [first, stock.reserve, Stock, functools.partial(first)]
)
def test_stand_in_looks_like_the_receiver(receiver):
    probe = probe_of(receiver)

    assert probe is not receiver
    assert probe.__class__ is receiver.__class__
    assert isinstance(probe, type(receiver))
    assert probe.__module__ == receiver.__module__
    assert probe.__doc__ == receiver.__doc__
    assert probe == receiver
    assert receiver == probe
    assert probe == probe_of(receiver)
    assert probe != second
    assert hash(probe) == hash(receiver)
    assert repr(probe) == repr(receiver)
    assert inspect.iscoroutinefunction(probe) is False
    for name in ("__name__", "__qualname__", "__self__", "func", "nothing"):
        nothing = object()
        assert getattr(probe, name, nothing) == getattr(receiver, name, nothing)


def test_receivers_see_what_they_always_see():
    def look(signal, sender, **kwargs):
        return signal, sender, kwargs

    signal = make(Signal, look)
    with signaltools.trace():
        [(receiver, (seen, sender, kwargs))] = signal.send("shop", order=None)

    assert receiver is look
    assert (seen, sender, kwargs) == (signal, "shop", {"order": None})


# Receivers that change connections


def test_receiver_may_connect_and_disconnect():
    def change(signal, **kwargs):
        signal.disconnect(change)
        signal.connect(first)

    signal = Signal()
    signal.connect(change)
    with signaltools.trace() as trace:
        assert signal.send(None) == [(change, None)]
        assert signal.send(None) == [(first, 1)]

    assert [send.calls[0].receiver.rpartition(".")[2] for send in trace.sends] == [
        "change",
        "first",
    ]


def test_muted_signal_has_no_receivers():
    signal = make(Signal, first)
    with signaltools.trace() as trace:
        kept, signal.receivers = signal.receivers, []
        assert signal.send(None) == []
        signal.receivers = kept
        signal.sender_receivers_cache.clear()
        assert signal.send(None) == [(first, 1)]

    assert [len(send.calls) for send in trace.sends] == [0, 1]


def test_has_listeners_creates_no_calls():
    def ask(signal, **kwargs):
        return signal.has_listeners(), Signal().has_listeners()

    signal = make(Signal, ask)
    with signaltools.trace() as trace:
        assert signal.has_listeners()
        assert not Signal().has_listeners()
        assert signal.send(None) == [(ask, (True, False))]

    assert trace.totals[1:4] == (1, 1, 0)
    assert trace.calls[0].count == 1


def test_other_signal_within_an_own_send_is_left_alone():
    other = make(Signal, first)

    class Own(Signal):
        def send(self, sender):
            return other.has_listeners(), other.send(sender)

    with signaltools.trace() as trace:
        assert Own().send(None) == (True, [(first, 1)])

    [send] = trace.tree
    assert send.calls == ()
    assert [below.calls[0].count for below in send.sends] == [1]


def test_coroutine_receiver_of_a_plain_send_is_recorded():
    signal = make(Signal, on_save_async)
    with signaltools.trace() as trace:
        assert signal.send(None) == [(on_save_async, None)]

    assert [(call.order, call.outcome) for call in trace.calls] == [(None, "returned")]


# Nothing is kept alive


def send_much(times):
    """
    Return weak references to all that took part in what was sent.
    """

    class Local:
        def receive(self, **kwargs):
            pass

    class Error(Exception):
        pass

    def receiver(**kwargs):
        raise Error(kwargs["argument"])

    signal, owner, argument = Signal(), Local(), Stock()
    signal.connect(owner.receive)
    signal.connect(receiver)
    for sender in [Local, owner, None] * times:
        try:
            signal.send(sender, argument=argument)
        except Error as error:
            raised = error
    parts = [Local, Error, receiver, signal, owner, argument, raised]
    return [weakref.ref(part) for part in parts]


@pytest.mark.parametrize("times", [1, 30])
def test_nothing_is_kept_alive(times):
    with signaltools.trace(argument_types=True) as trace:
        references = send_much(times)
        gc.collect()

        assert [reference() for reference in references] == [None] * 7
        assert trace.totals.raised == 3 * times


# Forks

FORK = """
import os, sys
import django
from django.conf import settings
settings.configure(); django.setup()
from django.dispatch import Signal
import signaltools

def receiver(**kwargs):
    return os.fork()

signal, original = Signal(), Signal.__dict__["send"]
signal.connect(receiver)
with signaltools.trace() as trace:
    [(_, pid)] = signal.send(None)
    Signal().send(None)
    with signaltools.trace() as inner:
        Signal().send(None)
assert trace.totals[1:4] == (3, 1, 2), trace.totals
assert inner.totals.sends == 1
assert Signal.__dict__["send"] is original
if pid:
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    print("both went on")
else:
    os._exit(0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork()")
def test_both_processes_go_on_after_a_fork():
    done = subprocess.run(
        [sys.executable, "-c", FORK], capture_output=True, text=True, timeout=60
    )

    assert (done.stdout, done.stderr) == ("both went on\n", "")


def test_what_goes_on_after_its_receiver_is_recorded_below_it():
    def start(**kwargs):
        context.append(copy_context())

    context, later = [], make(Signal, first)
    with signaltools.trace() as trace:
        make(Signal, start).send(None)
        assert context[0].run(later.send, None) == [(first, 1)]

    [send] = trace.tree
    [call] = send.calls
    assert [below.calls[0].receiver for below in call.sends] == [f"{__name__}.first"]
    assert call.self_time == call.time


def test_asend_may_be_no_coroutine_function():
    class Returning(Signal):
        def asend(self, sender):
            return "sent"

    with signaltools.trace() as trace:
        assert Returning().asend("shop") == "sent"

    assert [(send.method, send.sender) for send in trace.sends] == [
        ("asend", "builtins.str")
    ]


def test_init_subclass_of_a_later_tool_stays():
    before = Signal.__dict__.get("__init_subclass__")
    trace = signaltools.trace()
    trace.start()
    hook = Signal.__dict__["__init_subclass__"]
    later = classmethod(lambda cls, **options: hook.__get__(None, cls)(**options))
    Signal.__init_subclass__ = later
    trace.stop()
    try:
        assert Signal.__dict__["__init_subclass__"] is later
        type("Late", (Signal,), {})
    finally:
        del Signal.__init_subclass__

    assert before is None


def test_init_subclass_of_another_tool_is_called_and_put_back(monkeypatch):
    seen = []

    def init_subclass(cls, **options):
        seen.append((cls.__name__, options))

    with monkeypatch.context() as patch:
        patch.setattr(
            Signal, "__init_subclass__", classmethod(init_subclass), raising=False
        )
        before = Signal.__dict__["__init_subclass__"]
        with signaltools.trace():

            class Loud(Signal, volume=3):
                pass

        assert Signal.__dict__["__init_subclass__"] is before

    assert seen == [("Loud", {"volume": 3})]
