from __future__ import annotations

import pytest
from django.dispatch import Signal

from signaltools.inventory.names import NamedSignal
from signaltools.inventory.reading import read_connected
from signaltools.recording import counting
from signaltools.recording.coverage import Observed, combined


@pytest.fixture(autouse=True)
def _counting():
    counting.start_counting()
    yield
    counting.stop_counting()


def receive(**kwargs):
    pass


def receive_too(**kwargs):
    pass


# As if it was part of a project. This module is one of tests.
receive.__module__ = receive_too.__module__ = "shop.receivers"


class Looping(Signal):
    def send(self, sender, **named):
        return [(each[1], each[1](**named)) for each in self.receivers]


def make(*receivers, cls=Signal):
    signal = cls()
    for receiver in receivers:
        signal.connect(receiver, weak=False)
    return signal


def read(observed, *signals, name="shop.signals.paid", tests=()):
    entries = [NamedSignal(name, signal, module="shop.signals") for signal in signals]
    observed.read(read_connected(entries), tests)


def counted(*observed, **options):
    """
    Return the name and the calls of each receiver.
    """
    coverage = combined([each.results() for each in observed], **options)
    return {each.name.rpartition(".")[2]: each.calls for each in coverage.receivers}


def test_connections_of_the_first_and_the_last_reading_count():
    signal, observed = make(receive), Observed()
    read(observed, signal)
    signal.send(None)
    signal.disconnect(receive)
    signal.connect(receive_too)
    read(observed, signal)
    assert counted(observed) == {"receive": 1, "receive_too": 0}


def test_a_connection_that_is_put_back_is_the_same_one():
    signal, observed = make(receive), Observed()
    read(observed, signal)
    signal.send(None)
    rows, signal.receivers = signal.receivers, []
    signal.receivers = rows
    read(observed, signal)
    assert counted(observed) == {"receive": 1}


def test_results_of_processes_are_added_up():
    first, second = make(receive), make(receive, receive_too)
    observed = Observed(), Observed()
    for one, signal, times in zip(observed, (first, second), (1, 2), strict=True):
        read(one, signal)
        for _ in range(times):
            signal.send(None)
    assert counted(*observed) == {"receive": 3, "receive_too": 2}
    assert counted(*observed) == counted(*reversed(observed))


def test_tests_and_what_they_define_are_left_out():
    def local(**kwargs):
        pass

    signal, observed = make(receive, late_local := local), Observed()
    assert late_local is local
    read(observed, signal, tests={"shop.receivers"})
    assert counted(observed) == {}
    assert counted(observed, everything=True) == {"local": 0, "receive": 0}


def test_a_function_that_a_test_connects_is_left_out_of_everything():
    def local(**kwargs):
        pass

    signal, observed = make(receive), Observed()
    read(observed, signal)
    signal.connect(local)
    signal.connect(receive_too)
    read(observed, signal, make(local), name="unnamed Signal (x)")
    read(observed, signal)
    names = counted(observed, everything=True)
    assert names == {"receive": 0, "receive_too": 0}


def test_rows_that_cannot_be_read_are_left_out():
    signal, observed = make(receive), Observed()
    signal.receivers.append(("another", "shape"))
    read(observed, signal)
    assert counted(observed) == {"receive": 0}


@pytest.mark.parametrize("is_sent", [True, False])
def test_a_class_that_calls_receivers_itself_cannot_be_counted(is_sent):
    signal, observed = make(receive, cls=Looping), Observed()
    if is_sent:
        signal.send(None)
    read(observed, signal)
    coverage = combined([observed.results()])
    assert coverage.unseen == (("shop.signals.paid",) if is_sent else ())
    assert len(coverage.receivers) == (0 if is_sent else 1)
    assert len(coverage.never_sent) == (0 if is_sent else 1)


def test_a_signal_is_sent_if_any_process_has_sent_it():
    signals, observed = (make(), make()), (Observed(), Observed())
    for one, signal in zip(observed, signals, strict=True):
        read(one, signal)
    signals[0].send(None)
    coverage = combined([each.results() for each in observed])
    assert coverage.never_sent == []
    assert (coverage.ran, coverage.percent) == (0, 100)
