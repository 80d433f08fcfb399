from common_settings import *  # noqa: F403
from common_settings import DJANGO_APPS, DJANGO_MIDDLEWARE

INSTALLED_APPS = [
    "library",
    "signaltools",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.github",
    "allauth.mfa",
    "allauth.usersessions",
    "simple_history",
    "rest_framework",
    "rest_framework.authtoken",
    "djmoney",
    "cms",
    "menus",
    "sekizai",
    "treebeard",
    *DJANGO_APPS,
    "django.contrib.humanize",
    "django.contrib.sites",
]
MIDDLEWARE = [
    *DJANGO_MIDDLEWARE,
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
]

AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
SITE_ID = 1
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
CMS_CONFIRM_VERSION4 = True
