"""
Requests to explore in the debug toolbar panel.
"""

from django.apps import AppConfig


class ShowroomConfig(AppConfig):
    name = "showroom"

    def ready(self) -> None:
        from . import receivers  # noqa: F401
