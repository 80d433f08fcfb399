"""
Run receivers in the background in a test, without a worker.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from django.db import connections

from ..events.background import BackgroundReceiver, PendingTask, find_tasks
from ..introspect.objects import is_a, short_name
from ..introspect.text import text_list


def run_queued() -> int:
    """
    Run the receivers in the background that were queued, and return their number.

    They are those that wait for the commit of a transaction of this thread, and those
    that Django's ``DummyBackend`` has recorded. What they queue in turn is run, too.
    Each gets its arguments from JSON, as on a worker, and its exceptions are raised
    here; the receivers behind it stay queued. Raises ``RuntimeError`` if there is
    nothing to run but another backend may have queued something.
    """
    tasks = find_tasks()
    dummy = import_module(f"{tasks.__name__}.backends.dummy").DummyBackend
    backends = tasks.task_backends.all(initialized_only=True)
    number = 0
    while result := _next_recorded(backends, dummy) or _next_pending(dummy):
        number += 1
        context: tuple[Any, ...] = ()
        if result.task.takes_context:
            base = import_module(f"{tasks.__name__}.base")
            context = (base.TaskContext(task_result=result),)
        result.task.call(*context, **json.loads(json.dumps(result.kwargs)))
    others = [*_others(backends, (dummy, _immediate(tasks)))]
    if others and not number:
        raise RuntimeError(
            f"run_queued() can't run what {text_list(others)} may have queued: use "
            "Django's DummyBackend in the settings of the tests."
        )
    return number


def _next_recorded(backends: list[Any], dummy: Any) -> Any:
    for backend in backends:
        if is_a(backend, dummy):
            for index, result in enumerate(backend.results):
                # The project may have queued other tasks.
                if is_a(result.task, BackgroundReceiver):
                    return backend.results.pop(index)
    return None


def _next_pending(dummy: Any) -> Any:
    for connection in connections.all(initialized_only=True):
        for _, callback, *_ in connection.run_on_commit:
            # It stays in the list, whose positions captureOnCommitCallbacks() counts.
            if type(callback) is PendingTask and not callback.was_queued:
                callback.was_queued = True
                # A backend that runs it would hide its exception. No queues: any.
                recorder = dummy(callback.receiver.backend, {"QUEUES": []})
                recorder.enqueue(callback.receiver, (), dict(callback.message))
                return recorder.results.pop()
    return None


def _immediate(tasks: Any) -> Any:
    return import_module(f"{tasks.__name__}.backends.immediate").ImmediateBackend


def _others(backends: list[Any], known: tuple[Any, ...]) -> Iterator[str]:
    for backend in backends:
        if not issubclass(type(backend), known):
            yield f"the backend {backend.alias!r} ({short_name(type(backend))})"
