from __future__ import annotations

import functools
import gc
import weakref
from types import MethodType

import pytest
from django.utils.functional import SimpleLazyObject, empty

from signaltools.introspect.callables import Described, Unreadable, describe
from tests.shapes import SHAPES, on_save, refuse, renamed, wrapping

NON_PARTIALS = [
    shape
    for shape in SHAPES
    if callable(shape.receiver)
    and not issubclass(type(shape.receiver), functools.partial)
]


def label(shape):
    return shape.label


def expected(shape):
    return Described(shape.name, shape.module, shape.qualname, shape.file, shape.line)


def line(function):
    return function.__code__.co_firstlineno


@pytest.mark.parametrize("shape", SHAPES, ids=label)
def test_every_shape_has_its_name_and_place(shape):
    assert describe(shape.receiver) == expected(shape)


@pytest.mark.parametrize("shape", NON_PARTIALS, ids=label)
def test_partial_is_described_as_its_function(shape):
    assert describe(functools.partial(shape.receiver)) == expected(shape)


@pytest.mark.parametrize("shape", SHAPES, ids=label)
def test_strings_of_a_description_are_plain(shape):
    name, module, qualname, _, _ = describe(shape.receiver)

    assert [type(text) for text in (name, module, qualname)] == [str, str, str]


def test_lazy_object_stays_asleep():
    lazy_object = SimpleLazyObject(refuse)

    describe(lazy_object)

    assert object.__getattribute__(lazy_object, "_wrapped") is empty


def test_method_of_a_class_made_elsewhere_has_the_name_of_that_class():
    def reserve(self):
        pass

    module = {"__module__": "shop.stock", "__qualname__": "Stock"}
    receiver = MethodType(reserve, type("Stock", (), module)())

    assert describe(receiver).name == "shop.stock.Stock.reserve"


def test_object_wrapping_a_function_without_a_name_has_the_name_of_its_class():
    class Decorator:
        def __init__(self, function):
            self.__wrapped__ = function

        def __call__(self, **kwargs):
            pass

    described = describe(Decorator(on_save))

    assert described.qualname.endswith("<locals>.Decorator")
    assert described.line == line(on_save)


def test_object_that_took_over_a_hostile_name_has_the_name_of_its_class():
    class Name(str):
        __slots__ = ()
        __str__ = refuse

    class Decorator:
        def __init__(self):
            self.__wrapped__ = on_save
            self.__qualname__ = Name("on_save")

        def __call__(self, **kwargs):
            pass

    assert describe(Decorator()).qualname.endswith("<locals>.Decorator")


def test_object_that_took_over_a_name_is_called_what_it_wraps():
    class Decorator:
        def __init__(self):
            self.__wrapped__ = on_save
            self.__qualname__ = "on_save"

        def __call__(self, **kwargs):
            pass

    assert describe(Decorator())[:3] == describe(on_save)[:3]


def test_raw_static_method_has_the_place_of_its_function():
    assert describe(staticmethod(on_save)) == describe(on_save)


def test_raw_class_method_has_the_place_of_its_function():
    assert describe(classmethod(on_save)) == describe(on_save)


def test_class_with_wrapped_constructor_has_the_place_of_the_constructor():
    class Stock:
        def restock(self, **kwargs):
            pass

        __init__ = wrapping(restock)

    assert describe(Stock).line == line(Stock.restock)


def test_class_without_a_python_constructor_has_no_place():
    class Stock:
        __init__ = functools.partialmethod(on_save)

    assert describe(Stock)[3:] == (None, None)


def test_class_made_without_a_module_has_its_bare_name():
    namespace = {}
    exec("Stock = type('Stock', (), {})", namespace)

    assert describe(namespace["Stock"]).name == "Stock"


def test_wrapped_functions_are_followed_through_many_layers():
    receiver = on_save
    for _ in range(50):
        receiver = wrapping(receiver)

    assert describe(receiver) == describe(on_save)


def test_very_many_layers_are_given_up():
    receiver = on_save
    for _ in range(1_000):
        receiver = wrapping(receiver)

    described = describe(receiver)

    assert described.name == describe(on_save).name
    assert described.line == line(wrapping(on_save))


def test_wrapper_of_a_callable_object_has_the_place_of_its_call():
    class Stock:
        def __call__(self, **kwargs):
            pass

    receiver = renamed(__wrapped__=Stock())

    assert describe(receiver).line == line(Stock.__call__)


def test_name_of_the_greatest_length_is_not_cut():
    receiver = renamed(__module__="shop", __qualname__="x" * 395)

    assert describe(receiver)[:3] == (f"shop.{'x' * 395}", "shop", "x" * 395)


def test_module_without_end_is_cut():
    receiver = renamed(__module__="m" * 1_000, __qualname__="on_save")

    assert describe(receiver)[:3] == ("m" * 399 + "…", "m" * 399 + "…", "on_save")


def test_unreadable_receiver_names_the_exception():
    unreadable = Unreadable(KeyError("never shown"))

    assert describe(unreadable) == Described(
        "unreadable receiver (KeyError)",
        "",
        "unreadable receiver (KeyError)",
        None,
        None,
    )


def test_partial_of_itself_is_unreadable():
    partial = functools.partial(on_save)
    partial.__setstate__((partial, (), {}, {}))

    name = "unreadable receiver (RecursionError)"
    assert describe(partial) == (name, "", name, None, None)


def test_unreadable_keeps_nothing_of_the_error():
    class ReceiverError(Exception):
        pass

    error = ReceiverError("about a receiver")
    gone = weakref.ref(error)
    unreadable = Unreadable(error)

    del error
    gc.collect()

    assert gone() is None
    assert list(vars(unreadable)) == ["cause"]


def local_function():
    def receiver(**kwargs):
        pass

    return receiver


def local_object():
    class Stock:
        def __call__(self, **kwargs):
            pass

    return Stock()


def local_class():
    return type(local_object())


def local_decorated_object():
    return functools.update_wrapper(local_object(), local_function())


def local_cached_function():
    return functools.cache(local_function())


@pytest.mark.parametrize(
    "make",
    [
        local_function,
        local_object,
        local_class,
        local_decorated_object,
        local_cached_function,
    ],
)
def test_described_receiver_is_not_kept_alive(make):
    receiver = make()
    gone = weakref.ref(receiver), weakref.ref(type(receiver))
    dies_with_its_class = type(receiver).__module__ == __name__

    describe(receiver)
    del receiver
    gc.collect()

    assert gone[0]() is None
    if dies_with_its_class:
        assert gone[1]() is None


def test_script_in_a_process_of_multiprocessing_keeps_its_name():
    def receive(**kwargs): ...

    receive.__module__ = "__mp_main__"
    receive.__qualname__ = "receive"
    described = describe(receive)
    assert (described.name, described.module) == ("__main__.receive", "__main__")
