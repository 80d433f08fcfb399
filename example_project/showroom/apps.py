"""
Requests to look at in the panel of the debug toolbar.
"""

from django.apps import AppConfig


class ShowroomConfig(AppConfig):
    name = "showroom"

    def ready(self) -> None:
        from . import receivers  # noqa: F401
