"""
Run receivers of events in the background, on the engine behind Django Tasks.

A receiver below ``@in_background`` is a Django task that can be connected. Called by an
event, it queues itself; called by anything else, it runs.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import logging
from collections.abc import Callable
from importlib import import_module
from types import FunctionType
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    Literal,
    NamedTuple,
    ParamSpec,
    TypeVar,
    overload,
)
from weakref import ReferenceType

from asgiref.sync import sync_to_async
from django.core.exceptions import ImproperlyConfigured
from django.dispatch import Signal

from ..exceptions import BackgroundError
from ..introspect.objects import is_a
from .base import Event
from .fitting import annotations_as
from .messages import Message, read_message, write_message
from .protocols import ContextFirst
from .telemetry import linked_span

P = ParamSpec("P")
R = TypeVar("R", covariant=True)

logger = logging.getLogger("signaltools")

#: Called with an event, its sender, and the function of a task that is about to run.
observers: list[Callable[[Event[Any], Any, Any], None]] = []


class Background(NamedTuple):
    """
    Where and when a receiver is queued.
    """

    backend: str
    queue: str
    on_commit: bool


class BackgroundReceiver(Generic[P, R]):
    """
    A receiver that a worker runs. It is also a task of its backend's own class.
    """

    if TYPE_CHECKING:
        func: Any
        backend: str
        queue_name: str
        priority: int
        takes_context: bool
        on_commit: bool

        def using(self, **options: Any) -> BackgroundReceiver[P, R]: ...
        def get_backend(self) -> Any: ...

    def __post_init__(self) -> None:
        vars(self).update(self.func.shown_as)
        super().__post_init__()  # type: ignore[misc]

    def __call__(self, *args: P.args, **named: P.kwargs) -> R:
        """
        Queue the receiver if an event calls it, or run it.
        """
        function = self.func.__wrapped__
        if "signal" not in named:
            # A direct call has no context.
            context = (None,) if self.takes_context else ()
            return function(*context, *args, **named)  # type: ignore[no-any-return]
        self._queue(**named)  # type: ignore[arg-type]
        return None  # type: ignore[return-value]

    @property
    def background(self) -> Background:
        """
        Where and when this receiver is queued.
        """
        return Background(self.backend, self.queue_name, self.on_commit)

    def __reduce__(self) -> Any:
        options = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)  # type: ignore[arg-type]
            if field.name != "func"
        }
        return _find, (self.func.__module__, self.func.__qualname__, options)

    def enqueue(self, *args: Any, **named: Any) -> Any:
        raise TypeError(
            f"{_path(self.func)!r} is a receiver in the background: send its event "
            "instead of calling enqueue(), or call it to run it now."
        )

    aenqueue = enqueue

    def _queue(self, signal: Signal, **sent: Any) -> None:
        if not is_a(signal, Event):
            raise TypeError(refusal(_path(self.func)))
        message = write_message(signal, _path(self.func), sent)
        pending = PendingTask(self, message)
        if not self.on_commit:
            pending.enqueue()
            return
        # They need settings.
        from django.db import transaction

        from .on_commit import choose_alias

        transaction.on_commit(pending, using=choose_alias(sent))


def find_background(receiver: Any) -> Background | None:
    """
    Return where and when ``receiver`` is queued, or None for an ordinary one.
    """
    return receiver.background if is_a(receiver, BackgroundReceiver) else None


class PendingTask:
    """
    The callback that queues a receiver when the transaction is committed.

    Test tools look for it in the callbacks of a connection.
    """

    def __init__(
        self, receiver: BackgroundReceiver[..., Any], message: Message
    ) -> None:
        self.receiver = receiver
        self.message = message
        self.was_queued = False

    def __call__(self) -> None:
        # A test may have run it before the commit.
        if self.was_queued:
            return
        try:
            self.enqueue()
        except Exception:
            # The other callbacks of the transaction have to run.
            path = _path(self.receiver.func)
            logger.exception(
                "The receiver %r wasn't queued for %r after the commit.",
                path,
                self.message["event"],
                extra={"receiver": path, "signal_message": self.message},
            )

    def enqueue(self) -> None:
        self.was_queued = True
        backend = self.receiver.get_backend()
        backend.enqueue(self.receiver, (), dict(self.message))


@overload
def in_background(function: Callable[P, R], /) -> BackgroundReceiver[P, R]: ...
@overload
def in_background(
    *,
    backend: str = "default",
    queue_name: str = "default",
    priority: int = 0,
    on_commit: bool = True,
    takes_context: Literal[False] = False,
) -> Callable[[Callable[P, R]], BackgroundReceiver[P, R]]: ...
# Neither the event nor a direct call passes the context.
@overload
def in_background(
    *,
    takes_context: Literal[True],
    backend: str = "default",
    queue_name: str = "default",
    priority: int = 0,
    on_commit: bool = True,
) -> Callable[[ContextFirst[P, R]], BackgroundReceiver[P, R]]: ...
def in_background(
    function: Any = None,
    /,
    *,
    backend: str = "default",
    queue_name: str = "default",
    priority: int = 0,
    on_commit: bool = True,
    takes_context: bool = False,
) -> Any:
    """
    Let a worker run this receiver of an event, which ``@receiver`` above connects.

    The options are those of ``django.tasks.task()``. By default, the receiver is queued
    when the transaction is committed. Its return value is dropped. Raises
    ``ImproperlyConfigured`` if Django has no tasks, and the backend's own
    ``InvalidTask`` for what it can't run.
    """
    options = {
        "backend": backend,
        "queue_name": queue_name,
        "priority": priority,
        "on_commit": on_commit,
        "takes_context": takes_context,
    }
    if function is None:
        return functools.partial(_make, options)
    return _make(options, function)


def _make(options: dict[str, Any], function: Any) -> Any:
    if not is_a(function, FunctionType):
        raise TypeError(
            f"@in_background can only decorate a function, not {function!r}."
        )
    tasks = find_tasks()
    cls = _task_class(tasks.task_backends[options["backend"]].task_class)
    exceptions = vars(import_module(f"{tasks.__name__}.exceptions"))
    # Its name in "django-tasks" is another one.
    invalid_task = exceptions.get("InvalidTask") or exceptions["InvalidTaskError"]
    try:
        # Django 6.0 has no default for run_after.
        return cls(
            func=_make_handler(function, options["takes_context"]),
            run_after=None,
            **options,
        )
    except invalid_task as error:
        message = f"{_path(function)!r} can't run in the background. {error}"
        raise type(error)(message) from None


def find_tasks() -> Any:
    # The package of Django 6.0, or the one that brings the same to Django 5.2.
    for name in ("django.tasks", "django_tasks"):
        try:
            return import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
    raise ImproperlyConfigured(
        "@in_background requires Django 6.0 or the package 'django-tasks'."
    )


@functools.cache
def _task_class(base: type) -> Any:
    # It has no slots, so it can be referred to weakly, as Signal.connect() does.
    cls = dataclasses.make_dataclass(
        "BackgroundTask",
        [("on_commit", bool, True)],
        bases=(BackgroundReceiver, base),
        frozen=True,
        kw_only=True,
    )
    cls.__module__ = __name__
    return cls


def _signature(function: FunctionType, takes_context: bool) -> inspect.Signature:
    signature = inspect.signature(function, **annotations_as("STRING"))
    if not takes_context:
        return signature
    # The worker passes the context, not the event.
    return signature.replace(parameters=[*signature.parameters.values()][1:])


def _make_handler(function: FunctionType, takes_context: bool) -> Any:
    """
    Return the function that a worker calls with a message.
    """
    number_of_args = 1 if takes_context else 0

    def receive(args: tuple[Any, ...], message: Message) -> dict[str, Any]:
        if len(args) != number_of_args:
            raise BackgroundError(
                f"{_path(function)!r} can't handle the message, because it has "
                "positional arguments."
            )
        event, arguments = read_message(_path(function), message)
        if not _is_connected(event, handle):
            raise BackgroundError(
                f"{_path(function)!r} can't handle the message, because it isn't "
                f"connected to {event.name!r} in this worker."
            )
        for observe in observers:
            observe(event, arguments["sender"], handle)
        return {"signal": event, **arguments}

    handle: Any
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def handle(*args: Any, **message: Any) -> None:
            with linked_span(_path(function), message.get("traceparent")):
                # Rows are read from the database.
                arguments = await sync_to_async(receive)(args, message)
                await function(*args, **arguments)

    else:

        @functools.wraps(function)
        def handle(*args: Any, **message: Any) -> None:
            with linked_span(_path(function), message.get("traceparent")):
                function(*args, **receive(args, message))

    # The receiver gets these as well, which functools.wraps() can't do for a frozen
    # dataclass. They are made once, because engines copy the receiver for each task.
    # Signatures are compared with the arguments of the event.
    names = ("__module__", "__name__", "__qualname__", "__doc__")
    handle.shown_as = {
        **{name: getattr(function, name) for name in names},
        "__wrapped__": function,
        "__signature__": _signature(function, takes_context),
    }
    return handle


def _is_connected(event: Event[Any], handler: Any) -> bool:
    for connection in event.receivers.copy():
        # On every Django, the receiver or a weak reference to it comes second.
        receiver: Any = connection[1]
        if is_a(receiver, ReferenceType):
            receiver = receiver()
        if is_a(receiver, BackgroundReceiver) and receiver.func is handler:
            return True
    return False


def _find(module: str, qualname: str, options: dict[str, Any]) -> Any:
    """
    Return what was pickled: the receiver of this name, with other options.
    """
    receiver = import_module(module)
    for name in qualname.split("."):
        receiver = getattr(receiver, name)
    return dataclasses.replace(receiver, **options)  # type: ignore[type-var]


def _path(function: Any) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def refusal(receiver: str) -> str:
    return (
        f"{receiver!r} runs in the background, so it can only be connected to a "
        "declared event: declare the signal with @event, or remove @in_background."
    )
