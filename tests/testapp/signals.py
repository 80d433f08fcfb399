from __future__ import annotations

from django.dispatch import Signal

# Sent once, after commit, when an order is paid.
# The sender is the class of the order.
order_paid = Signal()

# Sent when an order is cancelled. Nothing listens to it.
order_cancelled = Signal()
