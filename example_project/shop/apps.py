"""
The shop: products, orders, and the signals that report what happens to them.
"""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    # No ready() is needed here: signaltools imports shop.signals automatically.
    name = "shop"
