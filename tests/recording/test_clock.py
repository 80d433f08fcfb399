import importlib
import time

import signaltools
from signaltools.recording import calls, clock, hooks, probes, recorder
from tests.sending import make


def test_no_module_has_a_function_of_time():
    # freezegun looks for these objects, whatever they are called.
    for module in (calls, clock, hooks, probes, recorder):
        values = [*vars(module).values()]
        assert not any(
            each is time.perf_counter or each is time.time for each in values
        )


def test_clock_is_that_of_python():
    before = time.perf_counter()
    assert before <= clock.now() <= time.perf_counter()


def test_a_trace_knows_when_it_was_started(monkeypatch):
    before = time.time()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    trace = signaltools.trace()
    assert trace.started_at is None
    trace.start()
    started_at = trace.started_at
    trace.stop()
    monkeypatch.undo()

    assert before <= started_at <= time.time()
    assert trace.started_at == started_at


def test_clock_is_that_of_python_if_time_is_frozen_on_import(monkeypatch):
    monkeypatch.setattr(time, "perf_counter", lambda: -1.0)
    try:
        assert importlib.reload(clock).now() > 0
    finally:
        monkeypatch.undo()
        importlib.reload(clock)


def test_time_that_is_frozen_inside_a_trace_changes_nothing(monkeypatch):
    signal = make(lambda **kwargs: None)
    with signaltools.trace() as trace:
        signal.send(int)
        monkeypatch.setattr(time, "perf_counter", lambda: 2e9)
        signal.send(str)
        monkeypatch.undo()
        signal.send(float)

    senders = [send.sender for send in trace.sends]
    assert senders == ["builtins.int", "builtins.str", "builtins.float"]
    starts = [send.start for send in trace.sends]
    assert starts == sorted(starts)
    assert 0 <= starts[0] <= starts[-1] <= trace.totals.time < 60
