"""
Receivers with one mistake each. The page /mistakes/ shows what is wrong with them.
"""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.dispatch import receiver

from .models import Parcel

logger = logging.getLogger(__name__)


# The sender of m2m_changed is the model between the two, never one of them.
@receiver(m2m_changed, sender=Parcel)
def log_labels(instance: Parcel, action: str, **kwargs: Any) -> None:
    logger.info("%s: %s", instance, action)


@receiver(post_save, sender=Parcel, dispatch_uid="parcel")
def weigh_parcel(instance: Parcel, **kwargs: Any) -> None:
    logger.info("%s is weighed.", instance)


# Copied from above, with its dispatch_uid: this one is never connected.
@receiver(post_save, sender=Parcel, dispatch_uid="parcel")
def announce_parcel(instance: Parcel, **kwargs: Any) -> None:
    logger.info("%s is announced.", instance)


# Only post_save knows whether something was created.
@receiver(pre_save, sender=Parcel)
def log_new(instance: Parcel, created: bool, **kwargs: Any) -> None:
    if created:
        logger.info("%s is new.", instance)


# The function below @receiver is connected, without the transaction.
@transaction.atomic
@receiver(post_delete, sender=Parcel)
def forget_parcel(instance: Parcel, **kwargs: Any) -> None:
    logger.info("%s is forgotten.", instance)


# This is the text "auth.User", which looks like the model that is the sender.
@receiver(user_logged_in, sender=settings.AUTH_USER_MODEL)
def greet(user: Any, **kwargs: Any) -> None:
    logger.info("Hello %s.", user)
