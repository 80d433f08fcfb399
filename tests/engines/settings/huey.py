"""
Huey with a queue in a SQLite file.
"""

from __future__ import annotations

from . import *  # noqa: F403
from . import FOLDER, INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "huey.contrib.djhuey"]
HUEY = {
    "huey_class": "huey.SqliteHuey",
    "name": "engines",
    "filename": f"{FOLDER}/huey.sqlite3",
}
TASKS = {"default": {"BACKEND": "huey.contrib.djhuey.tasks_backend.HueyBackend"}}
