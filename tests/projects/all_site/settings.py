from pkgutil import iter_modules

from allauth.socialaccount import providers
from common_settings import *  # noqa: F403
from common_settings import DJANGO_APPS, DJANGO_MIDDLEWARE
from oscar.defaults import *  # noqa: F403

# These are no providers, or need packages that nothing else here needs.
NOT_HERE = {"base", "oauth", "oauth2", "openid", "saml", "steam"}
PROVIDERS = [module.name for module in iter_modules(providers.__path__)]

INSTALLED_APPS = [
    "stock",
    "signaltools",
    "treebeard",
    "wagtail.contrib.forms",
    "wagtail.contrib.redirects",
    "wagtail.contrib.search_promotions",
    "wagtail.contrib.settings",
    "wagtail.contrib.simple_translation",
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
    "allauth",
    "allauth.account",
    "allauth.idp.oidc",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    *(
        f"allauth.socialaccount.providers.{name}"
        for name in PROVIDERS
        if name not in NOT_HERE
    ),
    "simple_history",
    "rest_framework",
    "rest_framework.authtoken",
    "djmoney",
    "djmoney.contrib.exchange",
    "cms",
    "menus",
    "sekizai",
    *DJANGO_APPS,
    "django.contrib.flatpages",
    "django.contrib.humanize",
    "django.contrib.redirects",
    "django.contrib.sitemaps",
    "django.contrib.sites",
]
MIDDLEWARE = [
    *DJANGO_MIDDLEWARE,
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
]
X_HAYSTACK_CONNECTIONS = {
    "default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"},
}
SITE_ID = 1
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
CMS_CONFIRM_VERSION4 = True
WAGTAIL_SITE_NAME = "Signals"
WAGTAILADMIN_BASE_URL = "http://localhost"
