from __future__ import annotations

import asyncio
import functools
import importlib.util
import inspect
import sys
from types import ModuleType
from unittest import mock

import pytest
from asgiref.sync import async_to_sync, iscoroutinefunction, markcoroutinefunction
from django.db import transaction
from django.db.models.signals import m2m_changed, post_migrate, post_save, pre_delete
from django.dispatch import Signal, receiver

from signaltools import event
from tests.problems import facts
from tests.shapes import HOSTILE_SHAPES, refuse
from tests.testapp.models import Order

NAME = "shop.signals.invoice_printed"
HERE = f"{__name__}."


@event
def invoice_printed(sender: type, *, order: int, amount: int = 0) -> None: ...


@pytest.fixture
def printed():
    return Signal()


def only(signal, check):
    """
    Return message and hint of the one problem there is.
    """
    [(found, message, hint)] = facts(signal, NAME)
    assert found == check
    return message, hint


def ids(signal, name=None):
    return [check for check, _, _ in facts(signal, name)]


@pytest.mark.usefixtures("without_test_tools")
def test_W101_receiver_requires_an_argument_that_is_not_sent(alone):
    def receive(sender, ordr, **kwargs): ...

    alone(invoice_printed).connect(receive)
    assert only(invoice_printed, "W101") == (
        f"The receiver '{__name__}.{receive.__qualname__}' requires the argument "
        "'ordr', but 'shop.signals.invoice_printed' doesn't send it.",
        "Did you mean 'order'?",
    )


@pytest.mark.usefixtures("without_test_tools")
def test_W101_hint_lists_the_arguments_if_none_has_a_similar_name(alone):
    def receive(sender, zzz, **kwargs): ...

    alone(invoice_printed).connect(receive)
    _, hint = only(invoice_printed, "W101")
    assert hint == (
        "Use only arguments that 'invoice_printed' sends: sender, order, amount."
    )


@pytest.mark.usefixtures("without_test_tools")
def test_W102_receiver_without_kwargs(alone):
    def receive(sender, order, amount, signal): ...

    alone(invoice_printed).connect(receive)
    assert only(invoice_printed, "W102") == (
        f"The receiver '{__name__}.{receive.__qualname__}' of "
        "'shop.signals.invoice_printed' doesn't accept **kwargs.",
        "Add **kwargs, or the receiver will break as soon as the signal sends another "
        "argument.",
    )


@pytest.fixture
def load_twice(import_source, monkeypatch, printed):
    """
    Return a function that imports one file under two names.
    """
    monkeypatch.setattr(sys, "printed", printed, raising=False)

    def load(source, second="twin_again"):
        first = import_source("twin", f"import sys\n{source}")
        spec = importlib.util.spec_from_file_location(second, first.__file__)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, second, module)
        spec.loader.exec_module(module)
        return first, module

    return load


CONNECT = "def receive(**kwargs): ...\nsys.printed.connect(receive)"


def test_W004_a_file_is_imported_under_two_names(load_twice, printed):
    first, _ = load_twice(CONNECT)
    assert only(printed, "W004") == (
        f"The receiver 'twin_again.receive' is connected to '{NAME}' twice: "
        f"{first.__file__!r} was also imported as 'twin'.",
        "Import the file under only one of these names.",
    )


@pytest.mark.parametrize(
    "source",
    [
        f"{CONNECT.replace('receive)', 'receive, sender=type(sys))')}\n"
        f"sys.printed.disconnect(receive, sender=type(sys))",
        CONNECT.replace("receive)", "receive, dispatch_uid='shop')"),
        "sys.printed.connect(print)",
    ],
)
def test_W004_what_is_connected_once_is_fine(load_twice, printed, source):
    load_twice(source)
    assert ids(printed, NAME) == []


def test_W004_one_function_for_two_senders_is_fine(printed):
    def receive(**kwargs): ...

    printed.connect(receive, sender=Order)
    printed.connect(receive)
    assert ids(printed, NAME) == []


def made_for(module_name):
    def receive(**kwargs): ...

    receive.__module__ = module_name
    return receive


@pytest.mark.parametrize("other", ["signaltools", "no.such.module", "same_file"])
def test_W004_functions_of_a_factory_are_fine(printed, monkeypatch, other):
    same = ModuleType("same_file")
    same.__file__ = __file__
    monkeypatch.setitem(sys.modules, "same_file", same)
    kept = made_for(__name__), made_for(other)
    for each in kept:
        printed.connect(each)
    assert ids(printed, NAME) == []


def test_W004_modules_that_were_not_imported_are_fine(printed):
    kept = []
    for name in ("no.such.module", "no.other.module"):
        namespace = {"__name__": name}
        exec(compile("def receive(**kwargs): ...", "/srv/x.py", "exec"), namespace)
        printed.connect(namespace["receive"])
        kept.append(namespace["receive"])
    assert ids(printed, NAME) == []


def closed(sender, instance, signal): ...


def open_to_all(sender, **kwargs): ...


class Shop:
    def no_self(sender, **kwargs): ...  # noqa: N805

    def on_save(self, sender, **kwargs): ...

    def on_save_closed(self, sender): ...

    @classmethod
    def of_class(cls, sender, **kwargs): ...

    @staticmethod
    def static(sender, **kwargs): ...

    def __call__(self, sender, **kwargs): ...


class Closed:
    def __call__(self, sender): ...


shop, closed_object = Shop(), Closed()


@pytest.mark.parametrize(
    ("receive", "name"),
    [
        (closed, "closed"),
        (shop.on_save_closed, "Shop.on_save_closed"),
        (closed_object, "Closed"),
        (functools.partial(closed, instance=1), "closed"),
        (functools.partial(closed_object), "Closed"),
    ],
)
def test_W012_receiver_without_kwargs(printed, receive, name):
    printed.connect(receive)
    assert only(printed, "W012") == (
        f"The receiver '{HERE}{name}' of '{NAME}' doesn't accept **kwargs.",
        "Add **kwargs, or the receiver will break as soon as the signal sends another "
        "argument.",
    )


wrapped = functools.wraps(closed)(lambda *args, **kwargs: None)
claiming = functools.wraps(closed)(lambda *args, **kwargs: None)
claiming.__signature__ = inspect.signature(closed)


@pytest.mark.parametrize(
    "receive",
    [
        *(
            open_to_all,
            shop,
            shop.on_save,
            shop.of_class,
            shop.static,
            Shop.of_class,
        ),
        *(wrapped, claiming, functools.partial(claiming), Shop, Closed, print, len),
        functools.partial(print),
        functools.partial(Shop.on_save, shop),
        functools.partial(shop.on_save, 1),
        *(mock.Mock(), mock.AsyncMock(), mock.create_autospec(open_to_all)),
    ],
    ids=str,
)
def test_W012_receivers_that_are_open_or_cannot_be_read_are_fine(printed, receive):
    printed.connect(receive)
    assert ids(printed, NAME) == []


def test_W012_code_with_which_a_receiver_describes_itself_is_not_run(printed):
    def receive(sender): ...

    receive.__signature__ = refuse
    printed.connect(receive)
    assert ids(printed, NAME) == []


def on_delete(sender, instance, created, **kwargs): ...


def test_W013_argument_that_is_not_sent(alone):
    alone(pre_delete).connect(on_delete)
    assert facts(pre_delete) == [
        (
            "W013",
            f"The receiver '{HERE}on_delete' requires the argument 'created', but "
            "'django.db.models.signals.pre_delete' doesn't send it.",
            "Use only arguments that 'pre_delete' sends: sender, instance, using, "
            "origin.",
        )
    ]


def test_W013_hint_suggests_the_nearest(alone):
    def receive(instanse, **kwargs): ...

    alone(post_save).connect(receive)
    [(check, _, hint)] = facts(post_save)
    assert (check, hint) == ("W013", "Did you mean 'instance'?")


def test_W013_function_of_a_class(printed):
    printed.connect(Shop.on_save)
    assert only(printed, "W013") == (
        f"The receiver '{HERE}Shop.on_save' requires the argument 'self', but '{NAME}' "
        "doesn't send it.",
        "Connect a bound method, or make the function a staticmethod.",
    )


def test_W013_custom_signals_may_send_anything(printed):
    def receive(order, **kwargs): ...

    printed.connect(receive)
    assert ids(printed, NAME) == []


def test_W013_arguments_that_are_sent_are_fine(alone):
    def receive(signal, sender, instance, created, raw, using, update_fields, **kw): ...

    def on_migrate(sender, app_config, plan, apps, stdout, verbosity=1, **kwargs): ...

    alone(post_save).connect(receive)
    post_save.connect(functools.partial(on_delete, origin=1))
    post_save.connect(Shop.no_self)
    alone(post_migrate).connect(on_migrate)
    assert facts(post_save) == facts(post_migrate) == []


def test_W013_a_partial_binds_the_argument(alone):
    kept = [
        functools.partial(on_delete, created=True),
        functools.partial(Shop.on_save, None),
    ]
    alone(pre_delete)
    for each in kept:
        pre_delete.connect(each)
    assert facts(pre_delete) == []


def test_W013_raw_is_sent_with_m2m_changed_since_6_1(alone):
    from django import VERSION

    def receive(raw, **kwargs): ...

    alone(m2m_changed).connect(receive)
    assert ids(m2m_changed) == ([] if VERSION >= (6, 1) else ["W013"])


# In a list, where the checks that other tests run do not find it.
DECORATED = [Signal()]


@transaction.atomic
@receiver(DECORATED, dispatch_uid="above")
def above(**kwargs): ...


@receiver(DECORATED)
@transaction.atomic
def below(**kwargs): ...


class Decorated:
    @staticmethod
    @receiver(DECORATED)
    def static(**kwargs): ...


def hides(function):
    def wrapper(**kwargs):
        return function(**kwargs)

    return wrapper


@hides
@hides
@receiver(DECORATED)
def hidden(**kwargs): ...


@functools.partial
@receiver(DECORATED)
def bound(**kwargs): ...


@receiver(DECORATED)
def replaced(**kwargs): ...


first_of_two = replaced


def replaced(**kwargs): ...


def loop(**kwargs):
    return loop


loop.__wrapped__ = loop


def test_W014_decorators_above_receiver():
    assert facts(DECORATED[0], NAME) == [
        (
            "W014",
            f"Decorators above @receiver have no effect on '{HERE}{name}': Django "
            "connects the function without them.",
            "Move @receiver to the top.",
        )
        for name in ["above", "hidden", "bound"]
    ]


def test_W014_endless_wrappers_are_fine(printed):
    def receive(**kwargs): ...

    receive.__qualname__ = "loop"
    printed.connect(receive)
    assert ids(printed, NAME) == []


def forwards(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


def drops(function):
    def wrapper(*args, **kwargs):
        function(*args, **kwargs)

    return wrapper


def runs(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return asyncio.run(function(*args, **kwargs))

    return wrapper


def converts(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return async_to_sync(function)(*args, **kwargs)

    return wrapper


def chooses(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        if iscoroutinefunction(function):
            return asyncio.run(function(*args, **kwargs))
        return function(*args, **kwargs)

    return wrapper


def within(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        def call():
            return function(*args, **kwargs)

        return asyncio.run(call())

    return wrapper


def keeps(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        coroutine = function(*args, **kwargs)
        return asyncio.run(coroutine)

    return wrapper


async def coroutine(**kwargs): ...


class AsyncObject:
    async def __call__(self, **kwargs): ...

    @forwards
    async def method(self, **kwargs): ...


async_object = AsyncObject()


@pytest.mark.parametrize(
    ("receive", "name"),
    [
        (async_object, "AsyncObject"),
        (functools.partial(async_object), "AsyncObject"),
        (async_object.method, "AsyncObject.wrapper"),
        (forwards(coroutine), "coroutine"),
        (functools.partial(forwards(coroutine)), "coroutine"),
        (drops(coroutine), "drops.<locals>.wrapper"),
    ],
)
def test_W015_the_coroutine_is_never_awaited(printed, receive, name):
    printed.connect(receive)
    message, hint = only(printed, "W015")
    assert message.endswith(
        f" of '{NAME}' returns a coroutine, but Django doesn't detect that the "
        "receiver is asynchronous, so the coroutine is never awaited."
    )
    assert message.startswith(f"The receiver '{HERE}{name}'") or "method" in message
    assert hint == (
        "Make the receiver an async function, or mark it with "
        "asgiref.sync.markcoroutinefunction()."
    )


class SyncObject:
    def __call__(self, **kwargs): ...


@pytest.mark.parametrize(
    "receive",
    [
        *(coroutine, functools.partial(coroutine), async_object.__call__),
        *(runs(coroutine), converts(coroutine), chooses(coroutine), within(coroutine)),
        *(keeps(coroutine), forwards(forwards(coroutine)), forwards(open_to_all)),
        *(markcoroutinefunction(AsyncObject()), AsyncObject, SyncObject()),
        *(async_to_sync(coroutine), mock.AsyncMock(), print, open_to_all),
        lambda **kwargs: coroutine(**kwargs),
    ],
    ids=str,
)
def test_W015_what_is_awaited_is_fine(printed, receive):
    printed.connect(receive)
    assert ids(printed, NAME) == []


@pytest.mark.parametrize(
    "shape", [shape for shape in HOSTILE_SHAPES if shape.connectable], ids=repr
)
def test_hostile_receivers_are_checked_but_not_run(printed, shape):
    printed.connect(shape.receiver)
    printed.connect(functools.partial(shape.receiver), weak=False)
    assert ids(printed, NAME) == []
