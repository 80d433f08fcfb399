"""
The shop: products, orders, and the signals that report what happens to them.
"""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    # No ready() is needed here: shop.signals connects nothing, and what sends its
    # signals imports it. Apps with receivers import them in ready(), so signaltools may
    # be a development dependency.
    name = "shop"
