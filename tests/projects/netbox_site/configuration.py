import os

SECRET_KEY = "only for tests, and as long as NetBox wants it to be"
API_TOKEN_PEPPERS = {1: SECRET_KEY}
DEBUG = "PROJECT_DEBUG" in os.environ
ALLOWED_HOSTS = ["localhost"]
# NetBox stores its data in PostgreSQL, but needs none to connect its receivers.
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("PROJECT_DATABASE", ":memory:"),
    },
}
REDIS = {name: {"HOST": "localhost", "DATABASE": 0} for name in ["tasks", "caching"]}
# Without tables, NetBox warns that it uses the defaults of its configuration.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {"netbox.config": {"level": "ERROR"}},
}
