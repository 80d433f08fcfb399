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
    A mistake, ``made_in`` some functions, and how it is corrected.

    ``id`` is that of the system check which finds it.
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
        "machine it runs all the same: under DEBUG a cache of Django happens to keep "
        "it. In production it is gone.",
        [MistakesConfig.ready],
        """\
# At module level, in a module that ready() imports.
@receiver(post_save, sender=Parcel)
def log_parcel(instance, **kwargs):
    logger.info("%s is saved.", instance)
""",
    ),
    Mistake(
        "W007",
        "The model instead of its through model",
        "Django sends m2m_changed with the through model as its sender, here the "
        "table between parcels and labels. It is never sent by Parcel, so this "
        "receiver never runs.",
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
        "A signal connects one receiver for each dispatch_uid and sender, and ignores "
        "the next one without a word. Here the second function never runs.",
        [receivers.weigh_parcel, receivers.announce_parcel],
        """\
@receiver(post_save, sender=Parcel, dispatch_uid="weigh")
def weigh_parcel(instance, **kwargs):
    logger.info("%s is weighed.", instance)


@receiver(post_save, sender=Parcel, dispatch_uid="announce")
def announce_parcel(instance, **kwargs):
    logger.info("%s is announced.", instance)
""",
    ),
    Mistake(
        "W013",
        "A required argument that is never sent",
        "pre_save is sent without created, so every save of a parcel raises "
        "TypeError. Nothing tells before the first save.",
        [receivers.log_new],
        """\
@receiver(post_save, sender=Parcel)
def log_new(instance, created, **kwargs):
    if created:
        logger.info("%s is new.", instance)
""",
    ),
    Mistake(
        "W014",
        "A decorator above @receiver",
        "Decorators apply from the bottom to the top. When @receiver connects the "
        "function, the transaction is not around it yet, and Django never calls "
        "what it becomes later.",
        [receivers.forget_parcel],
        """\
@receiver(post_delete, sender=Parcel)
@transaction.atomic
def forget_parcel(instance, **kwargs):
    logger.info("%s is forgotten.", instance)
""",
    ),
    Mistake(
        "W011",
        "A sender that only looks like the right one",
        "Signals of models take the name of a model as their sender. user_logged_in "
        "is a plain signal: it compares the sender with this text, and no text is a "
        "user. The receiver never runs.",
        [receivers.greet],
        """\
@receiver(user_logged_in, sender=get_user_model())
def greet(user, **kwargs):
    logger.info("Hello %s.", user)
""",
    ),
]
