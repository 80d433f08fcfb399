from django.dispatch import receiver
from wagtail.models import Page
from wagtail.signals import page_published


class HomePage(Page):
    pass


@receiver(page_published, sender=HomePage)
def announce(sender, **kwargs):
    pass
