"""
A clock that no test can stop.

freezegun replaces the functions of ``time`` in every module that has one of them, also
inside a block that is being recorded. Times of a trace would jump by years then.
"""

from __future__ import annotations

import time
from importlib.util import module_from_spec
from types import ModuleType


def _own_time() -> ModuleType:
    # A second copy of the module has functions that are different objects, and they are
    # Python's own even if time is frozen while this is imported. They are as quick.
    spec = time.__spec__
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_time = _own_time()
#: Return seconds since an arbitrary moment, as ``time.perf_counter()`` does.
now = _time.perf_counter
#: Return seconds since 1970, as ``time.time()`` does.
since_1970 = _time.time
