"""
Write an audit entry for every change to a model of the shop.
"""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig, apps
from django.apps.registry import Apps
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.dispatch import receiver
from simple_history.models import HistoricalChanges

from shop.models import Order

from .models import AuditEntry

TAG_ACTIONS = {
    "post_add": "tags added",
    "post_remove": "tags removed",
    "post_clear": "tags cleared",
}


@receiver(post_save)
def record_save(
    sender: type[Model],
    instance: Model,
    created: bool,
    raw: bool,
    using: str,
    **kwargs: Any,
) -> None:
    if is_audited(sender) and not raw:
        record("created" if created else "changed", instance, str(instance), using)


@receiver(post_delete)
def record_delete(
    sender: type[Model], instance: Model, using: str, **kwargs: Any
) -> None:
    if is_audited(sender):
        record("deleted", instance, str(instance), using)


@receiver(m2m_changed, sender=Order.tags.through)
def record_tags(
    sender: type[Model],
    instance: Model,
    action: str,
    model: type[Model],
    pk_set: set[int] | None,
    using: str,
    raw: bool = False,
    **kwargs: Any,
) -> None:
    # The argument raw is new in Django 6.1. For clear(), pk_set is None.
    if action not in TAG_ACTIONS or pk_set == set() or raw:
        return
    others = model._default_manager.using(using).filter(pk__in=pk_set or ())
    record(TAG_ACTIONS[action], instance, ", ".join(map(str, others)), using)


def create_auditors(
    sender: AppConfig, using: str, apps: Apps = apps, **kwargs: Any
) -> None:
    """
    Create the group of users who may read the audit.
    """
    try:
        Group = apps.get_model("auth", "Group")
        Permission = apps.get_model("auth", "Permission")
    except LookupError:
        # After "migrate shop", the models of auth may not exist yet.
        return
    group, _ = Group.objects.using(using).get_or_create(name="Auditors")
    group.permissions.add(
        *Permission.objects.using(using).filter(codename="view_auditentry")
    )


def is_audited(model: type[Model]) -> bool:
    # The models of django-simple-history have the app label of the shop, too.
    return model._meta.app_label == "shop" and not issubclass(model, HistoricalChanges)


def record(action: str, instance: Model, detail: str, using: str) -> None:
    AuditEntry.objects.using(using).create(
        action=action,
        model=instance._meta.label,
        object_id=instance.pk,
        detail=detail,
    )
