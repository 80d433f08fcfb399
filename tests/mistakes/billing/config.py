from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self):
        raise AssertionError("this class isn't in INSTALLED_APPS")
