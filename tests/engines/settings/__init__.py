"""
A project with receivers in the background. The modules below choose its engine.
"""

from __future__ import annotations

import os
import tempfile

from tests.databases.server import free_port

# A worker has the folder and the port of the process that starts it.
if "SIGNALTOOLS_ENGINES" not in os.environ:
    folder = tempfile.mkdtemp(prefix="signaltools-")
    os.environ["SIGNALTOOLS_ENGINES"] = f"{folder}:{free_port()}"
FOLDER, _, PORT = os.environ["SIGNALTOOLS_ENGINES"].rpartition(":")

SECRET_KEY = "only for tests"
INSTALLED_APPS = ["signaltools", "tests.engines.project"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": f"{FOLDER}/db.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF",
            "timeout": 30,
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
DEBUG = False
# As in production. The pytest plugin would change the default.
SIGNALTOOLS = {"CHECK_EVENTS": False}
