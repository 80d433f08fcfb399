from __future__ import annotations

import sys
from types import ModuleType

import pytest

from signaltools.introspect.source import (
    Assignment,
    assignments,
    guarded_imports,
    imported_names,
    source_file,
)
from tests.shapes import hostile


@pytest.fixture
def assigned(tmp_path):
    """
    Return a function that tells the assignments of a source that is never run.
    """

    def read(source):
        path = tmp_path / "source.py"
        path.write_bytes(source if type(source) is bytes else source.encode())
        return assignments(module_with(__file__=str(path)))

    return read


def module_with(**attributes):
    module = ModuleType("shop")
    vars(module).update(attributes)
    return module


def lines(found):
    return {name: assignment.line for name, assignment in found.items()}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", {}),
        ("paid = Signal()", {"paid": 1}),
        ("paid: Signal = Signal()", {"paid": 1}),
        ("paid: Signal", {}),
        ("paid = lost = Signal()", {"paid": 1, "lost": 1}),
        ("paid, lost = Signal(), Signal()", {"paid": 1, "lost": 1}),
        ("[paid, (lost, sent)] = make()", {"paid": 1, "lost": 1, "sent": 1}),
        ("shop.paid = Signal()", {}),
        ("shop['paid'] = Signal()", {}),
        ("paid += 1", {}),
        ("import paid", {}),
        ("\n\npaid = Signal()\npaid = Signal()", {"paid": 3}),
        ("if DEBUG:\n    paid = Signal()\nelse:\n    lost = Signal()",
         {"paid": 2, "lost": 4}),
        ("if A:\n    pass\nelif B:\n    paid = Signal()", {"paid": 4}),
        ("try:\n    a = 1\nexcept E:\n    b = 1\nelse:\n    c = 1\nfinally:\n    d = 1",
         {"a": 2, "c": 6, "d": 8, "b": 4}),
        ("try:\n    a = 1\nexcept* E:\n    b = 1", {"a": 2, "b": 4}),
        ("with lock:\n    paid = Signal()", {"paid": 2}),
        ("for _ in x:\n    a = 1\nelse:\n    b = 1", {"_": 1, "a": 2, "b": 4}),
        ("while x:\n    a = 1\nelse:\n    b = 1", {"a": 2, "b": 4}),
        ("match x:\n    case 1:\n        a = 1\n    case _:\n        b = 1",
         {"a": 3, "b": 5}),
        ("class Order:\n    paid = Signal()", {"Order.paid": 2}),
        ("class Shop:\n    class Order:\n        if A:\n            paid = Signal()",
         {"Shop.Order.paid": 4}),
        ("if A:\n    class Order:\n        paid: Signal = Signal()", {"Order.paid": 3}),
        ("def make():\n    paid = Signal()", {}),
        ("async def make():\n    paid = Signal()", {}),
        ("class Order:\n    def make(self):\n        paid = Signal()", {}),
        ("if A:\n    def make():\n        paid = Signal()", {}),
    ],
)  # fmt: skip
def test_names_are_found_where_they_are_assigned(assigned, source, expected):
    assert lines(assigned(source)) == expected


@pytest.mark.parametrize(
    ("source", "creates"),
    [
        ("paid = Signal()", True),
        ("paid = make_signals()['paid']", True),
        ("paid = other", False),
        ("paid = other.paid", False),
        ("paid = shop.signals.paid", False),
        ("paid: Signal = other.paid", False),
        ("paid, lost = shop.paid, lost", False),
        ("paid, lost = shop.paid, Signal()", True),
        ("[paid] = [shop.paid]", False),
        ("paid = None", False),
    ],
)
def test_only_what_can_make_a_signal_creates_it(assigned, source, creates):
    assert assigned(source)["paid"].creates is creates


@pytest.mark.parametrize(
    ("source", "comment"),
    [
        ("# Sent once.\npaid = Signal()", "Sent once."),
        ("# Sent once,\n# after commit.\npaid = Signal()", "Sent once,\nafter commit."),
        ("# One.\n#\n# Two.\npaid = Signal()", "One.\n\nTwo."),
        ("#\n# Sent once.\n#\npaid = Signal()", "Sent once."),
        ("#Sent once.\npaid = Signal()", "Sent once."),
        ("## Sent once.\npaid = Signal()", "Sent once."),
        ("# Sent, # once\npaid = Signal()", "Sent, # once"),
        ("# Über 注文\npaid = Signal()", "Über 注文"),
        ("# Other.\n\npaid = Signal()", ""),
        ("# Other.\n\n# Sent once.\npaid = Signal()", "Sent once."),
        ("x = 1  # Other.\npaid = Signal()", ""),
        ("paid = Signal()  # Beside.", ""),
        ("# Both.\npaid, lost = Signal(), Signal()", "Both."),
        ("if A:\n    # Sent once.\n    paid = Signal()", "Sent once."),
        ("if A:\n# Of the block.\n    paid = Signal()", ""),
        ("if A:\n\t# Sent once.\n\tpaid = Signal()", "Sent once."),
        ("# Sent once.\r\npaid = Signal()\r\n", "Sent once."),
        ("# First.\npaid = 1\n# Second.\npaid = Signal()", "Second."),
        ("x = '''\n# text\n'''\npaid = Signal()", ""),
    ],
)
def test_comment_above_is_the_comment(assigned, source, comment):
    assert assigned(source)["paid"].comment == comment


def test_comment_for_sphinx_is_the_comment(assigned):
    assert assigned("#: Sent once.\npaid = Signal()")["paid"].comment == "Sent once."


def test_comment_of_the_line_belongs_to_its_first_statement(assigned):
    found = assigned("# Sent once.\npaid = Signal(); lost = Signal()")

    assert found == {
        "paid": Assignment(2, True, "Sent once."),
        "lost": Assignment(2, True, ""),
    }


def test_line_is_that_of_the_statement(assigned):
    assert assigned("\npaid = (\n    Signal()\n)")["paid"].line == 2


def test_declared_encoding_is_used(assigned):
    source = "# coding: latin-1\n\n# Über\npaid = Signal()".encode("latin-1")

    assert assigned(source)["paid"].comment == "Über"


def test_byte_order_mark_is_skipped(assigned):
    source = "# Über\npaid = Signal()".encode("utf-8-sig")

    assert assigned(source)["paid"] == Assignment(2, True, "Über")


@pytest.mark.parametrize(
    "source",
    [
        b"paid = = Signal()",
        b"  paid = Signal()",
        b"# \xff\npaid = Signal()",
        b"# coding: no-such-encoding\npaid = Signal()",
        b"paid = Signal()\n\x00",
        b"paid = " + b"(" * 500,
        pytest.param(
            b"paid = " + b"-1+" * 50_000 + b"1",
            marks=pytest.mark.skipif(
                sys.version_info[:2] == (3, 14), reason="Python 3.14 can read this."
            ),
        ),
        b"paid = " + b"-" * 50_000 + b"1",
    ],
    ids=[
        "syntax",
        "indentation",
        "undecodable",
        "encoding",
        "null",
        "nesting",
        "depth",
        "parser stack",
    ],
)
def test_broken_source_assigns_nothing(assigned, source):
    assert assigned(source) == {}


def test_long_chain_of_elif_does_no_harm(assigned):
    branches = "".join(f"elif x == {n}:\n    pass\n" for n in range(1_200))

    found = assigned(f"paid = Signal()\nif x:\n    pass\n{branches}")

    assert set(found) <= {"paid"}


@pytest.mark.filterwarnings("error")
def test_warnings_about_the_source_are_not_repeated(assigned):
    source = "pattern = '\\d'\nif 1 is 1:\n    paid = Signal()"

    assert lines(assigned(source)) == {"pattern": 1, "paid": 3}


def test_missing_source_assigns_nothing(tmp_path):
    assert assignments(module_with(__file__=str(tmp_path / "gone.py"))) == {}


def test_directory_assigns_nothing(tmp_path):
    directory = tmp_path / "package.py"
    directory.mkdir()

    assert assignments(module_with(__file__=str(directory))) == {}


@pytest.mark.parametrize("file", ["nul\0byte.py", "lone\ud800surrogate.py"])
def test_impossible_path_assigns_nothing(file):
    assert assignments(module_with(__file__=file)) == {}


def test_module_without_source_assigns_nothing():
    assert assignments(sys) == {}


def test_source_is_not_imported_again(import_source):
    module = import_source("counted", "times = globals().get('times', 0) + 1")

    assert lines(assignments(module)) == {"times": 1}
    assert module.times == 1


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("/shop/signals.py", "/shop/signals.py"),
        ("signals.py", "signals.py"),
        ("/shop/signals.so", None),
        ("/shop/signals.pyc", None),
        (None, None),
        (1, None),
        (type("Path", (str,), {})("/shop/signals.py"), None),
    ],
)
def test_source_file_is_the_path_of_a_python_file(file, expected):
    assert source_file(module_with(__file__=file)) == expected


def test_module_without_file_has_no_source_file():
    assert source_file(ModuleType("shop")) is None


def test_hostile_file_is_not_a_source_file():
    file = hostile("__getattribute__", "__fspath__", "__str__")

    assert source_file(module_with(__file__=file)) is None


def test_a_decorated_function_is_created_where_its_decorators_begin(assigned):
    found = assigned(
        """
def plain(): ...

# Sent at night.
@event
@other(
    1
)
def dark(sender): ...

class Shop:
    # Sent at noon.
    @event
    async def open(sender): ...
"""
    )
    assert found == {
        "dark": Assignment(5, True, "Sent at night."),
        "Shop.open": Assignment(13, True, "Sent at noon."),
    }


@pytest.mark.parametrize("test", ["TYPE_CHECKING", "typing.TYPE_CHECKING"])
def test_imports_for_type_checkers_are_found(tmp_path, test):
    source = f"""
import not_guarded
if {test}:
    import shop
    import shop.models
    import shop.views as pages
    from . import forms
    from ..stock.models import Level as StockLevel, Shelf
    x = 1
if x:
    import other
"""
    path = tmp_path / "source.py"
    path.write_text(source, "utf-8")
    assert guarded_imports(module_with(__file__=str(path))) == {
        "shop": ("shop", None),
        "pages": ("shop.views", None),
        "forms": (".", "forms"),
        "StockLevel": ("..stock.models", "Level"),
        "Shelf": ("..stock.models", "Shelf"),
    }


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from shop import paid", {"paid"}),
        ("from .shop import paid, lost as gone", {"paid", "gone"}),
        ("from . import (\n    paid,\n    lost as gone,  # Ours\n)", {"paid", "gone"}),
        ("from shop import paid  # Ours", {"paid"}),
        ("from shop import paid; lost = paid", {"paid"}),
        ("import shop\npaid = 1", set()),
        ("from shop import *", set()),
        ("if DEBUG:\n    from shop import paid", set()),
        ("def load():\n    from shop import paid\nfor paid in (): pass", set()),
    ],
)
def test_names_that_are_imported_are_found_without_parsing(tmp_path, source, expected):
    path = tmp_path / "shop.py"
    path.write_text(source)
    assert imported_names(module_with(__file__=str(path))) == expected
