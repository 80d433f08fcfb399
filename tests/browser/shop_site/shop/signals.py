from django.dispatch import Signal

order_paid = Signal()
order_lost = Signal()
stock_low = Signal()
tag_made = Signal()
parcel_sent = Signal()
visited = Signal()
crowded = Signal()
