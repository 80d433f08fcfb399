from __future__ import annotations

import django

SECRET_KEY = "only for tests"
INSTALLED_APPS = [
    "signaltools",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "tests.testapp",
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
USE_TZ = True
_TASKS = "django.tasks" if django.VERSION >= (6, 0) else "django_tasks"
TASKS = {
    "default": {
        "BACKEND": f"{_TASKS}.backends.dummy.DummyBackend",
        "QUEUES": ["default", "mail"],
    }
}
