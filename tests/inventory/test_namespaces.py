from __future__ import annotations

from types import ModuleType

from django.dispatch import Signal

from signaltools.introspect.objects import (
    loaded_modules,
    module_attribute,
    module_namespace,
)
from signaltools.introspect.source import is_standard
from signaltools.inventory import namespaces
from signaltools.inventory.namespaces import find_signals


def test_find_signals_names_each_by_its_first_path():
    signal, other = Signal(), Signal()
    first, second = ModuleType("first"), ModuleType("second")
    first.sig, first.again = signal, signal
    second.sig, second.other = signal, other
    second.Holder = type("Holder", (), {"sig": signal, "other": other})

    found = find_signals([("first", first), ("renamed", second)])

    assert found == {"first.sig": signal, "renamed.other": other}


def test_find_signals_of_nothing():
    assert find_signals([]) == {}


def test_the_standard_library_and_the_classes_of_django_have_no_signals():
    # Neither is read, which saves two thirds of the time.
    search = namespaces._Search(in_classes=True)
    for name, module in loaded_modules():
        is_django = name.startswith("django.")
        file = module_attribute(module, "__file__")
        if is_django or (file and is_standard(file)):
            found = search.in_namespace(module_namespace(module))
            assert [path for path, _ in found if "." in path or not is_django] == []
