"""
Errors that the shop shows to its customers.
"""


class ShopError(Exception):
    """
    The shop refuses a request; the message is one sentence with the reason.
    """


class OutOfStock(ShopError):
    pass


class NotAllowed(ShopError):
    pass
