"""
A queue in the same database of a PostgreSQL server.
"""

from __future__ import annotations

from .sqlite import *  # noqa: F403
from .sqlite import PORT

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "postgres",
        "HOST": "127.0.0.1",
        "PORT": PORT,
        "USER": "signaltools",
    }
}
