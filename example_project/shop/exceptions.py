"""
Errors that the shop shows to its customers.
"""


class ShopError(Exception):
    """
    Say in one sentence why the shop cannot do what was asked.
    """


class OutOfStock(ShopError):
    pass


class NotAllowed(ShopError):
    pass
