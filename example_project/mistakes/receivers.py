"""
Receivers with one mistake each, which the page /mistakes/ explains.
"""

import logging

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, pre_delete
from django.dispatch import receiver

from .models import Parcel
from .signals import parcel_sent

logger = logging.getLogger(__name__)


# The model with the field never sends m2m_changed.
@receiver(m2m_changed, sender=Parcel)
def log_labels(instance, action, **kwargs):
    logger.info("%s: %s", instance, action)


@receiver(parcel_sent, sender=Parcel, dispatch_uid="parcel")
def weigh(parcel, **kwargs):
    logger.info("%s is weighed.", parcel)


# Copied from above, including the dispatch_uid.
@receiver(parcel_sent, sender=Parcel, dispatch_uid="parcel")
def announce(parcel, **kwargs):
    logger.info("%s is announced.", parcel)


# Models know nothing of requests.
@receiver(pre_delete, sender=Parcel)
def log_user(instance, request, **kwargs):
    logger.info("%s deleted by %s", instance, request.user)


# The function that @receiver connects isn't wrapped in a transaction.
@transaction.atomic
@receiver(post_delete, sender=Parcel)
def forget(instance, **kwargs):
    logger.info("%s is forgotten.", instance)


# The setting is a string, "auth.User", not a model.
@receiver(user_logged_in, sender=settings.AUTH_USER_MODEL)
def greet(user, **kwargs):
    logger.info("Hello %s.", user)
