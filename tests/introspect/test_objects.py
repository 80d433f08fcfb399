from __future__ import annotations

import gc
import sys
import weakref
from importlib.machinery import ModuleSpec
from importlib.util import LazyLoader, find_spec, module_from_spec
from types import ModuleType

import pytest
from django.dispatch import Signal
from django.utils.functional import SimpleLazyObject

from signaltools.introspect.objects import (
    class_attribute,
    class_name,
    class_namespace,
    class_path,
    exact,
    is_a,
    live_classes,
    loaded_modules,
    module_attribute,
    module_namespace,
    stored_attribute,
)
from tests.shapes import HostileText, hostile, hostile_meta, on_save, refuse


class Base:
    inherited = "of the base"
    overridden = "of the base"

    def method(self):
        pass


class Child(Base):
    overridden = "of the child"


class Nested:
    class Inner:
        pass


class ModuleWithOwnDict(ModuleType):
    __dict__ = property(refuse)


class HostileModule(ModuleType):
    __getattribute__ = refuse
    __eq__ = refuse
    __hash__ = None


# Their names only: pytest itself would run the code of a parameter.
META_METHODS = {
    "attribute": ("__getattribute__",),
    "comparison": ("__eq__", "__hash__", "__repr__"),
    "checks": ("__instancecheck__", "__subclasscheck__", "__subclasses__", "__call__"),
}


@pytest.fixture(params=META_METHODS)
def raising_class(request):
    meta = hostile_meta(*META_METHODS[request.param])
    # In a list: pytest looks at what a fixture returns.
    return [type.__call__(meta, "Stock", (), {"__module__": "shop.stock", "sold": 1})]


@pytest.fixture
def lazy_module(write_module, monkeypatch):
    """
    A module whose code runs (and raises) at the first ordinary attribute access.
    """
    write_module("lazily_loaded", "raise RuntimeError('was executed')")
    spec = find_spec("lazily_loaded")
    spec.loader = LazyLoader(spec.loader)
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "lazily_loaded", module)
    spec.loader.exec_module(module)
    return module


def test_instance_of_a_subclass_is_recognized_by_its_type():
    class OwnSignal(Signal):
        pass

    assert is_a(OwnSignal(), Signal)


def test_class_is_not_an_instance_of_itself():
    assert not is_a(Signal, Signal)


def test_lazy_object_is_not_woken_to_tell_its_type():
    assert not is_a(SimpleLazyObject(refuse), Signal)


def test_object_that_claims_another_class_is_not_believed():
    class Liar:
        __class__ = Signal

    assert isinstance(Liar(), Signal)
    assert not is_a(Liar(), Signal)


def test_metaclass_is_not_asked_for_the_type_of_an_object(raising_class):
    [cls] = raising_class

    assert not is_a(object.__new__(cls), Signal)
    assert is_a(cls, type)


def test_loaded_modules_are_in_the_order_of_sys_modules(monkeypatch):
    modules = [ModuleType("b_module"), ModuleType("a_module")]
    for module in modules:
        monkeypatch.setitem(sys.modules, module.__name__, module)

    assert loaded_modules()[-2:] == [("b_module", modules[0]), ("a_module", modules[1])]


def test_loaded_modules_have_the_name_they_are_loaded_under(monkeypatch):
    module = ModuleType("own_name")
    monkeypatch.setitem(sys.modules, "loaded_name", module)

    assert ("loaded_name", module) in loaded_modules()
    assert "own_name" not in dict(loaded_modules())


def test_object_that_is_not_a_module_is_not_a_loaded_module(monkeypatch):
    hostile_object = hostile("__getattribute__", "__eq__", "__bool__")
    for value in (None, "text", hostile_object, SimpleLazyObject(refuse), ModuleType):
        monkeypatch.setitem(sys.modules, "no_module", value)

        assert "no_module" not in dict(loaded_modules())


@pytest.mark.parametrize("name", [None, 1, type("Name", (str,), {})("name")])
def test_module_whose_key_is_not_a_plain_string_is_left_out(monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, ModuleType("odd_name"))

    assert all(type(name) is str for name, _ in loaded_modules())
    assert "odd_name" not in {module.__name__ for _, module in loaded_modules()}


def test_module_with_hostile_type_is_loaded(monkeypatch):
    module = HostileModule("hostile_module")
    monkeypatch.setitem(sys.modules, "hostile_module", module)

    assert dict(loaded_modules())["hostile_module"] is module
    assert module_namespace(module)["__name__"] == "hostile_module"


def test_module_namespace_is_a_copy():
    module = ModuleType("shop")
    module.sold = 1

    module_namespace(module)["sold"] = 2

    assert module.sold == 1


def test_lazily_loaded_module_is_not_executed(lazy_module):
    assert module_attribute(lazy_module, "__name__") == "lazily_loaded"
    assert type(module_namespace(lazy_module)["__spec__"]) is ModuleSpec
    with pytest.raises(RuntimeError, match="was executed"):
        lazy_module.anything  # noqa: B018


def test_module_with_its_own_dict_property_is_read_without_it():
    module = ModuleWithOwnDict("shop")
    ModuleType.__setattr__(module, "sold", 1)

    assert module_attribute(module, "sold") == 1
    assert module_namespace(module)["sold"] == 1


def test_module_getattr_is_not_run(import_source):
    module = import_source("with_getattr", "def __getattr__(name): raise RuntimeError")

    assert module_attribute(module, "missing") is None


def test_missing_module_attribute_is_none():
    assert module_attribute(ModuleType("shop"), "missing") is None


def test_class_namespace_has_own_attributes_only():
    namespace = class_namespace(Child)

    assert namespace["overridden"] == "of the child"
    assert "inherited" not in namespace


def test_class_namespace_is_a_copy():
    class_namespace(Child)["overridden"] = "changed"

    assert Child.overridden == "of the child"


def test_metaclass_is_not_asked_for_attributes(raising_class):
    [cls] = raising_class

    assert class_namespace(cls)["sold"] == 1
    assert class_attribute(cls, "sold") == 1
    assert class_path(cls) == ("shop.stock", "Stock")
    assert class_name(cls) == "shop.stock.Stock"


def test_class_attribute_follows_the_bases():
    assert class_attribute(Child, "inherited") == "of the base"
    assert class_attribute(Child, "overridden") == "of the child"


def test_class_attribute_is_as_stored():
    class Stock:
        sold = property(refuse)
        check = staticmethod(on_save)

    assert type(class_attribute(Stock, "sold")) is property
    assert type(class_attribute(Stock, "check")) is staticmethod


def test_missing_class_attribute_is_none():
    assert class_attribute(Child, "missing") is None


def test_metaclass_attribute_is_not_a_class_attribute():
    class Meta(type):
        sold = 1

    assert class_attribute(Meta("Stock", (), {}), "sold") is None


def test_nested_class_has_its_qualified_name():
    assert class_path(Nested.Inner) == (__name__, "Nested.Inner")
    assert class_name(Nested.Inner) == f"{__name__}.Nested.Inner"


def test_builtin_class_has_the_module_builtins():
    assert class_path(int) == ("builtins", "int")


def test_class_whose_module_is_not_a_string_has_its_bare_name():
    for module in (None, property(refuse), hostile("__getattribute__", "__eq__")):
        cls = type("Stock", (), {"__module__": module})

        assert class_path(cls) == ("", "Stock")
        assert class_name(cls) == "Stock"


def test_class_made_without_a_module_has_its_bare_name():
    namespace = {}
    exec("Stock = type('Stock', (), {})", namespace)

    assert class_path(namespace["Stock"]) == ("", "Stock")


def test_hostile_qualified_name_is_made_plain():
    cls = type("Stock", (), {"__qualname__": HostileText("Shop.Stock")})

    _, qualname = class_path(cls)

    assert (type(qualname), qualname) == (str, "Shop.Stock")


def test_plain_string_stays_the_same_object():
    text = "".join(["sh", "op"])

    assert exact(text) is text


def test_string_of_a_subclass_becomes_plain():
    text = exact(HostileText("shop"))

    assert (type(text), text) == (str, "shop")


def test_stored_attribute_of_an_object_comes_before_that_of_its_class():
    child = Child()
    child.overridden = "of the object"

    assert stored_attribute(child, "overridden") == "of the object"
    assert stored_attribute(child, "inherited") == "of the base"


def test_missing_stored_attribute_is_none():
    assert stored_attribute(Child(), "missing") is None


@pytest.mark.parametrize("name", ["__getattr__", "__getattribute__", "__eq__"])
def test_stored_attribute_does_not_run_the_code_of_an_object(name):
    value = hostile(name)
    object.__setattr__(value, "sold", 1)

    assert stored_attribute(value, "sold") == 1
    assert stored_attribute(value, "missing") is None


def test_stored_attribute_does_not_run_a_property():
    value = hostile("sold", value=property(refuse))

    assert stored_attribute(value, "sold") is None


def test_stored_attribute_in_a_slot_is_read():
    class Slotted:
        __slots__ = ("sold", "unset")

    value = Slotted()
    value.sold = 1
    assert stored_attribute(value, "sold") == 1
    assert stored_attribute(value, "unset") is None


def test_stored_attribute_does_not_run_a_dict_property():
    value = hostile("__dict__", value=property(refuse))

    assert stored_attribute(value, "sold") is None


def test_stored_attribute_does_not_run_a_metaclass(raising_class):
    [cls] = raising_class

    assert stored_attribute(object.__new__(cls), "sold") == 1


def test_stored_attribute_of_a_lazy_object_does_not_wake_it():
    assert stored_attribute(SimpleLazyObject(refuse), "sold") is None


def test_class_of_an_object_that_was_looked_at_is_not_kept_alive():
    class Local:
        sold = 1

    gone = weakref.ref(Local)

    stored_attribute(Local(), "sold")
    class_attribute(Local, "sold")
    class_name(Local)
    class_namespace(Local)
    del Local
    gc.collect()

    assert gone() is None


def test_live_classes_hold_every_class_once():
    class Meta(type):
        pass

    class Left(metaclass=Meta):
        pass

    class Right(metaclass=Meta):
        pass

    class Both(Left, Right):
        pass

    classes = list(map(id, live_classes()))

    assert len(classes) == len(set(classes))
    assert {id(object), id(type), id(int), id(Meta), id(Both)} <= set(classes)


def test_live_classes_do_not_ask_metaclasses(raising_class):
    [cls] = raising_class

    assert id(cls) in map(id, live_classes())


def test_live_classes_follow_the_classes_below_a_raising_one(raising_class):
    [base] = raising_class
    below = type.__new__(type(base), "Below", (base,), {})

    assert id(below) in map(id, live_classes())


def test_live_classes_keep_nothing_alive():
    class Local:
        pass

    gone = weakref.ref(Local)

    list(live_classes())
    del Local
    gc.collect()

    assert gone() is None
