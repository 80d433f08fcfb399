"""
Receivers with one mistake each, which the page /mistakes/ explains.
"""

import logging

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.dispatch import receiver

from .models import Parcel

logger = logging.getLogger(__name__)


# A model with the field is not what sends m2m_changed.
@receiver(m2m_changed, sender=Parcel)
def log_labels(instance, action, **kwargs):
    logger.info("%s: %s", instance, action)


@receiver(post_save, sender=Parcel, dispatch_uid="parcel")
def weigh_parcel(instance, **kwargs):
    logger.info("%s is weighed.", instance)


# Copied from above, and the dispatch_uid as well.
@receiver(post_save, sender=Parcel, dispatch_uid="parcel")
def announce_parcel(instance, **kwargs):
    logger.info("%s is announced.", instance)


# Only post_save knows whether something was created.
@receiver(pre_save, sender=Parcel)
def log_new(instance, created, **kwargs):
    if created:
        logger.info("%s is new.", instance)


# What is connected has no transaction around it.
@transaction.atomic
@receiver(post_delete, sender=Parcel)
def forget_parcel(instance, **kwargs):
    logger.info("%s is forgotten.", instance)


# The setting is a text, "auth.User", and not a model.
@receiver(user_logged_in, sender=settings.AUTH_USER_MODEL)
def greet(user, **kwargs):
    logger.info("Hello %s.", user)
