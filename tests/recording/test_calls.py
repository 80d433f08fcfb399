import ast
import inspect
import textwrap
from unittest import mock

import pytest
from django.dispatch import Signal

import signaltools
from signaltools.recording import calls, hooks
from signaltools.testing import mute
from tests.sending import make


def first(**kwargs):
    return 1


def second(**kwargs):
    return 2


def fail(**kwargs):
    raise ValueError("late")


class HasNoHash:
    __hash__ = None


def source_of_loop():
    tree = ast.parse(textwrap.dedent(inspect.getsource(Signal.send)))
    [function] = tree.body
    _docstring, *loop, _others, _result = function.body
    return "\n".join(map(ast.unparse, loop))


@pytest.mark.skipif(not calls.LOOP_IS_KNOWN, reason="Django's own loop runs")
def test_loop_is_that_of_django():
    assert source_of_loop() == (
        "if not self.receivers or"
        " self.sender_receivers_cache.get(sender) is NO_RECEIVERS:\n"
        "    return []\n"
        "responses = []\n"
        "sync_receivers, async_receivers = self._live_receivers(sender)\n"
        "for receiver in sync_receivers:\n"
        "    response = receiver(signal=self, sender=sender, **named)\n"
        "    responses.append((receiver, response))"
    )


@pytest.fixture(params=["ours", "Django's"])
def loop(request, monkeypatch):
    monkeypatch.setattr(hooks, "LOOP_IS_KNOWN", request.param == "ours")


@pytest.fixture
def probes(monkeypatch):
    """
    Return a mock that is called when Django's own loop gets probes.
    """
    both_probes = mock.Mock(side_effect=hooks.both_probes)
    monkeypatch.setattr(hooks, "both_probes", both_probes)
    return both_probes


def test_django_calls_probes_only_where_its_loop_is_not_copied(probes):
    signal = make(first)
    with signaltools.trace():
        signal.send(None)
        assert probes.call_count == 0
        signal.send_robust(None)
        assert probes.call_count == 1


@pytest.mark.parametrize("caching", [False, True])
@pytest.mark.usefixtures("loop")
def test_trace_is_the_same_with_both_loops(caching):
    signal = Signal(use_caching=caching)
    signal.connect(first, weak=False)
    signal.connect(second, weak=False)
    with signaltools.trace() as trace:
        for _ in range(2):
            assert signal.send(mock.Mock, order=1) == [(first, 1), (second, 2)]

    assert [
        (call.receiver.rpartition(".")[2], call.order, call.count)
        for call in trace.calls
    ] == [("first", 1, 1), ("second", 2, 1)] * 2


@pytest.mark.parametrize(("method", "more"), [("send", 3), ("send_robust", 4)])
def test_receiver_is_a_few_frames_farther_away(method, more):
    def count(**kwargs):
        return len(inspect.stack(0))

    signal = make(count)
    [(_, plain)] = getattr(signal, method)(None)
    with signaltools.trace():
        [(_, traced)] = getattr(signal, method)(None)

    assert traced - plain == more


@pytest.mark.usefixtures("loop")
def test_error_ends_the_loop():
    signal = make(first, fail, second)
    with signaltools.trace() as trace, pytest.raises(ValueError, match="late"):
        signal.send(None)

    assert [(call.count, call.error) for call in trace.calls] == [
        (1, None),
        (1, "ValueError: late"),
    ]
    assert [send.error for send in trace.sends] == ["ValueError: late"]


@pytest.mark.usefixtures("loop")
@pytest.mark.parametrize("caching", [False, True])
def test_sender_without_a_hash_is_refused_as_django_does(caching):
    signal = Signal(use_caching=caching)
    signal.connect(first, weak=False)
    with pytest.raises(TypeError) as expected:
        signal.send(HasNoHash())
    with signaltools.trace(), pytest.raises(TypeError) as raised:
        signal.send(HasNoHash())

    assert str(raised.value) == str(expected.value)


@pytest.mark.usefixtures("loop")
def test_argument_that_django_passes_itself_is_refused_as_django_does():
    signal = make(first)
    with pytest.raises(TypeError) as expected:
        signal.send(None, signal=1)
    with signaltools.trace(), pytest.raises(TypeError) as raised:
        signal.send(None, signal=1)

    assert str(raised.value) == str(expected.value)
    assert "first() got multiple values" in str(raised.value)


@pytest.mark.usefixtures("loop")
def test_send_that_is_replaced_by_send_robust_is_robust(monkeypatch):
    monkeypatch.setattr(Signal, "send", Signal.send_robust)
    signal = make(fail, second)
    with signaltools.trace():
        [(_, error), response] = signal.send(None)

    assert str(error) == "late"
    assert response == (second, 2)


@pytest.mark.usefixtures("loop")
def test_asynchronous_receivers_run_after_the_others():
    async def third(**kwargs):
        return 3

    signal = make(third, first)
    with signaltools.trace() as trace:
        assert signal.send(None) == [(first, 1), (third, 3)]

    assert [(call.order, call.count) for call in trace.calls] == [(1, 1), (None, 1)]


@pytest.mark.usefixtures("loop")
def test_patch_of_one_signal_is_used():
    class Patched(Signal):
        pass

    signal = Patched()
    signal.connect(first, weak=False)
    signal._live_receivers = lambda sender: ([second], [])
    with signaltools.trace():
        assert signal.send(None) == [(second, 2)]


@pytest.mark.usefixtures("loop")
def test_patch_of_the_class_within_a_trace_is_used():
    original = Signal.__dict__["_live_receivers"]

    def without_first(self, sender):
        synchronous, others = original(self, sender)
        return [each for each in synchronous if each is not first], others

    signal = make(first, second)
    with (
        signaltools.trace() as trace,
        mock.patch.object(Signal, "_live_receivers", without_first),
    ):
        assert signal.send(None) == [(second, 2)]
    assert signal.send(None) == [(first, 1), (second, 2)]

    assert trace.totals.sends == 1


@pytest.mark.usefixtures("loop")
def test_mute_that_begins_within_a_trace_mutes():
    signal = make(first, second)
    with signaltools.trace() as trace:
        with mute(signal, receivers=[first]):
            assert signal.send(None) == [(second, 2)]
        assert signal.send(None) == [(first, 1), (second, 2)]

    assert trace.totals.calls == 3


@pytest.mark.usefixtures("loop")
def test_trace_that_ends_in_a_receiver_lets_the_others_run():
    trace = signaltools.trace()

    def stop(**kwargs):
        trace.stop()

    signal = make(first, stop, second)
    trace.start()
    assert signal.send(None) == [(first, 1), (stop, None), (second, 2)]

    assert trace.totals.sends == 1
    with signaltools.trace() as other:
        signal.send(None)
    assert other.totals.calls == 3
