"""
Signals whose arguments are known.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Concatenate,
    Generic,
    ParamSpec,
)

from django.apps import apps
from django.conf import settings
from django.dispatch import Signal, dispatcher

from ..conf import conf
from ..exceptions import EventWarning
from ..introspect.callables import describe
from ..introspect.objects import is_a, short_name
from ..introspect.text import stable_repr
from .annotations import ANYTHING, Allowed, NotLoaded, Unresolved, allowed, fits
from .declaration import Argument, Declaration
from .fitting import Misfit, OnlyKeywords, misfit
from .methods import LENIENT, STRICT, Templates, make_methods

P = ParamSpec("P")
Responses = list[tuple[Callable[..., Any], Any]]


class _Method:
    """
    A method that is made when it is first asked for, which most events never are.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, event: Event[Any] | None, owner: type[Event[Any]]) -> Any:
        if not hasattr(owner, "_declaration"):
            return self
        return owner._make_methods()[self._name].__get__(event, owner)


class Event(Signal, Generic[P]):
    """
    A signal that is declared by ``@event``, the only instance of its own class.

    ``name`` is the path it is imported by. ``label`` and ``version`` are for
    documents and message buses; the label needs the app registry. ``arguments`` and
    ``signature`` are the declaration as text. An event pickles and copies by its name.
    """

    _declaration: ClassVar[Declaration]
    _allowed: ClassVar[Mapping[str, Allowed]]
    _templates: ClassVar[Templates] = STRICT

    if TYPE_CHECKING:

        def send(self, *args: P.args, **named: P.kwargs) -> Responses: ...
        def send_robust(self, *args: P.args, **named: P.kwargs) -> Responses: ...
        async def asend(self, *args: P.args, **named: P.kwargs) -> Responses: ...
        async def asend_robust(self, *args: P.args, **named: P.kwargs) -> Responses: ...

        def send_on_commit(self, *args: P.args, **named: P.kwargs) -> None:
            """
            Check the arguments now and send when the transaction is committed.

            Sends at once outside of a transaction, and never after a rollback. The
            transaction is that of the database to which a sender that is a model is
            written, else of the default database; ``using()`` names another one.
            """

        def send_robust_on_commit(self, *args: P.args, **named: P.kwargs) -> None:
            """
            Do as ``send_on_commit()``, with ``send_robust()``.
            """

    else:
        send = _Method()
        send_robust = _Method()
        asend = _Method()
        asend_robust = _Method()
        send_on_commit = _Method()
        send_robust_on_commit = _Method()

    def __init__(self, label: str | None = None, use_caching: bool = False) -> None:
        if not hasattr(self, "_declaration"):
            raise TypeError("Declare an event with @event, not by its class.")
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
        return self.__qualname__

    @property
    def label(self) -> str:
        """
        Return the name for documents and buses: app label and function by default.
        """
        if self._label is not None:
            return self._label
        config = apps.get_containing_app_config(self.name)
        return f"{config.label}.{self.__qualname__}" if config else self.name

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """
        Return what the event is sent with, besides its sender.
        """
        return self._declaration.arguments

    @property
    def signature(self) -> str:
        """
        Return the signature of the ideal receiver, as it was declared.
        """
        return self._declaration.signature

    def connect(
        self,
        receiver: Callable[P, Any]
        | Callable[Concatenate[Signal, P], Any]
        | Callable[Concatenate[Any, Signal, ...], Any]
        | OnlyKeywords,
        sender: object | None = None,
        weak: bool = True,
        dispatch_uid: Any = None,
    ) -> None:
        """
        Connect as ``Signal.connect()`` does.

        Raises ``ValueError`` for a receiver that cannot be called with what the event
        sends, if ``SIGNALTOOLS["CHECK_EVENTS"]`` is true.
        """
        if _checking():
            self._check_receiver(receiver)
        super().connect(receiver, sender, weak, dispatch_uid)

    def using(self, alias: str) -> Using[P]:
        """
        Return what sends on commit of the database ``alias``.
        """
        return Using(self, alias)

    def misfit(self, receiver: Any) -> Misfit:
        """
        Return what keeps ``receiver`` from being called with what the event sends.
        """
        return misfit(receiver, {"signal", *self._declaration.names})

    def unresolved(self) -> list[str]:
        """
        Return the arguments whose annotations name what cannot be found.
        """
        _, missing = self._resolve()
        return [name for name, error in missing.items() if not is_a(error, NotLoaded)]

    @classmethod
    def _resolve(cls) -> tuple[dict[str, Allowed], dict[str, Unresolved]]:
        found: dict[str, Allowed] = {}
        missing: dict[str, Unresolved] = {}
        scope = cls._declaration.function.__globals__
        for parameter in cls._declaration.parameters:
            try:
                found[parameter.name] = allowed(parameter.annotation, scope)
            except Unresolved as error:
                found[parameter.name] = ANYTHING
                missing[parameter.name] = error
        return found, missing

    @classmethod
    def _make_methods(cls) -> Mapping[str, Any]:
        declaration = cls._declaration
        cls._allowed, missing = cls._resolve()
        methods = make_methods(cls._templates, declaration.parameters, cls._allowed)
        for name, method in methods.items():
            method.__module__ = declaration.function.__module__
            method.__qualname__ = f"{declaration.function.__qualname__}.{name}"
            method.__doc__ = declaration.function.__doc__
            # While modules are being imported, a name may not be there yet.
            if apps.ready or not missing:
                setattr(cls, name, method)
        return methods

    # What follows is called by the generated methods, and by those of Using.

    def _check_type(self, method: str, name: str, value: Any) -> None:
        if _checking() and not fits(value, self._allowed[name]):
            self._refuse(
                TypeError(
                    f"{self.__qualname__}.{method}() argument {name!r} must be "
                    f"{self._declaration.annotation(name)}, not {_value_text(value)}."
                )
            )

    def _check_receiver(self, receiver: Any) -> None:
        # What is not callable is left to Django.
        unknown, is_closed = self.misfit(receiver)
        name = describe(receiver).name
        for argument in unknown:
            hint = self._declaration.suggest(argument)
            self._refuse(
                ValueError(
                    f"The receiver {name!r} asks for {argument!r}, which {self.name!r} "
                    f"does not send.{hint}"
                )
            )
        if is_closed:
            self._refuse(
                ValueError(
                    "Signal receivers must accept keyword arguments (**kwargs). "
                    f"{name!r}, to be connected to {self.name!r}, does not."
                )
            )

    def _method_of_signal(self, name: str) -> Callable[..., Any]:
        # Looked up as Python does: what somebody has put there may be no function.
        method: Callable[..., Any] = getattr(super(), name)
        return method

    def _on_commit(self, method: str, arguments: Mapping[str, Any]) -> None:
        on_commit(self, method, arguments)

    def _refuse(self, error: Exception) -> None:
        raise error


class LenientEvent(Event[P]):
    """
    An event that warns where others raise, while its senders are being migrated.
    """

    _templates = LENIENT

    def _completed(
        self, method: str, sender: Any, named: dict[str, Any]
    ) -> dict[str, Any]:
        declaration = self._declaration
        arguments = {**declaration.defaults, **named, "sender": sender}
        call = f"{self.__qualname__}.{method}()"
        for name in named:
            if name not in declaration.names:
                hint = declaration.suggest(name)
                self._refuse(TypeError(f"{call} does not take {name!r}.{hint}"))
        for name in declaration.names:
            if name in arguments:
                self._check_type(method, name, arguments[name])
            else:
                self._refuse(TypeError(f"{call} needs {name!r}."))
        return arguments

    def _refuse(self, error: Exception) -> None:
        warnings.warn(str(error), EventWarning, stacklevel=_level_of_caller())


def any_events() -> bool:
    """
    Tell whether any event has been declared: each has a class of its own.
    """
    lenient: list[type] = type.__subclasses__(LenientEvent)
    return bool(lenient) or type.__subclasses__(Event) != [LenientEvent]


def _checking() -> bool:
    return settings.configured and conf.CHECK_EVENTS


def _value_text(value: Any) -> str:
    if is_a(value, type):
        return f"type[{short_name(value)}]"
    return stable_repr(value) if type(value) is str else short_name(type(value))


def _level_of_caller() -> int:
    """
    Return the stack level, for ``_refuse()``, of the code that uses the event.
    """
    level, frame = 1, sys._getframe(1)
    while frame.f_back and frame.f_code.co_filename.startswith(_BETWEEN):
        level, frame = level + 1, frame.f_back
    return level


# The methods of an event, and what decorates receivers.
_BETWEEN = (os.path.join(os.path.dirname(__file__), ""), dispatcher.__file__)


class Using(Generic[P]):
    """
    An event that is sent on commit of one database, whoever sends it.
    """

    def __init__(self, event: Event[P], alias: str) -> None:
        self._event = event
        self._alias = alias

    def send_on_commit(self, *args: P.args, **named: P.kwargs) -> None:
        """
        Check the arguments now and send when the transaction is committed.
        """
        # The method of the event, which calls the methods below.
        type(self._event).send_on_commit(self, *args, **named)  # type: ignore[arg-type]

    def send_robust_on_commit(self, *args: P.args, **named: P.kwargs) -> None:
        """
        Do as ``send_on_commit()``, with ``send_robust()``.
        """
        type(self._event).send_robust_on_commit(self, *args, **named)  # type: ignore[arg-type]

    def _check_type(self, method: str, name: str, value: Any) -> None:
        self._event._check_type(method, name, value)

    def _completed(self, *args: Any) -> Any:
        return self._event._completed(*args)  # type: ignore[attr-defined]

    def _on_commit(self, method: str, arguments: Mapping[str, Any]) -> None:
        on_commit(self._event, method, arguments, self._alias)


def on_commit(
    event: Event[Any], method: str, arguments: Mapping[str, Any], alias: str = ""
) -> None:
    """
    Call ``method`` of ``event`` when the transaction is committed.
    """
    # Declaring an event shall need no settings.
    from django.db import transaction

    alias = alias or _database(arguments["sender"])
    # The method is looked up then: it may be mocked meanwhile, or put back.
    transaction.on_commit(lambda: getattr(event, method)(**arguments), using=alias)


def _database(sender: Any) -> str:
    """
    Return the database that instances of ``sender`` are written to.
    """
    from django.db import DEFAULT_DB_ALIAS, router
    from django.db.models import Model
    from django.db.models.base import ModelBase

    if is_a(sender, ModelBase):
        return router.db_for_write(sender)  # type: ignore[arg-type]
    if is_a(sender, Model):
        return router.db_for_write(type(sender), instance=sender)
    return DEFAULT_DB_ALIAS
