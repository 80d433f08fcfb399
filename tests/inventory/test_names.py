from __future__ import annotations

import gc
import importlib
import inspect
import subprocess
import sys
import threading
import time
import weakref
from importlib.util import LazyLoader, find_spec, module_from_spec
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import django
import pytest
from django.core.signals import setting_changed
from django.db.models import signals as model_signals
from django.dispatch import Signal
from django.utils.functional import SimpleLazyObject, empty

import signaltools
from signaltools.exceptions import SignalNameTaken, SignalNotFound
from signaltools.introspect.source import assignments
from signaltools.inventory.django_signals import BUILTIN_SIGNALS
from signaltools.inventory.names import NamedSignal, Registry
from tests.shapes import HostileText, hostile, hostile_meta, refuse
from tests.stress import STRESS_SECONDS, frequent_switches

DEFINES = "from django.dispatch import Signal\nsig = Signal()\n"


class OwnSignal(Signal):
    pass


class HostileSignal(Signal):
    __eq__ = __repr__ = __bool__ = __getattribute__ = refuse
    __hash__ = None


def entry_of(signal, registry=None):
    entries = (registry or Registry()).entries()
    [entry] = [entry for entry in entries if entry.signal is signal]
    return entry


def names_of(signal):
    entry = entry_of(signal)
    return entry.name, entry.aliases


def register_from(registry, module, name, signal):
    """
    Register as code of ``module`` does, on line 2 of its file.
    """
    source = compile("\nregistry.register(name, signal)", f"/{module}.py", "exec")
    exec(
        source,
        {"__name__": module, "registry": registry, "name": name, "signal": signal},
    )


def run(*arguments):
    """
    Run Python in a process of its own; return the words that it prints.
    """
    done = subprocess.run(
        [sys.executable, *arguments],
        env={"PYTHONPATH": str(Path(signaltools.__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr[-500:]) == (0, "")
    return done.stdout.split()


@pytest.fixture
def plant(all_modules, monkeypatch):
    """
    Return a function that makes a loaded module without a source.
    """

    def make(name, kind=ModuleType, **attributes):
        module = kind(name)
        ModuleType.__dict__["__dict__"].__get__(module).update(attributes)
        monkeypatch.setitem(sys.modules, name, module)
        return module

    return make


# Built-in signals


def test_builtin_signal_is_named_by_the_module_that_defines_it():
    entry = entry_of(model_signals.post_save)

    assert entry.name == "django.db.models.signals.post_save"
    assert entry.module == "django.db.models.signals"
    assert entry.file == model_signals.__file__
    source = Path(entry.file).read_text().splitlines()
    assert source[entry.line - 1].startswith("post_save = ")


def test_second_path_of_a_builtin_signal_is_an_alias():
    importlib.import_module("django.test.signals")

    entry = entry_of(setting_changed)

    assert entry.name == "django.core.signals.setting_changed"
    assert "django.test.signals.setting_changed" in entry.aliases


def test_every_builtin_signal_has_its_documented_name():
    for name in BUILTIN_SIGNALS:
        importlib.import_module(name.rpartition(".")[0])

    assert set(BUILTIN_SIGNALS) <= set(Registry())


# Look-ups


def test_signal_is_found_by_name_and_alias(import_source):
    module = import_source("shop_signals", DEFINES)
    import_source("shop_models", "from shop_signals import sig as order_paid")

    assert Registry().get("shop_signals.sig") is module.sig
    assert Registry().get("shop_models.order_paid") is module.sig


def test_unknown_name_suggests_the_nearest_signal(import_source):
    import_source("shop_signals", DEFINES)

    with pytest.raises(SignalNotFound) as caught:
        Registry().get("shop_signal.sig")

    assert str(caught.value) == (
        "No loaded signal is named 'shop_signal.sig'. "
        "Did you mean 'shop_signals.sig'?"
    )  # fmt: skip
    assert caught.value.name == "shop_signal.sig"
    assert isinstance(caught.value, LookupError)


def test_unknown_name_without_a_similar_one_suggests_nothing():
    with pytest.raises(SignalNotFound, match=r"^No loaded signal is named '@'\.$"):
        Registry().get("@")


def test_membership_is_by_name_alias_and_signal(import_source):
    module = import_source("shop_signals", DEFINES)
    import_source("shop_models", "from shop_signals import sig as order_paid")

    registry = Registry()

    assert "shop_signals.sig" in registry
    assert "shop_models.order_paid" in registry
    assert module.sig in registry


def test_other_objects_are_not_in_the_registry():
    registry = Registry()

    assert "shop_signals.missing" not in registry
    assert Signal() not in registry
    assert None not in registry
    assert hostile("__eq__", "__hash__", "__getattribute__") not in registry
    assert HostileText("django.db.models.signals.post_save") not in registry


def test_iteration_yields_the_names_in_order():
    registry = Registry()
    registry.register("shop.paid", Signal())

    names = list(registry)

    assert names == sorted(names)
    assert names == [entry.name for entry in registry.entries()]
    assert "shop.paid" in names


def test_every_signal_is_listed_once():
    entries = Registry().entries()

    assert len({id(entry.signal) for entry in entries}) == len(entries)
    assert len({entry.name for entry in entries}) == len(entries)


def test_length_and_repr_count_the_signals():
    registry = Registry()
    count = len(registry)
    registry.register("shop.paid", Signal())

    assert len(registry) == count + 1 == len(registry.entries())
    assert repr(registry) == f"<Registry: {count + 1} signals>"


def test_package_has_a_registry():
    assert type(signaltools.registry) is Registry
    assert signaltools.__all__ == [
        "event",
        "in_background",
        "receiver",
        "registry",
        "trace",
    ]


def test_name_of_a_known_signal():
    name = Registry().name_of(model_signals.pre_save)

    assert name == "django.db.models.signals.pre_save"


def test_name_of_an_unnamed_signal_includes_its_class():
    registry = Registry()

    assert registry.name_of(Signal()) == (
        "unnamed Signal (django.dispatch.dispatcher.Signal)"
    )
    assert registry.name_of(OwnSignal()) == f"unnamed Signal ({__name__}.OwnSignal)"
    assert registry.name_of(HostileSignal()) == (
        f"unnamed Signal ({__name__}.HostileSignal)"
    )


def test_name_of_a_signal_whose_class_has_no_module():
    namespace = {"Signal": Signal}
    exec("OwnSignal = type('OwnSignal', (Signal,), {})", namespace)

    name = Registry().name_of(namespace["OwnSignal"]())

    assert name == "unnamed Signal (OwnSignal)"


# Registered by hand


def test_registered_signal_has_the_place_of_its_registration():
    registry, signal = Registry(), Signal()

    registry.register("shop.paid", signal)
    line = inspect.currentframe().f_lineno - 1

    assert entry_of(signal, registry) == NamedSignal(
        "shop.paid", signal, (), __name__, __file__, line, ""
    )
    assert registry.get("shop.paid") is signal
    assert registry.name_of(signal) == "shop.paid"
    assert "shop.paid" in registry
    assert signal in registry


def test_registration_is_kept_by_one_registry():
    Registry().register("shop.paid", Signal())

    assert "shop.paid" not in Registry()


@pytest.mark.parametrize("value", [5, "text", None, Signal])
def test_object_that_is_not_a_signal_is_not_registered(value):
    with pytest.raises(TypeError) as caught:
        Registry().register("shop.paid", value)

    assert str(caught.value) == (
        f"Cannot register 'shop.paid': expected a Signal, not {value!r}."
    )


def test_lazy_object_is_not_registered():
    with pytest.raises(TypeError):
        Registry().register("shop.paid", SimpleLazyObject(lambda: Signal()))


def test_signal_of_a_subclass_is_registered():
    registry, signal = Registry(), HostileSignal()

    registry.register("shop.paid", signal)

    assert registry.get("shop.paid") is signal


def test_name_of_another_module_is_taken():
    registry, signal = Registry(), Signal()
    register_from(registry, "shop.signals", "shop.paid", signal)

    with pytest.raises(SignalNameTaken) as caught:
        register_from(registry, "crm.signals", "shop.paid", Signal())

    assert str(caught.value) == (
        "The name 'shop.paid' already belongs to a signal of 'shop.signals'."
    )
    assert caught.value.name == "shop.paid"
    assert isinstance(caught.value, ValueError)
    assert registry.get("shop.paid") is signal


def test_name_of_a_discovered_signal_is_taken():
    registry = Registry()

    with pytest.raises(SignalNameTaken) as caught:
        registry.register("django.db.models.signals.post_save", Signal())

    assert str(caught.value) == (
        "The name 'django.db.models.signals.post_save' already belongs to a signal "
        "of 'django.db.models.signals'."
    )


def test_discovered_signal_can_be_registered_by_its_own_name():
    registry, signal = Registry(), model_signals.post_save

    registry.register("django.db.models.signals.post_save", signal)

    assert entry_of(signal, registry) == entry_of(signal)


def test_same_signal_can_be_registered_by_two_modules():
    registry, signal = Registry(), Signal()
    register_from(registry, "shop.signals", "shop.paid", signal)
    register_from(registry, "crm.signals", "shop.paid", signal)

    assert entry_of(signal, registry).name == "shop.paid"


def test_module_may_replace_its_own_signal():
    registry, signal = Registry(), Signal()
    register_from(registry, "shop.signals", "shop.paid", Signal())
    register_from(registry, "shop.signals", "shop.paid", signal)

    assert registry.get("shop.paid") is signal
    assert [name for name in registry if name == "shop.paid"] == ["shop.paid"]


def test_reloaded_module_replaces_what_it_registered(import_source, monkeypatch):
    registry = Registry()
    monkeypatch.setattr(signaltools, "registry", registry)
    module = import_source(
        "shop_signals",
        """
        from django.dispatch import Signal
        from signaltools import registry

        signals = {"paid": Signal()}
        registry.register("shop.paid", signals["paid"])
        """,
    )
    before = module.signals["paid"]

    importlib.reload(module)

    assert registry.get("shop.paid") is module.signals["paid"] is not before
    assert before not in registry
    assert entry_of(module.signals["paid"], registry)[3:6] == (
        "shop_signals",
        module.__file__,
        6,
    )


def test_registered_name_comes_before_the_path_of_an_attribute(import_source):
    module = import_source("shop_signals", f"{DEFINES}\n# Sent once.\nown = Signal()\n")
    import_source("shop_models", "from shop_signals import own")
    registry = Registry()

    registry.register("shop.paid", module.own)

    assert entry_of(module.own, registry) == NamedSignal(
        name="shop.paid",
        signal=module.own,
        aliases=("shop_models.own", "shop_signals.own"),
        module="shop_signals",
        file=module.__file__,
        line=5,
        doc="Sent once.",
    )


def test_second_registered_name_is_an_alias():
    registry, signal = Registry(), Signal()
    register_from(registry, "shop", "z.paid", signal)
    register_from(registry, "shop", "m.paid", signal)
    register_from(registry, "shop", "a.paid", signal)

    entry = entry_of(signal, registry)

    assert (entry.name, entry.aliases) == ("z.paid", ("a.paid", "m.paid"))
    assert registry.get("a.paid") is signal


def test_second_registered_name_leaves_the_place_of_the_first():
    registry, signal = Registry(), Signal()
    register_from(registry, "shop", "shop.paid", signal)
    register_from(registry, "crm", "crm.paid", signal)

    entry = entry_of(signal, registry)

    assert entry == (
        "shop.paid",
        signal,
        ("crm.paid",),
        "shop",
        "/shop.py",
        2,
        "",
        False,
    )


def test_signal_registered_by_code_without_a_module_name():
    registry, signal = Registry(), Signal()

    exec("r.register('shop.paid', s)", {"r": registry, "s": signal})

    assert entry_of(signal, registry)[3:6] == ("", "<string>", 1)


# Discovered in modules


def test_signal_has_the_comment_above_it(import_source):
    module = import_source(
        "shop_signals",
        """
        from django.dispatch import Signal

        # Sent once,
        # after commit.
        order_paid = Signal()
        order_lost = Signal()
        """,
    )

    assert entry_of(module.order_paid) == NamedSignal(
        name="shop_signals.order_paid",
        signal=module.order_paid,
        aliases=(),
        module="shop_signals",
        file=module.__file__,
        line=6,
        doc="Sent once,\nafter commit.",
    )
    assert entry_of(module.order_lost)[5:] == (7, "", False)


def test_signal_of_a_subclass_is_found(plant):
    signal = HostileSignal()
    plant("shop_signals", sig=signal)

    assert names_of(signal) == ("shop_signals.sig", ())


def test_importing_module_gives_an_alias(import_source):
    module = import_source("shop_signals", DEFINES)
    import_source("a_models", "from shop_signals import sig, sig as paid")

    assert names_of(module.sig) == (
        "shop_signals.sig",
        ("a_models.paid", "a_models.sig"),
    )


@pytest.mark.parametrize(
    "source",
    ["from cycle_a import sig", "import cycle_a\nhere = cycle_a.sig"],
    ids=["import", "alias"],
)
def test_import_cycle_in_which_the_importing_module_finishes_first(
    write_module, source
):
    write_module("cycle_b", source)
    write_module("cycle_a", f"{DEFINES}import cycle_b\n")

    module = importlib.import_module("cycle_a")

    order = [name for name in sys.modules if name.startswith("cycle_")]
    assert order == ["cycle_b", "cycle_a"]
    name, [alias] = names_of(module.sig)
    assert name == "cycle_a.sig"
    assert alias.startswith("cycle_b.")


def test_placeholder_that_another_module_fills_defines_nothing(import_source):
    compat = import_source("shop_compat", "sig = None")
    module = import_source("shop_signals", DEFINES)
    compat.sig = module.sig

    assert names_of(module.sig) == ("shop_signals.sig", ("shop_compat.sig",))


def test_alias_assigned_in_a_module_imported_earlier(import_source):
    earlier = import_source("shop_earlier", "import sys\nhere = sys.argv")
    module = import_source("shop_signals", DEFINES)
    earlier.here = module.sig

    assert names_of(module.sig) == ("shop_signals.sig", ("shop_earlier.here",))


def test_first_module_counts_if_no_source_decides(plant):
    signal = Signal()
    plant("z_first", sig=signal)
    plant("a_second", sig=signal)

    assert names_of(signal) == ("z_first.sig", ("a_second.sig",))


def test_first_module_counts_where_several_sources_create_it(import_source):
    first = import_source("z_first", DEFINES)
    second = import_source("a_second", DEFINES)
    second.sig = first.sig

    assert names_of(first.sig) == ("z_first.sig", ("a_second.sig",))


def test_source_counts_more_than_a_module_without_one(plant, import_source):
    earlier = plant("compiled")
    module = import_source("shop_signals", DEFINES)
    earlier.sig = module.sig

    assert names_of(module.sig) == ("shop_signals.sig", ("compiled.sig",))


def test_source_of_a_module_that_imports_a_signal_is_not_parsed(
    import_source, monkeypatch
):
    parsed = []

    def read(module):
        parsed.append(module.__name__)
        return assignments(module)

    monkeypatch.setattr("signaltools.inventory.names.assignments", read)
    module = import_source("shop_signals", DEFINES)
    import_source("shop_views", "from shop_signals import sig")

    assert names_of(module.sig) == ("shop_signals.sig", ("shop_views.sig",))
    assert "shop_signals" in parsed
    assert "shop_views" not in parsed


def test_variable_of_a_loop_is_no_alias_although_a_function_imports_the_name(
    import_source,
):
    module = import_source("shop_signals", DEFINES)
    source = """
        def load():
            from shop_signals import sig

        import shop_signals
        for sig in [shop_signals.sig]:
            pass
    """
    import_source("shop_views", source)

    assert names_of(module.sig) == ("shop_signals.sig", ())


def test_main_module_comes_last(plant, import_source):
    main = import_source("script", DEFINES)
    other = import_source("shop_signals", DEFINES)
    main.sig = other.sig
    sys.modules.pop("script")
    plant("__main__", sig=main.sig, __file__=main.__file__)
    sys.modules["shop_signals"] = sys.modules.pop("shop_signals")

    assert names_of(other.sig) == ("shop_signals.sig", ("__main__.sig",))


def test_signal_that_only_the_main_module_creates_is_its_own(plant, import_source):
    main = import_source("script", DEFINES)
    import_source("shop_models", "from script import sig")
    sys.modules.pop("script")
    plant("__main__", sig=main.sig, __file__=main.__file__)

    assert names_of(main.sig) == ("__main__.sig", ("shop_models.sig",))


def test_script_that_multiprocessing_imports_keeps_its_name(write_module):
    path = write_module(
        "script",
        """
        import multiprocessing

        import django
        from django.conf import settings
        from django.dispatch import Signal

        from signaltools.inventory.names import Registry

        sig = Signal()

        def print_name():
            settings.configure()
            django.setup()
            print(Registry().name_of(sig))

        if __name__ == "__main__":
            process = multiprocessing.get_context("spawn").Process(target=print_name)
            process.start()
            process.join()
        """,
    )

    assert run(str(path)) == ["__main__.sig"]


def test_script_that_is_imported_too_names_its_own_signal(write_module):
    path = write_module(
        "script",
        """
        import django
        from django.conf import settings
        from django.dispatch import Signal

        from signaltools.inventory.names import Registry

        # The one and only.
        if __name__ == "__main__":
            sig = Signal()
            import script
            settings.configure()
            django.setup()
            names = Registry()
            print(names.name_of(sig))
            print(names.name_of(script.sig))
            print(names.name_of(script.post_save))
        else:
            from django.db.models.signals import post_save
            sig = Signal()
        """,
    )

    assert run(str(path)) == [
        "__main__.sig",
        "script.sig",
        "django.db.models.signals.post_save",
    ]


def test_reloaded_module_names_its_new_signal(import_source):
    module = import_source("shop_signals", DEFINES)
    models = import_source("shop_models", "from shop_signals import sig")
    before = module.sig

    importlib.reload(module)

    assert module.sig is not before
    assert names_of(module.sig) == ("shop_signals.sig", ())
    assert names_of(before) == ("shop_models.sig", ())
    assert models.sig is before


def test_reloaded_module_still_names_the_signal_it_kept(import_source):
    module = import_source(
        "shop_signals",
        "from django.dispatch import Signal\nif 'sig' not in globals(): sig = Signal()",
    )
    import_source("shop_models", "from shop_signals import sig")

    importlib.reload(module)

    assert list(sys.modules)[-1] == "shop_signals"
    assert names_of(module.sig) == ("shop_signals.sig", ("shop_models.sig",))


def test_lazily_loaded_module_is_not_executed(write_module, monkeypatch):
    write_module("lazily_loaded", f"{DEFINES}executed = True\n")
    spec = find_spec("lazily_loaded")
    spec.loader = LazyLoader(spec.loader)
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "lazily_loaded", module)
    spec.loader.exec_module(module)

    names = list(Registry())

    assert "lazily_loaded.sig" not in names
    assert type(module) is not ModuleType
    assert module.executed
    assert "lazily_loaded.sig" in Registry()


def test_lazy_objects_are_not_woken(plant):
    lazy_object = SimpleLazyObject(refuse)
    signal = Signal()
    holder = type("Holder", (), {"lazy_object": lazy_object, "sig": signal})
    plant("shop_signals", lazy_object=lazy_object, holder=holder)

    assert names_of(signal) == ("shop_signals.holder.sig", ())
    assert object.__getattribute__(lazy_object, "_wrapped") is empty


def test_hostile_objects_are_not_touched(plant):
    signal = Signal()
    meta = hostile_meta("__getattribute__", "__eq__", "__hash__", "__repr__")
    holder = meta("Holder", (), {"__module__": "shop", "sig": signal})
    touched = hostile("__getattribute__", "__eq__", "__bool__", "__repr__")
    plant("shop_signals", holder=holder, touched=touched, claims=Claims())

    assert names_of(signal) == ("shop_signals.holder.sig", ())


class Claims:
    __class__ = property(refuse)


def test_object_that_is_not_a_module_is_left_alone(monkeypatch):
    class Settings:
        sig = Signal()

    monkeypatch.setitem(sys.modules, "no_module", Settings())
    monkeypatch.setitem(sys.modules, "no_module_either", Settings)
    monkeypatch.setitem(sys.modules, "nothing", None)

    assert Settings.sig not in Registry()


def test_module_that_raises_on_every_access_is_read(plant):
    class Raising(ModuleType):
        __getattribute__ = refuse

    signal = Signal()
    plant("shop_signals", Raising, sig=signal)

    assert names_of(signal) == ("shop_signals.sig", ())


def test_module_with_its_own_dict_property_is_not_run(plant):
    class OwnDict(ModuleType):
        __dict__ = property(refuse)

    signal = Signal()
    plant("shop_signals", OwnDict, sig=signal)

    assert names_of(signal) == ("shop_signals.sig", ())


def test_attribute_whose_name_is_not_a_plain_string_does_no_harm(plant):
    signal = Signal()
    module = plant("shop_signals", sig=signal)
    vars(module)[1] = Signal()
    vars(module)[hostile("__repr__", "__format__", "__str__")] = Signal()

    assert names_of(signal) == ("shop_signals.sig", ())


def test_module_with_a_hostile_name_does_no_harm(plant):
    signal = Signal()
    plant("shop_signals", sig=signal)
    plant("shop_models", sig=signal, __name__=hostile("__eq__", "__ne__", "__repr__"))

    assert names_of(signal) == ("shop_signals.sig", ("shop_models.sig",))


@pytest.mark.parametrize("second", ["a_name", "z_name"])
def test_module_under_two_names_counts_by_its_own(import_source, monkeypatch, second):
    module = import_source("shop_signals", DEFINES)
    monkeypatch.setitem(sys.modules, second, module)
    sys.modules["shop_signals"] = sys.modules.pop("shop_signals")

    assert names_of(module.sig) == ("shop_signals.sig", (f"{second}.sig",))


def test_signals_of_classes_are_found(import_source):
    module = import_source(
        "shop_models",
        """
        from django.dispatch import Signal

        class Order:
            # When it is paid.
            paid = Signal()

            class Item:
                sold = Signal()

        class SpecialOrder(Order):
            lost = Signal()
        """,
    )

    assert entry_of(module.Order.paid) == NamedSignal(
        name="shop_models.Order.paid",
        signal=module.Order.paid,
        aliases=(),
        module="shop_models",
        file=module.__file__,
        line=6,
        doc="When it is paid.",
    )
    assert names_of(module.Order.Item.sold) == ("shop_models.Order.Item.sold", ())
    assert names_of(module.SpecialOrder.lost) == ("shop_models.SpecialOrder.lost", ())
    assert entry_of(module.Order.Item.sold).line == 9


def test_class_that_is_imported_elsewhere_gives_an_alias(import_source):
    module = import_source(
        "shop_models",
        "from django.dispatch import Signal\nclass Order:\n    paid = Signal()",
    )
    import_source("a_views", "from shop_models import Order as Bought")

    assert names_of(module.Order.paid) == (
        "shop_models.Order.paid",
        ("a_views.Bought.paid",),
    )


def test_classes_that_hold_each_other_are_read_once(plant):
    order = type("Order", (), {"paid": Signal()})
    item = type("Item", (), {"sold": Signal(), "order": order})
    order.item = item
    plant("shop_models", Order=order, Item=item)

    assert entry_of(order.paid).name == "shop_models.Order.paid"
    assert entry_of(item.sold).name == "shop_models.Order.item.sold"


def test_class_that_is_its_own_attribute_is_read_once():
    # In a process of its own: a walk that never ends takes all the memory there is.
    source = """
        import resource
        import sys
        from types import ModuleType
        from django.dispatch import Signal
        from signaltools.inventory.namespaces import find_signals

        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        module = ModuleType("shop_models")
        module.Order = type("Order", (), {"paid": Signal()})
        module.Order.itself = module.Order
        print(*find_signals([("shop_models", module)]))
    """

    assert run("-c", dedent(source)) == ["shop_models.Order.paid"]


def test_signal_of_a_metaclass_is_found(plant):
    signal = Signal()
    plant("shop_models", Meta=type("Meta", (type,), {"sig": signal}))

    assert names_of(signal) == ("shop_models.Meta.sig", ())


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("new = old = Signal()", 2),
        ("new = Signal()\nold = new", 2),
        ("old = None\nnew = Signal()\nold = new", 3),
        ("class Order:\n    sig = Signal()\nnew = Order.sig\ndel Order\nold = new", 4),
    ],
)
def test_signal_under_two_names_in_one_module(import_source, source, line):
    module = import_source(
        "shop_signals", f"from django.dispatch import Signal\n{source}"
    )

    entry = entry_of(module.new)

    assert (entry.name, entry.aliases) == ("shop_signals.new", ("shop_signals.old",))
    assert entry.line == line


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("if True:\n    sig = Signal()", 3),
        ("if False:\n    pass\nelse:\n    sig = Signal()", 5),
        ("try:\n    import no_such\nexcept ImportError:\n    sig = Signal()", 5),
        ("try:\n    pass\nfinally:\n    sig = Signal()", 5),
        ("import io\nwith io.StringIO():\n    sig = Signal()", 4),
        ("match 1:\n    case 1:\n        sig = Signal()", 4),
        ("for _ in (1,):\n    sig = Signal()", 3),
        ("sig, other = Signal(), Signal()", 2),
        ("[sig, *rest] = [Signal()]", 2),
        ("sig: Signal = Signal()", 2),
    ],
)
def test_signal_is_found_where_a_block_defines_it(import_source, source, line):
    module = import_source(
        "shop_signals", f"from django.dispatch import Signal\n{source}"
    )
    earlier = import_source("a_models", "from shop_signals import sig")
    sys.modules["shop_signals"] = sys.modules.pop("shop_signals")

    entry = entry_of(module.sig)

    assert earlier.sig is module.sig
    assert (entry.name, entry.aliases) == ("shop_signals.sig", ("a_models.sig",))
    assert entry.line == line


def test_signal_made_with_setattr_has_no_line(import_source):
    module = import_source(
        "shop_signals",
        """
        import sys
        from django.dispatch import Signal

        for name in ("paid", "lost"):
            setattr(sys.modules[__name__], f"order_{name}", Signal())
        """,
    )

    assert entry_of(module.order_paid) == NamedSignal(
        name="shop_signals.order_paid",
        signal=module.order_paid,
        aliases=(),
        module="shop_signals",
        file=module.__file__,
        line=None,
        doc="",
    )


def test_signal_of_a_module_without_source_has_no_place(plant):
    signal = Signal()
    plant("shop_signals", sig=signal, __file__="/shop/signals.so")

    assert entry_of(signal) == (
        "shop_signals.sig",
        signal,
        (),
        "shop_signals",
        None,
        None,
        "",
        False,
    )


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_text("sig = = Signal()"),
        lambda path: path.write_bytes(b"# \xff\nsig = Signal()"),
        lambda path: path.write_bytes(b"# coding: none-such\nsig = Signal()"),
        lambda path: path.write_bytes(b"sig = 1\x00"),
        lambda path: path.unlink(),
    ],
    ids=["syntax", "undecodable", "encoding", "null", "gone"],
)
def test_source_that_broke_after_the_import_does_no_harm(import_source, damage):
    module = import_source("shop_signals", DEFINES)
    import_source("shop_models", "from shop_signals import sig")
    damage(Path(module.__file__))

    entry = entry_of(module.sig)

    assert (entry.name, entry.aliases) == ("shop_signals.sig", ("shop_models.sig",))
    assert entry[4:] == (module.__file__, None, "", False)


def test_source_is_read_anew_by_each_look_up(import_source):
    module = import_source("shop_signals", DEFINES)
    first = entry_of(module.sig).line

    Path(module.__file__).write_text(f"\n\n{DEFINES}")

    assert (first, entry_of(module.sig).line) == (2, 4)


def test_signal_of_a_container_or_an_object_has_no_name(plant):
    signal = Signal()
    holder = type("Holder", (), {})()
    holder.sig = signal
    plant("shop_signals", signals={"sig": signal}, listed=[signal], holder=holder)

    assert signal not in Registry()


def test_signal_that_is_gone_is_forgotten(plant):
    signal = Signal()
    gone = weakref.ref(signal)
    module = plant("shop_signals", sig=signal)
    registry = Registry()
    assert len(registry.entries()) == len(registry)
    assert registry.name_of(signal) == "shop_signals.sig"

    del module.sig, signal
    gc.collect()

    assert gone() is None
    assert "shop_signals.sig" not in registry


def test_class_that_is_gone_is_forgotten(plant):
    holder = type("Holder", (), {"sig": Signal()})
    gone = weakref.ref(holder)
    module = plant("shop_signals", Holder=holder)
    assert "shop_signals.Holder.sig" in Registry()

    del module.Holder, holder
    gc.collect()

    assert gone() is None


def test_registry_can_be_read_while_modules_are_loaded_and_signals_registered():
    registry = Registry()
    stop = threading.Event()
    errors = []

    def load_and_register(number):
        try:
            for step in range(1_000_000):
                if stop.is_set():
                    break
                name = f"threaded_{number}_{step % 50}"
                module = ModuleType(name)
                module.sig = Signal()
                sys.modules[name] = module
                setattr(module, f"more_{step}", Signal())
                registry.register(f"by_hand_{number}_{step % 500}", Signal())
                sys.modules.pop(f"threaded_{number}_{(step - 5) % 50}", None)
        except Exception as error:
            errors.append(error)
        finally:
            for step in range(50):
                sys.modules.pop(f"threaded_{number}_{step}", None)

    threads = [threading.Thread(target=load_and_register, args=(n,)) for n in range(3)]
    end = time.monotonic() + STRESS_SECONDS
    with frequent_switches():
        for thread in threads:
            thread.start()
        try:
            while time.monotonic() < end:
                for entry in registry.entries():
                    assert type(entry) is NamedSignal
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    assert errors == []


def test_task_signals_are_builtin_where_django_has_tasks():
    names = {name for name in BUILTIN_SIGNALS if name.startswith("django.tasks.")}

    assert bool(names) is (django.VERSION >= (6, 0))
