import json
import os

SECRET_KEY = "only for tests"
DEBUG = bool(os.environ.get("MISTAKES_DEBUG"))
ROOT_URLCONF = "urls"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "early",
    "shop",
    "billing",
    "empty",
    "signaltools",
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
SIGNALTOOLS = json.loads(os.environ.get("MISTAKES_SIGNALTOOLS", "{}"))
