import os
import tempfile

# pretix makes folders when its settings are imported.
data = tempfile.TemporaryDirectory()
os.environ["DATA_DIR"] = data.name
os.environ["PRETIX_CONFIG_FILE"] = os.devnull

from pretix.settings import *  # noqa: E402, F403
from pretix.settings import DATABASES, INSTALLED_APPS  # noqa: E402

SECRET_KEY = "only for tests"
DEBUG = "PROJECT_DEBUG" in os.environ
INSTALLED_APPS += ["signaltools"]
DATABASES["default"]["NAME"] = os.environ.get("PROJECT_DATABASE", ":memory:")


class NoMigrations:
    """Leave out hundreds of migrations, which take a minute."""

    def __contains__(self, app):
        return True

    def __getitem__(self, app):
        return None


MIGRATION_MODULES = NoMigrations()
