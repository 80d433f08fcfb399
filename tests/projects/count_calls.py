"""
Run a command of a project as manage.py does, and print as JSON what it sent and called.

    python count_calls.py migrate --skip-checks

It shares no code with the package. In each row of each signal, also in those that are
added later, the receiver is replaced by an object that counts and calls it.
"""

import functools
import json
import os
import sys
import weakref
from collections import Counter

import django
from django.dispatch import Signal
from truth import (
    Ledger,
    attributes_that_hold_signals,
    describe_signal,
    innermost_code,
    module_and_qualname,
    signals_on_the_heap,
)

DJANGO = os.path.dirname(django.__file__) + os.sep


class Counted:
    def __init__(self, receiver):
        self.receiver = receiver
        self.calls = 0
        self.name = ".".join(module_and_qualname(self.live()))
        self.of_django = innermost_code(self.live()).co_filename.startswith(DJANGO)

    def live(self):
        is_weak = isinstance(self.receiver, weakref.ReferenceType)
        return self.receiver() if is_weak else self.receiver

    def __call__(self, **named):
        receiver = self.live()
        # Django leaves out a receiver that is gone.
        if receiver is None:
            return None
        self.calls += 1
        return receiver(**named)


class Count:
    """What is sent and called from now on, by the id of the signal."""

    def __init__(self):
        self.sends = Counter()
        self.counted = {}
        # What was connected after the signal was sent.
        self.added = {}
        for signal in signals_on_the_heap():
            self.replace_receivers(signal)
        for method in ("send", "send_robust"):
            self.watch_sends(method, getattr(Signal, method))
        self.watch_connect(Signal.connect)

    def replace_receivers(self, signal):
        new = []
        for index, row in enumerate(signal.receivers):
            key, receiver, *rest = row
            if not isinstance(receiver, Counted):
                new.append(Counted(receiver))
                signal.receivers[index] = (key, new[-1], *rest)
        signal.sender_receivers_cache.clear()
        self.counted.setdefault(id(signal), []).extend(new)
        return new

    def watch_sends(self, method, original):
        @functools.wraps(original)
        def send(signal, sender, **named):
            self.sends[id(signal)] += 1
            return original(signal, sender, **named)

        setattr(Signal, method, send)

    def watch_connect(self, original):
        @functools.wraps(original)
        def connect(signal, *args, **named):
            original(signal, *args, **named)
            new = self.replace_receivers(signal)
            if self.sends[id(signal)]:
                self.added.setdefault(id(signal), []).extend(new)

        Signal.connect = connect

    def calls(self, signal):
        calls = Counter()
        for counted in self.counted.get(id(signal), []):
            calls[counted.name] += counted.calls
        return +calls

    def still_added(self, signal):
        connected = {id(row[1]) for row in signal.receivers}
        added = self.added.get(id(signal), [])
        return Counter(
            each.name for each in added if id(each) in connected and not each.of_django
        )


def main(*arguments):
    ledger = Ledger()
    ledger.install()
    from django.core.management import ManagementUtility

    sys.argv[:] = argv = ["manage.py", *arguments]
    django.setup()
    command = ManagementUtility(argv).fetch_command(argv[1])
    count = Count()
    command.run_from_argv(argv)
    holders, counted = attributes_that_hold_signals(), {}
    for signal, lines in ledger.signals():
        if count.sends[id(signal)] or count.calls(signal):
            name = describe_signal(signal, lines, holders[id(signal)])["name"]
            counted[name] = {
                "sends": count.sends[id(signal)],
                "calls": count.calls(signal),
                "added": count.still_added(signal),
            }
    json.dump(counted, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
