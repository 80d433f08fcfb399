"""
The signals of the showroom, for its own receivers.
"""

from django.dispatch import Signal

# Sent after a checkout with an order that is paid; errors of receivers are swallowed.
# Arguments: sender (the Order class), order.
checkout_finished = Signal()

# Sent when prices have changed.
# Arguments: sender (the Product class), names (a list).
prices_changed = Signal()
