"""
Every shape of callable that a person can connect to a signal.

``SHAPES`` has for each the name that reports must show and the place where its code
is. Most of the hostile ones raise RuntimeError as soon as any of their code runs.
"""

from __future__ import annotations

import functools
import queue
import re
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from django.utils.functional import SimpleLazyObject, lazy

_LINES = {
    match[1]: number
    for number, text in enumerate(Path(__file__).read_text("utf-8").splitlines(), 1)
    if (match := re.search(r"# runs: (\w+)$", text))
}
_MOCK_CALL = mock.CallableMixin.__call__.__code__


class Shape(NamedTuple):
    """
    A callable and what has to be said of it.

    ``line`` is that of the innermost function that runs, None for compiled code.
    Django refuses to connect what is not ``connectable``: its own code runs the
    code of the receiver.
    """

    label: str
    receiver: Any
    module: str
    qualname: str
    file: str | None
    line: int | None
    connectable: bool = True

    @property
    def name(self):
        name = f"{self.module}.{self.qualname}" if self.module else self.qualname
        return name if len(name) <= 400 else name[:399] + "…"

    def __repr__(self):
        return f"<Shape {self.label}>"


def here(label, receiver, qualname, runs, **changes):
    shape = Shape(label, receiver, __name__, qualname, __file__, _LINES[runs])
    return shape._replace(**changes)


def compiled(label, receiver, module, qualname):
    return Shape(label, receiver, module, qualname, None, None)


def refuse(*args, **kwargs):
    raise RuntimeError("code of a receiver was run")


def on_save(**kwargs):  # runs: on_save
    pass


async def on_save_async(**kwargs):  # runs: on_save_async
    pass


def make_local():
    def on_save(**kwargs):  # runs: local
        pass

    return on_save


def wrapping(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


def hiding(function):
    def wrapper(*args, **kwargs):  # runs: hiding_wrapper
        return function(*args, **kwargs)

    return wrapper


@wrapping  # runs: wrapped
def wrapped(**kwargs):
    pass


@wrapping  # runs: twice_wrapped
@wrapping
def twice_wrapped(**kwargs):
    pass


@hiding
def hidden(**kwargs):
    pass


@functools.lru_cache  # runs: cached
def cached(**kwargs):
    pass


@functools.singledispatch  # runs: dispatched
def dispatched(*args, **kwargs):
    pass


class Stock:
    def __init__(self, **kwargs):  # runs: constructor
        pass

    def reserve(self, **kwargs):  # runs: method
        pass

    async def reserve_async(self, **kwargs):  # runs: async_method
        pass

    @classmethod  # runs: class_method
    def count(cls, **kwargs):
        pass

    @staticmethod  # runs: static_method
    def check(**kwargs):
        pass

    @wrapping  # runs: wrapped_method
    def release(self, **kwargs):
        pass

    @functools.lru_cache  # noqa: B019  # runs: cached_method
    def price(self, **kwargs):
        pass

    bulk_reserve = functools.partialmethod(reserve)


class Warehouse(Stock):
    pass


class Plain:
    pass


class Singleton:
    def __new__(cls, **kwargs):  # runs: new
        return super().__new__(cls)


class Callable:
    def __call__(self, **kwargs):  # runs: call
        pass


class InheritsCall(Callable):
    pass


class WrappedCall:
    @wrapping  # runs: wrapped_call
    def __call__(self, **kwargs):
        pass


class CallIsStatic:
    @staticmethod  # runs: static_call
    def __call__(**kwargs):
        pass


class CallIsCallable:
    __call__ = Callable()


class AsyncCallable:
    async def __call__(self, **kwargs):  # runs: async_call
        pass


class Slotted:
    __slots__ = ("__weakref__",)

    def __call__(self, **kwargs):  # runs: slotted_call
        pass


class Decorator:
    def __init__(self, function):
        functools.update_wrapper(self, function)

    def __call__(self, **kwargs):
        pass


class Partial(functools.partial):
    func = property(refuse)
    __getattribute__ = refuse
    __repr__ = refuse


def renamed(**attributes):
    def receiver(**kwargs):  # runs: renamed
        pass

    for name, value in attributes.items():
        setattr(receiver, name, value)
    return receiver


def cycle():
    first, second = renamed(), renamed()
    first.__wrapped__, second.__wrapped__ = second, first
    return first


def hostile_call(self, **kwargs):  # runs: hostile_call
    pass


def hostile(*names, base=object, meta=type, value=refuse):
    """
    Return a callable object for which the special methods ``names`` raise.
    """
    namespace = {"__module__": __name__, "__call__": hostile_call}
    return meta("Hostile", (base,), namespace | dict.fromkeys(names, value))()


def hostile_meta(*names):
    return type("HostileMeta", (type,), dict.fromkeys(names, refuse))


def on_hostile(label, *names, **changes):
    return here(label, hostile(*names), "Hostile", "hostile_call", **changes)


def on_property(name, **changes):
    receiver = hostile(name, value=property(refuse))
    return here(f"raising {name}", receiver, "Hostile", "hostile_call", **changes)


def on_hostile_class(label, *names, **changes):
    receiver = hostile(meta=hostile_meta(*names))
    return here(label, receiver, "Hostile", "hostile_call", **changes)


def hostile_class(label, *names, **changes):
    namespace = {"__module__": __name__, "__init__": hostile_call}
    receiver = hostile_meta(*names)("Hostile", (), namespace)
    return here(label, receiver, "Hostile", "hostile_call", **changes)


class HostileText(str):
    """
    A text that raises for whatever is done with it, being hashed included.
    """

    __slots__ = ()


for _name in vars(str).keys() - {"__new__", "__getattribute__", "__doc__"}:
    setattr(HostileText, _name, refuse)


def mocked(label, receiver, qualname, **changes):
    file, line = _MOCK_CALL.co_filename, _MOCK_CALL.co_firstlineno
    shape = Shape(label, receiver, "unittest.mock", qualname, file, line)
    return shape._replace(**changes)


stock = Stock()
warehouse = Warehouse()
local = make_local()

PLAIN_SHAPES = [
    here("function", on_save, "on_save", "on_save"),
    here("local function", local, "make_local.<locals>.on_save", "local"),
    here("lambda", lambda **kwargs: None, "<lambda>", "lambda"),  # runs: lambda
    here("method", stock.reserve, "Stock.reserve", "method"),
    here("inherited method", warehouse.reserve, "Warehouse.reserve", "method"),
    here("class method", Stock.count, "Stock.count", "class_method"),
    here("inherited class method", Warehouse.count, "Warehouse.count", "class_method"),
    here("class method of object", warehouse.count, "Warehouse.count", "class_method"),
    here("static method", Stock.check, "Stock.check", "static_method"),
    here("inherited static method", warehouse.check, "Stock.check", "static_method"),
    here("partial", functools.partial(on_save, a=1), "on_save", "on_save"),
    here(
        "nested partial",
        functools.partial(functools.partial(Partial(on_save))),
        "on_save",
        "on_save",
    ),
    here("partial subclass", Partial(on_save), "on_save", "on_save", connectable=False),
    here(
        "partial of method", functools.partial(stock.reserve), "Stock.reserve", "method"
    ),
    here("partial of class", functools.partial(Stock), "Stock", "constructor"),
    here("partial method", warehouse.bulk_reserve, "Warehouse.reserve", "method"),
    here("callable object", Callable(), "Callable", "call"),
    here("inherited __call__", InheritsCall(), "InheritsCall", "call"),
    here("wrapped __call__", WrappedCall(), "WrappedCall", "wrapped_call"),
    here("static __call__", CallIsStatic(), "CallIsStatic", "static_call"),
    here("callable __call__", CallIsCallable(), "CallIsCallable", "call"),
    here("slotted callable object", Slotted(), "Slotted", "slotted_call"),
    here("bound __call__", Callable().__call__, "Callable.__call__", "call"),
    here("updated callable object", Decorator(on_save), "on_save", "on_save"),
    here(
        "updated callable object of method",
        Decorator(Stock.reserve),
        "Stock.reserve",
        "method",
    ),
    here("class", Stock, "Stock", "constructor"),
    here("class with inherited __init__", Warehouse, "Warehouse", "constructor"),
    here("class with __new__", Singleton, "Singleton", "new"),
    compiled("class without __init__", Plain, __name__, "Plain"),
    here("wrapped function", wrapped, "wrapped", "wrapped"),
    here("twice wrapped function", twice_wrapped, "twice_wrapped", "twice_wrapped"),
    here(
        "function hidden by a decorator",
        hidden,
        "hiding.<locals>.wrapper",
        "hiding_wrapper",
    ),
    here("wrapped method", warehouse.release, "Warehouse.release", "wrapped_method"),
    here("cached function", cached, "cached", "cached"),
    here("cached method", warehouse.price, "Warehouse.price", "cached_method"),
    here("single-dispatch function", dispatched, "dispatched", "dispatched"),
    here("coroutine function", on_save_async, "on_save_async", "on_save_async"),
    here(
        "coroutine method", stock.reserve_async, "Stock.reserve_async", "async_method"
    ),
    here(
        "partial of coroutine function",
        functools.partial(on_save_async),
        "on_save_async",
        "on_save_async",
    ),
    here("async callable object", AsyncCallable(), "AsyncCallable", "async_call"),
    compiled("builtin", print, "builtins", "print"),
    compiled("builtin method", [].append, "builtins", "list.append"),
    compiled("builtin class method", dict.fromkeys, "builtins", "dict.fromkeys"),
    compiled("C method", queue.SimpleQueue().get, "_queue", "SimpleQueue.get"),
    compiled("compiled class", dict, "builtins", "dict"),
    compiled("method wrapper", [].__len__, "builtins", "method-wrapper"),
    compiled("partial of builtin", functools.partial(print), "builtins", "print"),
]

MOCK_SHAPES = [
    mocked("Mock", mock.Mock(), "Mock"),
    mocked("Mock with spec", mock.Mock(spec=on_save), "Mock", connectable=False),
    mocked("MagicMock", mock.MagicMock(), "MagicMock"),
    mocked("AsyncMock", mock.AsyncMock(), "AsyncMock"),
    mocked("autospec of class", mock.create_autospec(Stock), "MagicMock"),
    Shape(
        "autospec of function",
        mock.create_autospec(on_save),
        "",
        "on_save",
        "<string>",
        1,
    ),
]

_lazy_path = "django.utils.functional", "lazy.<locals>.__proxy__"

LAZY_SHAPES = [
    compiled(
        "lazy object",
        SimpleLazyObject(refuse),
        "django.utils.functional",
        "SimpleLazyObject",
    )._replace(connectable=False),
    compiled("lazy text", lazy(refuse, str)(), *_lazy_path),
    compiled("lazy function", lazy(refuse, type(on_save))(), *_lazy_path),
]

HOSTILE_SHAPES = [
    on_hostile("raising __repr__", "__repr__", "__str__", "__format__"),
    on_hostile("raising __bool__", "__bool__", "__len__", "__iter__"),
    on_hostile("raising __eq__", "__eq__", "__ne__", "__hash__"),
    on_hostile("raising __getattr__", "__getattr__", connectable=False),
    on_hostile("raising __getattribute__", "__getattribute__", connectable=False),
    on_hostile("raising __get__", "__get__"),
    on_property("__name__", connectable=False),
    on_property("__module__", module=""),
    on_property("__class__", connectable=False),
    on_property("__dict__"),
    on_property("__doc__"),
    on_property("__wrapped__"),
    on_property("__code__", connectable=False),
    on_property("__func__", connectable=False),
    on_hostile_class("class of object: raising __getattribute__", "__getattribute__"),
    on_hostile_class("class of object: raising __eq__", "__eq__", "__hash__"),
    on_hostile_class("class of object: raising __hash__", "__hash__"),
    on_hostile_class("class of object: raising __repr__", "__repr__", "__str__"),
    hostile_class(
        "class: raising __getattribute__", "__getattribute__", connectable=False
    ),
    hostile_class("class: raising __eq__", "__eq__", "__hash__"),
    hostile_class("class: raising __repr__", "__repr__", "__str__"),
    hostile_class("class: raising __call__", "__call__", "__instancecheck__"),
    here(
        "method of hostile object",
        functools.partial(hostile_call.__get__(hostile("__getattribute__", "__eq__"))),
        "Hostile.hostile_call",
        "hostile_call",
    ),
    here(
        "__module__ is None",
        renamed(__module__=None),
        "renamed.<locals>.receiver",
        "renamed",
        module="",
    ),
    here(
        "__module__ is hostile",
        renamed(__module__=hostile("__getattribute__", "__repr__", "__bool__")),
        "renamed.<locals>.receiver",
        "renamed",
        module="",
    ),
    here(
        "__module__ is hostile text",
        renamed(__module__=HostileText("shop.stock")),
        "renamed.<locals>.receiver",
        "renamed",
        module="shop.stock",
    ),
    here(
        "__qualname__ is hostile text",
        renamed(__qualname__=HostileText("reserve")),
        "reserve",
        "renamed",
    ),
    here(
        "__qualname__ without end",
        renamed(__qualname__="x" * 10_000),
        "x" * 399 + "…",
        "renamed",
    ),
    here(
        "__qualname__ with control characters",
        renamed(__qualname__="a\nb\x1b[31mc\u200fd"),
        "a\nb\x1b[31mc\u200fd",
        "renamed",
    ),
    here(
        "__qualname__ with markup",
        renamed(__qualname__="<script>alert(1)</script>"),
        "<script>alert(1)</script>",
        "renamed",
    ),
    here("cycle of __wrapped__", cycle(), "renamed.<locals>.receiver", "renamed"),
    here(
        "__wrapped__ is not callable",
        renamed(__wrapped__="text"),
        "renamed.<locals>.receiver",
        "renamed",
    ),
]

SHAPES = [*PLAIN_SHAPES, *MOCK_SHAPES, *LAZY_SHAPES, *HOSTILE_SHAPES]
