from __future__ import annotations

from django.core.signals import request_finished
from django.dispatch import receiver


@receiver(request_finished, dispatch_uid="w019")
def w019(sender, **kwargs): ...
