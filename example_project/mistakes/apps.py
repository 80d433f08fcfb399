"""
Mistakes that newcomers make with signals, and what signaltools says about them.
"""

from django.apps import AppConfig
from django.db.models.signals import post_save


class MistakesConfig(AppConfig):
    name = "mistakes"

    def ready(self):
        from . import receivers

        # After ready(), nobody holds this function any more.
        def log_parcel(instance, **kwargs):
            receivers.logger.info("%s is saved.", instance)

        post_save.connect(log_parcel, sender="mistakes.Parcel")
