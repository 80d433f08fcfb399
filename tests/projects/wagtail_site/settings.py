from common_settings import *  # noqa: F403
from common_settings import DJANGO_APPS, DJANGO_MIDDLEWARE

INSTALLED_APPS = [
    "home",
    "signaltools",
    "wagtail.contrib.forms",
    "wagtail.contrib.redirects",
    "wagtail.contrib.search_promotions",
    "wagtail.contrib.settings",
    "wagtail.embeds",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "django_filters",
    *DJANGO_APPS,
]
MIDDLEWARE = [
    *DJANGO_MIDDLEWARE,
    "wagtail.contrib.redirects.middleware.RedirectMiddleware",
]

MEDIA_URL = "/media/"
WAGTAIL_SITE_NAME = "Signals"
WAGTAILADMIN_BASE_URL = "http://localhost"
