"""
The audit: a record of every change in the shop.
"""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    name = "audit"

    def ready(self) -> None:
        from . import receivers

        post_migrate.connect(receivers.create_auditors, sender=self)
