"""
Tasks run in the process that queues them.
"""

from __future__ import annotations

import django

from . import *  # noqa: F403

_TASKS = "django.tasks" if django.VERSION >= (6, 0) else "django_tasks"
TASKS = {"default": {"BACKEND": f"{_TASKS}.backends.immediate.ImmediateBackend"}}
