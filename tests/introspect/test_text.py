from __future__ import annotations

import pytest

from signaltools.introspect.text import (
    MAX_LENGTH,
    clip,
    did_you_mean,
    encodable,
    error_text,
    exception_text,
    printable,
    stable_text,
)
from tests.shapes import HostileText, hostile, refuse


class Uid(str):
    __slots__ = ()
    __str__ = __repr__ = __format__ = refuse


class HostileError(Exception):
    __str__ = refuse


class ErrorWithHostileText(Exception):
    def __str__(self):
        return HostileText("never shown")


def test_string_of_the_maximum_length_is_not_truncated():
    assert clip("x" * MAX_LENGTH) == "x" * MAX_LENGTH


def test_longer_string_is_truncated_to_the_maximum_length():
    clipped = clip("x" * (MAX_LENGTH + 1))

    assert clipped == "x" * (MAX_LENGTH - 1) + "…"
    assert len(clipped) == MAX_LENGTH


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("shop.signals", "shop.signals"),
        ("Füße · 注文 …", "Füße · 注文 …"),
        ("a\nb\tc\rd", r"a\nb\tc\rd"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x00\x7f\x9b", r"\x00\x7f\x9b"),
        ("left\u200fright\u202e", r"left\u200fright\u202e"),
        ("no\xa0break", r"no\xa0break"),
        ("\udc80", r"\udc80"),
        ("\U000e0041", r"\U000e0041"),
        ("two\u2028lines", r"two\u2028lines"),
    ],
)
def test_unprintable_characters_are_escaped(text, shown):
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("text", "encoding", "shown"),
    [
        ("a · b …", None, "a · b …"),
        ("a · b …", "utf-8", "a · b …"),
        ("a · b …", "ascii", "a - b ..."),
        ("a · b …", "latin-1", "a - b ..."),
        ("a · b", "latin-1", "a · b"),
        ("注文 · 1", "ascii", r"\u6ce8\u6587 - 1"),
        ("\udc80", "utf-8", r"\udc80"),
    ],
)
def test_string_that_stdout_cannot_encode_becomes_ascii(text, encoding, shown):
    assert encodable(text, encoding) == shown


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (ValueError("no stock"), "ValueError: no stock"),
        (ValueError("two\n  lines\t here "), "ValueError: two lines here"),
        (ValueError(), "ValueError"),
        (KeyError("name"), "KeyError: 'name'"),
        (ValueError("x" * 1_000), "ValueError: " + "x" * 387 + "…"),
    ],
)
def test_error_is_shown_on_one_line(error, shown):
    assert error_text(error) == shown


@pytest.mark.parametrize("error", [HostileError, ErrorWithHostileText])
def test_error_whose_str_raises_is_shown_by_its_class(error):
    assert error_text(error()) == f"tests.introspect.test_text.{error.__name__}"


class EqualMeta(type):
    __eq__ = __hash__ = refuse


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (ValueError("no stock"), "ValueError: no stock"),
        (ValueError("two\n  lines\t here "), "ValueError: two lines here"),
        (ValueError(), "ValueError"),
        (ValueError(""), "ValueError"),
        (ValueError(7), "ValueError: 7"),
        (ValueError(1.5), "ValueError: 1.5"),
        (ValueError("a", 7), "ValueError: 'a', 7"),
        (ValueError(None, True, b"x", "a"), "ValueError: a"),
        (ValueError(10**5_000), "ValueError"),
        (ValueError(-(10**5_000), "a", 1), "ValueError: 'a', 1"),
        (KeyError("name"), "KeyError: 'name'"),
        (KeyError(7), "KeyError: 7"),
        (OSError(2, "No such file", "x.py"), "FileNotFoundError: 2, 'No such file'"),
        (ValueError("x" * 10_000), "ValueError: " + "x" * 387 + "…"),
        (KeyError("x" * 10_000), "KeyError: '" + "x" * 388 + "…"),
        (ValueError(" " * 10_000 + "x"), "ValueError"),
        (ValueError("<script>\x1b[31m"), "ValueError: <script>\x1b[31m"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (BaseExceptionGroup("two", [KeyError()]), "ExceptionGroup: two"),
        (HostileError("no stock"), "tests.introspect.test_text.HostileError: no stock"),
    ],
    ids=lambda value: value[:40] if type(value) is str else type(value).__name__,
)
def test_exception_is_shown_with_its_plain_arguments(error, shown):
    assert exception_text(error) == shown


def test_argument_of_an_exception_is_never_converted_to_a_string():
    arguments = [
        hostile("__repr__", "__str__", "__eq__", "__hash__", "__getattribute__"),
        hostile(meta=EqualMeta),
        HostileText("never shown"),
        Uid("never shown"),
    ]

    for argument in arguments:
        assert exception_text(ValueError(argument)) == "ValueError"
        assert exception_text(KeyError("name", argument)) == "KeyError: 'name'"


def test_exception_is_shown_without_running_its_code():
    names = ("__str__", "__repr__", "__getattribute__", "__format__", "__bool__")
    base = type("Base", (Exception,), {"args": property(refuse)})
    error = type("LocalError", (base,), dict.fromkeys(names, refuse))("no stock")

    assert exception_text(error) == "tests.introspect.test_text.LocalError: no stock"


@pytest.mark.parametrize(
    ("uid", "shown"),
    [
        ("shop.index", "shop.index"),
        (Uid("shop.index"), "shop.index"),
        ("<Stock at 0x7f3a5c0012d0>", "<Stock at 0x…>"),
        ("0x7F3A5C0012D0 and 0x7f3a5c0012d1", "0x… and 0x…"),
        ("color 0xfff", "color 0xfff"),
        ("watch-140734799804112 at 139986543210987", "watch-… at …"),
        ("watch_94123456789012x", "watch_…x"),
        ("day 20261121, 123456789", "day 20261121, 123456789"),
        ("watch-4372156928", "watch-…"),
        ("x" * 500, "x" * 399 + "…"),
        (0, "0"),
        (True, "True"),
        (1.5, "1.5"),
        (b"shop", "b'shop'"),
        (None, "None"),
        (999_999, "999999"),
        (-999_999, "-999999"),
        ((), "()"),
        (("shop", 1, None), "('shop', 1, None)"),
        (("shop",), "('shop')"),
        (("at 0x7f3a5c0012d0", Uid("it's")), "('at 0x…', \"it's\")"),
        (((1, (2,)), 3), "((1, (2)), 3)"),
        ((((((("deep",),),),),),), "(((((tuple)))))"),
        (("watch-140734799804112",), "('watch-…')"),
        (tuple("x" * 500), ("('x', " + "'x', " * 100)[:399] + "…"),
        (int, "type"),
        (frozenset({"a", "b"}), "frozenset"),
        (refuse, "function"),
    ],
)
def test_uid_has_a_stable_string(uid, shown):
    assert stable_text(uid) == shown


def test_uid_is_described_without_running_its_code():
    uid = hostile("__repr__", "__eq__", "__hash__", "__getattribute__")

    assert stable_text(uid) == "tests.shapes.Hostile"
    assert stable_text(("shop", uid)) == "('shop', tests.shapes.Hostile)"
    assert stable_text(HostileText("shop.index")) == "shop.index"
    assert stable_text((HostileText("shop.index"),)) == "('shop.index')"


def test_number_that_may_be_an_id_is_shown_as_int():
    assert stable_text((1_000_000, -1_000_000, 2**200)) == "(int, int, int)"


def test_address_behind_an_underscore_is_left_out():
    assert stable_text("watch_0x7f3a5c0012d0") == "watch_0x…"


def test_did_you_mean_names_the_nearest_candidate():
    hint = did_you_mean("shop.order_payed", ["shop.order_paid", "shop.order_lost"])

    assert hint == " Did you mean 'shop.order_paid'?"


def test_did_you_mean_ignores_case():
    assert did_you_mean("AUTO", ["auto", "other"]) == " Did you mean 'auto'?"
    assert did_you_mean("auto", ["AUTO", "other"]) == " Did you mean 'AUTO'?"


@pytest.mark.parametrize("candidates", [[], ["completely", "different"]])
def test_nothing_is_suggested_without_a_similar_name(candidates):
    assert did_you_mean("xyz", candidates) == ""
