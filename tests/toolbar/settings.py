"""
A project with the toolbar, for tests in a process of their own: it connects receivers.
"""

from __future__ import annotations

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS as TEST_APPS

ALLOWED_HOSTS = ["testserver"]
INSTALLED_APPS = ["django.contrib.staticfiles", "debug_toolbar", *TEST_APPS]
MIDDLEWARE = ["debug_toolbar.middleware.DebugToolbarMiddleware"]
ROOT_URLCONF = "tests.toolbar.urls"
STATIC_URL = "static/"
TEMPLATES = [
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}
]
DEBUG_TOOLBAR_PANELS = [
    "debug_toolbar.panels.history.HistoryPanel",
    "signaltools.panels.SignalToolsPanel",
]
DEBUG_TOOLBAR_CONFIG = {
    "IS_RUNNING_TESTS": False,
    "SHOW_TOOLBAR_CALLBACK": "tests.toolbar.urls.always",
    # Without it, the toolbar has no model.
    "TOOLBAR_STORE_CLASS": "debug_toolbar.store.DatabaseStore",
}
