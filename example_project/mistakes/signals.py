"""
What happens to parcels.
"""

from django.dispatch import Signal

# Sent when a parcel has left the shop.
# Arguments: sender (the Parcel class), parcel.
parcel_sent = Signal()
