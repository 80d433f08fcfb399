from django.dispatch import receiver

from shop.signals import paid


@receiver(paid)
def w004(**kwargs): ...


@receiver(paid, dispatch_uid="twin")
def fine_twin(**kwargs): ...
