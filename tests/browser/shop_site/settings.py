"""
Settings of every server that the browser tests start; SITE_* variables vary them.
"""

import json
import os

import django

SECRET_KEY = "only for tests"
DEBUG = True
ALLOWED_HOSTS = ["127.0.0.1"]
INTERNAL_IPS = ["127.0.0.1"]
ROOT_URLCONF = "shop.urls"
STATIC_URL = "/static/"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.staticfiles",
    "debug_toolbar",
    "signaltools",
    "parcels",
    "shop.apps.ShopConfig",
]
MIDDLEWARE = [
    "debug_toolbar.middleware.DebugToolbarMiddleware",
    "django.middleware.common.CommonMiddleware",
    "shop.journal.middleware",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
TEMPLATES[0]["APP_DIRS"] = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["SITE_DATABASE"],
        # Some of the tests send many requests at once.
        "OPTIONS": {"timeout": 30, "transaction_mode": "IMMEDIATE"},
    }
}

DEBUG_TOOLBAR_PANELS = [
    "debug_toolbar.panels.history.HistoryPanel",
    "debug_toolbar.panels.sql.SQLPanel",
    "debug_toolbar.panels.cache.CachePanel",
    "signaltools.panels.SignalToolsPanel",
]
DEBUG_TOOLBAR_CONFIG = {
    "RESULTS_CACHE_SIZE": 200,
    **json.loads(os.environ.get("SITE_TOOLBAR", "{}")),
}
SIGNALTOOLS = {
    "EDITOR_URL": "editor://{file}:{line}",
    # Whether a request needs a new connection depends on the server.
    "HIDE": ["debug_toolbar", "django.db.backends.signals.connection_created"],
    # However busy the machine, nothing here is slow.
    "SLOW_RECEIVER_MS": 1_000_000,
    "SHOW_STACKS": bool(os.environ.get("SITE_STACKS")),
}

POLICIES = {
    "self": {"default-src": ["'self'"]},
    "nonce": {
        "default-src": ["'none'"],
        "connect-src": ["'self'"],
        "font-src": ["'self'"],
        "img-src": ["'self'"],
        "script-src": ["<CSP_NONCE_SENTINEL>"],
        "style-src": ["<CSP_NONCE_SENTINEL>"],
    },
}
if policy := POLICIES.get(os.environ.get("SITE_CSP", "none")):
    SECURE_CSP = policy
    MIDDLEWARE.append(
        "django.middleware.csp.ContentSecurityPolicyMiddleware"
        if django.VERSION >= (6, 0)
        else "shop.csp.Middleware"
    )
