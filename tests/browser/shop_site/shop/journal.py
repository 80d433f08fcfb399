"""
The log that receivers write themselves: what is true, found without signaltools.
"""

from contextlib import contextmanager
from contextvars import ContextVar

from asgiref.sync import iscoroutinefunction
from django.utils.decorators import sync_and_async_middleware

_lines = ContextVar("lines")
_depth = ContextVar("depth", default=0)


@sync_and_async_middleware
def middleware(get_response):
    """
    Begin an empty journal for each request.
    """

    def begin(request):
        request.journal = []
        _lines.set(request.journal)

    if iscoroutinefunction(get_response):

        async def answer(request):
            begin(request)
            return await get_response(request)

    else:

        def answer(request):
            begin(request)
            return get_response(request)

    return answer


def write(receiver):
    """
    Note that a receiver runs, and how many others it runs inside of.
    """
    # Models are saved outside of requests too.
    _lines.get([]).append([_depth.get(), receiver])


@contextmanager
def inside(receiver):
    """
    Note that a receiver runs which may send signals itself.
    """
    write(receiver)
    token = _depth.set(_depth.get() + 1)
    try:
        yield
    finally:
        _depth.reset(token)
