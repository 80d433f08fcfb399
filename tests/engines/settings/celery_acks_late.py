"""
Celery on a Redis server, which removes a task from the queue after it has run.
"""

from __future__ import annotations

from .celery import *  # noqa: F403

CELERY_TASK_ACKS_LATE = True
