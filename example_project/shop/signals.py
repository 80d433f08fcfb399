"""
What happens in the shop, for other apps to react to.
"""

from django.dispatch import Signal

# Sent in the transaction that stores an order; raise a ShopError to refuse it.
# Arguments: sender (the Order class), order.
order_placed = Signal()

# Sent after the payment of an order is committed; no receiver can undo it.
# Arguments: sender (the Order class), order, amount (a Decimal).
order_paid = Signal()

# Sent in the transaction that cancels an order.
# Arguments: sender (the Order class), order, was_paid (a bool).
order_cancelled = Signal()
