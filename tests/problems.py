"""
Find what is wrong with the connections of one signal.
"""

from __future__ import annotations

from signaltools.checks.run import find_problems
from signaltools.inventory.names import NamedSignal, registry
from signaltools.inventory.reading import read_connected


def problems(signal, name=None):
    """
    Return all that is found for ``signal``, which has this name.
    """
    # The registry remembers what it has found: there are hundreds of these tests.
    named = (e.name for e in registry.entries() if e.signal is signal)
    name = name or next(named)
    module = name.rpartition(".")[0]
    entry = NamedSignal(name, signal, (), module, None, None, "")
    return find_problems(read_connected([entry]))


def facts(signal, name=None):
    """
    Return id, message and hint of each problem, without notes.
    """
    return [
        (problem.id, problem.message, problem.hint)
        for problem in problems(signal, name)
        if not problem.is_note
    ]


def notes(signal, name=None):
    """
    Return id, message and hint of each note.
    """
    return [
        (problem.id, problem.message, problem.hint)
        for problem in problems(signal, name)
        if problem.is_note
    ]
