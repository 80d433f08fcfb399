from functools import partial

from django.apps import apps
from django.db.models.signals import post_save
from django.dispatch import Signal, receiver

from .models import Book


class Desk:
    def __call__(self, sender, **kwargs):
        pass


book_lent = Signal()
front_desk = Desk()


@receiver(book_lent, dispatch_uid="library.remind")
def remind(sender, **kwargs):
    pass


@receiver(book_lent)
async def notify(sender, **kwargs):
    pass


book_lent.connect(partial(remind, urgent=True), weak=False)
book_lent.connect(front_desk, sender=Desk)
# Rows of Django 5.2 hold just the id of a sender. This one is known because signaltools
# was set up when it connected.
book_lent.connect(remind, sender=front_desk)


@receiver(post_save, sender=Book.authors.through)
def never_called(sender, **kwargs):
    pass


# Some of them never send it, which is no mistake in a loop.
for model in apps.get_models(include_auto_created=True):
    post_save.connect(remind, sender=model)
