"""
Celery on a Redis server.
"""

from __future__ import annotations

from . import *  # noqa: F403
from . import PORT

TASKS = {
    "default": {
        "BACKEND": "django_tasks_celery.CeleryBackend",
        "OPTIONS": {"CELERY_APP": "tests.engines.project.celery.app"},
    }
}
CELERY_BROKER_URL = f"redis://127.0.0.1:{PORT}/0"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # The tests can't wait for an hour, which is the default.
    "visibility_timeout": 3,
    # Nor for five minutes, if the worker is killed while it holds this lock.
    "unacked_mutex_expire": 1,
}
