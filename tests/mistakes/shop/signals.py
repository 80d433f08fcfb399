from django.dispatch import Signal

# Sent when an order is paid.
paid = Signal()
