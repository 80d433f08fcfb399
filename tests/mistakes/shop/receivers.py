import asyncio
import functools

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import got_request_exception, request_started
from django.db import transaction
from django.db.models.signals import (
    m2m_changed,
    post_delete,
    post_migrate,
    post_save,
    pre_delete,
    pre_save,
)
from django.dispatch import receiver

from . import models
from .models import Base, Line, Order, Tag
from .signals import paid


@receiver(post_save, sender=Order)
def w002(sender, **kwargs): ...


@receiver(pre_save, sender=Order)
def w002(sender, **kwargs): ...  # noqa: F811


@receiver(pre_save, dispatch_uid="shop")
def fine_uid(sender, **kwargs): ...


@receiver(pre_save, dispatch_uid="shop")
def w003(sender, **kwargs): ...


@receiver(pre_save, sender=Tag, dispatch_uid="shop")
def fine_uid_of_tag(sender, **kwargs): ...


@receiver(m2m_changed, sender=Order)
def w007(sender, **kwargs): ...


@receiver(m2m_changed, sender=Order.tags.through)
@receiver(m2m_changed, sender=Line)
def fine_through(sender, **kwargs): ...


@receiver(post_save, sender=Order.tags.through)
def w008(sender, **kwargs): ...


@receiver(post_save, sender=Line)
@receiver(post_save, sender="shop.Tag")
def fine_sender(sender, **kwargs): ...


@receiver(post_save, sender=Base)
def w009(sender, **kwargs): ...


@receiver(post_migrate, sender=apps.get_app_config("empty"))
def w010(sender, **kwargs): ...


@receiver(post_migrate, sender=apps.get_app_config("shop"))
def fine_migrate(sender, plan, **kwargs): ...


@receiver(got_request_exception, sender=WSGIHandler)
def w011(sender, **kwargs): ...


@receiver(user_logged_in, sender=settings.AUTH_USER_MODEL)
def w011_text(sender, **kwargs): ...


@receiver(user_logged_in, sender=get_user_model())
@receiver(request_started, sender=WSGIHandler)
@receiver(paid, sender="text")
def fine_sent(sender, **kwargs): ...


# Django itself refuses these two under DEBUG.
if not settings.DEBUG:

    @receiver(post_save)
    def w012(sender, instance, created, signal, raw, using, update_fields): ...


@receiver(pre_delete, sender=Tag)
def w013(sender, instance, created, **kwargs): ...


class Shop:
    def w013(self, sender, **kwargs): ...

    @staticmethod
    @receiver(paid)
    def fine_static(**kwargs): ...


paid.connect(Shop.w013)


@transaction.atomic
@receiver(paid)
def w014(**kwargs): ...


@receiver(paid)
@transaction.atomic
def fine_atomic(**kwargs): ...


class W015:
    def __init__(self, **kwargs): ...

    async def __call__(self, **kwargs): ...


w015 = W015()
paid.connect(w015)
paid.connect(W015)


def forwards(function):
    @functools.wraps(function)
    def wrapper(**kwargs):
        return function(**kwargs)

    return wrapper


def runs(function):
    @functools.wraps(function)
    def wrapper(**kwargs):
        return asyncio.run(function(**kwargs))

    return wrapper


@receiver(paid)
@forwards
async def w015_wrapped(**kwargs): ...


@receiver(paid)
@runs
async def fine_run(**kwargs): ...


@receiver(paid)
async def fine_async(**kwargs): ...


def w018(sender, **kwargs): ...


def fine_delete(sender, **kwargs): ...


post_delete.connect(fine_delete, sender=Line)
if hasattr(models, "Note"):
    post_delete.connect(w018, sender=models.Note)


class Gateway: ...


@receiver(post_migrate, sender=Gateway())
def w021(sender, **kwargs): ...
