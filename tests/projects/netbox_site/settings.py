import os

os.environ["NETBOX_CONFIGURATION"] = "configuration"

from netbox.settings import *  # noqa: F403
from netbox.settings import INSTALLED_APPS

INSTALLED_APPS += ["signaltools"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
