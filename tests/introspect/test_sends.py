from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from signaltools.introspect.meanings import Source
from signaltools.introspect.sends import find_sends, lines_of_sends
from signaltools.introspect.source import first_line

SIGNALS = """
    from types import SimpleNamespace
    from django.dispatch import Signal
    from signaltools import event

    placed, paid, refunded = Signal(), Signal(), Signal()
    bus = SimpleNamespace(started=Signal())

    class Desk:
        opened = Signal()

    @event
    def shipped(sender: object) -> None: ...
"""


@pytest.fixture
def sends(import_source):
    """
    Return a function that finds the sends in a source that nothing has imported.

    The result maps lines to what is found there: function, method, and signal.
    """
    signals = import_source("shop_signals", SIGNALS)
    names = {id(value): name for name, value in vars(signals).items()}
    names[id(signals.Desk.opened)] = "Desk.opened"
    names[id(signals.bus.started)] = "bus.started"

    def find(text, load=lambda name: None, name="shop_services"):
        content = dedent(text).encode()
        source = Source(name, "", ast.parse(content).body)
        return [
            (send.function, send.method, names[id(signal)])
            for send in find_sends(source, load, lines_of_sends(content))
            for signal in send.signals
        ]

    return find


@pytest.mark.parametrize(
    "text",
    [
        "from shop_signals import paid\npaid.send(1)",
        "from shop_signals import paid as settled\nsettled.send(1)",
        "import shop_signals\nshop_signals.paid.send(1)",
        "import shop_signals as s\ns.paid.send(1)",
        "from shop_signals import *\npaid.send(1)",
        "import shop_signals\nalias = shop_signals.paid\nalias.send(1)",
        "import shop_signals\na: object = shop_signals.paid\nb = a\nb.send(1)",
        "try:\n    from nowhere import paid\nexcept ImportError:\n"
        "    from shop_signals import paid\npaid.send(1)",
        "if True:\n    from shop_signals import paid\nwith open('') as f:\n"
        "    paid.send(1)",
        "from shop_signals import paid\nresponses = [paid.send(x) for x in ()]",
        "from shop_signals import paid\n(lambda: paid.send(1))()",
        "from functools import partial\nfrom shop_signals import paid\n"
        "partial(paid.send, 1)",
        "from shop_signals import paid\nrun(call=paid.send)",
        "from shop_signals import paid\nx = 1 if paid.send(1) else 2",
    ],
)
def test_a_name_is_followed_to_its_signal(sends, text):
    assert sends(text) == [("", "send", "paid")]


@pytest.mark.parametrize("suffix", ["", "_on_commit"])
@pytest.mark.parametrize("method", ["send", "send_robust", "asend", "asend_robust"])
def test_every_method_that_sends_is_found(sends, method, suffix):
    method += suffix
    text = f"from shop_signals import shipped\nasync def f():\n  shipped.{method}(1)"
    assert sends(text) == [("f", method, "shipped")]
    text = text.replace("shipped.", "shipped.using('a').")
    assert sends(text) == [("f", method, "shipped")]


def test_functions_have_their_qualified_names(sends):
    assert sends(
        """
        from shop_signals import paid

        class Desk:
            class Till:
                def open(self):
                    paid.send(self)

        def outer():
            def inner():
                paid.send(None)
            return lambda: paid.send(None)

        async def fetch():
            paid.send(None)
        """
    ) == [
        ("Desk.Till.open", "send", "paid"),
        ("outer.<locals>.inner", "send", "paid"),
        ("outer", "send", "paid"),
        ("fetch", "send", "paid"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "from shop_signals import paid\nclass A:\n    paid.send(1)",
        "class A:\n    from shop_signals import paid\n    paid.send(1)",
        "from shop_signals import paid as p\nclass A:\n    paid = p\n    paid.send(1)",
    ],
)
def test_the_body_of_a_class_has_its_name(sends, text):
    assert sends(text) == [("A", "send", "paid")]


def test_the_line_is_that_of_the_method(sends):
    source = "from shop_signals import paid\n(\n  paid\n  .send(\n1))"
    body = ast.parse(source).body
    (send,) = find_sends(Source("m", "", body), lambda name: None, {4})
    assert send.line == 4


@pytest.mark.parametrize(
    "body",
    [
        "def f(paid): paid.send(1)",
        "def f(*, paid=None): paid.send(1)",
        "def f(*paid): paid.send(1)",
        "def f(**paid): paid.send(1)",
        "f = lambda paid: paid.send(1)",
        "def f():\n for paid in (): paid.send(1)",
        "def f():\n with x as paid: paid.send(1)",
        "def f():\n paid.send(1)\n paid = other()",
        "def f():\n try: pass\n except E as paid: paid.send(1)",
        "def f():\n (paid := other()).send(1)\n paid.send(1)",
        "def f():\n [(paid := y) for y in ()]\n paid.send(1)",
        "def f():\n match x:\n  case paid: paid.send(1)",
        "def f():\n match x:\n  case [*paid]: paid.send(1)",
        "def f():\n match x:\n  case {**paid}: paid.send(1)",
        "def f():\n del paid\n paid.send(1)",
        "def f():\n paid: object\n paid.send(1)",
        "def f():\n paid += 1\n paid.send(1)",
        "def f():\n def paid(): pass\n paid.send(1)",
        "def f():\n class paid: pass\n paid.send(1)",
        "def f():\n import mail as paid\n paid.send(1)",
        "def f():\n from .... import paid\n paid.send(1)",
        "def f():\n paid = paid\n paid.send(1)",
        "def f():\n paid = 1\n def g():\n  nonlocal paid\n  paid.send(1)",
        "def f():\n a, paid = x\n paid.send(1)",
        "[paid.send(1) for paid in ()]",
        "for paid in (): paid.send(1)",
        "paid = placed\npaid.send(1)",
        "def f(name): getattr(shop_signals, name).send(1)",
        "def f(): dict(paid=paid)['paid'].send(1)",
        "def f(): 'paid.send(1)'",
        "def f(): paid.sender(1)",
        "def f(): paid.send",
        "def f(): shop_signals.lost.send(1)",
        "class A:\n paid = other\n def f(self): self.paid.send(1)",
        "class A:\n def paid(self): pass\n def f(self): self.paid.send(1)",
        "class A:\n paid = paid\n def f(self):\n  self.paid = 1\n  self.paid.send(1)",
        "class A:\n paid = paid\n def f(self):\n  self = 1\n  self.paid.send(1)",
        "class A:\n sig = paid\n @staticmethod\n def f(self): self.sig.send(1)",
        "class A:\n sig = paid\n f = lambda self: self.sig.send(1)",
        "class A:\n sig = paid\n def f(self): sig.send(1)",
    ],
)
def test_what_has_no_single_meaning_is_left_out(sends, body):
    assert (
        sends(f"import shop_signals\nfrom shop_signals import paid, placed\n{body}")
        == []
    )


def test_the_innermost_function_decides(sends):
    assert sends(
        """
        from shop_signals import paid as signal

        def f():
            from shop_signals import placed as signal

            def inner():
                signal.send(None)

            def rebinds():
                global signal
                signal.send(None)

            signal.send(None)

        class A:
            from shop_signals import refunded as signal

            def method(self):
                signal.send(None)
        """
    ) == [
        ("f.<locals>.inner", "send", "placed"),
        ("f.<locals>.rebinds", "send", "paid"),
        ("f", "send", "placed"),
        ("A.method", "send", "paid"),
    ]


def test_attributes_of_classes_and_objects_are_followed(sends):
    assert sends(
        """
        import shop_signals
        from shop_signals import Desk, bus, paid

        class Shop:
            done = paid

            def pay(self):
                self.done.send(self)

            @classmethod
            def close(cls):
                cls.done.send(cls)

            def later(self):
                def inner():
                    self.done.send(self)
                Shop.done.send(self)

        class Own(Shop, Desk):
            def run(self):
                self.opened.send(self)
                self.done.send_robust(self)

        bus.started.send(None)
        shop_signals.Desk.opened.send(None)
        """
    ) == [
        ("Shop.pay", "send", "paid"),
        ("Shop.close", "send", "paid"),
        ("Shop.later.<locals>.inner", "send", "paid"),
        ("Shop.later", "send", "paid"),
        ("Own.run", "send", "Desk.opened"),
        ("Own.run", "send_robust", "paid"),
        ("", "send", "bus.started"),
        ("", "send", "Desk.opened"),
    ]


LOADED = """
    import shop_signals
    from shop_signals import *

    for each in (paid, placed):
        pass

    class Base:
        signal = None

        def send(self):
            self.signal.send(self)
            each.send(self)
            shop_signals.refunded.send(self)

    class Paid(Base):
        signal = paid

    class Placed(Base):
        signal = placed

    class Refunded(Base):
        signal = refunded

        def send(self):
            pass

    def replaced(cls):
        return Paid

    @replaced
    class Other:
        signal = refunded

        def run(self):
            self.signal.send(self)

    class Outer:
        class Inner:
            signal = paid

            def run(self):
                self.signal.send(self)
"""


def test_classes_that_are_loaded_have_subclasses(sends, import_source):
    import_source("shop_loaded", LOADED)

    assert sends(LOADED, name="shop_loaded") == [
        ("Base.send", "send", "paid"),
        ("Base.send", "send", "placed"),
        ("Base.send", "send", "refunded"),
        ("Other.run", "send", "refunded"),
        ("Outer.Inner.run", "send", "paid"),
    ]


def test_a_module_that_is_not_loaded_may_pass_a_signal_on(sends):
    texts = {
        "shop.api": "from shop_signals import paid\nfrom .more import placed",
        "shop.more": "from shop_signals import placed\nfrom .api import lost",
        "shop.stars": "from .api import *",
        "shop.desk": (
            "from .stars import *\nfrom shop_signals import paid as signal\n"
            "class Base:\n    paid, done = paid, signal\n    opened = placed\n"
            "class Desk(Base, Unknown): ..."
        ),
    }

    def load(name):
        text = texts.get(name)
        return None if text is None else Source(name, "shop", ast.parse(text).body)

    text = """
        from shop import api
        from shop.api import paid, placed, lost
        from shop.stars import paid as again

        api.paid.send(1)
        placed.send(2)
        again.send(3)
        lost.send(4)
        shop.api.paid.send(5)

        # Names in another source mean what they mean there.
        def pay():
            from shop.desk import Desk
            from shop_signals import refunded as placed, refunded as Base
            Desk.opened.send(6)
            Desk.closed.send(7)
    """
    assert sends(text, load) == [
        ("", "send", "paid"),
        ("", "send", "placed"),
        ("", "send", "paid"),
        ("pay", "send", "placed"),
    ]


def test_a_signal_of_the_source_itself_is_not_there_yet(sends):
    assert sends("from django.dispatch import Signal\ns = Signal()\ns.send(1)") == []


def test_code_that_is_nested_too_deeply_is_an_error():
    statement = ast.parse("a.send(1)").body[0]
    for _ in range(5000):
        statement.value.func.value = ast.Attribute(
            statement.value.func.value, "b", ast.Load(), lineno=1, col_offset=0
        )
    with pytest.raises(RecursionError):
        find_sends(Source("deep", "", [statement]), lambda name: None, {1})


# --- what runs a send ---------------------------------------------------------------


def run_by(text, with_callers=True):
    """
    Return the names of the functions that run the only send in a source.
    """
    content = f"from shop_signals import paid\n{dedent(text)}".encode()
    body = ast.parse(content).body
    functions = {
        first_line(node): node.name
        for node in ast.walk(ast.Module(body, []))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }
    source = Source("shop_services", "", body)
    (send,) = find_sends(
        source, lambda name: None, lines_of_sends(content), with_callers=with_callers
    )
    return {functions[line] for line in send.run_by}


SEND = "\ndef tell():\n    paid.send(1)\n"


@pytest.mark.usefixtures("sends")
@pytest.mark.parametrize(
    "text",
    [
        "def on_save():\n    tell()",
        "@decorated\ndef on_save():\n    if 1:\n        tell()",
        "async def on_save():\n    tell()",
        "def on_save():\n    on_commit(tell)",
        "def on_save():\n    transaction.on_commit(partial(tell, 1))",
        "def on_save():\n    on_commit(lambda: tell())",
        "def on_save():\n    alias()\nalias = tell",
    ],
)
def test_a_function_that_calls_the_one_that_sends_runs_it(text):
    assert run_by(SEND + text) == {"tell", "on_save"}
    assert run_by(SEND + text, with_callers=False) == {"tell"}


@pytest.mark.usefixtures("sends")
@pytest.mark.parametrize(
    "text",
    [
        "def on_save(tell):\n    tell()",
        "def on_save():\n    tell",
        "def on_save():\n    other.tell()",
        "def on_save():\n    on_commit()",
        "def on_save():\n    run(tell)",
        "def on_save():\n    other()()",
        "def on_save():\n    tell()\ntell = other",
    ],
)
def test_a_function_that_may_call_another_one_does_not_run_it(text):
    assert run_by(SEND + text) == {"tell"}


@pytest.mark.usefixtures("sends")
def test_calls_are_followed_through_functions_and_in_a_loop():
    text = """
        def first():
            second()

        def second():
            def third():
                first()
                paid.send(1)
            third()
    """
    assert run_by(text) == {"first", "second", "third"}


@pytest.mark.usefixtures("sends")
def test_methods_call_each_other():
    text = """
        class Desk:
            def on_save(self):
                self.tell()

            def tell(self):
                paid.send(1)

            @staticmethod
            def other(self):
                self.tell()

        def on_delete():
            Desk.tell(None)
    """
    assert run_by(text) == {"on_save", "tell", "on_delete"}


@pytest.mark.usefixtures("sends")
def test_nothing_runs_a_send_of_the_module():
    assert run_by("paid.send(1)") == set()


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", set()),
        (b"send()\nsender.sends()\n", set()),
        (b"\na.send()\r\nb\n  .asend_robust(1)\rc.send_on_commit", {2, 4, 5}),
    ],
)
def test_lines_that_may_send_are_found_without_parsing(content, lines):
    assert lines_of_sends(content) == lines
