from __future__ import annotations

SECRET_KEY = "only for tests"
INSTALLED_APPS = [
    "signaltools",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "tests.testapp",
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
USE_TZ = True
