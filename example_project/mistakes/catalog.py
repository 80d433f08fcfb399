"""
What the page says about each mistake.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from typing import Any, NamedTuple

from . import receivers
from .apps import MistakesConfig


class Mistake(NamedTuple):
    """
    A mistake, the functions that it is ``made_in``, and the corrected code.

    ``id`` is that of the system check that finds it.
    """

    id: str
    title: str
    why: str
    made_in: list[Callable[..., Any]]
    corrected: str

    @property
    def code(self) -> str:
        """
        Return the code as it is in the files, with the comments above it.
        """
        return "\n\n\n".join(map(_source, self.made_in))


def _source(function: Callable[..., Any]) -> str:
    function = inspect.unwrap(function)
    comment = inspect.getcomments(function) or ""
    return textwrap.dedent(comment + inspect.getsource(function)).strip()


MISTAKES = [
    Mistake(
        "W001",
        "A local function",
        "Django keeps only a weak reference to a receiver. Nothing else holds this "
        "function once ready() returns, so it is garbage-collected. On your own "
        "machine it runs anyway, because a cache of Django happens to keep it alive "
        "under DEBUG. In production it is gone.",
        [MistakesConfig.ready],
        """\
# At module level, in a module that ready() imports.
@receiver(parcel_sent, sender=Parcel)
def thank(parcel, **kwargs):
    logger.info("Thanks for %s.", parcel)
""",
    ),
    Mistake(
        "W007",
        "The model instead of its intermediate model",
        "Django sends m2m_changed with the intermediate (through) model as the "
        "sender, here the model of the table between parcels and labels. Parcel "
        "never sends it, so this receiver never runs.",
        [receivers.log_labels],
        """\
@receiver(m2m_changed, sender=Parcel.labels.through)
def log_labels(instance, action, **kwargs):
    logger.info("%s: %s", instance, action)
""",
    ),
    Mistake(
        "W003",
        "A dispatch_uid that is used twice",
        "A signal connects one receiver for each dispatch_uid and sender, and "
        "silently ignores the next one. Here the second function never runs.",
        [receivers.weigh, receivers.announce],
        """\
@receiver(parcel_sent, sender=Parcel, dispatch_uid="weigh")
def weigh(parcel, **kwargs):
    logger.info("%s is weighed.", parcel)


@receiver(parcel_sent, sender=Parcel, dispatch_uid="announce")
def announce(parcel, **kwargs):
    logger.info("%s is announced.", parcel)
""",
    ),
    Mistake(
        "W013",
        "A required argument that is never sent",
        "Signals of models are never sent with a request, so each attempt to delete "
        "a parcel raises TypeError. Until the first attempt, everything looks fine.",
        [receivers.log_user],
        """\
# Log the user where the request is: in the view.
@receiver(pre_delete, sender=Parcel)
def log_deleted(instance, **kwargs):
    logger.info("%s is deleted.", instance)
""",
    ),
    Mistake(
        "W014",
        "A decorator above @receiver",
        "Decorators apply from the bottom to the top. When @receiver connects the "
        "function, the function isn't wrapped in a transaction yet, and Django never "
        "calls the wrapped version.",
        [receivers.forget],
        """\
@receiver(post_delete, sender=Parcel)
@transaction.atomic
def forget(instance, **kwargs):
    logger.info("%s is forgotten.", instance)
""",
    ),
    Mistake(
        "W011",
        "A sender that only looks like the right one",
        "Signals of models accept the name of a model as the sender. user_logged_in "
        "is a plain signal: its sender is the class of the user, which is never this "
        "string. The receiver never runs.",
        [receivers.greet],
        """\
@receiver(user_logged_in, sender=get_user_model())
def greet(user, **kwargs):
    logger.info("Hello %s.", user)
""",
    ),
]
