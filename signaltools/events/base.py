"""
Signals whose arguments are known.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, ParamSpec

from asgiref.sync import sync_to_async
from django.apps import apps
from django.conf import settings
from django.dispatch import Signal, dispatcher

from ..conf import conf
from ..exceptions import EventWarning
from ..introspect.callables import describe
from ..introspect.callers import Site, find_caller
from ..introspect.objects import is_a, short_name
from ..introspect.text import did_you_mean, stable_repr
from .annotations import AllowedTypes, ModuleNotLoaded, is_allowed
from .declaration import Argument, Declaration, annotation_text
from .fitting import find_mismatch
from .methods import LENIENT, STRICT, Templates, is_generated, make_method
from .protocols import OnlyKeywords, SignalFirst, SignalSecond

if TYPE_CHECKING:
    from .on_commit import Choice

P = ParamSpec("P")
Rest = ParamSpec("Rest")
Responses = list[tuple[Callable[..., Any], Any]]

# What is skipped to find the line that uses an event: the methods of the event, and the
# decorator that connects receivers.
_SKIPPED = (os.path.join(os.path.dirname(__file__), ""), dispatcher.__file__)


class _Method:
    """
    A method that is generated when it is first used, as most events are only declared.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, event: Event[Any] | None, owner: type[Event[Any]]) -> Any:
        # Event itself declares nothing, but tools look at its methods.
        if not hasattr(owner, "_declaration"):
            return self
        return owner._make_method(self._name).__get__(event, owner)


class Event(Signal, Generic[P]):
    """
    A signal that is declared with ``@event``, the only instance of its own class.

    ``name`` is its import path. ``label`` and ``version`` are for documentation and
    message brokers; the label needs the app registry. ``arguments`` and ``signature``
    describe the declaration as strings. An event is pickled and copied by its name.
    """

    _declaration: ClassVar[Declaration]
    _allowed: ClassVar[Mapping[str, AllowedTypes]]
    _templates: ClassVar[Templates] = STRICT

    if TYPE_CHECKING:

        def send(self, *args: P.args, **named: P.kwargs) -> Responses: ...
        def send_robust(self, *args: P.args, **named: P.kwargs) -> Responses: ...
        async def asend(self, *args: P.args, **named: P.kwargs) -> Responses: ...
        async def asend_robust(self, *args: P.args, **named: P.kwargs) -> Responses: ...

        def send_on_commit(self, *args: P.args, **named: P.kwargs) -> None:
            """
            Check the arguments now, and send when the transaction is committed.

            Outside a transaction, it sends immediately. After a rollback, it never
            sends. The transaction is that of the database which an argument of the
            sender's class is stored in, or which the sender is written to. Use
            ``using()`` to choose another one.
            """

        def send_robust_on_commit(self, *args: P.args, **named: P.kwargs) -> None:
            """
            Do the same as ``send_on_commit()``, with ``send_robust()``.
            """

        async def asend_on_commit(self, *args: P.args, **named: P.kwargs) -> None:
            """
            Do the same as ``send_on_commit()``, in asynchronous code.

            The receivers run as with ``send()``, in the thread that commits.
            """

        async def asend_robust_on_commit(
            self, *args: P.args, **named: P.kwargs
        ) -> None:
            """
            Do the same as ``send_robust_on_commit()``, in asynchronous code.
            """

    else:
        send = _Method()
        send_robust = _Method()
        asend = _Method()
        asend_robust = _Method()
        send_on_commit = _Method()
        send_robust_on_commit = _Method()
        asend_on_commit = _Method()
        asend_robust_on_commit = _Method()

    def __init__(self, label: str | None = None, use_caching: bool = False) -> None:
        if not hasattr(self, "_declaration"):
            raise TypeError(
                "Use @event to declare an event; don't instantiate Event directly."
            )
        super().__init__(use_caching)
        function = self._declaration.function
        self._label = label
        self.name = self._declaration.name
        self.version = self._declaration.version
        self.__module__ = function.__module__
        self.__name__ = function.__name__
        self.__qualname__: str = function.__qualname__
        self.__doc__ = function.__doc__

    def __repr__(self) -> str:
        return f"<Event: {self.name}>"

    def __reduce__(self) -> str:
        # By its name in its module, as functions are. The lock of a Signal can't be
        # pickled or copied.
        return self.__qualname__

    @property
    def label(self) -> str:
        """
        Return the name for documentation and message brokers.

        By default it consists of the label of the app and the name of the function.
        """
        if self._label is not None:
            return self._label
        config = apps.get_containing_app_config(self.name)
        return f"{config.label}.{self.__qualname__}" if config else self.name

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """
        Return the arguments of the event without the sender.
        """
        return self._declaration.arguments

    @property
    def signature(self) -> str:
        """
        Return the signature as it was declared.
        """
        return self._declaration.signature

    def connect(
        self,
        # With Any in place of object, mypy accepts every receiver.
        receiver: Callable[P, object]
        | SignalFirst[P, object]
        | SignalSecond[Rest, object]
        | OnlyKeywords,
        sender: object | None = None,
        weak: bool = True,
        dispatch_uid: Any = None,
    ) -> None:
        """
        Connect a receiver as ``Signal.connect()`` does.

        Raises ``ValueError`` for a receiver that can't be called with the arguments of
        the event, if ``SIGNALTOOLS["CHECK_EVENTS"]`` is true.
        """
        if _checking():
            self._check_receiver(receiver)
        super().connect(receiver, sender, weak, dispatch_uid)

    def using(self, alias: str) -> Using[P]:
        """
        Return an object whose send methods wait for a commit on the database ``alias``.
        """
        return Using(self, alias)

    @classmethod
    def _make_method(cls, name: str) -> Any:
        function, *_, parameters = cls._declaration
        cls._allowed, unresolved = cls._declaration.resolve()
        method = make_method(cls._templates, name, parameters, cls._allowed)
        method.__module__ = function.__module__
        # Python's own messages start with it: "order_paid.send() missing 1 ...".
        method.__qualname__ = f"{function.__qualname__}.{name}"
        method.__doc__ = function.__doc__
        # While Django imports apps, an annotation may use a name that comes later: it
        # isn't checked until then, and the method is generated for each send.
        if apps.ready or not unresolved:
            setattr(cls, name, method)
        return method

    # The generated methods call these.

    def _check_type(self, method: str, name: str, value: Any) -> None:
        if not _checking() or is_allowed(value, self._allowed[name]):
            return
        # The repr() of other values may run queries or show personal data.
        text = stable_repr(value) if type(value) is str else short_name(type(value))
        if is_a(value, type):
            text = f"type[{short_name(value)}]"
        annotation = annotation_text(self._declaration.parameters[name].annotation)
        self._refuse(
            TypeError,
            f"{self.__qualname__}.{method}() argument {name!r} must be {annotation}, "
            f"not {text}.",
        )

    def _method_of_signal(self, name: str) -> Any:
        # As Python does: a mock in this place isn't a function, for example.
        return getattr(super(), name)

    def _on_commit(self, method: str, arguments: dict[str, Any]) -> None:
        # Events can be declared and sent without settings, which this module needs.
        from .on_commit import choose_database

        alias = self._confirm(method, choose_database(arguments))
        self._wait(method, arguments, alias, find_caller()[0])

    async def _aon_commit(self, method: str, arguments: dict[str, Any]) -> None:
        from .on_commit import choose_database

        # Not in the thread that runs synchronous code, which connections belong to.
        site, _ = find_caller()
        choice = await sync_to_async(choose_database)(arguments)
        alias = self._confirm(method, choice)
        await sync_to_async(self._wait)(method, arguments, alias, site)

    def _confirm(self, method: str, choice: Choice) -> str:
        if choice.problem and _checking():
            from django.db.transaction import TransactionManagementError

            message = f"{self.__qualname__}.{method}() {choice.problem}"
            self._refuse(TransactionManagementError, message)
        return choice.alias

    def _wait(
        self, method: str, arguments: dict[str, Any], alias: str, site: Site | None
    ) -> None:
        from django.db import transaction

        from .on_commit import PendingSend

        # Callbacks aren't asynchronous: Django runs them when it has committed.
        method = method.removeprefix("a").removesuffix("_on_commit")
        transaction.on_commit(PendingSend(self, method, arguments, site), using=alias)

    def _send_checked(self, name: str, arguments: dict[str, Any]) -> None:
        # When it's committed, a test may have mocked it. The event's own method would
        # check the arguments, and warn about them, a second time.
        method = getattr(self, name)
        if is_generated(method):
            method = self._method_of_signal(name)
        method(**arguments)

    def _check_receiver(self, receiver: Any) -> None:
        parameters = self._declaration.parameters
        not_sent, lacks_kwargs = find_mismatch(receiver, {"signal", *parameters})
        name = describe(receiver).name
        for argument in not_sent:
            self._refuse(
                ValueError,
                f"The receiver {name!r} requires the argument {argument!r}, but "
                f"{self.name!r} doesn't send it.{did_you_mean(argument, parameters)}",
            )
        if lacks_kwargs:
            # The first sentence is Django's.
            self._refuse(
                ValueError,
                "Signal receivers must accept keyword arguments (**kwargs). "
                f"The receiver {name!r} of {self.name!r} doesn't.",
            )

    def _refuse(self, error: type[Exception], message: str) -> None:
        raise error(message)


class LenientEvent(Event[P]):
    """
    An event that warns instead of raising, until all its senders are correct.
    """

    _templates = LENIENT

    def _complete(
        self, method: str, sender: Any, named: dict[str, Any]
    ) -> dict[str, Any]:
        """
        Warn about the arguments, and return them with the defaults of the declaration.
        """
        parameters = self._declaration.parameters
        call = f"{self.__qualname__}.{method}()"
        for name in named:
            if name not in parameters:
                hint = did_you_mean(name, parameters)
                self._refuse(
                    TypeError, f"{call} got an unknown argument {name!r}.{hint}"
                )
        arguments = {**named, "sender": sender}
        for name, parameter in parameters.items():
            if parameter.default is not parameter.empty:
                arguments.setdefault(name, parameter.default)
            if name in arguments:
                self._check_type(method, name, arguments[name])
            else:
                self._refuse(TypeError, f"{call} is missing the argument {name!r}.")
        return arguments

    def _refuse(self, error: type[Exception], message: str) -> None:
        level, frame = 1, sys._getframe()
        while frame.f_back and frame.f_code.co_filename.startswith(_SKIPPED):
            level, frame = level + 1, frame.f_back
        warnings.warn(message, EventWarning, stacklevel=level)


class Using(Generic[P]):
    """
    An event whose send methods wait for a commit on a given database.
    """

    def __init__(self, event: Event[P], alias: str) -> None:
        self._event = event
        self._alias = alias
        self._check_type = event._check_type
        # Only events that warn have it.
        self._complete = getattr(event, "_complete", None)

    # The methods of the event check the arguments, with this object in place of itself.

    def send_on_commit(self, *args: P.args, **named: P.kwargs) -> None:
        """
        Check the arguments now, and send when the transaction is committed.
        """
        self._method("send_on_commit")(self, *args, **named)

    def send_robust_on_commit(self, *args: P.args, **named: P.kwargs) -> None:
        """
        Do the same as ``send_on_commit()``, with ``send_robust()``.
        """
        self._method("send_robust_on_commit")(self, *args, **named)

    async def asend_on_commit(self, *args: P.args, **named: P.kwargs) -> None:
        """
        Do the same as ``send_on_commit()``, in asynchronous code.
        """
        await self._method("asend_on_commit")(self, *args, **named)

    async def asend_robust_on_commit(self, *args: P.args, **named: P.kwargs) -> None:
        """
        Do the same as ``send_robust_on_commit()``, in asynchronous code.
        """
        await self._method("asend_robust_on_commit")(self, *args, **named)

    def _method(self, name: str) -> Any:
        return getattr(type(self._event), name)

    def _on_commit(self, method: str, arguments: dict[str, Any]) -> None:
        self._event._wait(method, arguments, self._alias, find_caller()[0])

    async def _aon_commit(self, method: str, arguments: dict[str, Any]) -> None:
        site, _ = find_caller()
        await sync_to_async(self._event._wait)(method, arguments, self._alias, site)


def any_events() -> bool:
    """
    Return whether any event is declared: each one has a class of its own.
    """
    # LenientEvent is one of the subclasses of Event.
    return len(Event.__subclasses__()) + len(LenientEvent.__subclasses__()) > 1


def unresolved_arguments(event: Event[Any]) -> list[str]:
    """
    Return the arguments of ``event`` whose annotations can never be resolved.
    """
    _, unresolved = event._declaration.resolve()
    # A module that hasn't been imported yet may still be.
    return [
        name for name, error in unresolved.items() if not is_a(error, ModuleNotLoaded)
    ]


def _checking() -> bool:
    return settings.configured and conf.CHECK_EVENTS
