"""
Two databases on a PostgreSQL server, which ``conftest.py`` starts.
"""

from __future__ import annotations

from tests.settings import *  # noqa: F403

DATABASES = {
    alias: {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": alias,
        "HOST": "127.0.0.1",
        "USER": "signaltools",
    }
    for alias in ("default", "second")
}
