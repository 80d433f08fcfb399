from __future__ import annotations

import collections
import sys
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType, ModuleType, SimpleNamespace

import pytest
from django.dispatch import Signal
from django.utils.functional import SimpleLazyObject

from signaltools.inventory import containers
from signaltools.inventory.containers import name_held
from tests.shapes import refuse

pytestmark = pytest.mark.usefixtures("few_held_modules")


class Hostile:
    __eq__ = __hash__ = __repr__ = __getattribute__ = __iter__ = __len__ = refuse


class HostileMeta(type):
    __eq__ = __repr__ = __getattribute__ = __iter__ = refuse
    __hash__ = type.__hash__


@pytest.fixture
def few_held_modules(monkeypatch):
    """
    Look into the modules of this test only, which takes no time.
    """
    monkeypatch.setattr(
        "signaltools.inventory.containers.loaded_modules",
        lambda: [(n, m) for n, m in sys.modules.items() if n.startswith("held")],
    )


@pytest.fixture
def plant(monkeypatch):
    def make(name="held", **attributes):
        module = ModuleType(name)
        vars(module).update(attributes)
        monkeypatch.setitem(sys.modules, name, module)
        return module

    return make


def name_of(signal):
    names = [entry.name for entry in name_held([signal])]
    return names[0] if names else None


class Kind(Enum):
    PAID = "paid"

    __repr__ = __str__ = refuse


class Text(str):
    __repr__ = __str__ = __eq__ = refuse
    __hash__ = str.__hash__


@dataclass
class Bus:
    started: Signal


@dataclass(slots=True, frozen=True)
class Slotted:
    started: Signal


Pair = collections.namedtuple("Pair", "first second")


class WithProperty:
    __dict__ = property(refuse)

    def __init__(self, signal):
        object.__getattribute__(self, "__class__")


class Config:
    signals: dict = {}


@pytest.mark.parametrize(
    ("hold", "end"),
    [
        (lambda s: {"paid": s}, "['paid']"),
        (lambda s: {"order.paid": s}, "['order.paid']"),
        (lambda s: {3: s}, "[3]"),
        (lambda s: {Kind.PAID: s}, "[Kind.PAID]"),
        (lambda s: collections.OrderedDict(a=s), "['a']"),
        (lambda s: collections.defaultdict(Signal, a=s), "['a']"),
        (lambda s: MappingProxyType({"a": s}), "['a']"),
        (lambda s: [None, s], "[1]"),
        (lambda s: (s,), "[0]"),
        (lambda s: {"a": [{"b": s}]}, "['a'][0]['b']"),
        (lambda s: Bus(s), ".started"),
        (lambda s: Slotted(s), ".started"),
        (lambda s: SimpleNamespace(a=[s]), ".a[0]"),
        (lambda s: Pair(None, s), ".second"),
        (lambda s: Enum("E", {"PAID": s}), ".PAID"),
        (lambda s: Enum("E", {"PAID": {"a": s}}), ".PAID.value['a']"),
        (lambda s: type("C", (), {"signals": {"a": s}}), ".signals['a']"),
        (lambda s: type("C", (), {"Inner": type("I", (), {"s": s})}), ".Inner.s"),
        (
            lambda s: HostileMeta("C", (Hostile,), {"signals": {"a": s}}),
            ".signals['a']",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_name_is_the_expression_that_reaches_the_signal(plant, hold, end):
    signal = Signal()
    plant(HOLD=hold(signal), other=SimpleNamespace(signals=[hold(Signal())]))
    assert name_of(signal) == f"held.HOLD{end}"


def test_an_attribute_of_a_member_of_an_enum_gives_a_name(plant):
    class Event(Enum):
        PAID = 1

        def __init__(self, _):
            self.signal = Signal()

    plant(Event=Event)
    assert name_of(Event.PAID.signal) == "held.Event.PAID.signal"


@pytest.mark.parametrize(
    "key",
    [
        None,
        True,
        1.5,
        (1, 2),
        b"paid",
        10**12,
        Text("paid"),
        Hostile,
        "x" * 81,
        "ann@example.org",
        "sk_live_x",
        "whsec_abc",
        "AKIAIOSFODNN",
        "d41d8cd98f00b204",
        "aB3dE5gH7jK9mN1pQ3sT",
        "at 0x7f47f3b09f20",
    ],
)
def test_other_keys_and_secrets_are_not_shown(plant, key):
    signal = Signal()
    plant(HOLD={key: signal})
    assert name_of(signal) == "held.HOLD[…]"


@pytest.mark.parametrize(
    "key",
    [
        "payment_intent.succeeded",
        "checkout-session-completed-again",
        "v2",
        "Ä ö",
        "a'b",
    ],
)
def test_names_of_events_are_shown(plant, key):
    signal = Signal()
    plant(HOLD={key: signal})
    assert name_of(signal) == f"held.HOLD[{key!r}]"


@pytest.mark.parametrize("name", ["BY_TOKEN", "API_KEYS", "secrets", "passwords"])
def test_keys_of_what_is_named_after_secrets_are_not_shown(plant, name):
    first, second, third = Signal(), Signal(), Signal()
    plant(
        **{name: {"paid": [first]}},
        bus=SimpleNamespace(**{name: {"paid": second}}, after={"paid": third}),
    )
    assert name_of(first) == f"held.{name}[…][…]"
    assert name_of(second) == f"held.bus.{name}[…]"
    assert name_of(third) == "held.bus.after['paid']"


def test_a_name_of_an_enum_member_that_code_has_changed_is_not_shown(plant):
    class Odd(Enum):
        A = 1

    Odd.A._name_ = "x y"
    signal = Signal()
    plant(HOLD={Odd.A: signal})
    assert name_of(signal) == "held.HOLD[…]"


@pytest.mark.parametrize(
    "hold",
    [
        lambda s: {s},
        lambda s: frozenset([s]),
        lambda s: lambda: s,
        lambda s: (x for x in [s]),
        lambda s: WithProperty(s),
        lambda s: {"a": [[[[s]]]]},
        lambda s: [s] * 10_001,
        lambda s: dict.fromkeys(range(10_000)) | {"last": s},
        lambda s: SimpleNamespace(**{"not a name": s}),
        lambda s: type("T", (tuple,), {})([s]),
        lambda s: type("T", (tuple,), {"_fields": (1,)})([s]),
        lambda s: MappingProxyType(collections.UserDict(a=s)),
    ],
)
def test_what_has_no_expression_or_is_too_large_gives_no_name(plant, hold):
    signal = Signal()
    plant(HOLD=hold(signal))
    assert name_of(signal) is None


def test_no_code_of_objects_runs(plant):
    signal = Signal()
    hostile = object.__new__(Hostile)
    object.__setattr__(hostile, "signals", [signal])
    plant(HOLD=hostile, lazy=SimpleLazyObject(refuse))
    assert name_of(signal) == "held.HOLD.signals[0]"


def test_the_shortest_path_counts(plant):
    signal = Signal()
    plant(A={"a": [signal]}, B=[signal])
    assert name_of(signal) == "held.B[0]"


def test_containers_that_hold_each_other_are_read_once(plant):
    signal = Signal()
    first = {}
    second = {"first": first, "signal": signal}
    first["second"] = second
    plant(A=first)
    assert name_of(signal) == "held.A['second']['signal']"
    assert name_of(Signal()) is None


def test_the_search_ends_after_many_containers(plant, monkeypatch):
    signal = Signal()
    plant(A=[[] for _ in range(20)], B=[signal])
    assert name_of(signal) == "held.B[0]"
    monkeypatch.setattr(containers, "MAX_CONTAINERS", 10)
    assert name_of(signal) is None


def test_the_module_that_creates_the_container_names_it(import_source):
    module = import_source(
        "held_b",
        """
        from enum import Enum
        from django.dispatch import Signal

        # All of them.
        SIGNALS = {"paid": Signal()}

        class Kind(Enum):
            # Sent once.
            PAID = Signal()
        """,
    )
    importing = import_source("held_a", "from held_b import SIGNALS, Kind")
    sys.modules["held_b"] = sys.modules.pop("held_b")

    in_dict, in_enum = name_held([module.SIGNALS["paid"], module.Kind.PAID.value])

    assert importing.SIGNALS is module.SIGNALS
    assert in_dict[0] == "held_b.SIGNALS['paid']"
    assert in_dict[2:] == ((), "held_b", module.__file__, 6, "", False)
    assert in_enum[0] == "held_b.Kind.PAID"
    assert in_enum[2:] == ((), "held_b", module.__file__, 10, "Sent once.", False)


def test_a_class_whose_module_does_not_have_it_is_named_where_it_is(plant):
    signal = Signal()
    plant(Renamed=type("C", (), {"signals": [signal], "__module__": "elsewhere"}))
    assert name_of(signal) == "held.Renamed.signals[0]"


def test_without_signals_nothing_is_read(monkeypatch):
    monkeypatch.setattr("signaltools.inventory.containers.loaded_modules", refuse)
    assert name_held([]) == []
