"""
Mistakes that newcomers make with signals, and what signaltools says about them.
"""

from django.apps import AppConfig

from .signals import parcel_sent


class MistakesConfig(AppConfig):
    name = "mistakes"

    def ready(self):
        from . import receivers

        # After ready(), nothing refers to this function any more.
        def thank(parcel, **kwargs):
            receivers.logger.info("Thanks for %s.", parcel)

        parcel_sent.connect(thank, sender=receivers.Parcel)
