from django.dispatch import Signal

items_loaded = Signal()
