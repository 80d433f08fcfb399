"""
A queue in the same SQLite database.
"""

from __future__ import annotations

from . import *  # noqa: F403
from . import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "django_tasks_db"]
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
