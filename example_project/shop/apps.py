"""
The shop: products, orders and the signals that say what happens to them.
"""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    # No ready() here: signaltools imports shop.signals by itself.
    name = "shop"
